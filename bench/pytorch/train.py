#!/usr/bin/python3
"""Trains the PyTorch twin of a weft model file on Fashion-MNIST, by the file's own recipe.

    bench/pytorch/train.py models/cnn-2conv.yaml
    bench/pytorch/train.py models/lstm-186.yaml --time 3      # only the time of a step
    bench/pytorch/train.py models/outfits-cnn-rnn.yaml --time 3 --data outfits

Writes DIR/MODEL-seedN.json after every epoch, so that a run that was stopped leaves its curve. The
test set is judged after every epoch, but nothing is chosen by it. Models that tell any number of labels
are only timed, on a set that `weft compose outfits` made. Needs what `tools/bootstrap bench` installs.
"""
import argparse
import json
import os
import platform
import statistics
import sys
import time
import warnings
from datetime import datetime, timezone

OPENMP_BLAS = "/usr/lib/x86_64-linux-gnu/openblas-openmp"
if __name__ == "__main__" and OPENMP_BLAS not in os.environ.get("LD_LIBRARY_PATH", ""):
    # The other build of OpenBLAS has threads of its own, which fight PyTorch's.
    path = ":".join(filter(None, [OPENMP_BLAS, os.environ.get("LD_LIBRARY_PATH")]))
    os.execve(sys.executable, [sys.executable] + sys.argv, dict(os.environ, LD_LIBRARY_PATH=path))

import torch
import torch.nn.functional as F

import data
import twin

warnings.filterwarnings("ignore")
CLASSES = 10


def split(labels, fraction, generator):
    """Stratified and shuffled: indices of the training part, indices of the validation part."""
    train, validation = [], []
    for label in range(CLASSES):
        rows = torch.nonzero(labels == label)[:, 0]
        rows = rows[torch.randperm(len(rows), generator=generator)]
        n = round(fraction * len(rows))
        validation.append(rows[:n])
        train.append(rows[n:])
    return torch.cat(train), torch.cat(validation)


def judge(trainer, images, labels):
    """Accuracy, mean cross-entropy and macro-F1, in float32."""
    precision, trainer.precision = trainer.precision, "float32"
    trainer.model.eval()
    with torch.no_grad():
        logits = torch.cat([trainer.logits(part) for part in images.split(500)])
    trainer.model.train()
    trainer.precision = precision
    guess = logits.argmax(1)
    confusion = torch.bincount(labels * CLASSES + guess, minlength=CLASSES**2)
    confusion = confusion.reshape(CLASSES, CLASSES).double()  # [label, guess]
    f1 = 2 * confusion.diag() / (confusion.sum(0) + confusion.sum(1)).clamp(min=1)
    return {"accuracy": round(confusion.diag().sum().item() / len(labels), 6),
            "loss": round(F.cross_entropy(logits, labels).item(), 6),
            "macro_f1": round(f1.mean().item(), 6)}


def run_epoch(trainer, images, labels, order):
    loss, right, times = 0.0, 0, []
    for pick in order.split(trainer.recipe.batch_size):
        start = time.perf_counter()
        y = labels[pick]
        batch_loss, logits = trainer.step(images[pick], y)
        times.append(time.perf_counter() - start)
        loss += batch_loss.item() * len(pick)
        right += (logits.argmax(1) == y).sum().item()
    return {"loss": round(loss / len(order), 6), "accuracy": round(right / len(order), 6)}, times


