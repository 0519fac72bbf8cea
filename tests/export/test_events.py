#!/usr/bin/python3
"""The event files of weft train --tensorboard and of weft export --format tensorboard, read by
eventfiles.py, against metrics.csv, the stored weights, test.json, config.yaml and the images."""
import csv
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import zlib

import numpy

import eventfiles
from onnxruntime import BUILD, check, finish

WEFT = os.environ.get("WEFT", str(BUILD / "weft"))
RATE = 0.125
SIZE, CLASSES, TRAIN, TEST = 8, 3, 96, 30
MODEL = """name: small
input: [8, 8, 1]
layers:
  - conv2d: {filters: 4, kernel_size: 3, activation: relu}
  - batch_normalization
  - flatten
  - dense: {units: 3, activation: softmax}
training:
  epochs: 3
  batch_size: %d
  validation: 0.25
  optimizer: {sgd: {learning_rate: %g}}
"""
TRAINABLE = ["conv2d/kernel", "conv2d/bias", "batch_normalization/gamma",
             "batch_normalization/beta", "dense/kernel", "dense/bias"]
# tag, folder and column of metrics.csv
SCALARS = [("epoch_loss", "train", "loss"), ("epoch_accuracy", "train", "accuracy"),
           ("epoch_learning_rate", "train", "learning_rate"), ("epoch_seconds", "train", "seconds"),
           ("epoch_ms_per_step", "train", "ms_per_step"),
           ("epoch_loss", "validation", "val_loss"), ("epoch_accuracy", "validation", "val_accuracy")]
TIMES = ("epoch_seconds", "epoch_ms_per_step")


