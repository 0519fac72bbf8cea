#!/usr/bin/python3
"""Writes decisions.json: what numpy decides from probabilities of labels.

Run it in this folder. Needs numpy (the data were made with 1.24).
`thresholds`: for the most images of which every label is right, one threshold at a time from one half on, tried at
every place between two probabilities. `sets`: the posterior over all sets of K labels from a classifier that was
trained where labels are independent, P(x | image) ~ P(x) prod_k (q_k / pi_k)^x_k ((1 - q_k) / (1 - pi_k))^(1 - x_k),
written as the product of likelihoods, not with logarithms.
`gains`: how many more images one model has right than another, mean over seeds, with percentile intervals of a
bootstrap over images and seeds (pairs of runs).
"""
import itertools
import json

import numpy as np

LEAST = 2.0 ** -24  # probabilities are kept so far from 0 and 1


def places(column):
    """Between two neighbours, and beyond the ends, where a threshold can be."""
    values = np.unique(np.concatenate([[0.0], column, [1.0]]))
    return np.concatenate([(values[:-1] + values[1:]) / 2, [1.0] if 1.0 in column else []])


def tune(targets, p):
    limits = np.full(p.shape[1], 0.5)

    def right(j, limit):
        tried = limits.copy()
        tried[j] = limit
        return int(((p > tried) == targets).all(axis=1).sum())

    moved = True
    while moved:
        moved = False
        for j in range(p.shape[1]):
            others = np.delete((p > limits) == targets, j, axis=1).all(axis=1)  # those that this label decides
            tries = places(p[others, j].astype(float)) if others.any() else []
            best = max(((right(j, t), -abs(t - 0.5), t) for t in tries), default=(-1, 0, 0))
            if best[0] > right(j, limits[j]):
                limits[j], moved = best[2], True
    return limits, right(0, limits[0])


def thresholds(draw):
    for count, labels, kind in ((8, 2, "coarse"), (40, 3, "fine"), (120, 5, "shifted"), (60, 4, "sure"), (30, 2, "none")):
        targets = draw.random((count, labels)) < (0 if kind == "none" else 0.4)
        if kind == "coarse":
            p = draw.integers(0, 5, (count, labels)) / 4
        else:
            logits = 2.5 * (targets - 0.4) + draw.normal(0, 1.2, (count, labels))
            if kind == "shifted":
                logits += draw.normal(0, 1.5, labels)
            p = 1 / (1 + np.exp(-logits))
            if kind == "sure":
                p = np.where(draw.random(p.shape) < 0.3, p.round(), p)
        p = p.astype("f4").astype(float)
        limits, right = tune(targets, p)
        half = int(((p > 0.5) == targets).all(axis=1).sum())
        yield {"targets": targets.astype(int).tolist(), "probabilities": p.tolist(), "thresholds": limits.tolist(),
               "right": right, "right_at_half": half}


def sets(draw):
    for labels, kind in ((2, "any"), (4, "any"), (5, "few"), (5, "independent"), (3, "sure")):
        x = np.array([bits[::-1] for bits in itertools.product((0, 1), repeat=labels)])  # bit k of the row is label k
        if kind == "independent":
            pi = draw.uniform(0.1, 0.6, labels)
            prior = np.where(x, pi, 1 - pi).prod(axis=1)
        else:
            prior = draw.dirichlet(np.full(2 ** labels, 0.7))
            if kind == "few":
                prior = np.where((x.sum(axis=1) >= 1) & (x.sum(axis=1) <= 3), prior, 0)
                prior /= prior.sum()
        pi = prior @ x
        q = draw.uniform(0.02, 0.98, (6, labels))
        if kind == "sure":
            q[0], q[1], q[2, 0] = 0, 1, 1
        q = q.astype("f4").astype(float)
        kept = q.clip(LEAST, 1 - LEAST)
        likelihood = np.where(x[None], (kept / pi)[:, None], ((1 - kept) / (1 - pi))[:, None]).prod(axis=2)
        posterior = prior * likelihood
        posterior /= posterior.sum(axis=1, keepdims=True)
        best = posterior.argmax(axis=1)
        yield {"kind": kind, "prior": prior.tolist(), "q": q.tolist(), "sets": x[best].tolist(),
               "p": posterior.max(axis=1).tolist(), "labels": (posterior @ x).tolist(), "all": posterior.tolist()}


def gains(draw):
    for seeds, images in ((1, 300), (4, 500)):
        hard = draw.normal(0, 1, images)
        right = [draw.normal(better, 0.8, (seeds, images)) + draw.normal(0, 0.15, (seeds, 1)) > hard for better in (0.2, 0)]
        difference = right[0].astype(int) - right[1]
        means = []
        for _ in range(40):
            drawn, which = draw.integers(0, images, (1000, images)), draw.integers(0, seeds, (1000, seeds))
            means.append(difference[which[:, :, None], drawn[:, None, :]].mean(axis=(1, 2)))
        low, high = np.quantile(np.concatenate(means), (0.025, 0.975))
        yield {"right": [["".join(str(int(r)) for r in run) for run in model] for model in right],
               "value": difference.mean(), "low": low, "high": high}


def main():
    draw = np.random.default_rng(20261130)
    document = {"numpy": np.__version__, "thresholds": list(thresholds(draw)), "sets": list(sets(draw)),
                "gains": list(gains(draw))}
    with open("decisions.json", "w") as file:
        json.dump(document, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
