#!/usr/bin/python3
"""Holds weft's stored results against those of the PyTorch twin, model by model, as Markdown.

  bench/pytorch/table.py [--weft docs/results] [--pytorch docs/results/pytorch] > docs/results/against-pytorch.md

Both sides are means over the seeds that are there; one seed's standard error is about .003. weft's figure
is that of the weights which the recipe tests; PyTorch's are those of the last epoch and of the epoch with
the lowest validation loss.
"""
import argparse, json, pathlib, statistics


def read(folder):
    by_model = {}
    for path in sorted(pathlib.Path(folder).glob("*-seed*.json")):
        by_model.setdefault(path.name.rsplit("-seed", 1)[0], []).append(json.loads(path.read_text()))
    return by_model


def weft_accuracy(run):
    return (run.get("test") or run["summary"])["accuracy"]


def mean(values):
    if not values:
        return "-"
    return f"{statistics.fmean(values):.4f}" + (f" ({len(values)} seeds)" if len(values) > 1 else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weft", default="docs/results")
    parser.add_argument("--pytorch", default="docs/results/pytorch")
    args = parser.parse_args()
    ours, theirs = read(args.weft), read(args.pytorch)
    print("# weft against PyTorch: accuracy on the official test set\n")
    print("The same model files, trained by weft and by the PyTorch twin in `bench/pytorch`; made by\n"
          "`bench/pytorch/table.py > docs/results/against-pytorch.md` from the JSON files beside this page.\n")
    print("| model | weft | PyTorch, last epoch | PyTorch, best epoch | weft - PyTorch, last | PyTorch's run |")
    print("|---|---|---|---|---|---|")
    for model in sorted(set(ours) & set(theirs)):
        weft = [weft_accuracy(run) for run in ours[model]]
        last = [run["result"]["last_epoch"]["accuracy"] for run in theirs[model]]
        best = [run["result"]["best_epoch"]["accuracy"] for run in theirs[model]
                if run["result"]["best_epoch"]]  # a recipe without validation has none
        states = ", ".join(sorted({run["state"] for run in theirs[model]}))
        print(f"| {model} | {mean(weft)} | {mean(last)} | {mean(best)} | "
              f"{statistics.fmean(weft) - statistics.fmean(last):+.4f} | {states} |")


if __name__ == "__main__":
    main()
