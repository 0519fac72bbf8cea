"""What the tests of exported models share: running them in ONNX Runtime, counting checks."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("WEFT_BUILD_DIR", ROOT / "build"))
IS_QUICK = "WEFT_TEST_QUICK" in os.environ

passed = failed = 0


def check(name, holds, detail=""):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name}{': ' if detail else ''}{detail}")
    return holds


def finish():
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


def call(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    if done.returncode:
        print(done.stdout)
        print(f"{' '.join(command)}: exit status {done.returncode}")
    return done.returncode == 0


def infer(jobs):
    """Runs the jobs of bench/onnxruntime/infer.js; false when one of them failed."""
    here = ROOT / "bench/onnxruntime"
    if not call(str(here / "install")):
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(job) + "\n" for job in jobs)
        file.flush()
        return call("node", str(here / "infer.js"), file.name)
