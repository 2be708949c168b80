#!/usr/bin/env bash
# Installs a build to a prefix of its own and builds examples/reserve.c against it in the two ways a
# user has: pkg-config and find_package. Each program is then run with the name of a directory that
# does not exist yet, for it to keep its ledger in.
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
pc_file=$(find "$prefix" -name tijori.pc)
libdir=$(dirname "$(dirname "$pc_file")")
export LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# Away from the sources, so that a header of ours that tijori.h needs cannot be found by chance.
cp "$source_dir/examples/reserve.c" "$source_dir/examples/reserve_data.h" "$scratch/"
cd "$scratch"

echo "--- pkg-config"
export PKG_CONFIG_PATH=$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
read -r -a flags < <(pkg-config --cflags --libs tijori)
"${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror reserve.c \
    "${flags[@]}" -o reserve
./reserve "$scratch/ledger-1"

echo "--- find_package"
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(reserve LANGUAGES C)
find_package(tijori 0.1 REQUIRED)
add_executable(reserve reserve.c)
target_compile_definitions(reserve PRIVATE _POSIX_C_SOURCE=200809L)
target_link_libraries(reserve PRIVATE tijori::tijori)
END
cmake -B found -DCMAKE_PREFIX_PATH="$prefix" "-DCMAKE_C_COMPILER=${CC:-cc}"
cmake --build found
./found/reserve "$scratch/ledger-2"