def time_steps(make, images, answers, seconds):
    """Median, minimum and 90 % quantile of a training step in ms, after three steps to warm up; of
    slow steps after fewer, so that a measurement takes about twice as long as it should at most."""
    trainer, times, order = make(), [], torch.randperm(len(images))
    batches = order[: len(order) // trainer.recipe.batch_size * trainer.recipe.batch_size]
    batches = batches.split(trainer.recipe.batch_size)

    def step():
        pick = batches[trainer.steps % len(batches)]
        start = time.perf_counter()
        trainer.step(images[pick], answers[pick])
        return time.perf_counter() - start

    end = time.perf_counter() + seconds
    step()
    while trainer.steps < 3 and time.perf_counter() < end:
        step()
    end = time.perf_counter() + seconds
    while len(times) < 2 or time.perf_counter() < end:
        times.append(step())
    times = sorted(1e3 * t for t in times)
    return {"ms_per_step": round(statistics.median(times), 4), "min_ms": round(times[0], 4),
            "p90_ms": round(times[len(times) * 9 // 10], 4), "steps": len(times)}


def fastest(spec, recipe, precisions, seconds, lstm_activation, folder):
    """Times every combination of precision and memory layout: the fastest, under `tried` all."""
    twin.build(spec, lstm_activation)  # says what the twin lacks before the data say that they do not fit
    images, answers = data.timed(spec["input"], spec.get("classes"), twin.told_length(spec),
                                 recipe.is_exclusive, folder)
    layouts = ["nchw", "nhwc"] if any("conv2d" in layer for layer in spec["layers"]) else ["nchw"]
    tried = []
    for precision in precisions:
        for layout in layouts:
            make = lambda: twin.Trainer(twin.build(spec, lstm_activation), recipe, precision, layout)
            tried.append({**time_steps(make, images, answers, seconds), "precision": precision,
                          "layout": layout})
    return {**min(tried, key=lambda t: t["ms_per_step"]), "tried": tried}


def cpu_name():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


def write_json(path, document):
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    os.replace(path + ".part", path)


def figures(epochs, has_validation):
    """What the run comes to: the last epoch, and the one with the lowest validation loss."""
    out = {"last_epoch": {"epoch": epochs[-1]["epoch"], **epochs[-1]["test"]}, "best_epoch": None}
    if has_validation:
        best = min(epochs, key=lambda e: e["validation"]["loss"])
        out["best_epoch"] = {"epoch": best["epoch"], **best["test"]}
    out["s_per_epoch"] = round(statistics.median(e["seconds"] for e in epochs), 2)
    out["ms_per_step"] = round(statistics.median(e["ms_per_step"] for e in epochs), 3)
    return out


def print_epoch(e, epochs):
    line = f"epoch {e['epoch']}/{epochs}  {e['seconds']:.1f} s  {e['ms_per_step']:.2f} ms/step"
    for part in ("train", "validation", "test"):
        if part in e:
            line += f"  {part} loss {e[part]['loss']:.4f} accuracy {e[part]['accuracy']:.4f}"
    print(line, flush=True)


def should_stop(epochs, recipe):
    """Keras' EarlyStopping on the validation loss."""
    if recipe.patience is None:
        return False
    best, waited = float("inf"), 0
    for e in epochs:
        waited += 1
        if e["validation"]["loss"] < best - recipe.min_delta:
            best, waited = e["validation"]["loss"], 0
    return waited >= max(recipe.patience, 1)


def train(args, spec, recipe):
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    images, labels = data.read_part("train")
    test_images, test_labels = data.read_part("t10k")
    rows, held_out = split(labels, recipe.validation, generator)
    model = twin.build(spec)
    trainer = twin.Trainer(model, recipe, args.precision, args.layout)
    document = {
        "model": spec["name"], "seed": args.seed, "system": f"PyTorch {torch.__version__}",
        "precision": args.precision, "threads": args.threads, "cpu": cpu_name(),
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "parameters": twin.n_parameters(model), "batch_size": recipe.batch_size,
        "epochs_planned": recipe.epochs, "images": {"train": len(rows), "validation": len(held_out),
                                                    "test": len(test_labels)},
        "state": "running", "result": None, "epochs": []}
    os.makedirs(args.output, exist_ok=True)
    path = os.path.join(args.output, f"{spec['name']}-seed{args.seed}.json")
    print(f"{spec['name']}: {document['parameters']} parameters, {args.precision}, {path}", flush=True)
    epochs, begun = document["epochs"], time.perf_counter()
    while document["state"] == "running":
        trainer.group["lr"] = recipe.rate(len(epochs))
        start = time.perf_counter()
        order = rows[torch.randperm(len(rows), generator=generator)]
        result, times = run_epoch(trainer, images, labels, order)
        epoch = {"epoch": len(epochs) + 1, "learning_rate": round(trainer.group["lr"], 9),
                 "seconds": round(time.perf_counter() - start, 2),
                 "ms_per_step": round(statistics.median(times) * 1e3, 3), "train": result}
        if len(held_out):
            epoch["validation"] = judge(trainer, images[held_out], labels[held_out])
        epoch["test"] = judge(trainer, test_images, test_labels)
        epochs.append(epoch)
        print_epoch(epoch, recipe.epochs)
        minutes = (time.perf_counter() - begun) / 60
        if len(epochs) == recipe.epochs:
            document["state"] = "finished"
        elif should_stop(epochs, recipe):
            document["state"] = "stopped early"
        elif args.max_minutes and minutes * (1 + 1 / len(epochs)) > args.max_minutes:
            document["state"] = f"partial: the next epoch would have passed {args.max_minutes:g} minutes"
        document["result"] = figures(epochs, len(held_out) > 0)
        write_json(path, document)
    print(json.dumps(document["result"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="instead of the file's")
    parser.add_argument("--batch-size", type=int, help="instead of the file's")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--precision", default="float32",
                        help="float32 or bfloat16 (autocast); with --time also both, with a comma")
    parser.add_argument("--layout", choices=["nchw", "nhwc"], default="nchw",
                        help="order of an image's bytes; --time tries both")
    parser.add_argument("--output", default="runs/pytorch", help="folder of the JSON files")
    parser.add_argument("--max-minutes", type=float, help="start no epoch that would end later")
    parser.add_argument("--time", type=float, metavar="SECONDS",
                        help="do not train: time steps, print one line of JSON with the best settings")
    parser.add_argument("--lstm-activation", help="with --time: instead of the file's")
    parser.add_argument("--data", metavar="FOLDER",
                        help="with --time: images with any number of labels, for models that tell them")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    try:
        spec = twin.read(args.model)
        recipe = twin.Recipe(spec.get("training"), is_timed=bool(args.time))
        recipe.epochs = args.epochs or recipe.epochs
        recipe.batch_size = args.batch_size or recipe.batch_size
        precisions = args.precision.split(",")
        if not set(precisions) <= {"float32", "bfloat16"}:
            parser.error("--precision is float32 or bfloat16")
        if args.time:
            out = {"model": spec["name"], "batch_size": recipe.batch_size, "threads": args.threads}
            out.update(fastest(spec, recipe, precisions, args.time, args.lstm_activation,
                               args.data))
            print(json.dumps(out))
        elif len(precisions) > 1:
            parser.error("training takes one --precision")
        elif args.data:
            parser.error("--data is for --time")
        else:
            train(args, spec, recipe)
    except (twin.UnknownPart, data.Unfit) as error:
        sys.exit(f"{args.model}: {error}")
    except OSError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
