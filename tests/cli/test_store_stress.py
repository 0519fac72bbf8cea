"""Four trainings and two readers at once: nobody is told that the database is locked, no reader sees an
epoch go away again, and at the end every epoch of every folder is a row. Counted by Python's sqlite3."""
import json
import os
import pathlib
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

WEFT = os.environ["WEFT"]
TRAINERS, EPOCHS, LIMIT_S = 4, 60, 200
MODEL = """name: tiny
input: [8, 8, 1]
layers: [rows, {gru: {units: 4}}, {dense: {units: 3, activation: softmax}}]
training: {epochs: %d, batch_size: 8, validation: 0.2}
""" % EPOCHS

passed = failed = 0


def check(name, holds, figures=""):
    global passed, failed
    passed += bool(holds)
    failed += not holds
    print(f"ok {name}" if holds else f"FAILED {name}: {figures}")


def make_images(folder, counts=(60, 15), size=8):
    folder.mkdir()
    for part, count in zip(("train", "t10k"), counts):
        labels = bytes(i % 3 for i in range(count))
        pixels = bytes((80 * label + 7 * y * x) % 256 for label in labels for y in range(size) for x in range(size))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 0x803, count, size, size) + pixels)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 0x801, count) + labels)


with tempfile.TemporaryDirectory() as scratch:
    root = pathlib.Path(scratch)
    runs, database = root / "runs", root / "runs" / "weft.db"
    make_images(root / "images")
    (root / "tiny.yaml").write_text(MODEL)
    env = {**os.environ, "WEFT_RUNS": str(runs), "WEFT_OFFLINE": "1"}
    train = [WEFT, "train", str(root / "tiny.yaml"), "-d", str(root / "images"), "-q", "-t", "1", "--seed"]
    trainers = [subprocess.Popen([*train, str(i)], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE) for i in range(TRAINERS)]

    errors, counts, lists, end = [], [0], 0, time.monotonic() + LIMIT_S
    while any(t.poll() is None for t in trainers) and time.monotonic() < end:
        if database.exists():
            try:
                # isolation off, no patience: a reader that had to wait would be turned away at once
                with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=0) as db:
                    counts.append(db.execute("SELECT count(*) FROM epochs").fetchone()[0])
                db.close()
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):  # the very first moment
                    errors.append(str(error))
        listed = subprocess.run([WEFT, "runs", "--json"], env=env, stdin=subprocess.DEVNULL, capture_output=True)
        lists += 1
        if listed.returncode or listed.stderr:
            errors.append(listed.stdout.decode()[-300:] + listed.stderr.decode()[-300:])

    for i, trainer in enumerate(trainers):
        said = trainer.communicate(timeout=60)[1].decode()
        check(f"trainer {i} ends well", trainer.returncode == 0 and "lock" not in said, said[-300:])
    check(f"{len(counts)} looks and {lists} lists while they trained", not errors and lists > 1, errors[:3])
    check("no reader saw an epoch go away", counts == sorted(counts), counts)

    # The rows as the trainers left them; no list has been made since.
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    rows = {run: n for run, n in db.execute("SELECT run, count(*) FROM epochs GROUP BY run")}
    files = {f.parent.name: len(f.read_text().splitlines()) - 1 for f in runs.glob("*/metrics.csv")}
    check("every epoch of every folder is a row", rows == files and sum(files.values()) == TRAINERS * EPOCHS,
          f"{rows} {files}")
    losses = [loss for _, loss in sorted(db.execute("SELECT run || printf('%6d', epoch), loss FROM epochs"))]
    lines = [float(line.split(",")[1]) for f in sorted(runs.glob("*/metrics.csv"))
             for line in f.read_text().splitlines()[1:]]
    check("the figures are those of the files", losses == lines, f"{losses} {lines}")
    check("all are finished and tested", db.execute(
        "SELECT count(*) FROM summary WHERE status = 'finished' AND accuracy IS NOT NULL").fetchone()[0] == TRAINERS)
    for run, accuracy in db.execute("SELECT id, accuracy FROM summary"):
        expected = json.loads((runs / run / "test.json").read_text())["accuracy"]
        check(f"accuracy of {run}", accuracy == expected, f"{accuracy} {expected}")
    check("the database is whole", db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
          and not db.execute("PRAGMA foreign_key_check").fetchall())
    db.close()

print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
