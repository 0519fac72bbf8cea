#!/usr/bin/python3
"""A report of thirty models on Fashion-MNIST's 10,000 test images, and of their cross-validation, is a page below 5 MB,
with the images."""
import base64
import gzip
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WEFT = os.environ.get("WEFT", str(ROOT / "build/weft"))
MODELS = {"cnn": "  - conv2d: {filters: 8, kernel_size: 3, strides: 2, activation: relu}\n  - flatten\n",
          "rnn": "  - rows\n  - gru: {units: 16}\n"}
COPIES = 8 if "WEFT_TEST_QUICK" in os.environ else 15
EPOCHS = 100
FOLDS = 2


def packed(values, code, size):
    data = b"".join(value.to_bytes(size, "little") for value in values)
    return {"type": code, "count": len(values), "base64": base64.b64encode(data).decode()}


def make_map(draw, count):
    """As large as any map of so many images is."""
    x, y = ([draw.randrange(65536) for _ in range(count)] for _ in range(2))
    index = None if count == 10000 else packed(sorted(draw.sample(range(10000), count)), "u16", 2)
    return {"schema_version": 1, "kl": 1.0, "perplexity": 30.0, "layer": "flatten", "index": index,
            "x": packed(x, "u16", 2), "y": packed(y, "u16", 2)}


def jitter(draw, run):
    """Other probabilities, as another model would give: curves and mistakes of their own."""
    lines = (run / "predictions.csv").read_text().splitlines()
    out = [lines[0]]
    for line in lines[1:]:
        cells = line.split(",")
        p = [float(cell) ** 0.5 * draw.uniform(0.7, 1.3) for cell in cells[3:]]
        best = int(cells[2])
        p[best] = max(p) * 1.01
        total = sum(p)
        out.append(",".join(cells[:3] + [f"{value / total:.7g}" for value in p]))
    (run / "predictions.csv").write_text("\n".join(out) + "\n")


def rename(run, model, name):
    """A copy that is of another model."""
    copy = run.parent / run.name.replace(model, name, 1)
    shutil.copytree(run, copy)
    for file, old, new in (("config.yaml", f"name: {model}", f"name: {name}"),
                           ("description.json", f'"model": "{model}"', f'"model": "{name}"')):
        text = (copy / file).read_text()
        assert old in text, (file, old)
        (copy / file).write_text(text.replace(old, new, 1))
    return copy


def clone(draw, run, name):
    """The run of another model."""
    copy = rename(run, run.name[:-2], name)
    for count in (2000, 10000):
        (copy / "report" / f"map-{count}.json").write_text(json.dumps(make_map(draw, count)))
    jitter(draw, copy)


def lengthen(run):
    """A run of many epochs."""
    lines = (run / "metrics.csv").read_text().splitlines()
    cells = lines[1].split(",")
    (run / "metrics.csv").write_text("\n".join(
        lines[:1] + [",".join([str(epoch)] + cells[1:]) for epoch in range(1, EPOCHS + 1)]) + "\n")


class Size(unittest.TestCase):
    def weft(self, *args):
        done = subprocess.run([WEFT, *args], cwd=self.folder, text=True,
                              env={**os.environ, "WEFT_RUNS": "runs", "WEFT_OFFLINE": "1"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_thirty_models(self):
        with tempfile.TemporaryDirectory() as folder:
            self.folder = pathlib.Path(folder)
            draw = random.Random(5)
            for family, layers in MODELS.items():
                (self.folder / f"{family}.yaml").write_text(
                    f"name: {family}\nfamily: {family}\ninput: [28, 28, 1]\nlayers:\n{layers}"
                    "  - dense: {units: 10, activation: softmax}\ntraining: {epochs: 1, validation: 0}\n")
                self.weft("train", f"{family}.yaml", "--limit", "600", "-q")
            self.weft("report", "--all", "--maps", "none", "-o", "two.html")
            self.weft("cv", *(f"{family}.yaml" for family in MODELS), "--limit", "600", "--folds", str(FOLDS),
                      "--no-final", "-q")
            for family in MODELS:
                for fold in range(FOLDS):
                    run = self.folder / "runs" / f"{family}-r0f{fold}-1"
                    for i in range(COPIES):
                        rename(run, family, f"{family}{i:02d}")
                    shutil.rmtree(run)
                run = self.folder / "runs" / f"{family}-1"
                lengthen(run)
                for i in range(COPIES):
                    clone(draw, run, f"{family}{i:02d}")
                shutil.rmtree(run)
            said = self.weft("report", "--all", "-o", "all.html").stderr
            self.assertEqual(said, "")
            page = (self.folder / "all.html").read_bytes()
            self.assertLess(len(page), 5_000_000)
            text = page.decode()
            packed = re.search(r'<script [^>]*data-encoding="gzip" id="weft-report">(.*?)</script>', text).group(1)
            self.check(json.loads(gzip.decompress(base64.b64decode(packed))))
            sprite = re.search(r'<img id="weft-sprite"[^>]*base64,([^"]*)"', text).group(1)
            self.assertTrue(1_000_000 < len(sprite) < 2_000_000)
            two = (self.folder / "two.html").read_bytes()
            self.assertLess(len(two), len(page))

    def check(self, document):
        """Everything is there: what shows an image has a tile, and every model its map."""
        self.assertEqual(len(document["models"]), 2 * COPIES)
        for model in document["models"]:
            self.assertEqual(len(model["epochs"][0]["epoch"]), EPOCHS)
            self.assertIsNotNone(model["map"])
            self.assertEqual(len(model["mistakes"]), 20)
            self.assertTrue(all(one["tile"] is not None for one in model["mistakes"]))
        (study,) = document["cross_validations"]
        self.assertEqual([model["folds"] for model in study["models"]], [FOLDS] * 2 * COPIES)
        self.assertEqual(len(study["pairs"]), COPIES * (2 * COPIES - 1))
        tiles = document["data"]["test_tiles"]
        count = document["data"]["sprite"]["count"]
        if tiles:
            found = [t for t in memoryview(base64.b64decode(tiles["base64"])).cast("H") if t != 65535]
            self.assertEqual(sorted(found), list(range(len(found))))
            self.assertTrue(5000 < len(found) <= count)
        else:
            self.assertGreater(count, 10000)


def main():
    result = unittest.TextTestRunner(stream=sys.stdout).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
