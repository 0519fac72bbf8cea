#!/usr/bin/python3
"""How the time of a training step grows: with batch, image side, sequence length, hidden units, threads;
and what it is with every instruction set of the CPU.

    bench/scaling/scaling.py                       # all, about ten minutes on two cores
    bench/scaling/scaling.py --quick --output DIR  # a short look
    bench/scaling/scaling.py --render              # page and tables again, from the CSV files

Writes a CSV file per sweep, index.html with plots, summary.md and machine.json into --output. weft is
timed in the precision that --precision auto takes and in float32, and where batch or threads are
varied, PyTorch on the same model at every point in turn, so that a drift of the machine's speed hits
both alike. --docs FILE puts the summary between that file's marks as well.
"""
import argparse
import csv
import datetime
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import report
from measure import MODELS, PYTHON, ROOT, Failed, answer, pytorch, weft
from sweeps import Point, make_sweeps

MAX_STEP_S = 20  # a point whose step would take longer is left out
HOPELESS = 5  # PyTorch in bfloat16 so many times as slow as in float32 is not timed at the next points
TIMEOUT_S = 300
SETTINGS = ["model", "system", "precision", "layout", "isa", "threads", "batch_size"]
FIGURES = ["ms_per_step", "min_ms", "p90_ms", "steps", "multiply_adds", "plan_bytes", "images", "note"]
NO_DATA = "./no-images"  # not there, so weft times random images


def columns(sweep):
    return SETTINGS + [sweep.column] * (sweep.column not in SETTINGS) + FIGURES


class Bench:
    """Times points, one after the other."""

    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.last = {}  # (model, system) -> value and milliseconds of the point before
        self.hopeless = set()  # models for which PyTorch's bfloat16 is not tried any more
        self.n_failed = 0

    def would_take(self, point, system):
        """Seconds that a step is expected to take, from the point before."""
        value, ms = self.last.get((point.model, system), (point.value, 0))
        if ms == 0 or point.sweep.expected is None:
            return 0
        return ms / 1e3 * (point.value / value) ** point.sweep.expected

    def row(self, point, system, result, **more):
        r = {"model": point.model, "system": system, "threads": point.threads,
             "batch_size": point.batch_size, point.sweep.column: point.value}
        r.update({k: result[k] for k in columns(point.sweep) if k in result and k not in r}, **more)
        if "isa" in result and point.sweep.column != "isa":
            r["isa"] = result["isa"].replace("x86-64-", "")
        for key in ("ms_per_step", "min_ms", "p90_ms"):
            if key in r:
                r[key] = f"{r[key]:.4f}"
        return r

    def weft(self, point, seconds):
        path, is_real = point.write_model(self.folder)
        size = answer([self.args.weft, "summary", path, "--json"])["total"]["multiply_adds"]
        options = {"batch-size": point.batch_size, "threads": point.threads, "seconds": seconds}
        if not is_real:
            options["dataset"] = NO_DATA
        if point.sweep.column == "isa":
            options["isa"] = point.value
        results = []
        for precision in ("auto", "float32"):
            if not results or results[0]["precision"] != "float32":
                results.append(weft(self.args.weft, path, {**options, "precision": precision},
                                    TIMEOUT_S))
        return [self.row(point, "weft", r, multiply_adds=size) for r in results]

    def pytorch(self, point, seconds):
        path, _ = point.write_model(self.folder)
        precisions = "float32" if point.model in self.hopeless else "float32,bfloat16"
        tried = pytorch(path, point.batch_size, point.threads, precisions, seconds,
                        TIMEOUT_S)["tried"]
        best = {}
        for result in sorted(tried, key=lambda t: t["ms_per_step"], reverse=True):
            best[result["precision"]] = result
        ms = {precision: result["ms_per_step"] for precision, result in best.items()}
        if ms.get("bfloat16", 0) > HOPELESS * ms.get("float32", math.inf):
            self.hopeless.add(point.model)  # a CPU without bfloat16 takes minutes for a large batch
        return [self.row(point, "PyTorch", r, images="fashion-mnist") for r in best.values()]

    def measure(self, point, system):
        """Rows of one system at one point: one per precision, or one that says why there is none."""
        step_s = self.would_take(point, system)
        if step_s > MAX_STEP_S:
            return [self.row(point, system, {}, note=f"left out: a step would take {step_s:.0f} s")]
        try:
            if system == "weft":  # three steps of the slowest points, too
                rows = self.weft(point, max(self.args.seconds, 2.5 * step_s))
            else:  # it times its layouts and precisions one after the other, two steps at least
                rows = self.pytorch(point, max(self.args.seconds, step_s))
        except Failed as failure:
            self.n_failed += 1
            return [self.row(point, system, {}, note=f"failed: {failure}")]
        self.last[point.model, system] = (point.value, max(float(r["ms_per_step"]) for r in rows))
        return rows


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_sweep(bench, name, sweep, models, values, systems):
    rows, began = [], time.monotonic()
    for model in models:
        for value in values:
            point = Point(sweep, model, value, value if name == "threads" else bench.args.threads)
            for system in systems:
                for row in bench.measure(point, system):
                    rows.append(row)
                    figure = f"{row['ms_per_step']} ms" if "ms_per_step" in row else row["note"]
                    say(f"{name} {value}: {model}, {system} {row.get('precision', '')} {figure}")
    say(f"{name}: {time.monotonic() - began:.0f} s")
    return rows


def write(path, text):
    with open(path + ".part", "w", encoding="utf-8", newline="") as file:
        file.write(text)
    os.replace(path + ".part", path)


