# Writes OUTPUT, a C file in which wf__migrations[] holds the text of every file of SOURCES (a pattern),
# in the order of their names, and a NULL.
file(GLOB sources ${SOURCES})
list(SORT sources)
set(texts "")
set(names "")
foreach(source IN LISTS sources)
  cmake_path(GET source STEM name)
  string(MAKE_C_IDENTIFIER "text_${name}" name)
  file(READ ${source} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND texts "static const char ${name}[] = {${bytes}0};\n")
  string(APPEND names "${name}, ")
endforeach()
file(WRITE ${OUTPUT}
  "#include <stddef.h>\n\n#include \"store/database.h\"\n\n${texts}\n"
  "const char *const wf__migrations[] = {${names}NULL};\n")
