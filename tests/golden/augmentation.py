#!/usr/bin/python3
"""Writes augmentation.json: batches of images as a pipeline of augmentations must leave them.

Written from docs/adr/0023-augmentation.md and the headers of src/nn/augment*, sharing no code with
weft: Philox 4x32-10 by its paper, every step over a whole batch with numpy. What a step draws is
judged here by scipy; that weft draws the same is what the test compares.

usage: tests/golden/augmentation.py        (needs numpy and scipy)
"""
import json
import math
import pathlib

import numpy as np
from scipy import stats

MASK = 0xFFFFFFFF
STREAM = 500


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & MASK, (p0 >> 32) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


class Draws:
    """The numbers of one step for one image."""

    def __init__(self, seed, step, epoch, position):
        self.counter = [0, position, epoch, STREAM + step]
        self.key = [seed & MASK, seed >> 32]
        self.left = []

    def word(self):
        if not self.left:
            self.left = philox(self.counter, self.key)
            self.counter[0] += 1
        return self.left.pop(0)

    def long(self):
        return self.word() << 32 | self.word()

    def below(self, n):
        top = 2**64 - 1
        while (x := self.long()) >= top - top % n:
            pass
        return x % n

    def uniform(self):
        return (self.long() >> 11) * 2.0**-53

    def between(self, low, high):
        return low + (high - low) * self.uniform()

    def normal(self):
        u, v = 1 - self.uniform(), self.uniform()
        return math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v)

    def log_gamma(self, alpha):
        d = alpha + 2 / 3
        while True:
            z, u = self.normal(), 1 - self.uniform()
            v = (1 + z / math.sqrt(9 * d)) ** 3
            if v > 0 and math.log(u) < z * z / 2 + d - d * v + d * math.log(v):
                return math.log(d * v) + math.log(1 - self.uniform()) / alpha

    def beta(self, alpha):
        x, y = self.log_gamma(alpha), self.log_gamma(alpha)
        return 1 / (1 + math.exp(min(y - x, 700)))


# ---- steps: one image (pixel levels are normalised by `level`), or an image and its partner


def random_shift(image, draws, level, height=2, width=2, fill="constant", value=0):
    down = draws.below(2 * height + 1) - height
    right = draws.below(2 * width + 1) - width
    pads = ((height, height), (width, width), (0, 0))
    if fill == "edge":
        wide = np.pad(image, pads, mode="edge")
    else:
        wide = np.tile(level(value), (image.shape[0] + 2 * height, image.shape[1] + 2 * width, 1))
        wide[height : height + image.shape[0], width : width + image.shape[1]] = image
    y, x = height - down, width - right
    return wide[y : y + image.shape[0], x : x + image.shape[1]]


def random_flip(image, draws, level, axis="horizontal"):
    return image[:, ::-1] if axis == "horizontal" else image[::-1]


def round_half_up(x):
    return int(math.floor(x + 0.5))