def csv_text(sweep, rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns(sweep), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read_results(folder, sweeps):
    """{name: rows} of the CSV files that are there, and what machine.json says about each."""
    tables = {}
    for name in sweeps:
        path = os.path.join(folder, f"{name}.csv")
        if os.path.exists(path):
            with open(path, encoding="utf-8", newline="") as file:
                tables[name] = list(csv.DictReader(file))
    machine = {}
    if os.path.exists(os.path.join(folder, "machine.json")):
        with open(os.path.join(folder, "machine.json"), encoding="utf-8") as file:
            machine = json.load(file)
    return tables, machine


def pytorch_version():
    """None where it is not installed."""
    done = subprocess.run([PYTHON, "-c", "import torch, yaml; print(torch.__version__)"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def describe(args, doctor, torch):
    return {"cpu": doctor["cpu"]["name"], "cpus": doctor["cpu"]["usable"],
            "threads": args.threads, "weft": f"{doctor['version']} ({doctor['commit']})",
            "pytorch": torch, "seconds_per_point": args.seconds,
            "load_before": round(os.getloadavg()[0], 2),
            "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat()}


def words(text):
    return tuple(text.split(","))


def sweep_values(text):
    """"batch=1,4" -> ("batch", (1, 4)); levels stay words."""
    name, _, values = text.partition("=")
    if name == "isa":
        return name, words(values)
    try:
        numbers = tuple(sorted({int(value) for value in words(values)}))
    except ValueError:
        numbers = (0,)
    if numbers[0] < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be SWEEP=N,N,... with N of 1 and more")
    return name, numbers


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weft", default=f"{ROOT}/build/weft", help="the command")
    parser.add_argument("--output", help="folder of the results (bench/results)")
    parser.add_argument("--sweeps", type=words, help="these only, as batch,isa")
    parser.add_argument("--models", type=words, help="these only")
    parser.add_argument("--systems", type=words, default=("weft", "PyTorch"), help="weft,PyTorch")
    parser.add_argument("--values", type=sweep_values, action="append", default=[],
                        metavar="SWEEP=A,B", help="instead of a sweep's own; can be repeated")
    parser.add_argument("--seconds", type=float, help="for each measurement (0.5; --quick: 0.1)")
    parser.add_argument("--threads", type=int, help="where they are not varied (all CPUs)")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller points")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the rest anew")
    parser.add_argument("--docs", metavar="FILE", help="put the summary between the marks of FILE")
    args = parser.parse_args()
    if args.quick and not args.output:
        parser.error("--quick needs --output: bench/results is for all of the points")
    args.output = args.output or f"{ROOT}/bench/results"
    args.seconds = args.seconds or (0.1 if args.quick else 0.5)
    return args, parser


def check_names(parser, what, names, known):
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        parser.error(f"there is no {what} {', '.join(unknown)}; there is {', '.join(known)}")


def measure_all(args, sweeps, doctor):
    """The number of points that failed."""
    systems, torch = list(args.systems), None
    if "PyTorch" in systems:
        torch = pytorch_version()
        if not torch:
            say("PyTorch is not installed (tools/bootstrap bench): weft alone is measured.")
            systems.remove("PyTorch")
    if os.getloadavg()[0] > 0.5:
        say("Other programs are running: what they take of the processor distorts the figures.")
    values, began = dict(args.values), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="weft-scaling-") as folder:
        bench = Bench(args, folder)
        for name in args.sweeps or sweeps:
            sweep = sweeps[name]
            models = [m for m in sweep.models if m in (args.models or sweep.models)]
            if not models:
                say(f"{name}: none of the models that it varies")
                continue
            here = [s for s in systems if s == "weft" or sweep.has_pytorch]
            points = values.get(name, sweep.quick if args.quick else sweep.values)
            bench.last.clear()
            machine = describe(args, doctor, torch)
            rows = run_sweep(bench, name, sweep, models, points, here)
            _, before = read_results(args.output, sweeps)
            write(f"{args.output}/{name}.csv", csv_text(sweep, rows))
            write(f"{args.output}/machine.json",
                  json.dumps({**before, name: machine}, indent=1, sort_keys=True) + "\n")
    say(f"all: {time.monotonic() - began:.0f} s")
    return bench.n_failed


def main():
    args, parser = parse_args()
    try:
        doctor = answer([args.weft, "doctor", "--json"])
        args.threads = args.threads or doctor["cpu"]["usable"]
        sweeps = make_sweeps(doctor["cpu"]["usable"], tuple(doctor["levels"][::-1]))
        check_names(parser, "sweep", args.sweeps, sweeps)
        check_names(parser, "sweep", dict(args.values), sweeps)
        check_names(parser, "system", args.systems, ("weft", "PyTorch"))
        check_names(parser, "model", args.models, MODELS)
        os.makedirs(args.output, exist_ok=True)
        n_failed = 0 if args.render else measure_all(args, sweeps, doctor)
        tables, machine = read_results(args.output, sweeps)
        write(f"{args.output}/index.html", report.page(sweeps, tables, machine))
        summary = report.summary(sweeps, tables, machine)
        write(f"{args.output}/summary.md", summary)
        if args.docs:
            report.put_into(args.docs, summary)
    except (Failed, OSError, report.NoMarks) as error:
        sys.exit(f"scaling: {error}")
    print(f"{args.output}/index.html")
    sys.exit(1 if n_failed else 0)


if __name__ == "__main__":
    main()
