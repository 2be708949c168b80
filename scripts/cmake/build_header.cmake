# Run with cmake -P by the target tijori_build_header. In: GIT, SOURCE_DIR, OUTPUT, VERSION, COMPILER.

set(commit "unknown")
# .git may be a file (a worktree). Without this test, sources unpacked from an archive somewhere
# inside another repository would be labelled with that repository's commit.
if(GIT AND EXISTS "${SOURCE_DIR}/.git")
  # safe.directory: in a container the tree often belongs to another user than the build runs as.
  execute_process(
    COMMAND "${GIT}" -c "safe.directory=${SOURCE_DIR}" describe --always --dirty
    WORKING_DIRECTORY "${SOURCE_DIR}"
    RESULT_VARIABLE failed
    OUTPUT_VARIABLE described
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT failed AND described)
    set(commit "${described}")
  endif()
endif()

set(text
    "#ifndef TIJORI_BUILD_H
#define TIJORI_BUILD_H

/* Generated at build time. */
#define TIJORI_GIT_COMMIT \"${commit}\"
#define TIJORI_VERSION    \"${VERSION}\"
#define TIJORI_COMPILER   \"${COMPILER}\"

#endif
")

set(before "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" before)
endif()
if(NOT text STREQUAL before)
  file(WRITE "${OUTPUT}" "${text}")
endif()
