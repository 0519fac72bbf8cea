"""Reads an exported run as MLflow's file store does, and holds it against the run's own files.

Written from MLflow 2.9's mlflow/store/tracking/file_store.py: meta.yaml is a flat map, a param and a tag
are one file each, a metric is a file of lines "timestamp value step".
"""
import csv
import json
import pathlib
import re
import sys

exported, run = map(pathlib.Path, sys.argv[1:3])
NAME = re.compile(r"[/\w.\- :]*")


def scalar(text):
    if text[:1] in ("'", '"'):
        return text[1:-1]
    return None if text == "null" else int(text) if re.fullmatch(r"-?\d+", text) else text


def read_folder(name):
    files = sorted((exported / name).iterdir())
    assert files and all(NAME.fullmatch(f.name) and f.is_file() for f in files), name
    return {f.name: f.read_text() for f in files}


meta = {}
for line in (exported / "meta.yaml").read_text().splitlines():
    key, value = line.split(": ", 1)
    meta[key] = scalar(value)
assert sorted(meta) == sorted(
    "artifact_uri end_time entry_point_name experiment_id lifecycle_stage run_id run_name run_uuid source_name "
    "source_type source_version start_time status tags user_id".split()), meta
assert re.fullmatch("[0-9a-f]{32}", meta["run_id"]) and meta["run_id"] == meta["run_uuid"]
assert meta["lifecycle_stage"] == "active" and meta["status"] == 3 and meta["run_name"] == run.name
assert 0 < meta["start_time"] <= meta["end_time"]
assert pathlib.Path(meta["artifact_uri"]) == (exported / "artifacts").resolve()

params = read_folder("params")
assert params["seed"] == "0" and params["model.training.epochs"] == "2", params
assert params["model.layers.1.gru.units"] == "6" and params["model.input"] == "[12, 12, 1]"
tags = read_folder("tags")
assert tags["mlflow.runName"] == run.name and tags["best"] == "yes" and "weft train" in tags["mlflow.source.name"]

metrics = {}
for name, text in read_folder("metrics").items():
    points = [line.split(" ") for line in text.splitlines()]
    metrics[name] = [(int(ms), float(value), int(step)) for ms, value, step in points]
epochs = list(csv.DictReader((run / "metrics.csv").open()))
for column in set(epochs[0]) - {"epoch"}:
    expected = [(float(e[column]), int(e["epoch"])) for e in epochs if e[column]]
    assert [(value, step) for _, value, step in metrics[column]] == expected, column
    times = [ms for ms, _, _ in metrics[column]]
    assert times == sorted(times) and times[0] >= meta["start_time"]
test = json.loads((run / "test.json").read_text())
assert [v for _, v, _ in metrics["test_accuracy"]] == [test["accuracy"]]
assert [v for _, v, _ in metrics["test_macro_f1"]] == [test["macro"]["f1"]]

for name in ("config.yaml", "test.json", "predictions.csv", "weights/last.safetensors"):
    assert (exported / "artifacts" / name).read_bytes() == (run / name).read_bytes(), name
assert not (exported / "artifacts" / "checkpoint").exists()
assert (exported / "epochs.csv").read_bytes() == (run / "metrics.csv").read_bytes()
document = json.loads((exported / "run.json").read_text())
assert document["run"]["id"] == run.name and len(document["epochs"]) == len(epochs)
classes = list(csv.DictReader((exported / "classes.csv").open(newline="")))
f1 = [float(c["value"]) for c in classes if c["metric"] == "f1"]
assert f1 == [c["f1"] for c in test["classes"]], f1
print("ok")
