#!/usr/bin/env bash
# Installs a build to a prefix of its own and builds the examples against it in the two ways a user
# has, pkg-config and find_package, each against the shared and the static library. Each pair is then
# run: one makes a ledger and exports it, the other verifies the folder.
#     tests/install_test.sh BUILD_DIR SOURCE_DIR
set -euo pipefail

build_dir=$1
source_dir=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix

cmake --install "$build_dir" --prefix "$prefix"

if [ ! -f "$prefix/include/tijori.h" ]; then
    echo "install_test: include/tijori.h was not installed" >&2
    exit 1
fi
for file in man/man1/tijori.1 man/man1/tijori-audit.1 bash-completion/completions/tijori \
    bash-completion/completions/tijori-audit zsh/site-functions/_tijori zsh/site-functions/_tijori-audit; do
    if [ ! -s "$prefix/share/$file" ]; then
        echo "install_test: share/$file was not installed" >&2
        exit 1
    fi
done
pc_file=$(find "$prefix" -name tijori.pc)
libdir=$(dirname "$(dirname "$pc_file")")
export LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# Away from the sources, so that a header of ours that tijori.h needs cannot be found by chance.
cp "$source_dir/examples/"*.[ch] "$scratch/"
cd "$scratch"

# run NAME RESERVE VERIFY: what one exports, the other verifies.
run() {
    "$2" "$scratch/$1-ledger" "$scratch/$1-folder" >"$1.out"
    "$3" "$scratch/$1-folder" "$(tail -n 1 "$1.out")"
}
# links PROGRAM: is it linked with the shared library?
# All of it is read: a pipe that is closed early would fail ldd now and then.
links() { ldd "$1" | grep 'libtijori\.so' >/dev/null; }

echo "--- pkg-config"
export PKG_CONFIG_PATH=$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
warnings="-std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror"
read -r -a shared < <(pkg-config --cflags --libs tijori)
read -r -a static < <(pkg-config --static --cflags --libs tijori)
for example in reserve verify; do
    "${CC:-cc}" $warnings $example.c "${shared[@]}" -o $example-shared
    "${CC:-cc}" $warnings $example.c "${static[@]/-ltijori/-l:libtijori.a}" -o $example-static
done
if [ -e "$libdir/libtijori.so" ]; then
    links ./reserve-shared
fi
if links ./reserve-static; then
    echo "install_test: the static program wants libtijori.so" >&2
    exit 1
fi
run pc-shared ./reserve-shared ./verify-shared
run pc-static ./reserve-static ./verify-static

echo "--- find_package"
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(reserve LANGUAGES C)
find_package(tijori 0.1 REQUIRED)
foreach(example IN ITEMS reserve verify)
  foreach(library IN ITEMS tijori tijori_shared)
    if(TARGET tijori::${library})
      add_executable(${example}-${library} ${example}.c)
      target_compile_definitions(${example}-${library} PRIVATE _POSIX_C_SOURCE=200809L)
      target_link_libraries(${example}-${library} PRIVATE tijori::${library})
    endif()
  endforeach()
endforeach()
END
cmake -B found -DCMAKE_PREFIX_PATH="$prefix" "-DCMAKE_C_COMPILER=${CC:-cc}"
cmake --build found
run found-static ./found/reserve-tijori ./found/verify-tijori
if [ -e "$libdir/libtijori.so" ]; then
    links ./found/reserve-tijori_shared
    run found-shared ./found/reserve-tijori_shared ./found/verify-tijori_shared
fi
