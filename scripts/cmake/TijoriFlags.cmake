# Compiler flags. The interface library tijori_options carries what every target of this project
# needs; what must be the same in every object of a program (sanitizers, optimisation) is global.

include(CheckCCompilerFlag)
include(CheckLinkerFlag)
include(CheckPIESupported)

find_package(Threads REQUIRED)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE
      Release
      CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

# Assertions guard the ledger in production too, so no configuration may switch them off. -O2 is
# what we measure and test; -g so that a core file from production can be read.
if(CMAKE_C_FLAGS_RELEASE MATCHES "^ *-O3 -DNDEBUG *$")
  set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
endif()
foreach(config IN ITEMS "" _DEBUG _RELEASE _RELWITHDEBINFO _MINSIZEREL)
  string(REGEX REPLACE "-D *NDEBUG(=[^ ]*)?" "" CMAKE_C_FLAGS${config} "${CMAKE_C_FLAGS${config}}")
endforeach()

check_pie_supported(LANGUAGES C)

add_library(tijori_options INTERFACE)
target_include_directories(tijori_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_link_libraries(tijori_options INTERFACE Threads::Threads)
# POSIX.1-2008 plus flock() and the like. A file that needs a GNU extension defines _GNU_SOURCE
# itself, so that the exception can be seen where it is made.
target_compile_definitions(tijori_options INTERFACE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE=1)
if(TIJORI_VERIFY)
  target_compile_definitions(tijori_options INTERFACE TIJORI_VERIFY=1)
endif()

function(tijori_add_flag flag)
  string(MAKE_C_IDENTIFIER "TIJORI_HAVE${flag}" found)
  # The flag alone would be accepted by a compiler that merely ignores it with a warning.
  set(CMAKE_REQUIRED_FLAGS "-Werror")
  check_c_compiler_flag("${flag}" ${found})
  if(${found})
    target_compile_options(tijori_options INTERFACE "${flag}")
  endif()
endfunction()

function(tijori_add_link_flag flag)
  string(MAKE_C_IDENTIFIER "TIJORI_LINK${flag}" found)
  check_linker_flag(C "${flag}" ${found})
  if(${found})
    target_link_options(tijori_options INTERFACE "${flag}")
  endif()
endfunction()

foreach(
  flag IN
  ITEMS -Wall
        -Wextra
        -Wpedantic
        -Wconversion
        -Wshadow
        -Wswitch-enum
        -Wstrict-prototypes
        -Wmissing-prototypes
        -Wvla
        -fvisibility=hidden
        # The builder's own path is nobody else's business, and builds in two places come out the same.
        "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
  tijori_add_flag(${flag})
endforeach()
if(TIJORI_WERROR)
  tijori_add_flag(-Werror)
endif()

if(TIJORI_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "TIJORI_FUZZ needs clang, not ${CMAKE_C_COMPILER_ID}: cmake --preset fuzz")
  endif()
  if(TIJORI_SANITIZE)
    message(FATAL_ERROR "TIJORI_FUZZ brings its own sanitizers; leave TIJORI_SANITIZE empty")
  endif()
  # Coverage in every object, libFuzzer's main only in the targets (see tests/fuzz).
  set(sanitizers -fsanitize=fuzzer-no-link,address,undefined)
elseif(TIJORI_SANITIZE STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined)
elseif(TIJORI_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread)
elseif(TIJORI_SANITIZE)
  message(FATAL_ERROR "TIJORI_SANITIZE is '${TIJORI_SANITIZE}'; known: address, thread")
endif()

if(sanitizers)
  list(APPEND sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer)
  list(JOIN sanitizers " " CMAKE_REQUIRED_FLAGS)
  set(CMAKE_REQUIRED_LINK_OPTIONS ${sanitizers})
  include(CheckCSourceCompiles)
  check_c_source_compiles("int main(void) { return 0; }" TIJORI_SANITIZER_LINKS)
  unset(CMAKE_REQUIRED_FLAGS)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  if(NOT TIJORI_SANITIZER_LINKS)
    message(FATAL_ERROR "${CMAKE_C_COMPILER} cannot link a program with ${sanitizers}. With clang "
                        "on Debian, install libclang-rt-dev.")
  endif()
  add_compile_options(${sanitizers})
  add_link_options(${sanitizers})
else()
  # Fortified calls would hide overflows from ASan. Redefined, since some distributions predefine it.
  target_compile_options(tijori_options
                         INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
  tijori_add_flag(-fstack-protector-strong)
  tijori_add_flag(-fstack-clash-protection)
  # A signed overflow is a bug that the sanitizer builds look for (there it must stay undefined, or
  # UBSan would not see it). Should one get through, production wraps: it does not lose the bounds
  # check that follows to an optimiser which assumes that it cannot happen.
  tijori_add_flag(-fno-strict-overflow)
  tijori_add_link_flag(-Wl,-z,relro)
  tijori_add_link_flag(-Wl,-z,now)
endif()
