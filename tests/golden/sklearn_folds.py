#!/usr/bin/python3
"""Writes sklearn_folds.json: labels, and how many images of each class every fold holds out.

Run it in this folder. Needs numpy and scikit-learn (the data were made with 1.2.1).
"""
import json
import warnings

import numpy as np
import sklearn
from sklearn.model_selection import StratifiedKFold

warnings.filterwarnings("ignore")


def case(labels, folds):
    labels = np.asarray(labels)
    classes = int(labels.max()) + 1
    held_out = StratifiedKFold(folds, shuffle=True, random_state=0).split(labels, labels)
    sizes = [np.bincount(labels[rows], minlength=classes).tolist() for _, rows in held_out]
    return {"folds": folds, "labels": labels.tolist(), "sizes": sizes}


def main():
    rng = np.random.default_rng(4)
    cases = [
        case([0, 0, 0, 1, 1, 1, 2, 2, 2], 3),
        case([2, 2, 1, 0, 1, 2, 0, 2, 1, 0, 2], 2),  # classes do not appear in their order
        case([0, 2, 2, 0, 2, 0, 0, 2], 4),  # class 1 has no image
        case(rng.integers(0, 10, 200), 10),
        case(rng.permutation(np.repeat([3, 1, 0, 2], [31, 23, 50, 17])), 7),
        case(rng.permutation(np.repeat(np.arange(10), 30)), 10),
    ]
    with open("sklearn_folds.json", "w", encoding="ascii") as out:
        json.dump({"sklearn": sklearn.__version__, "cases": cases}, out)
        out.write("\n")


main()
