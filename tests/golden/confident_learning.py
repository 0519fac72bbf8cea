#!/usr/bin/python3
"""Writes confident_learning.json: labels, probabilities, and what confident learning makes of them.

Run it in this folder. Needs numpy only. Written from the paper (Northcutt, Jiang, Chuang 2021,
doi:10.1613/jair.1.12125): thresholds, confident joint, its calibration, pruning by noise rate, normalized
margin.
"""
import json

import numpy as np


def confident_learning(labels, p):
    n, k = p.shape
    p = p.astype(np.float64)
    t = np.full(k, np.nan)
    for j in range(k):
        if (labels == j).any():
            t[j] = sum(p[labels == j, j].tolist()) / (labels == j).sum()
    confident = np.zeros((k, k), int)
    for label, row in zip(labels, p):
        above = [j for j in range(k) if row[j] >= t[j]]
        if above:
            confident[label, max(above, key=lambda j: row[j])] += 1

    estimate = np.zeros((k, k))
    for i in range(k):
        images, row = (labels == i).sum(), confident[i]
        if row.sum():
            estimate[i] = images * row / row.sum()
        else:
            estimate[i, i] = images
    flagged = set()
    for i in range(k):
        for j in set(range(k)) - {i}:
            own = np.flatnonzero((labels == i) & (p[:, j] > p[:, i]))
            order = own[np.lexsort((own, p[own, i] - p[own, j]))]
            flagged |= set(order[:int(np.floor(estimate[i, j] + 0.5))].tolist())
    errors = []
    for image in flagged:
        own = p[image, labels[image]]
        others = np.delete(p[image], labels[image])
        errors.append((float(own - others.max()), image, int(labels[image]),
                       int(p[image].argmax()), float(own)))
    errors.sort()
    pairs = []
    for i in range(k):
        for j in range(k):
            n_flagged = sum(e[2] == i and e[3] == j for e in errors)
            if i != j and (n_flagged or estimate[i, j] >= 0.5):
                pairs.append([-n_flagged, -estimate[i, j], i, j])
    pairs.sort()
    return {"thresholds": [None if np.isnan(x) else float(x) for x in t],
            "confident": confident.tolist(), "joint": (estimate / n).tolist(),
            "margin": [e[0] for e in errors], "image": [e[1] for e in errors],
            "label": [e[2] for e in errors], "suggested": [e[3] for e in errors],
            "self_confidence": [e[4] for e in errors],
            "pairs": [[i, j, -f, -x, -x / int((labels == i).sum())] for f, x, i, j in pairs]}


def of_sets(sets, p):
    """Each label for itself: absent (0) or present (1); an error's label or suggestion -1 is no label."""
    found = [confident_learning(sets[:, k].astype(int), np.stack([1 - p[:, k], p[:, k]], axis=1))
             for k in range(sets.shape[1])]
    name = lambda k, state: k if state else -1
    errors = sorted((margin, image, name(k, label), name(k, suggested), own)
                    for k, one in enumerate(found)
                    for margin, image, label, suggested, own in
                    zip(*(one[key] for key in ("margin", "image", "label", "suggested", "self_confidence"))))
    pairs = sorted([-flagged, -estimated, name(k, i), name(k, j), share] for k, one in enumerate(found)
                   for i, j, flagged, estimated, share in one["pairs"])
    return {**{key: [one[key] for one in found] for key in ("thresholds", "confident", "joint")},
            "margin": [e[0] for e in errors], "image": [e[1] for e in errors],
            "label": [e[2] for e in errors], "suggested": [e[3] for e in errors],
            "self_confidence": [e[4] for e in errors],
            "pairs": [[i, j, -f, -x, share] for f, x, i, j, share in pairs]}


def noisy_sets(rng, n, k, sharpness, rate):
    """Probabilities of labels that depend on each other, and sets of which a part of the labels is turned."""
    common = rng.normal(size=(n, 1))
    truth = common + rng.normal(size=(n, k)) > 0.4
    p = 1 / (1 + np.exp(-(sharpness * (2 * truth - 1) + 1.5 * rng.normal(size=(n, k)))))
    return truth ^ (rng.random((n, k)) < rate), p.astype(np.float32)


def noisy(rng, n, k, sharpness, rate):
    """Probabilities around a true class, and labels of which a part is another class."""
    truth = rng.integers(0, k, n)
    a = np.full((n, k), 0.4)
    a[np.arange(n), truth] += sharpness
    p = np.array([rng.dirichlet(row) for row in a])
    labels = np.where(rng.random(n) < rate, rng.integers(0, k, n), truth)
    return labels, p.astype(np.float32)


def main():
    rng = np.random.default_rng(20250314)
    cases = []

    def case(name, labels, p):
        labels = np.asarray(labels)
        cases.append({"name": name, "labels": labels.tolist(),
                      "probabilities": p.astype(np.float64).tolist(),
                      **confident_learning(labels, p)})

    for n, k, sharpness, rate in ((60, 3, 3, 0.2), (200, 4, 5, 0.1), (300, 10, 4, 0.15), (40, 2, 1, 0.3)):
        case(f"{n} images, {k} classes", *noisy(rng, n, k, sharpness, rate))
    labels, p = noisy(rng, 150, 5, 3, 0.2)
    p = np.round(p / 0.2) + 1
    case("tied", labels, (p / p.sum(axis=1, keepdims=True)).astype(np.float32))
    labels, p = noisy(rng, 120, 6, 4, 0.2)
    case("classes without an image", labels[(labels != 1) & (labels != 4)],
         p[(labels != 1) & (labels != 4)])
    labels, p = noisy(rng, 80, 4, 4, 0.25)
    case("certain", labels, np.eye(4, dtype=np.float32)[p.argmax(axis=1)])
    case("one class", np.zeros(5, int), np.ones((5, 1), np.float32))
    case("a random classifier", rng.integers(0, 3, 90), rng.dirichlet(np.ones(3), 90).astype(np.float32))
    case("one image", np.array([1]), np.array([[0.7, 0.3]], np.float32))
    multilabel = []

    def case_of_sets(name, sets, p):
        multilabel.append({"name": name, "sets": sets.astype(int).tolist(),
                           "probabilities": p.astype(np.float64).tolist(), **of_sets(sets, p)})

    for n, k, sharpness, rate in ((120, 3, 2, 0.1), (200, 10, 3, 0.05), (60, 1, 1, 0.3)):
        case_of_sets(f"{n} images, {k} labels", *noisy_sets(rng, n, k, sharpness, rate))
    sets, p = noisy_sets(rng, 100, 4, 2, 0.15)
    sets[:, 1], sets[:, 2] = False, True
    case_of_sets("a label that no image has, one that all have", sets, (np.round(p * 8) / 8).astype(np.float32))
    with open("confident_learning.json", "w", encoding="ascii") as f:
        f.write('{"numpy": %s,\n"cases": [\n' % json.dumps(np.__version__))
        f.write(",\n".join(json.dumps(c) for c in cases))
        f.write('\n],\n"sets": [\n')
        f.write(",\n".join(json.dumps(c) for c in multilabel))
        f.write("\n]}\n")


if __name__ == "__main__":
    main()
