# Finds what weft is linked to: pkg-config module, and the Debian package that holds it. Each becomes
# PkgConfig::weft_<module>; WEFT_DEPENDENCIES lists all. tools/packages says what each is for.
set(WEFT_MODULES
  libfyaml:libfyaml-dev
  jansson:libjansson-dev
  libpng:libpng-dev
  libjpeg:libjpeg-dev
  libwebp:libwebp-dev
  zlib:zlib1g-dev
  libarchive:libarchive-dev
  libcurl:libcurl4-openssl-dev
  nettle:nettle-dev
  sqlite3:libsqlite3-dev
  libmicrohttpd:libmicrohttpd-dev
  libprotobuf-c:libprotobuf-c-dev)

find_package(PkgConfig QUIET)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "pkg-config is missing.\nDebian: apt-get install pkg-config"
    "\nOr let tools/bootstrap build install all that the build needs.")
endif()
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

set(WEFT_DEPENDENCIES Threads::Threads m)
set(missing_modules)
set(missing_packages)
foreach(entry IN LISTS WEFT_MODULES)
  string(REPLACE ":" ";" entry ${entry})
  list(GET entry 0 module)
  list(GET entry 1 package)
  pkg_check_modules(weft_${module} QUIET IMPORTED_TARGET ${module})
  if(weft_${module}_FOUND)
    list(APPEND WEFT_DEPENDENCIES PkgConfig::weft_${module})
  else()
    list(APPEND missing_modules ${module})
    list(APPEND missing_packages ${package})
  endif()
endforeach()
find_program(WEFT_PROTOC_C protoc-c)
if(NOT WEFT_PROTOC_C)
  list(APPEND missing_modules protoc-c)
  list(APPEND missing_packages protobuf-c-compiler)
endif()
find_file(WEFT_ONNX_PROTO onnx.proto PATH_SUFFIXES onnx)
if(NOT WEFT_ONNX_PROTO)
  list(APPEND missing_modules onnx.proto)
  list(APPEND missing_packages libonnx-dev)
endif()
find_program(WEFT_NODE NAMES node nodejs)
find_program(WEFT_NPM npm)
if(NOT WEFT_NODE OR NOT WEFT_NPM)
  list(APPEND missing_modules "Node.js with npm")
  list(APPEND missing_packages nodejs npm)
endif()
if(missing_modules)
  list(JOIN missing_modules ", " missing_modules)
  list(JOIN missing_packages " " missing_packages)
  message(FATAL_ERROR "Missing: ${missing_modules}.\nDebian: apt-get install "
    "${missing_packages}\nOr let tools/bootstrap build install all that the build needs.")
endif()
