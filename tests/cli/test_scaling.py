#!/usr/bin/python3
"""bench/scaling: a tiny run of the whole program, and its parts on figures that are known."""
import csv
import io
import json
import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WEFT = os.environ.get("WEFT", str(ROOT / "build/weft"))
PROGRAM = ROOT / "bench/scaling/scaling.py"
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "bench/scaling")]

import charts
import fit
import report
import scaling
import sweeps

SMALL = {"batch": "1,3", "side": "16,24", "length": "4,9", "units": "8,24", "threads": "1,2"}
COLUMNS = ("model,system,precision,layout,isa,threads,batch_size,{}ms_per_step,min_ms,p90_ms,steps,"
           "multiply_adds,plan_bytes,images,note")
LEVELS = tuple(json.loads(subprocess.run([WEFT, "doctor", "--json"], stdout=subprocess.PIPE,
                                         check=True).stdout)["levels"])


def run(*args, weft=WEFT, data=""):
    return subprocess.run(["/usr/bin/python3", str(PROGRAM), "--weft", weft, *map(str, args)],
                          env={**os.environ, "WEFT_DATA": str(data)}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)


def make_images(folder, count):
    """Black images under the name of the real ones, which take a second to unpack."""
    folder.mkdir(parents=True)
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(
            struct.pack(">4i", 0x803, count, 28, 28) + bytes(count * 28 * 28))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(
            struct.pack(">2i", 0x801, count) + bytes(i % 10 for i in range(count)))


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plots(page):
    return [xml.etree.ElementTree.fromstring(text) for text in re.findall(r"<svg.*?</svg>", page)]


