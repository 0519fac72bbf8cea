#!/usr/bin/python3
"""Writes bootstrap.json: labels, probabilities, and the intervals that numpy resamples from them.

Run it in this folder. Needs numpy and scikit-learn (the data were made with 1.24.2 and 1.2.1). Images
are drawn with replacement, figures are scikit-learn's, here from formulas because it takes 8 ms for
them, ends of intervals are numpy.percentile's. Each end comes with its standard deviation over
repetitions of the whole bootstrap: what weft draws must agree within that.
"""
import json
import warnings

import numpy as np
import sklearn.metrics as m

warnings.filterwarnings("ignore")
RESAMPLES, REPETITIONS = 1000, 20


def by_scikit_learn(labels, predicted, losses, k):
    every = list(range(k))
    f1 = m.f1_score(labels, predicted, labels=every, average=None, zero_division=0)
    return [m.accuracy_score(labels, predicted), m.balanced_accuracy_score(labels, predicted),
            f1.mean(), np.average(f1, weights=np.bincount(labels, minlength=k)),
            m.matthews_corrcoef(labels, predicted), m.cohen_kappa_score(labels, predicted),
            losses.mean()]


def figures(labels, predicted, losses, k):
    counts = np.bincount(labels * k + predicted, minlength=k * k).reshape(k, k).astype(float)
    n, hits, t, p = counts.sum(), np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    f1 = np.divide(2 * hits, t + p, out=np.zeros(k), where=t + p > 0)
    covariance = hits.sum() * n - t @ p
    return [hits.sum() / n, np.mean(hits[t > 0] / t[t > 0]), f1.mean(), f1 @ t / n,
            covariance / np.sqrt((n * n - t @ t) * (n * n - p @ p)), covariance / (n * n - t @ p),
            losses.mean()]


KEYS = ["accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "mcc", "kappa", "loss"]


def source(rng, count, k, skew):
    labels = rng.choice(k, count, p=skew)
    p = rng.dirichlet(np.full(k, 0.5), size=count)
    p[np.arange(count), labels] += rng.random(count) * 2
    p = (p / p.sum(axis=1, keepdims=True)).astype(np.float32)
    return labels, p


def case(rng, name, count, k, skew):
    labels, p = source(rng, count, k, skew)
    predicted, losses = p.argmax(axis=1), -np.log(p[np.arange(count), labels].astype(float))
    ends = []
    for _ in range(REPETITIONS):
        draws = []
        for _ in range(RESAMPLES):
            i = rng.integers(0, count, count)
            draws.append(figures(labels[i], predicted[i], losses[i], k))
        given = labels[i], predicted[i], losses[i], k
        assert np.allclose(figures(*given), by_scikit_learn(*given), rtol=0, atol=1e-13)
        ends.append(np.nanpercentile(draws, [2.5, 97.5], axis=0))
    mean, error = np.mean(ends, axis=0), np.std(ends, axis=0, ddof=1)
    return {
        "name": name, "labels": labels.tolist(), "probabilities": p.astype(float).tolist(),
        "resamples": RESAMPLES,
        "intervals": {key: {"low": mean[0][j], "high": mean[1][j], "low_error": error[0][j],
                            "high_error": error[1][j]} for j, key in enumerate(KEYS)},
    }


def main():
    rng = np.random.default_rng(20240607)
    cases = [case(rng, "ten classes", 400, 10, np.full(10, 0.1)),
             case(rng, "a rare class", 150, 3, [0.6, 0.37, 0.03])]
    with open("bootstrap.json", "w", encoding="ascii") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
