#!/usr/bin/python3
"""Writes cross_validation.json: images told right in each fold, and what scipy makes of them.

Run it in this folder. Needs numpy and scipy (the data were made with 1.10.1). Intervals and tests are the
corrected resampled t of Nadeau and Bengio 2003, written out here; p are adjusted after Holm 1979.
"""
import itertools
import json

import numpy as np
import scipy
from scipy import stats

FOLDS, REPEATS, HELD_OUT, TRAINED_ON = 5, 2, 100, 400


def corrected(values):
    """Mean, 95% interval, t and p of values that come from overlapping training sets."""
    n = len(values)
    scale = np.sqrt((1 / n + HELD_OUT / TRAINED_ON) * np.var(values, ddof=1))
    half = stats.t.ppf(0.975, n - 1) * scale
    t = np.mean(values) / scale
    return {"mean": np.mean(values), "sd": np.std(values, ddof=1), "low": np.mean(values) - half,
            "high": np.mean(values) + half, "t": t, "p": 2 * stats.t.sf(abs(t), n - 1)}


def holm(p):
    adjusted, most = [0.0] * len(p), 0.0
    for rank, i in enumerate(np.argsort(p, kind="stable")):
        most = max(most, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = most
    return adjusted


def main():
    rng = np.random.default_rng(11)
    right = {name: np.clip(rng.normal(mean, 2.5, FOLDS * REPEATS).round().astype(int), 0, 100)
             for name, mean in (("one", 80), ("two", 82.5), ("three", 71))}
    models = [{"name": n, "right": r.tolist(), **corrected(r / 100)} for n, r in right.items()]
    pairs = []
    for a, b in itertools.combinations(right, 2):
        difference = (right[a] - right[b]) / 100
        found = corrected(difference)
        pairs.append({"a": a, "b": b, **found, "d": found["mean"] / found["sd"]})
    for pair, p in zip(pairs, holm([pair["p"] for pair in pairs])):
        pair["holm"] = p
    with open("cross_validation.json", "w", encoding="ascii") as out:
        json.dump({"scipy": scipy.__version__, "folds": FOLDS, "repeats": REPEATS,
                   "held_out": HELD_OUT, "trained_on": TRAINED_ON, "models": models, "pairs": pairs},
                  out, indent=1)
        out.write("\n")


main()
