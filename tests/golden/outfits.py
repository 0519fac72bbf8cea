#!/usr/bin/python3
"""Writes outfits.json: the label distributions of `weft compose outfits`, by brute force.

Run it in this folder. Needs numpy and scipy (the data were made with 1.24 and 1.10). The marginals and rules
are those of docs/guide/outfits.md. Fields are found by Newton's method on the dual with the exact covariance,
where weft uses iterative proportional fitting. The thresholds of the chi-square tests are scipy's.
"""
import itertools
import json

import numpy as np
import scipy
import scipy.optimize
import scipy.stats

NAMES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
MARGINALS = np.array([.40, .44, .28, .24, .22, .18, .34, .32, .36, .26])
RULES = {
    "Dress": {"Trouser": -3, "T-shirt/top": -1.5, "Shirt": -1.5, "Pullover": -.75, "Bag": 1.5, "Sandal": 1,
              "Sneaker": -1},
    "Sandal": {"Sneaker": -3, "Ankle boot": -3},
    "Sneaker": {"Ankle boot": -3},
    "T-shirt/top": {"Shirt": -1, "Sneaker": .75},
    "Trouser": {"T-shirt/top": .75, "Shirt": .75, "Sneaker": .5},
    "Coat": {"Bag": .5, "Pullover": .5, "Ankle boot": 1, "Sandal": -1.5},
    "Pullover": {"Ankle boot": .5, "Sandal": -1},
}
DRAWS = 50000
CHANCE = 1e-3  # of a test that fails although all is right

# Class 0 is the lowest bit of a set's number.
SETS = np.array([bits[::-1] for bits in itertools.product((0, 1), repeat=10)], float)


def interactions():
    j = np.zeros((10, 10))
    for a, others in RULES.items():
        for b, weight in others.items():
            j[NAMES.index(a), NAMES.index(b)] = j[NAMES.index(b), NAMES.index(a)] = weight
    return j


def solve(dependence):
    """Fields and the probabilities of the 1024 sets."""
    count = SETS.sum(axis=1)
    weight = np.where((count >= 2) & (count <= 5), 1, max(0, 1 - 2 * dependence))
    kept = weight > 0
    x = SETS[kept]
    base = np.log(weight[kept]) + dependence * np.einsum("si,ij,sj->s", x, interactions(), x) / 2

    def distribution(fields):
        e = base + x @ fields
        p = np.exp(e - e.max())
        return p / p.sum()

    def slope(fields):
        p = distribution(fields)
        mean = p @ x
        return mean - MARGINALS, (x * p[:, None]).T @ x - np.outer(mean, mean)

    fields = scipy.optimize.root(lambda f: slope(f)[0], np.log(MARGINALS / (1 - MARGINALS)),
                                 jac=lambda f: slope(f)[1], tol=1e-12).x
    for _ in range(5):
        off, covariance = slope(fields)
        fields = fields - np.linalg.solve(covariance, off)
    assert abs(slope(fields)[0]).max() < 1e-14
    p = np.zeros(1024)
    p[kept] = distribution(fields)
    return fields, p


def goodness_of_fit(p):
    """Cells of at least 5 expected draws, all others as one: how many, and where chance ends."""
    kept = int((p * DRAWS >= 5).sum())
    rest = p[p * DRAWS < 5].sum() * DRAWS
    cells = kept + (rest > 0)
    return {"cells": int(cells), "threshold": float(scipy.stats.chi2.isf(CHANCE, cells - 1))}


def case(dependence):
    fields, p = solve(dependence)
    entropy = float(scipy.stats.entropy(p))
    each = sum(float(scipy.stats.entropy([m, 1 - m])) for m in MARGINALS)
    result = {"dependence": dependence, "entropy": entropy, "total_correlation": each - entropy,
              "goodness_of_fit": goodness_of_fit(p), "fields": fields.tolist(),
              "pairs": ((SETS * p[:, None]).T @ SETS).tolist()}
    if dependence in (0.25, 2):
        result["probabilities"] = p.tolist()
    return result


def main():
    document = {
        "scipy": scipy.__version__, "draws": DRAWS, "names": NAMES, "marginals": MARGINALS.tolist(),
        "interactions": interactions().tolist(),
        "pair_threshold": float(scipy.stats.chi2.isf(CHANCE / 45, 1)),
        "cases": [case(s) for s in (0, 0.1, 0.25, 0.5, 1, 1.5, 2)],
    }
    with open("outfits.json", "w", encoding="ascii") as f:
        cases = document.pop("cases")
        f.write(json.dumps(document)[:-1] + ',\n"cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n")


if __name__ == "__main__":
    main()
