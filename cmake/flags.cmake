# Compiler flags of the whole project, tests included.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O3")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

# No -ffast-math: results must not depend on what the compiler thinks that sums may become. Code that
# is compiled for one level only must run on every x86-64-v2 machine.
add_compile_options(
  -Wall -Wextra -Wconversion -Werror
  -march=x86-64-v2
  -fvisibility=hidden
  -ffp-contract=fast -fno-math-errno -fno-trapping-math
  -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

set(WEFT_SANITIZE "" CACHE STRING "Sanitizers, as address,undefined or thread")
if(WEFT_SANITIZE)
  # -Wmaybe-uninitialized: gcc 12 is wrong about instrumented code.
  add_compile_options(-fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=${WEFT_SANITIZE})
endif()
