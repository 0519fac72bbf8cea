# cmake -DSOURCE= -DVERSION= -DOUTPUT= -P version.cmake: writes base/version.h.
# The commit is known only in weft's own checkout: a source archive may lie inside another one.
set(COMMIT "")
if(EXISTS ${SOURCE}/.git)
  find_program(git git)
  if(git)
    # Without optional locks git leaves the index alone, so that a commit may go on meanwhile.
    execute_process(
      COMMAND ${CMAKE_COMMAND} -E env GIT_OPTIONAL_LOCKS=0
        ${git} -C ${SOURCE} describe --always --exclude=* --abbrev=12 --dirty=+
      OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
endif()
configure_file(${SOURCE}/src/base/version.h.in ${OUTPUT} @ONLY)
