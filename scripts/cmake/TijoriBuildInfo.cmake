# tijori_build_info: an interface library that provides "tijori_build.h" with TIJORI_GIT_COMMIT,
# TIJORI_VERSION and TIJORI_COMPILER. The commit is asked for at build time, since a configuration
# outlives many commits; the header is rewritten only when it changes, so an unchanged commit
# rebuilds nothing.

find_package(Git QUIET)
set(generated_dir "${PROJECT_BINARY_DIR}/generated")

add_custom_target(
  tijori_build_header
  COMMAND
    "${CMAKE_COMMAND}" "-DGIT=${GIT_EXECUTABLE}" "-DSOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "-DOUTPUT=${generated_dir}/tijori_build.h" "-DVERSION=${PROJECT_VERSION}"
    "-DCOMPILER=${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}" -P
    "${PROJECT_SOURCE_DIR}/scripts/cmake/build_header.cmake"
  BYPRODUCTS "${generated_dir}/tijori_build.h"
  COMMENT "Asking git for the commit"
  VERBATIM)

add_library(tijori_build_info INTERFACE)
target_include_directories(tijori_build_info INTERFACE "${generated_dir}")
add_dependencies(tijori_build_info tijori_build_header)
