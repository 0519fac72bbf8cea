#!/usr/bin/python3
"""Writes sklearn_curves.json: scores of one class, and what scikit-learn makes of them.

Run it in this folder. Needs numpy and scikit-learn (the data were made with 1.2.1). "error" is the
type of what scikit-learn raises, null in a list is NaN. Scores are float32, the figures of doubles.
"""
import json
import warnings

import numpy as np
import sklearn.metrics as m
from sklearn.calibration import calibration_curve

warnings.filterwarnings("ignore")


def numbers(values):
    return [float(v) if np.isfinite(v) else None for v in np.atleast_1d(values)]


def outcome(make):
    """What `make` gives, as lists of numbers, or the error's type."""
    try:
        result = make()
    except (ValueError, IndexError) as e:
        return {"error": type(e).__name__}
    return {"values": [numbers(v) for v in (result if isinstance(result, tuple) else (result,))]}


def case(name, truth, scores):
    truth, narrow = np.asarray(truth, dtype=int), np.asarray(scores, dtype=np.float32)
    scores = narrow.astype(float)
    result = {
        "name": name, "truth": truth.tolist(), "scores": scores.tolist(),
        "roc": outcome(lambda: m.roc_curve(truth, scores, pos_label=1)),
        "roc_all": outcome(lambda: m.roc_curve(truth, scores, pos_label=1, drop_intermediate=False)),
        "precision_recall": outcome(lambda: m.precision_recall_curve(truth, scores, pos_label=1)),
        "auc": outcome(lambda: m.roc_auc_score(truth, scores)),
        "average_precision": outcome(lambda: m.average_precision_score(truth, scores)),
        "brier": outcome(lambda: m.brier_score_loss(truth, scores, pos_label=1)),
    }
    for strategy in ("uniform", "quantile"):
        for bins in (1, 5, 15):
            result[f"{strategy}_{bins}"] = outcome(
                lambda: calibration_curve(truth, scores, pos_label=1, n_bins=bins, strategy=strategy))
    return result


def main():
    rng = np.random.default_rng(20240815)
    cases = [
        case("one entry", [1], [0.5]),
        case("random", rng.integers(0, 2, 60), rng.random(60)),
        case("good", *(lambda y: (y, np.clip(0.3 * y + 0.7 * rng.random(90), 0, 1)))(rng.integers(0, 2, 90))),
        case("tied", rng.integers(0, 2, 80), rng.integers(0, 6, 80) / 5),
        case("on the edges of bins", rng.integers(0, 2, 100), rng.integers(0, 16, 100) / 15),
        case("all equal", rng.integers(0, 2, 20), np.full(20, 0.25)),
        case("perfect", [0] * 10 + [1] * 12, np.linspace(0, 1, 22)),
        case("perfectly wrong", [1] * 10 + [0] * 12, np.linspace(0, 1, 22)),
        case("no positive", [0] * 9, rng.random(9)),
        case("no negative", [1] * 9, rng.random(9)),
        case("negative scores", rng.integers(0, 2, 40), rng.normal(size=40)),
        case("zeros of both signs", [0, 1, 1, 0, 1], [0.0, -0.0, 0.0, -0.0, 1.0]),
        case("above one", [0, 1, 1], [0.1, 1.5, 0.3]),
        case("nothing", [], []),
    ]
    with open("sklearn_curves.json", "w", encoding="ascii") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
