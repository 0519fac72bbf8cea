# Writes OUTPUT, a C file that holds the pages of FOLDER as texts: wf_page_report is report.html. The
# assembler reads the files, for a compiler takes its time over literals of a megabyte.
file(GLOB pages ${FOLDER}/*.html)
list(SORT pages)
set(text "#include \"report/pages.h\"\n")
foreach(page IN LISTS pages)
  cmake_path(GET page STEM name)
  string(APPEND text "\n__asm__(\".pushsection .rodata\\n\"\n"
    "        \".global wf_page_${name}\\n.hidden wf_page_${name}\\n\"\n"
    "        \"wf_page_${name}:\\n.incbin \\\"${page}\\\"\\n.byte 0\\n\"\n"
    "        \".popsection\\n\");\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
