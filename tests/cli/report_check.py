#!/usr/bin/python3
"""Checks a report's document against what its runs store: report_check.py DOCUMENT RUNS. Everything is
worked out again, in plain Python, from predictions.csv, metrics.csv and test.json; prints what is wrong."""
import base64
import csv
import json
import pathlib
import struct
import sys

TYPES = {"u8": "B", "u16": "H", "f32": "f"}
wrong = []


def expect(what, found, expected, tolerance=0):
    if tolerance and found is not None and expected is not None:
        if abs(found - expected) <= tolerance:
            return
    elif found == expected:
        return
    wrong.append(f"{what} is {found}, expected {expected}")


def unpack(packed):
    data = base64.b64decode(packed["base64"])
    values = struct.unpack(f"<{packed['count']}{TYPES[packed['type']]}", data)
    return list(values)


def predictions(run):
    with open(run / "predictions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = [int(row["label"]) for row in rows]
    predicted = [int(row["predicted"]) for row in rows]
    classes = sum(key[0] == "p" and key[1:].isdigit() for key in rows[0])
    return labels, predicted, [[float(row[f"p{k}"]) for k in range(classes)] for row in rows]


def area(truth, scores):
    """The share of pairs of a positive and a negative in which the positive is higher, ties half."""
    wins = pairs = 0
    for t, s in zip(truth, scores):
        for u, r in zip(truth, scores):
            if t and not u:
                pairs += 1
                wins += 1 if s > r else 0.5 if s == r else 0
    return wins / pairs if pairs else None


def check_roc(name, roc, labels, probabilities):
    for one in roc:
        k = one["class"]
        exact = area([label == k for label in labels], [p[k] for p in probabilities])
        expect(f"{name}: AUC of class {k}", one["auc"], exact, 1e-9)
        x, y = one["fpr"], one["tpr"]
        drawn = sum((x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2 for i in range(1, len(x)))
        expect(f"{name}: drawn area of class {k}", drawn, exact, 0.002)
        expect(f"{name}: ends of class {k}", [x[0], y[0], x[-1], y[-1]], [0, 0, 1, 1])


def check_reliability(name, bins, labels, predicted, confidence):
    expect(f"{name}: bins", len(bins), 15)
    expect(f"{name}: images in bins", sum(b["count"] for b in bins), len(labels))
    right = sum(b["count"] * b["accuracy"] for b in bins if b["count"])
    sure = sum(b["count"] * b["confidence"] for b in bins if b["count"])
    expect(f"{name}: right in bins", right, sum(a == b for a, b in zip(labels, predicted)), 1e-6)
    expect(f"{name}: confidence in bins", sure, sum(confidence), 1e-3)
    for b in bins:
        expect(f"{name}: an empty bin", b["accuracy"] is None, b["count"] == 0)


def check_epochs(name, seed, runs):
    with open(runs / seed["run"] / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for key in ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"):
        stored = [float(row[key]) if row[key] not in ("", "nan") else None for row in rows]
        expect(f"{name}: {key} of {seed['run']}", seed[key], stored)


def check_model(model, runs):
    name = model["label"]
    labels, predicted, probabilities = predictions(runs / model["run"])
    confidence = [p[k] for p, k in zip(probabilities, predicted)]
    packed = model["predictions"]
    expect(f"{name}: labels", unpack(packed["label"]), labels)
    expect(f"{name}: predicted", unpack(packed["predicted"]), predicted)
    for found, exact in zip(unpack(packed["confidence"]), confidence):
        expect(f"{name}: confidence", found / 255, exact, 0.5 / 255 + 1e-6)
    check_roc(name, model["roc"], labels, probabilities)
    check_reliability(name, model["reliability"], labels, predicted, confidence)
    for seed in model["epochs"]:
        check_epochs(name, seed, runs)
    stored = json.loads((runs / model["run"] / "test.json").read_text())
    for key in ("accuracy", "loss", "confusion", "intervals", "count"):
        expect(f"{name}: {key}", model["evaluation"][key], stored[key])
    expect(f"{name}: parameters", sum(layer["parameters"] for layer in model["layers"]),
           json.loads((runs / model["run"] / "description.json").read_text())["parameters"])


def check_pair(pair, runs):
    name = f"{pair['a']} and {pair['b']}"
    labels, a, of_a = predictions(runs / pair["run_a"])
    _, b, of_b = predictions(runs / pair["run_b"])
    both = [(x == t, y == t) for t, x, y in zip(labels, a, b)]
    for key, value in (("both_right", (True, True)), ("only_a", (True, False)),
                       ("only_b", (False, True)), ("both_wrong", (False, False))):
        expect(f"{name}: {key}", pair[key], both.count(value))
    for k, one in enumerate(pair["per_class"]):
        mine = [right for right, label in zip(both, labels) if label == k]
        expect(f"{name}: class {k}", one, {"a_right": sum(x for x, _ in mine),
                                           "b_right": sum(y for _, y in mine), "count": len(mine)})
    for image in pair["images"]:
        i = image["index"]
        expect(f"{name}: image {i}", [image["label"], image["a"]["predicted"], image["b"]["predicted"]],
               [labels[i], a[i], b[i]])
        expect(f"{name}: only one is right about {i}", (labels[i] == a[i]) != (labels[i] == b[i]), True)
        expect(f"{name}: how sure of {i}", image["a"]["confidence"], of_a[i][a[i]], 1e-4)
        expect(f"{name}: how sure of {i}", image["b"]["confidence"], of_b[i][b[i]], 1e-4)


def main():
    document = json.loads(pathlib.Path(sys.argv[1]).read_text())
    runs = pathlib.Path(sys.argv[2])
    expect("models", [m["label"] for m in document["models"]],
           [m["label"] for m in document["comparison"]["models"]])
    for model in document["models"]:
        check_model(model, runs)
    for pair in document["disagreements"]:
        check_pair(pair, runs)
    for run in document["made"]["runs"]:
        stored = json.loads((runs / run["id"] / "description.json").read_text())
        for key in ("model", "seed", "command", "version", "cpu", "isa", "threads", "data_hash"):
            expect(f"{run['id']}: {key}", run[key], stored[key])
        expect(f"{run['id']}: its command is told", run["command"] in document["made"]["commands"], True)
    print("\n".join(wrong) or
          f"{len(document['models'])} models and {len(document['disagreements'])} pairs are as stored")
    sys.exit(bool(wrong))


main()
