"""What the command takes of time and memory, on the real data.

The limits are for the optimised program; under WEFT_TEST_QUICK, which is for builds with sanitizers,
only the exit statuses count.
"""
import os
import subprocess
import sys
import tempfile
import time

WEFT = os.environ["WEFT"]
IS_QUICK = "WEFT_TEST_QUICK" in os.environ
PATIENCE_S = 0 if IS_QUICK else 30  # other programs may be in the way: the best attempt counts

passed = failed = 0


def check(name, holds, figures):
    global passed, failed
    passed += holds
    failed += not holds
    print(f"ok {name}" if holds else f"FAILED {name}: {figures}")


def run(*arguments):
    """Exit status, seconds, MB at the most, standard error. "{runs}" in an argument is an empty folder."""
    with tempfile.TemporaryDirectory() as runs, tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        process = subprocess.Popen(
            [WEFT, *(a.format(runs=runs) for a in arguments)], env={**os.environ, "WEFT_RUNS": runs, "WEFT_OFFLINE": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return process.returncode, seconds, usage.ru_maxrss / 1024, errors.read().decode()


def check_time(name, expected_status, limit, *arguments):
    best, end = float("inf"), time.monotonic() + PATIENCE_S
    while True:
        status, seconds, _, errors = run(*arguments)
        best = min(best, seconds)
        if status != expected_status or best < limit or time.monotonic() > end:
            break
        time.sleep(0.1)
    check(f"{name}: exit status", status == expected_status, f"{status} {errors[-300:]}")
    if not IS_QUICK:
        check(f"{name}: {best:.3f} s", best < limit, f"must be under {limit} s")


def check_memory(name, limit, *arguments):
    status, _, megabytes, errors = run(*arguments)
    check(f"{name}: exit status", status == 0, f"{status} {errors[-300:]}")
    if not IS_QUICK:
        check(f"{name}: {megabytes:.0f} MB", megabytes < limit, f"must be under {limit} MB")


check_time("weft --version", 0, 0.020, "--version")
# The run ends behind its first step, so that step ended earlier still.
check_time("from weft train to the first step's end", 75, 1.0,
           "train", "cnn-3conv-leaky", "--max-time", "0.001s")
check_time("composing 50,000 and 10,000 canvases", 0, 10.0, "compose", "outfits", "-o", "{runs}/set",
           "--count", "500" if IS_QUICK else "50000", "--test-count", "100" if IS_QUICK else "10000")
# A short epoch with everything that a long one has: all images are read, the best epoch is chosen by
# validation and tested on all test images.
for precision in ("float32", "bfloat16"):
    check_memory(f"training cnn-3conv-leaky in {precision}", 300,
                 "train", "cnn-3conv-leaky", "--precision", precision, "--epochs", "1",
                 "--limit", "2000", "--validation", "0.02")

print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