def points(page):
    """Where the points of all plots are, in the plots' units."""
    found = []
    for plot in plots(page):
        for mark in plot.iter():
            if "point" in mark.get("class", "").split():
                found.append((float(mark.get("cx") or mark.get("x")),
                              float(mark.get("cy") or mark.get("y"))))
    return found


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class TinyRun(Folder):
    def test_all_sweeps(self):
        flags = [f"--values={name}={values}" for name, values in SMALL.items()]
        make_images(self.folder / "data/fashion-mnist", 256)
        flags += ["--output", self.folder, "--systems", "weft", "--seconds", "0.002"]
        for models, names in (("cnn-3conv-leaky,gru-128", ",".join(SMALL)), ("cnn-1conv", "isa")):
            done = run(*flags, "--models", models, "--sweeps", names, data=self.folder / "data")
            self.assertEqual(done.returncode, 0, done.stderr)
        tables = {name: read(self.folder / f"{name}.csv") for name in (*SMALL, "isa")}
        for name, rows in tables.items():
            own = f"{name}," if name in ("side", "length", "units") else ""
            self.assertEqual(",".join(rows[0]), COLUMNS.format(own), name)
            for row in rows:
                low, ms, high = (float(row[k]) for k in ("min_ms", "ms_per_step", "p90_ms"))
                self.assertTrue(0 < low <= ms <= high * 1.0001, row)
                self.assertTrue(int(row["steps"]) > 0 and int(row["multiply_adds"]) > 0, row)
                self.assertEqual((row["system"], row["note"]), ("weft", ""))
        self.assertEqual([(r["model"], r["side"], r["batch_size"]) for r in tables["side"]
                          if r["precision"] == "float32"],
                         [("cnn-3conv-leaky", "16", "32"), ("cnn-3conv-leaky", "24", "32")])
        self.assertEqual({r["images"] for r in tables["side"] + tables["length"]}, {"random"})
        self.assertEqual({r["images"] for r in tables["batch"] + tables["isa"]}, {"fashion-mnist"})
        small, large = [int(r["multiply_adds"]) for r in tables["units"] if r["precision"] == "float32"]
        self.assertGreater(large, 3 * small)
        self.assertEqual({r["isa"] for r in tables["isa"]}, set(LEVELS))
        self.assertEqual({r["model"] for r in tables["isa"]}, {"cnn-1conv"})
        page = (self.folder / "index.html").read_text(encoding="utf-8")
        self.assertEqual(len(points(page)), sum(len(rows) for rows in tables.values()))
        for x, y in points(page):
            self.assertTrue(0 < x < charts.WIDTH and 0 < y < charts.HEIGHT, (x, y))
        self.assertNotRegex(page, "https?:|<script|<link|url\\(")
        summary = (self.folder / "summary.md").read_text(encoding="utf-8")
        self.assertEqual(summary.count("| Hidden units | gru-128 | weft, float32 | 8 to 24 | 2 |"), 1)
        for level in LEVELS:
            self.assertIn(f"{level}, float32 |", summary)
        before = page, summary
        self.assertEqual(run("--output", self.folder, "--render").returncode, 0)
        after = [(self.folder / name).read_text(encoding="utf-8") for name in ("index.html", "summary.md")]
        self.assertEqual(before, tuple(after))

    def test_command_that_fails(self):
        broken = self.folder / "weft"
        broken.write_text(f'#!/bin/sh\n[ "$1" != bench ] || {{ echo "weft: no <luck>" >&2; exit 3; }}\n'
                          f'exec "{WEFT}" "$@"\n', encoding="utf-8")
        broken.chmod(0o755)
        done = run("--output", self.folder / "out", "--systems", "weft", "--sweeps", "side",
                   "--values", "side=16", weft=str(broken))
        self.assertEqual(done.returncode, 1, done.stderr)
        rows = read(self.folder / "out/side.csv")
        self.assertEqual([(r["ms_per_step"], r["note"]) for r in rows],
                         [("", "failed: weft: weft: no <luck>")])
        page = (self.folder / "out/index.html").read_text(encoding="utf-8")
        self.assertEqual(points(page), [])
        self.assertIn("no &lt;luck&gt;", page)

    def test_usage(self):
        for flags, text in ((["--sweeps", "bach"], "there is no sweep bach"),
                            (["--models", "gru-12"], "there is no model gru-12"),
                            (["--systems", "JAX"], "there is no system JAX"),
                            (["--values", "batch=1,x"], "must be SWEEP=N,N"),
                            (["--values", "batch=0"], "must be SWEEP=N,N"),
                            (["--quick"], "--quick needs --output")):
            done = run(*flags)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(text, done.stderr)
        done = run("--output", self.folder, weft=str(self.folder / "nothing"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("No such file", done.stderr)


class Limits(Folder):
    def test_point_that_would_take_too_long(self):
        sweep = sweeps.make_sweeps(2, LEVELS)["side"]
        args = scaling.argparse.Namespace(weft="/bin/false", seconds=0.1, threads=2)
        bench = scaling.Bench(args, str(self.folder))
        bench.last["cnn-3conv-leaky", "weft"] = (10, 500.0)
        rows = bench.measure(sweeps.Point(sweep, "cnn-3conv-leaky", 100, 2), "weft")
        self.assertEqual([r["note"] for r in rows], ["left out: a step would take 50 s"])
        self.assertEqual(bench.n_failed, 0)
        table = list(csv.DictReader(io.StringIO(scaling.csv_text(sweep, rows))))
        self.assertEqual(points(report.page({"side": sweep}, {"side": table}, {})), [])
        self.assertIn("side 100: left out", report.summary(
            {**sweeps.make_sweeps(2, LEVELS)}, {"side": table}, {}))


class Docs(Folder):
    def test_summary_between_marks(self):
        file = self.folder / "page.md"
        file.write_text(f"before\n{report.MARKS[0]}\nold\n{report.MARKS[1]}\nafter\n", encoding="utf-8")
        report.put_into(str(file), "new\n")
        self.assertEqual(file.read_text(encoding="utf-8"),
                         f"before\n{report.MARKS[0]}\n\nnew\n\n{report.MARKS[1]}\nafter\n")

    def test_no_marks(self):
        file = self.folder / "page.md"
        file.write_text("nothing\n", encoding="utf-8")
        done = run("--output", self.folder / "out", "--render", "--docs", file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there must be a line <!--", done.stderr)
        self.assertEqual(file.read_text(encoding="utf-8"), "nothing\n")

    def test_marks_are_in_the_documentation(self):
        text = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
        self.assertEqual([text.count(mark) for mark in report.MARKS], [1, 1])


class Fit(unittest.TestCase):
    def test_power_law(self):
        found = fit.fit([(x, 3 * x**1.5) for x in (1, 2, 5, 40)])
        self.assertAlmostEqual(found.slope, 1.5, places=12)
        self.assertAlmostEqual(found.error, 0, places=7)

    def test_standard_error(self):
        # by hand: x' = 0 1 2 3, y' = 0 1 1 3: slope 0.9, residuals .1 .2 -.7 .4, their squares' sum 0.7
        found = fit.fit([(math.e**x, math.e**y) for x, y in ((0, 0), (1, 1), (2, 1), (3, 3))])
        self.assertAlmostEqual(found.slope, 0.9, places=12)
        self.assertAlmostEqual(found.error, math.sqrt(0.7 / 2 / 5), places=12)
        self.assertEqual(fit.text(found), "0.90 ± 0.26")

    def test_few_points(self):
        self.assertIsNone(fit.fit([]))
        self.assertIsNone(fit.fit([(2, 5), (2, 6)]))
        self.assertEqual(fit.text(None), "-")
        two = fit.fit([(1, 8), (2, 4)])
        self.assertEqual((round(two.slope, 12), two.error, fit.text(two)), (-1, None, "−1.00"))

    def test_upper_half(self):
        self.assertEqual([x for x, _ in fit.upper_half([(2**i, 1) for i in range(5)])], [4, 8, 16])
        self.assertEqual(fit.upper_half([]), [])


class Parts(unittest.TestCase):
    def test_model_files(self):
        text = (ROOT / "models/gru-128.yaml").read_text(encoding="utf-8")
        wide = sweeps.set_units(text, 48)
        self.assertEqual((wide.count("gru: {units: 48}"), wide.count("dense: {units: 128,")), (1, 1))
        self.assertEqual(sweeps.set_input(text, 9, 28).count("\ninput: [9, 28, 1]\n"), 1)
        with self.assertRaises(ValueError):
            sweeps.set_units((ROOT / "models/cnn-1conv.yaml").read_text(encoding="utf-8"), 48)

    def test_powers_of_two(self):
        self.assertEqual([sweeps.powers_of_two(n) for n in (1, 2, 6, 8)],
                         [(1,), (1, 2), (1, 2, 4, 6), (1, 2, 4, 8)])

    def test_names_keep_apart(self):
        at = charts.spread([50, 51, 52, 10], 10, 60, 13)
        self.assertEqual(sorted(at), [10, 34, 47, 60])
        self.assertEqual(sorted(range(4), key=lambda i: at[i]), [3, 0, 1, 2])

    def test_plot_of_one_point(self):
        line = charts.Line("a<b", "weft", False, [(4, 2.0, 1.9, 2.5)])
        self.assertEqual(len(points(charts.growth("t", [line], "images", 1))), 1)
        self.assertEqual(charts.growth("t", [], "images", 1), "")

    def test_numbers(self):
        self.assertEqual([charts.number(v) for v in (0.01234, 0.5, 1.234, 56.78, 999.6, 12345)],
                         ["0.0123", "0.500", "1.23", "56.8", "1,000", "12,345"])


def main():
    result = unittest.TextTestRunner(stream=sys.stdout).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