def random_erase(image, draws, level, min_area=0.02, max_area=0.4, min_aspect=0.3, fill="random", value=0):
    h, w, channels = image.shape
    for _ in range(100):
        area = draws.between(min_area, max_area) * h * w
        aspect = draws.between(min_aspect, 1 / min_aspect)
        rows, columns = round_half_up(math.sqrt(area * aspect)), round_half_up(math.sqrt(area / aspect))
        if rows < h and columns < w:
            break
    else:
        return image
    top, left = draws.below(h - rows + 1), draws.below(w - columns + 1)
    image = image.copy()
    if fill == "constant":
        image[top : top + rows, left : left + columns] = level(value)
        return image
    count = rows * columns * channels
    words = [draws.word() for _ in range((count + 3) // 4)]
    levels = np.array(words, "<u4").view(np.uint8)[:count].reshape(rows, columns, channels)
    image[top : top + rows, left : left + columns] = level(levels.astype(float))
    return image


def cutout(image, draws, level, size, holes=1, value=0):
    h, w, _ = image.shape
    image = image.copy()
    y, x = np.mgrid[:h, :w]
    for _ in range(holes):
        top, left = draws.below(h) - size // 2, draws.below(w) - size // 2
        image[(y >= top) & (y < top + size) & (x >= left) & (x < left + size)] = level(value)
    return image


def mixup(image, partner, draws, alpha=0.2):
    share = draws.beta(alpha)
    return share * image + (1 - share) * partner, share


def cutmix(image, partner, draws, alpha=1.0):
    h, w, _ = image.shape
    part = math.sqrt(1 - draws.beta(alpha))
    rows, columns = int(h * part), int(w * part)
    top, left = draws.below(h) - rows // 2, draws.below(w) - columns // 2
    y, x = np.mgrid[:h, :w]
    is_partner = (y >= top) & (y < top + rows) & (x >= left) & (x < left + columns)
    return np.where(is_partner[..., None], partner, image), 1 - is_partner.mean()


RATES = {"random_flip": 0.5, "random_erase": 0.5}
MIXES = {"mixup": mixup, "cutmix": cutmix}
CHANGES = {f.__name__: f for f in (random_shift, random_flip, random_erase, cutout)}


def run(pipeline, images, seed, epoch, position, level):
    """Every step over the whole batch; targets[i] are the shares that image i has of every one."""
    n = len(images)
    targets = np.eye(n)
    for step, entry in enumerate(pipeline):
        (name, keys), = entry.items()
        keys = dict(keys)
        rate = keys.pop("rate", RATES.get(name, 1))
        before, old = list(images), targets.copy()
        images = list(images)
        for i in range(n):
            draws = Draws(seed, step, epoch, position + i)
            if draws.uniform() >= rate:
                continue
            if name in CHANGES:
                images[i] = CHANGES[name](before[i], draws, level, **keys)
            elif n > 1:
                partner = draws.below(n - 1)
                partner += partner >= i
                images[i], share = MIXES[name](before[i], before[partner], draws, **keys)
                targets[i] = share * old[i] + (1 - share) * old[partner]
    return images, targets


def flow(pipeline):
    """The pipeline as it stands in a model file."""
    steps = []
    for entry in pipeline:
        (name, keys), = entry.items()
        steps.append("{%s: {%s}}" % (name, ", ".join(f"{k}: {v}" for k, v in keys.items())))
    return "[%s]" % ", ".join(steps)


PIPELINES = [
    ("shift", [{"random_shift": {"height": 2, "width": 3}}]),
    ("shift_rows_to_level", [{"random_shift": {"height": 6, "width": 0, "value": 100}}]),
    ("shift_edge", [{"random_shift": {"height": 3, "width": 8, "fill": "edge"}}]),
    ("flip", [{"random_flip": {}}]),
    ("flip_vertical", [{"random_flip": {"axis": "vertical", "rate": 0.7}}]),
    ("erase", [{"random_erase": {"rate": 0.9}}]),
    ("erase_constant", [{"random_erase": {"fill": "constant", "value": 73, "min_area": 0.3,
                                          "max_area": 0.9, "min_aspect": 0.5, "rate": 1}}]),
    ("cutout", [{"cutout": {"size": 4}}]),
    ("cutout_holes", [{"cutout": {"size": 3, "holes": 3, "value": 255, "rate": 0.8}}]),
    ("mixup", [{"mixup": {"alpha": 0.4}}]),
    ("mixup_strong", [{"mixup": {"alpha": 8, "rate": 0.6}}]),
    ("cutmix", [{"cutmix": {}}]),
    ("all_but_mixing", [{"random_shift": {"height": 1, "width": 1}}, {"random_flip": {}},
                        {"random_erase": {}}, {"cutout": {"size": 2}}]),
    ("mixed_in_the_middle", [{"random_flip": {}}, {"cutmix": {"alpha": 2}},
                             {"random_shift": {}}, {"random_erase": {}}]),
    ("mixed_twice", [{"random_shift": {}}, {"mixup": {"alpha": 1, "rate": 0.7}},
                     {"random_flip": {}}, {"cutmix": {"rate": 0.7}}]),
]
FORMS = [  # height, width, channels, scale, shift, images, seed, epoch, position
    (7, 9, 1, [1 / 255], [0.0], 6, 5, 0, 0),
    (8, 9, 2, [0.01, 0.02], [-1.0, 0.5], 5, 2**40 + 3, 2, 1000),
]


def judge_draws():
    """The distributions that the draws are meant to have; a failure is a wrong formula."""
    first = philox([0, 0, 0, 0], [0, 0])
    assert first == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8], "Random123's known answer"
    for alpha in (0.2, 1, 3):
        shares = [Draws(1, 0, 0, i).beta(alpha) for i in range(4000)]
        assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 0.01, alpha
    counts = np.bincount([Draws(1, 1, 0, i).below(7) for i in range(7000)], minlength=7)
    assert stats.chisquare(counts).pvalue > 0.01
    assert stats.kstest([Draws(1, 2, 3, i).uniform() for i in range(4000)], "uniform").pvalue > 0.01


def quantiles():
    """Quantiles of the beta distributions, for the shares that weft draws."""
    at = [0.05, 0.25, 0.5, 0.75, 0.95]
    return [{"alpha": a, "at": at, "quantiles": list(stats.beta(a, a).ppf(at))} for a in (0.2, 1.0, 3.0)]


def main():
    judge_draws()
    cases = []
    for name, pipeline in PIPELINES:
        for number, (h, w, channels, scale, shift, n, seed, epoch, position) in enumerate(FORMS):
            pixels = (np.arange(n * h * w * channels) * 37 + np.arange(n * h * w * channels) // 11) % 256
            normal = pixels.reshape(n, h, w, channels) * np.array(scale) + np.array(shift)

            def level(p, scale=scale, shift=shift):
                return p * np.array(scale) + np.array(shift)

            images, targets = run(pipeline, list(normal), seed, epoch, position, level)
            cases.append({
                "name": f"{name}_{number}", "augmentation": flow(pipeline), "shape": [h, w, channels],
                "scale": scale, "shift": shift, "seed": seed, "epoch": epoch, "position": position,
                "images": [[float(f"{x:.8g}") for x in i.ravel()] for i in images],
                "targets": [[float(f"{x:.8g}") for x in row] for row in targets]})
    path = pathlib.Path(__file__).with_suffix(".json")
    with path.open("w") as out:
        out.write('{"beta": %s,\n"cases": [\n' % json.dumps(quantiles()))
        out.write(",\n".join(json.dumps(c) for c in cases) + "\n]}\n")


if __name__ == "__main__":
    main()
