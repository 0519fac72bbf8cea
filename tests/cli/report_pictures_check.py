#!/usr/bin/python3
"""Evaluates an expression over a report's document: report_pictures_check.py DOCUMENT EXPRESSION. Maps,
mistakes and evidence are compared with what other files say of the same images.
report_pictures_check.py make-photos FOLDER makes colour photographs of three classes."""
import base64
import csv
import json
import os
import pathlib
import struct
import sys
import zlib

import numpy as np

RUNS = pathlib.Path(os.environ.get("WEFT_RUNS", "runs"))
TYPES = {"u8": "<u1", "u16": "<u2", "f32": "<f4"}
cwd = os.getcwd()


def unpack(packed):
    values = np.frombuffer(base64.b64decode(packed["base64"]), TYPES[packed["type"]]).astype(float)
    assert len(values) == packed["count"]
    return values


def other(path, label):
    return next(m for m in json.load(open(path))["models"] if m["label"] == label)


def model(label):
    return next(m for m in d["models"] if m["label"] == label)


def parts():
    return {name: (part["count"], part["per_class"]) for name, part in d["data"]["parts"].items()}


def in_split(run, index):
    with open(RUNS / run / "splits.csv", newline="") as file:
        return {int(row["index"]): row["part"] for row in csv.DictReader(file)}[index]


def check_mistakes():
    """The 20 wrong predictions of the highest probability, in this order, with all probabilities."""
    for m in d["models"]:
        with open(RUNS / m["run"] / "predictions.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        wrong = [row for row in rows if row["label"] != row["predicted"]]
        wrong.sort(key=lambda row: (-np.float32(row["p" + row["predicted"]]), int(row["index"])))
        found = m["mistakes"]
        assert len(found) == min(20, len(wrong)), (m["label"], len(found), len(wrong))
        for one, row in zip(found, wrong):
            assert [one[k] for k in ("index", "label", "predicted")] == \
                [int(row[k]) for k in ("index", "label", "predicted")], (one, row)
            assert np.allclose(one["probabilities"], [float(row[f"p{k}"]) for k in range(3)], atol=5.1e-5)
            assert one["tile"] == one["index"]
    return f"{len(d['models'])} models"


def tiles_of_tests():
    """Not all have one; those that are shown do. Test images stand first, in their order."""
    tiles = unpack(d["data"]["test_tiles"])
    found = tiles[tiles != 65535]
    assert len(tiles) == 10500 and 10000 <= len(found) < 10100
    assert found.tolist() == list(range(len(found)))
    shown = d["data"]["samples"]["test"] + d["models"][0]["mistakes"]
    assert min(s["tile"] for s in d["data"]["samples"]["train"]) == len(found)
    return all(one["tile"] == tiles[one["index"]] != 65535 for one in shown)


def kinds():
    """Of the first eight mistakes; the others have no evidence."""
    found = {}
    for m in d["models"]:
        evidence = [one["evidence"] for one in m["mistakes"]]
        assert not any(evidence[8:])
        found[m["label"]] = list({e and " ".join(way["kind"] for way in e) for e in evidence[:8]})
    return dict(sorted(found.items()))


def worst(label):
    one = model(label)["mistakes"][0]
    return one["index"], one["predicted"]


def evidence_of(label, kind):
    return next(way for way in model(label)["mistakes"][0]["evidence"] if way["kind"] == kind)


def same_heat(label, path):
    evidence, said = evidence_of(label, "gradcam"), json.load(open(path))
    heat = np.array(said["grad_cam"]["map"])
    values = unpack(evidence["values"]).reshape(evidence["height"], evidence["width"])
    return heat.max() > 0 and np.abs(values - heat / heat.max() * 255).max() <= 0.51


def same_rows(label, path):
    evidence, said = evidence_of(label, "rows"), json.load(open(path))["progression"]
    assert all(evidence[key] == said[key] for key in ("reading", "layer", "image_lines"))
    assert evidence["classes"] == [0, 1, 2]
    assert np.allclose(evidence["progress"], said["outputs"], atol=5.1e-5)
    return np.allclose(evidence["rows"], said["lines"], rtol=1e-3, atol=1e-6)


def same_map(label, path):
    """The same points, moved and scaled alike along both axes."""
    found = model(label)["map"]
    points = np.stack([unpack(found["x"]), unpack(found["y"])], 1)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    said = np.array([[float(row["x"]), float(row["y"])] for row in rows])
    if found["index"]:
        assert unpack(found["index"]).tolist() == [int(row["index"]) for row in rows]
    assert points.min(0).tolist() == [0, 0] and points.max() == 65535
    expected = (said - said.min(0)) / (said.max(0) - said.min(0)).max() * 65535
    return np.abs(points - expected).max() < 1


def equal_but_for_the_time(path):
    documents = [json.load(open(path)), json.loads(json.dumps(d))]
    for one in documents:
        for part in (one, one["comparison"]):
            part.pop("generated")
        one["made"]["commands"].pop()
    return documents[0] == documents[1]


def make_photos(folder):
    """Discs, squares and bars on colours."""
    draw = np.random.default_rng(1)
    names = ["<img src=x onerror=alert(1)>", "Kühe 牛 🐄 & \"co\"", "=cmd|'x' <!-- "]
    y, x = np.mgrid[0:48, 0:64]
    for part, count in (("train", 20), ("test", 12)):
        for k, name in enumerate(names):
            (folder / part / name).mkdir(parents=True)
            for i in range(count):
                cx, cy, r = draw.uniform(12, 52), draw.uniform(12, 36), draw.uniform(6, 14)
                shapes = ((x - cx) ** 2 + (y - cy) ** 2 < r * r,
                          (abs(x - cx) < r) & (abs(y - cy) < r),
                          (abs(x - cx) < r) & (abs(y - cy) < r / 3))
                image = np.where(shapes[k][..., None], draw.uniform(120, 255, 3), draw.uniform(0, 120, 3))
                noisy = np.clip(image + draw.normal(0, 6, (48, 64, 3)), 0, 255).astype(np.uint8)
                (folder / part / name / f"{i:03d}.png").write_bytes(png(noisy))


def png(image):
    height, width, _ = image.shape
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


if sys.argv[1] == "make-photos":
    make_photos(pathlib.Path(sys.argv[2]))
else:
    d = json.load(open(sys.argv[1]))
    value = eval(sys.argv[2])
    print(*value) if sys.argv[2].startswith("worst") else print(value)
