#!/usr/bin/python3
"""Every model of models/, trained a little, exported, and run in ONNX Runtime on the test images of
Fashion-MNIST: the same predictions as weft's, and the same probabilities."""
import csv
import gzip
import json
import os
import pathlib
import re
import subprocess
import tempfile

import numpy
import onnx

from onnxruntime import BUILD, IS_QUICK, ROOT, check, finish, infer

TOLERANCE = 1e-5
WEFT = os.environ.get("WEFT", str(BUILD / "weft"))
QUICK = ("cnn-3conv-leaky", "gru-128")
# each of them as much work as all others together: make check-models has them
LARGE = ("lstm-186-784", "renet", "sequencer2d", "bilstm-strong", "crnn-strong")
OTHER_DATA = ("outfits-sigmoid", "outfits-pairs", "outfits-cnn-rnn", "outfits-cnn-rnn-attention")
# ONNX wants time to be the first axis: a bidirectional layer takes three transpositions. How many of them read an
# image anew, on top of a first one: every sweep, and bilstm-strong's of the columns.
READINGS = {"bilstm-strong": 1, "renet": 4, "sequencer2d": 8}
TRAIN = ["--epochs", "1", "--limit", "1280", "--batch-size", "16", "--validation", "0.01", "--quiet"]
# Two sums of float32 may order two classes differently when these are as good as equal.
TIE = 2e-6
MAX_TIES = 2


def weft(*arguments):
    done = subprocess.run([WEFT, *arguments, "--json"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"weft {' '.join(arguments)}: exit status {done.returncode}: {done.stdout}")
        return None
    return json.loads(done.stdout)


def quick_statistics(name):
    """Batch normalization whose moving statistics follow after a hundred steps."""
    found = re.findall(r"- batch_normalization(?:.*\bname: (\w+))?", (ROOT / f"models/{name}.yaml").read_text())
    layers = [given or "batch_normalization" + (f"_{i}" if i else "") for i, given in enumerate(found)]
    return [word for layer in layers for word in ("--set", f"layers.{layer}.momentum=0.8")]


def read_predictions(run):
    """What the run found on the test images: labels, predicted classes, probabilities [N][K]."""
    with open(run / "predictions.csv", newline="") as file:
        rows = numpy.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
    return rows[:, 1].astype(int), rows[:, 2].astype(int), rows[:, 3:].astype("f4")


def check_export(name, document, path, class_names):
    model = onnx.load(path)
    try:
        onnx.checker.check_model(model, full_check=True)
        check(f"{name} is valid", True)
    except Exception as error:  # the checker has several kinds
        check(f"{name} is valid", False, str(error))
    graph = model.graph
    dims = [[d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
            for value in (*graph.input, *graph.output)]
    check(f"{name} has images and probabilities", dims == [["batch", 28, 28, 1], ["batch", 10]], str(dims))
    check(f"{name}: input, output", [v.name for v in (*graph.input, *graph.output)] ==
          ["image", "probabilities"])
    check(f"{name}: opset and IR", (model.opset_import[0].version, model.ir_version) ==
          (document["opset"], document["ir_version"]) == (13, 7))
    notes = {entry.key: entry.value for entry in model.metadata_props}
    check(f"{name} knows the classes", json.loads(notes["class_names"]) == class_names, str(notes))
    check(f"{name} names its run", document["run"] in model.doc_string, model.doc_string)
    check(f"{name}: size", document["bytes"] == os.path.getsize(path))
    check(f"{name}: operators", document["operators"] == len(graph.node))
    moves = [node.op_type for node in graph.node if node.op_type == "Transpose"]
    check(f"{name} has no more transpositions than it needs", len(moves) <= 3 + 3 * READINGS.get(name, 0),
          f"{len(moves)} of them")


def main(scratch):
    os.environ["WEFT_RUNS"] = str(scratch / "runs")
    os.environ["WEFT_PRECISION"] = "float32"
    os.environ["WEFT_THREADS"] = "1"  # other tests run beside this one
    left_out = {*OTHER_DATA, *(() if "WEFT_TEST_FULL" in os.environ else LARGE)}
    names = QUICK if IS_QUICK else sorted({path.stem for path in (ROOT / "models").glob("*.yaml")} - left_out)
    data = pathlib.Path(weft("doctor")["datasets"]["fashion-mnist"])
    pixels = gzip.decompress((data / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    (scratch / "pixels").write_bytes(pixels)
    jobs = []
    for name in names:
        path = str(scratch / f"{name}.onnx")
        if not check(f"{name} trains", weft("train", name, *TRAIN, *quick_statistics(name))):
            continue
        document = weft("export", name, "-o", path)
        if not check(f"{name} is exported", document):
            continue
        description = json.loads((scratch / f"runs/{name}-1/description.json").read_text())
        check_export(name, document, path, description["class_names"])
        jobs.append({"name": name, "model": path, "input": str(scratch / "pixels"), "values": "uint8",
                     "shape": [len(pixels) // 784, 28, 28, 1], "batch": 500,
                     "output": str(scratch / f"{name}.out")})
    check("all models run", infer(jobs))
    for job in jobs:
        name = job["name"]
        labels, predicted, ours = read_predictions(scratch / f"runs/{name}-1")
        theirs = numpy.fromfile(job["output"], "<f4").reshape(-1, ours.shape[1])
        check(f"{name}: all test images", ours.shape == theirs.shape == (10000, 10))
        accuracy = numpy.mean(theirs.argmax(1) == labels)
        check(f"{name} has learned something", accuracy > 0.3, f"accuracy {accuracy}")
        error = float(numpy.max(numpy.abs(ours - theirs)))
        check(f"{name}: probabilities", error <= TOLERANCE, f"off by {error:.3g}")
        rows = numpy.flatnonzero(theirs.argmax(1) != predicted)
        gaps = ours[rows, predicted[rows]] - ours[rows, theirs[rows].argmax(1)]
        check(f"{name}: predictions", len(rows) <= MAX_TIES and all(gaps <= TIE),
              f"{len(rows)} differ, where the probabilities do by {gaps}")
        print(f"{name}: accuracy {accuracy:.4f}, largest difference of a "
              f"probability {error:.2g}, {len(rows)} predictions differ")
    # the stored predictions are those of weft evaluate
    name = names[-1]
    judged = weft("evaluate", name)["evaluation"]
    labels, predicted, _ = read_predictions(scratch / f"runs/{name}-1")
    check("weft evaluate agrees", abs(judged["accuracy"] - numpy.mean(labels == predicted)) < 1e-12)


with tempfile.TemporaryDirectory() as place:
    main(pathlib.Path(place))
finish()
