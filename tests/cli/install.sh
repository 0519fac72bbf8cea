#!/bin/bash
# Installs weft to a temporary prefix; a small program then finds it through pkg-config and through
# CMake, as shared and as static library, also after the tree was moved.
set -u

: "${WEFT_BUILD_DIR:=build}" "${WEFT_SOURCE_DIR:=.}"
consumer=$WEFT_SOURCE_DIR/tests/consumer
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0

# check NAME COMMAND...: the command's output is shown when it fails
check() {
    local name=$1
    shift
    if "$@" >"$scratch/log" 2>&1; then
        echo "ok $name"
        passed=$((passed + 1))
    else
        echo "FAILED $name: exit status $?"
        cat "$scratch/log"
        failed=$((failed + 1))
    fi
}

# A sanitizer's runtime must be linked to the consumer, too.
sanitize=$(sed -n 's/^WEFT_SANITIZE:[A-Z]*=//p' "$WEFT_BUILD_DIR/CMakeCache.txt")
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$WEFT_BUILD_DIR/CMakeCache.txt")
CFLAGS="-Wall -Wextra -Werror ${sanitize:+-fsanitize=$sanitize}"
export CFLAGS CC=$compiler

expect() {
    local output
    output=$(LD_LIBRARY_PATH=$libdir "$1") || return
    echo "$output"
    [ "$output" = "40 epochs, accuracy 1.00" ]
}
with_pkg_config() {
    local flags
    flags=$(pkg-config --cflags --libs weft) || return
    # shellcheck disable=SC2086 # lists of words
    "$CC" $CFLAGS "$consumer/consumer.c" -o "$scratch/consumer" $flags
}
with_cmake() {
    cmake -G Ninja -S "$consumer" -B "$scratch/cmake" -DCMAKE_PREFIX_PATH="$prefix" &&
        cmake --build "$scratch/cmake"
}
has_all() {
    local path
    for path in include/weft/weft.h share/doc/weft/LICENSE bin/weft; do
        [ -f "$prefix/$path" ] || { echo "$path is not installed" && return 1; }
    done
    [ "$(ls "$prefix"/share/weft/models)" = "$(cd "$WEFT_SOURCE_DIR/models" && ls -- *.yaml)" ]
}

check install cmake --install "$WEFT_BUILD_DIR" --prefix "$scratch/first"
mv "$scratch/first" "$scratch/moved"
prefix=$scratch/moved
pc=$(find "$prefix" -name weft.pc)
libdir=${pc%/pkgconfig/weft.pc}
export PKG_CONFIG_PATH=$libdir/pkgconfig

check files has_all
check command "$prefix/bin/weft" --version
check soname test -e "$libdir/libweft.so.0"
check "pkg-config: compile" with_pkg_config
check "pkg-config: run" expect "$scratch/consumer"
check "cmake: compile" with_cmake
check "cmake: run with the shared library" expect "$scratch/cmake/consumer_weft"
check "cmake: run with the static library" expect "$scratch/cmake/consumer_weft_static"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