def weft(*arguments, expected=0):
    done = subprocess.run([WEFT, *arguments, "--quiet"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    check(f"weft {' '.join(arguments)}", done.returncode == expected,
          f"exit status {done.returncode}: {done.stdout}")
    return done.stdout


def make_images(folder):
    """Rows, columns and blocks with noise; returns the training images and labels."""
    draw = random.Random(5)
    folder.mkdir()
    kept = None
    for part, count in (("train", TRAIN), ("t10k", TEST)):
        labels = [i % CLASSES for i in range(count)]
        pixels = [[[150 * (y // 2 % 2, x // 2 % 2, (x // 4 + y // 4) % 2)[label] + draw.randrange(100)
                    for x in range(SIZE)] for y in range(SIZE)] for label in labels]
        array = numpy.array(pixels, "u1")
        (folder / f"{part}-images-idx3-ubyte").write_bytes(
            struct.pack(">4i", 0x803, count, SIZE, SIZE) + array.tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(
            struct.pack(">2i", 0x801, count) + bytes(labels))
        kept = kept or (array, labels)
    return kept


def read_png(data):
    """uint8 [height][width][channels], every checksum and filter by the standard."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        packed += body if kind == b"IDAT" else b""
        at += 12 + size
    channels = {0: 1, 2: 3}[colour]
    raw = numpy.frombuffer(zlib.decompress(packed), "u1").reshape(height, 1 + width * channels)
    assert depth == 8
    out = numpy.zeros((height + 1, width * channels + channels), int)
    for y in range(height):
        for x in range(width * channels):
            left, up, corner = out[y + 1, x], out[y, x + channels], out[y, x]
            guess = left + up - corner
            paeth = min((abs(guess - v), i, v) for i, v in enumerate((left, up, corner)))[2]
            add = (0, left, up, (left + up) // 2, paeth)[raw[y, 0]]
            out[y + 1, x + channels] = (raw[y, 1 + x] + add) % 256
    return out[1:, channels:].reshape(height, width, channels)


def read_safetensors(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + size])
    return {name: numpy.frombuffer(data[8 + size:][slice(*t["data_offsets"])], "<f4")
            for name, t in head.items() if name != "__metadata__"}


def read_metrics(run):
    with open(run / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def tensorflow_limits():
    limits, v = [], 1e-12
    while v < 1e20:
        limits.append(v)
        v *= 1.1
    top = float(numpy.finfo("d").max)
    return numpy.array([-top] + [-v for v in reversed(limits)] + [0.0] + limits + [top])


# ---- parts of a run ----


def check_files(folder, n_files):
    for part in ("", "train", "validation"):
        files = eventfiles.files_of(folder / part)
        check(f"{part}: files", len(files) == n_files, str(files))
        for i, path in enumerate(files):
            events = list(eventfiles.read_file(path))
            check(f"{path.name}: version", events[0].get("version") == "brain.Event:2")
            check(f"{path.name}: writer", events[0].get("writer", "").startswith("weft "))
            starts = [k for k, event in enumerate(events) if event.get("start")]
            check(f"{path.name}: goes on", starts == ([1] if i else []), str(starts))
            check(f"{path.name}: times", all(abs(e["wall_time"] - time.time()) < 3600 for e in events))


def check_scalars(run, folder):
    rows = read_metrics(run)
    check("three epochs", [row["epoch"] for row in rows] == ["1", "2", "3"])
    for tag, part, column in SCALARS:
        points = eventfiles.read_run(folder / part).get(tag, [])
        found = [(step, value) for step, _, kind, value, _ in points if kind == "scalar"]
        wanted = [(int(row["epoch"]), float(numpy.float32(row[column]))) for row in rows]
        check(f"{part}/{tag} is {column}", found == wanted, f"{found}, not {wanted}")


def check_histogram(name, found, values):
    """`found` against all of `values`; numpy counts."""
    limits = tensorflow_limits()
    wide = values.astype("d")
    check(f"{name}: number", found["num"] == values.size == sum(found["counts"]))
    check(f"{name}: least and largest", (found["min"], found["max"]) == (wide.min(), wide.max()))
    check(f"{name}: sum", abs(found["sum"] - wide.sum()) <= 1e-12 * abs(wide).sum())
    check(f"{name}: squares", abs(found["sum_squares"] - (wide ** 2).sum()) <= 1e-12 * (wide ** 2).sum())
    check(f"{name}: limits", len(found["limits"]) == len(found["counts"])
          and numpy.isin(found["limits"], limits).all() and (numpy.diff(found["limits"]) > 0).all())
    check(f"{name}: ends", found["counts"][0] > 0 and found["counts"][-1] > 0)
    edges = numpy.concatenate([[-numpy.inf], found["limits"]])
    place = numpy.searchsorted(edges, wide, side="right") - 1
    counted = numpy.bincount(place, minlength=len(found["counts"]))
    check(f"{name}: counts", counted.tolist() == found["counts"], f"{counted} {found['counts']}")
    # a bucket that holds something is one of TensorFlow's, not several
    lower = limits[numpy.searchsorted(limits, found["limits"]) - 1]
    wide_ones = [i for i in range(1, len(lower)) if found["counts"][i] and lower[i] != edges[i]]
    check(f"{name}: buckets", not wide_ones, str(wide_ones))


def check_histograms(run, series):
    stored = read_safetensors(run / "weights/last.safetensors")
    tags = sorted(tag for tag in series if "/" in tag)
    wanted = sorted(f"{group}/{name}" for group in ("weights", "gradients") for name in TRAINABLE)
    check("weights and gradients of all that is trained", tags == wanted, str(tags))
    check("moving statistics are stored, but not trained", len(stored) == len(TRAINABLE) + 2)
    for name in TRAINABLE:
        points = series[f"weights/{name}"], series[f"gradients/{name}"]
        weights, gradients = ([point[3] for point in group] for group in points)
        check(f"{name}: one histogram an epoch",
              all([point[0] for point in group] == [1, 2, 3] for group in points))
        check_histogram(name, weights[-1], stored[name])
        check(f"{name}: as many gradients",
              all(g["num"] == sum(g["counts"]) == stored[name].size for g in gradients))
        # one step of plain gradient descent an epoch: sums of weights differ by the sum of gradients
        for k in (1, 2):
            step = weights[k]["sum"] - weights[k - 1]["sum"]
            size = stored[name].size * max(abs(weights[k]["min"]), abs(weights[k]["max"]), 1e-3)
            found = -RATE * gradients[k]["sum"]
            check(f"{name}: gradients of epoch {k + 1}", abs(step - found) <= 1e-6 * size,
                  f"{step} and {found}")
        check(f"{name}: gradients are there", any(g["sum_squares"] > 0 for g in gradients))


def check_images(run, series, images, labels):
    point = series["samples"][0]
    sheet = read_png(point[3]["png"])
    check("samples: size", sheet.shape == (point[3]["height"], point[3]["width"], 1), str(sheet.shape))
    check("samples: description", "before normalization" in point[4]["description"])
    with open(run / "splits.csv", newline="") as file:
        index = [int(row["index"]) for row in csv.DictReader(file) if row["part"] == "train"]
    for label in range(CLASSES):
        for k, row in enumerate([i for i in index if labels[i] == label][:10]):
            y, x = 2 + label * (2 * SIZE + 2), 2 + k * (2 * SIZE + 2)
            tile = sheet[y:y + 2 * SIZE:2, x:x + 2 * SIZE:2, 0]
            check(f"samples: image {k} of class {label}", (tile == images[row]).all())
    matrix = numpy.array(json.loads((run / "test.json").read_text())["confusion"])
    picture = read_png(series["test/confusion_matrix"][0][3]["png"])
    cell = len(picture) // CLASSES
    middle = picture[cell // 2::cell, cell // 2::cell]
    share = (matrix / matrix.sum(1, keepdims=True))[:, :, None]
    wanted = 255 + share * (numpy.array([8, 48, 107]) - 255)
    check("confusion matrix", middle.shape == (3, 3, 3) and abs(middle - wanted).max() <= 0.5, str(middle))


def check_hparams(run, series):
    hparams, started = eventfiles.hparams_of(series)
    wanted = {"model": "small", "family": "other", "dataset": "images", "seed": 0.0, "limit": 0.0,
              "precision": "float32", "epochs": 3.0, "validation": 0.25, "normalization": "unit",
              "optimizer": "sgd", "optimizer.learning_rate": RATE, "optimizer.nesterov": False,
              "layers.conv2d.filters": 4.0, "layers.conv2d.kernel_size": "[3, 3]",
              "layers.conv2d.activation": "relu", "layers.dense.units": 3.0,
              "early_stopping": False, "loss": "sparse_categorical_crossentropy", "schedule": "constant"}
    found = {key: hparams.get(key) for key in wanted}
    check("hyperparameters", found == wanted, f"{found}")
    check("no defaults of layers", not [key for key in hparams if "momentum" in key and "layers" in key])
    for point in series["_hparams_/session_start_info"] + series["_hparams_/session_end_info"]:
        check("plugin", (point[4]["plugin"], point[4]["class"]) == ("hparams", 2))
        check("a tensor of one float", (point[3]["dtype"], point[3]["shape"]) == (1, [1]))
    status, ended = eventfiles.session_end_of(series)
    check("it went well", status == 1 and started < ended < started + 3600)
    test = json.loads((run / "test.json").read_text())
    figures = {"accuracy": test["accuracy"], "loss": test["loss"], "macro_f1": test["macro"]["f1"]}
    for tag, value in figures.items():
        points = [(step, value) for step, _, _, value, _ in series[f"test/{tag}"]]
        check(f"test/{tag}", points == [(3, float(numpy.float32(value)))], str(points))
    point = series["config"][0]
    lines = (run / "config.yaml").read_text().splitlines()
    check("config", point[3]["strings"] == ["".join(f"    {line}\n" for line in lines).encode()]
          and point[3]["dtype"] == 7 and point[4]["plugin"] == "text")


def contents(folder):
    """All that a folder says but for times: {part/tag: [(step, kind, content)]}."""
    out = {}
    for part in ("", "train", "validation"):
        for tag, points in eventfiles.read_run(folder / part).items():
            if tag not in TIMES and not tag.startswith("_hparams_"):
                out[f"{part}/{tag}"] = [(p[0], p[2], p[3]) for p in points]
    out["hparams"] = eventfiles.hparams_of(eventfiles.read_run(folder))[0]
    return out


# ---- whole runs ----


def check_one_run(scratch, images, labels):
    weft("train", "--tensorboard", "small.yaml", "--dataset", "images")
    weft("train", "small.yaml", "--dataset", "images", "--name", "plain")
    run = scratch / "runs/small-1"
    check("the same weights with and without", (run / "weights/last.safetensors").read_bytes()
          == (scratch / "runs/plain-1/weights/last.safetensors").read_bytes())
    check("none without the option", not (scratch / "runs/plain-1/events").exists())
    check_files(run / "events", 1)
    check_scalars(run, run / "events")
    check_histograms(run, eventfiles.read_run(run / "events/train"))
    series = eventfiles.read_run(run / "events")
    check_images(run, series, images, labels)
    check_hparams(run, series)
    data = bytearray(eventfiles.files_of(run / "events")[0].read_bytes())
    for at in (3, 9, len(data) // 2, len(data) - 1):
        data[at] ^= 1
        try:
            list(eventfiles.records(data))
            check(f"damage at {at} is seen", False)
        except ValueError:
            check(f"damage at {at} is seen", True)
        data[at] ^= 1


def check_export(scratch):
    run, folder = scratch / "runs/small-1", scratch / "logs/small-1"
    check("what to call", "tensorboard --logdir logs" in
          weft("export", "small-1", "--format", "tensorboard", "-o", "logs"))
    check_scalars(run, folder)
    live, late = contents(run / "events"), contents(folder)
    for tag in live:
        expected = live[tag][-1:] if "/weights/" in tag else live[tag]
        if "/gradients/" in tag:
            check(f"{tag} is not stored", tag not in late)
        else:
            check(f"{tag} is the same afterwards", late.get(tag) == expected)
    started = json.loads((run / "description.json").read_text())["started"]
    times = [p[1] for p in eventfiles.read_run(folder / "train")["epoch_loss"]]
    first = eventfiles.hparams_of(eventfiles.read_run(folder))[1]
    check("times are those of the training",
          time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(first)) == started[:19]
          and first <= times[0] <= times[1] <= times[2], f"{started} {first} {times}")
    before = sorted(folder.rglob("*"))
    check("it is there already", "logs/small-1 is there already" in
          weft("export", "small-1", "--format", "tensorboard", "-o", "logs", expected=2))
    check("and stays as it was", sorted(folder.rglob("*")) == before)
    shutil.move("images", "elsewhere")
    weft("export", "small-1", "--format", "tensorboard", "-o", "blind")
    shutil.move("elsewhere", "images")
    blind = contents(scratch / "blind/small-1")
    late.pop("/samples")
    check("without the images all but samples", blind == late)


def check_resume(scratch):
    """A run that was killed, whose files hold epochs that its checkpoint does not know, goes on."""
    train = ["train", "steps.yaml", "--dataset", "images", "--epochs", "20"]
    weft(*train, "--name", "whole", "--tensorboard")
    whole = scratch / "runs/whole-1/events"
    process = subprocess.Popen([WEFT, *train, "--name", "killed", "--tensorboard", "--quiet"])
    folder, deadline = scratch / "runs/killed-1/events", time.time() + 60
    metrics = scratch / "runs/killed-1/metrics.csv"
    while process.poll() is None and time.time() < deadline:
        if metrics.exists() and len(metrics.read_text().splitlines()) > 3:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(metrics.read_text().splitlines()) - 1
    check("it was killed on the way", 2 < done < 20, f"after {done} epochs")
    for part in ("train", "validation"):  # as if it had come further before it died
        with open(eventfiles.files_of(folder / part)[0], "ab") as file:
            for record in eventfiles.records(eventfiles.files_of(whole / part)[0].read_bytes()):
                if eventfiles.one(eventfiles.fields(record), 2, 0) > done + 1:
                    file.write(eventfiles.frame(record))
    steps = [point[0] for point in eventfiles.read_run(folder / "train")["epoch_loss"]]
    check("epochs that are void", steps[-1] == 20 and steps[:done - 1] == list(range(1, done)),
          str(steps))
    weft("train", "--resume", "killed-1")
    check_files(folder, 2)
    one, other = contents(whole), contents(folder)
    check("the same series", one.keys() == other.keys())
    for tag in one:
        check(f"{tag}: as if nothing had happened", one[tag] == other[tag])
    # stopped in the first epoch, before there was anything to tell
    weft(*train, "--name", "timed", "--tensorboard=logs", "--max-time", "0.000001", expected=75)
    check("no epoch", "epoch_loss" not in eventfiles.read_run(scratch / "logs/timed-1/train"))
    check("no end", eventfiles.session_end_of(eventfiles.read_run(scratch / "logs/timed-1")) is None)
    weft("train", "--resume", "timed-1", "--tensorboard=logs")
    check("a folder of all runs", contents(scratch / "logs/timed-1") == one)
    check("none in the run's", not (scratch / "runs/timed-1/events").exists())


def check_failures(scratch):
    said = weft("train", "small.yaml", "--dataset", "images", "--name", "bad",
                "--tensorboard=small.yaml", expected=1)
    check("what is wrong", "small.yaml" in said, said)
    description = json.loads((scratch / "runs/bad-1/description.json").read_text())
    check("the run says so", description["status"] == "failed", str(description))
    said = weft("train", "wild.yaml", "--dataset", "images", "--tensorboard", expected=1)
    series = eventfiles.read_run(scratch / "runs/wild-1/events")
    check("a run that diverged has failed", eventfiles.session_end_of(series)[0] == 2, said)
    weft("compare", "small.yaml", "--seed", "7", "--epochs", "1", "--dataset", "images",
         "--tensorboard=logs")
    series = eventfiles.read_run(scratch / "logs/small-2")
    weft("sweep", "small.yaml", "--set", "layers.conv2d.filters=2,3", "--epochs", "1", "--dataset",
         "images", "--no-final", "--tensorboard=swept")
    runs = [eventfiles.read_run(run) for run in (scratch / "swept").iterdir()]
    filters = sorted(eventfiles.hparams_of(run)[0]["layers.conv2d.filters"] for run in runs)
    check("a sweep has rows that differ", filters == [2, 3], str(filters))
    weft("cv", "small.yaml", "--folds", "3", "--epochs", "1", "--dataset", "images", "--no-final",
         "--tensorboard=folds")
    runs = [eventfiles.read_run(run) for run in (scratch / "folds").iterdir()]
    check("folds are held out, not tested", len(runs) == 3 and all(
        "held_out/confusion_matrix" in run and "test/accuracy" not in run for run in runs))
    folds = sorted(eventfiles.hparams_of(run)[0]["fold"] for run in runs)
    check("and say which they are", folds == [0, 1, 2], str(folds))
    check("compare writes them too",
          eventfiles.hparams_of(series)[0]["seed"] == 7 and "test/accuracy" in series)


def main(scratch):
    os.chdir(scratch)
    os.environ.update(WEFT_RUNS=str(scratch / "runs"), WEFT_PRECISION="float32", WEFT_THREADS="1")
    check("checksum", eventfiles.crc32c(b"123456789") == 0xE3069283)
    images, labels = make_images(scratch / "images")
    pathlib.Path("small.yaml").write_text(MODEL % (TRAIN, RATE))
    pathlib.Path("steps.yaml").write_text((MODEL % (8, RATE)).replace("small", "steps"))
    wild = (MODEL % (8, 999)).replace("small", "wild").replace("relu", "linear")
    pathlib.Path("wild.yaml").write_text(wild)
    check_one_run(scratch, images, labels)
    check_export(scratch)
    check_resume(scratch)
    check_failures(scratch)


with tempfile.TemporaryDirectory() as place:
    main(pathlib.Path(place))
finish()
