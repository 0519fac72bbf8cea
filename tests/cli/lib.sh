# shellcheck shell=bash
# The harness of the command's tests. A test script begins with
#     . "$(dirname -- "$0")/lib.sh"
# and ends with `finish`. It runs in an empty folder of its own. `weft ARGS...` runs the command and
# leaves its exit status, standard output and standard error in $status, $out and $err; the checks
# look at these. A failed check is shown and counted, and the script goes on. WEFT_ISA is as it was.
set -u

source_dir=${WEFT_SOURCE_DIR:-$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)}
program=${WEFT:-$source_dir/build/weft}
work=$(mktemp -d "${TMPDIR:-/tmp}/weft-cli-XXXXXX")
trap 'rm -rf -- "$work"' EXIT
cd -- "$work" || exit 1
export WEFT_RUNS=$work/runs WEFT_OFFLINE=1 XDG_CACHE_HOME=$work/cache TERM=dumb
unset WEFT_DATA WEFT_THREADS WEFT_PRECISION WEFT_JOBS

passed=0
failed=0
call=
status=0
out=
err=

weft() {
    call="weft $*"
    "$program" "$@" >"$work/.out" 2>"$work/.err" </dev/null
    status=$?
    out=$(cat "$work/.out")
    err=$(cat "$work/.err")
}

# verdict NAME RESULT: RESULT is 0 when the check holds.
verdict() {
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n  after: %s (exit status %s)\n' "$1" "$call" "$status"
        printf '  stdout: %s\n  stderr: %s\n' "$(head -c 800 "$work/.out")" "$(head -c 800 "$work/.err")"
    fi
}

# check NAME COMMAND...: COMMAND must succeed.
check() {
    local name=$1
    shift
    "$@" >/dev/null 2>&1
    verdict "$name" $?
}
# wait_for COMMAND...: until it succeeds, four seconds at most.
wait_for() {
    for _ in $(seq 400); do
        "$@" 2>/dev/null && return
        sleep 0.01
    done
}
exits() { [ "$status" -eq "$1" ]; verdict "exit status $1" $?; }
# The whole text.
out_is() { [ "$out" = "$1" ]; verdict "standard output is: $1" $?; }
err_is() { [ "$err" = "$1" ]; verdict "standard error is: $1" $?; }
# A glob over the whole text.
# shellcheck disable=SC2053 # the right side is a pattern
out_like() { [[ $out == $1 ]]; verdict "standard output is like: $1" $?; }
# shellcheck disable=SC2053
err_like() { [[ $err == $1 ]]; verdict "standard error is like: $1" $?; }
same() { [ "$1" = "$2" ]; verdict "\"$1\" is the same as \"$2\"" $?; }
differ() { [ "$1" != "$2" ]; verdict "\"$1\" differs from \"$2\"" $?; }

# json EXPRESSION: of the document `d` on standard output, in Python.
json() {
    /usr/bin/python3 -c 'import json, sys
try:
    d = json.load(open(sys.argv[1]))
    print(eval(sys.argv[2]))
except Exception as error:
    print(type(error).__name__, error)' "$work/.out" "$1"
}
# The one document on standard output has this value there.
json_is() { same "$(json "$1")" "$2"; }

# make_images FOLDER SIZE TRAIN TEST: IDX files of three classes (rows, columns, blocks) with noise, which
# a small model tells apart after an epoch or two.
make_images() {
    mkdir -p "$1" && /usr/bin/python3 -c '
import random, struct, sys
folder, size, counts = sys.argv[1], int(sys.argv[2]), [int(n) for n in sys.argv[3:5]]
draw = random.Random(7)
for part, count in zip(("train", "t10k"), counts):
    labels = bytes(i % 3 for i in range(count))
    pixels = bytearray()
    for label in labels:
        phase = draw.randrange(4)
        for y in range(size):
            for x in range(size):
                on = (((y + phase) // 2) % 2, ((x + phase) // 2) % 2, ((x // 4 + y // 4 + phase) % 2))[label]
                pixels.append(min(255, 150 * on + draw.randrange(100)))
    with open(f"{folder}/{part}-images-idx3-ubyte", "wb") as out:
        out.write(struct.pack(">4i", 0x803, count, size, size) + pixels)
    with open(f"{folder}/{part}-labels-idx1-ubyte", "wb") as out:
        out.write(struct.pack(">2i", 0x801, count) + labels)
' "$@"
}

sha() { sha256sum -- "$1" | cut -d ' ' -f 1; }

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}
