#!/usr/bin/python3
"""Writes sklearn_multilabel.json: images with several labels, and the figures of scikit-learn.

Run it in this folder. Needs numpy and scikit-learn (the data were made with 1.2.1). Predicted is what
has a score of at least 0.5 (of what needs probabilities: above 0.5); zero_division=0. null: scikit-learn raises an error. "classes": the same
area under the curve of images with one label each.
"""
import json
import warnings

import numpy as np
import sklearn.metrics as m

warnings.filterwarnings("ignore")
AVERAGES = ("macro", "micro", "weighted", "samples")
FIELD = (("c_p", "macro", 0), ("c_r", "macro", 1), ("c_f1", "macro", 2),
         ("o_p", "micro", 0), ("o_r", "micro", 1), ("o_f1", "micro", 2))


def known(figure, *arguments, **options):
    try:
        return float(figure(*arguments, **options))
    except ValueError:
        return None


def best_f1(targets, scores):
    """Of one label: the best F1 that a threshold gives, 0 where no image has the label."""
    if not targets.any():
        return 0.0
    precision, recall, _ = m.precision_recall_curve(targets, scores)
    both = precision + recall
    return float(np.max(np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)))


def of_probabilities(targets, scores):
    """What needs scores from 0 to 1; of labels above one half, and of each above its best threshold."""
    if scores.min() < 0 or scores.max() > 1:
        return {"log_loss": None}
    above = (scores > 0.5).astype(int)
    labels = range(targets.shape[1])
    return {"log_loss": float(np.mean([m.log_loss(targets[:, j], scores[:, j], labels=[0, 1]) for j in labels])),
            "subset_accuracy_above_half": float(m.accuracy_score(targets, above)),
            "macro_f1_above_half": float(m.f1_score(targets, above, average="macro", zero_division=0)),
            "best_f1": [best_f1(targets[:, j], scores[:, j]) for j in labels],
            "above_half": {key: m.precision_recall_fscore_support(targets, above, average=average, zero_division=0)[at]
                           for key, average, at in FIELD},
            "set_log_likelihood": set_log_likelihood(targets, scores),
            "weighted": weighted(targets, scores, above)}


def set_log_likelihood(targets, scores):
    """The mean log-probability of the true set, labels being independent; each label is clipped as log_loss does."""
    p = np.where(targets == 1, scores, 1 - scores).clip(np.finfo(float).eps, 1 - np.finfo(float).eps)
    return float(np.mean(np.maximum(np.log(p).sum(axis=1), np.log(float(np.finfo(np.float32).tiny)))))


def weighted(targets, scores, above):
    """One resample: image i is there times[i] times, and what scikit-learn makes of such weights."""
    n = len(targets)
    times = np.bincount(np.random.default_rng(n).integers(0, n, n), minlength=n)
    options = {"zero_division": 0, "sample_weight": times}
    return {"times": times.tolist(), "map": known(m.average_precision_score, targets, scores, sample_weight=times),
            "subset_accuracy": float(m.accuracy_score(targets, above, sample_weight=times)),
            **{key: m.precision_recall_fscore_support(targets, above, average=average, **options)[at]
               for key, average, at in FIELD}}


def case(name, targets, scores):
    narrow = np.asarray(scores, dtype=np.float32)
    targets, scores = np.asarray(targets, dtype=int), narrow.astype(float)
    predicted = (scores >= 0.5).astype(int)

    def four(average):
        options = {"average": average, "zero_division": 0}
        parts = m.precision_recall_fscore_support(targets, predicted, **options)[:3]
        return [np.asarray(v).tolist() for v in (*parts, m.jaccard_score(targets, predicted, **options))]

    return {
        "name": name, "targets": targets.tolist(), "scores": scores.tolist(),
        "labels": np.transpose(four(None)).tolist(), "support": targets.sum(axis=0).tolist(),
        "averages": {average: four(average) for average in AVERAGES},
        "subset_accuracy": float(m.accuracy_score(targets, predicted)),
        "hamming_loss": float(m.hamming_loss(targets, predicted)),
        "auc": {a: known(m.roc_auc_score, targets, scores, average=a) for a in AVERAGES},
        "average_precision": {a: known(m.average_precision_score, targets, scores, average=a)
                              for a in AVERAGES},
        "label_ranking_average_precision": m.label_ranking_average_precision_score(targets, scores),
        "coverage_error": float(m.coverage_error(targets, scores)),
        "label_ranking_loss": float(m.label_ranking_loss(targets, scores)),
        **of_probabilities(targets, scores),
    }


def one_label(name, labels, probabilities):
    narrow = np.asarray(probabilities, dtype=np.float32)
    labels, wide = np.asarray(labels), narrow.astype(float)
    every = np.arange(wide.shape[1])
    return {"name": name, "labels": labels.tolist(), "probabilities": wide.tolist(),
            "auc": {a: known(m.roc_auc_score, labels, wide, average=a, multi_class="ovr", labels=every)
                    for a in AVERAGES}}


def both_kinds(rng, count, labels, p):
    """Every image has a label and lacks one."""
    targets = (rng.random((count, labels)) < p).astype(int)
    first, second = np.arange(count), np.argsort(rng.random((count, labels)), axis=1)
    targets[first, second[:, 0]], targets[first, second[:, 1]] = 1, 0
    return targets


def main():
    rng = np.random.default_rng(20240901)
    targets = both_kinds(rng, 40, 5, 0.4)
    constant = targets.copy()
    constant[:, 1], constant[:, 3] = 0, 1
    cases = [
        case("random", targets, rng.random((40, 5))),
        case("good", targets, np.clip(0.4 * targets + 0.6 * rng.random((40, 5)), 0, 1)),
        case("tied", targets, rng.integers(0, 4, (40, 5)) / 3),
        case("all scores equal", targets, np.full((40, 5), 0.7)),
        case("perfect", targets, targets * 0.8 + 0.1),
        case("images with no label and with all", (rng.random((30, 3)) < 0.5), rng.random((30, 3))),
        case("labels that none and that all have", constant, rng.random((40, 5))),
        case("nothing to find", np.zeros((12, 4)), rng.random((12, 4))),
        case("everything to find", np.ones((12, 4)), rng.random((12, 4))),
        case("nothing taken", targets, rng.random((40, 5)) * 0.4),
        case("two labels, one image", [[1, 0]], [[0.9, 0.6]]),
        case("negative scores", both_kinds(rng, 20, 4, 0.3), rng.normal(size=(20, 4))),
    ]
    p = rng.dirichlet(np.ones(4), size=50)
    classes = [
        one_label("random", rng.integers(0, 4, 50), p),
        one_label("a class without an image", rng.integers(0, 3, 50), p),
        one_label("one class", np.zeros(50, int), p),
        one_label("no probabilities", rng.integers(0, 4, 50), p * 2),
        one_label("tied", rng.integers(0, 4, 50), np.full((50, 4), 0.25)),
    ]
    with open("sklearn_multilabel.json", "w", encoding="ascii") as f:
        f.write('{"labels": [\n' + ",\n".join(json.dumps(c) for c in cases))
        f.write('\n],\n"classes": [\n' + ",\n".join(json.dumps(c) for c in classes) + "\n]}\n")


if __name__ == "__main__":
    main()
