#!/usr/bin/python3
"""Writes sklearn_metrics.json: probabilities and the figures that scikit-learn computes from them.

Run it in this folder. Needs numpy and scikit-learn (the data were made with 1.2.1).
All figures take every class into account (labels=0 ... K-1), and zero_division=0. null: scikit-learn
raises an error, or says NaN. It has neither Brier's score for many classes nor the expected
calibration error: those are a line of numpy each.
"""
import json
import warnings

import numpy as np
import sklearn
import sklearn.calibration
import sklearn.metrics as m

warnings.filterwarnings("ignore")


def rows(rng, count, k, step=None):
    """Random float32 probabilities; with `step`, coarse ones, so that many are equal."""
    p = rng.dirichlet(np.full(k, 0.7), size=count)
    if step:
        p = np.round(p / step) + 1
        p = p / p.sum(axis=1, keepdims=True)
    return p.astype(np.float32)


def top_k(labels, p, k):
    if p.shape[1] == 2:  # there scikit-learn asks for a threshold instead: its order by hand
        order = np.argsort(p, axis=1, kind="mergesort")[:, ::-1]
        return float(np.mean((order[:, :k] == labels[:, None]).any(axis=1)))
    return float(m.top_k_accuracy_score(labels, p, k=k, labels=np.arange(p.shape[1])))


def known(figure, *arguments, **options):
    """A number, or None where there is none."""
    try:
        value = float(figure(*arguments, **options))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def calibration_error(right, confidence, bins=15):
    """ECE and MCE of Guo et al. 2017, arXiv:1706.04599, equation 3 and 5."""
    at = np.digitize(confidence, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    gaps = [(np.mean(at == b), abs(right[at == b].mean() - confidence[at == b].mean()))
            for b in range(bins) if (at == b).any()]
    return float(sum(share * gap for share, gap in gaps)), float(max(gap for _, gap in gaps))


def rankings(labels, p):
    """Of each class against the rest, and averages."""
    k = p.shape[1]
    hot = np.eye(k, dtype=int)[labels]
    both = {"auc": m.roc_auc_score, "average_precision": m.average_precision_score}
    result = {}
    for key, figure in both.items():
        result[key] = {"classes": [known(figure, hot[:, j], p[:, j]) for j in range(k)]}
        for kind in ("macro", "micro", "weighted"):
            result[key][kind] = known(figure, hot, p, average=kind)
    if k > 2 and len(np.unique(labels)) == k:
        auc = [m.roc_auc_score(labels, p, multi_class="ovr", average=kind, labels=np.arange(k))
               for kind in ("macro", "micro", "weighted")]
        assert auc == [result["auc"][kind] for kind in ("macro", "micro", "weighted")]
    return result


def case(name, labels, p):
    labels = np.asarray(labels)
    count, k = p.shape
    every = list(range(k))
    predicted = p.argmax(axis=1)
    wide = p.astype(np.float64)

    def average(kind):
        a = m.precision_recall_fscore_support(
            labels, predicted, labels=every, average=kind, zero_division=0)
        return {"precision": float(a[0]), "recall": float(a[1]), "f1": float(a[2])}

    per_class = m.precision_recall_fscore_support(
        labels, predicted, labels=every, average=None, zero_division=0)
    ece, mce = calibration_error(predicted == labels, wide.max(axis=1))
    return {
        "name": name,
        "labels": labels.tolist(),
        "probabilities": wide.tolist(),
        "confusion": m.confusion_matrix(labels, predicted, labels=every).tolist(),
        "accuracy": float(m.accuracy_score(labels, predicted)),
        "loss": float(m.log_loss(labels, wide, labels=every)),
        "precision": per_class[0].tolist(),
        "recall": per_class[1].tolist(),
        "f1": per_class[2].tolist(),
        "support": per_class[3].tolist(),
        "macro": average("macro"),
        "micro": average("micro"),
        "weighted": average("weighted"),
        "top_k": [top_k(labels, wide, i + 1) for i in range(k)],
        "balanced_accuracy": float(m.balanced_accuracy_score(labels, predicted)),
        "mcc": float(m.matthews_corrcoef(labels, predicted)),
        "kappa": known(m.cohen_kappa_score, labels, predicted),
        "brier": float(np.mean(np.sum((wide - np.eye(k)[labels]) ** 2, axis=1))),
        "ece": ece,
        "mce": mce,
        "ranking": rankings(labels, wide),
    }


def main():
    rng = np.random.default_rng(20240131)
    cases = []
    for count, k in ((1, 3), (7, 2), (60, 5), (150, 10)):
        cases.append(case(f"random {count}x{k}", rng.integers(0, k, count), rows(rng, count, k)))
    cases.append(case("tied", rng.integers(0, 6, 90), rows(rng, 90, 6, step=0.34)))
    cases.append(case("tied, two classes", rng.integers(0, 2, 40), rows(rng, 40, 2, step=0.5)))
    cases.append(case("all equal", rng.integers(0, 4, 20), np.full((20, 4), 0.25, np.float32)))
    cases.append(case("classes without an image", rng.choice([0, 2, 5], 50), rows(rng, 50, 7)))
    p = rows(rng, 40, 6)
    p[:, [1, 4]] = 0
    p /= p.sum(axis=1, keepdims=True)
    cases.append(case("classes never predicted", rng.integers(0, 6, 40), p))
    cases.append(case("one true class", np.full(25, 3), rows(rng, 25, 5)))
    certain = np.eye(4, dtype=np.float32)[rng.integers(0, 4, 30)]
    cases.append(case("certain, right and wrong", rng.integers(0, 4, 30), certain))
    cases.append(case("all right", certain.argmax(axis=1), certain))
    p = (rows(rng, 9, 3) * 0.1 + [0.9, 0, 0]).astype(np.float32)
    cases.append(case("one class, always right", np.zeros(9, int), p))
    skewed = rng.choice(4, 120, p=[0.9, 0.06, 0.03, 0.01])
    cases.append(case("skewed", skewed, rows(rng, 120, 4)))
    cases.append(case("two classes", rng.integers(0, 2, 80), rows(rng, 80, 2)))
    cases.append(case("on the edges of bins", rng.integers(0, 3, 60), rows(rng, 60, 3, step=1 / 15)))
    spread = [[0.9], [0.9, 0.91], [0.9021, 0.9053, 0.8987, 0.9102, 0.9]]
    document = {
        "scikit_learn": sklearn.__version__,
        "cases": cases,
        "spreads": [
            {"values": v, "mean": float(np.mean(v)),
             "sd": float(np.std(v, ddof=1)) if len(v) > 1 else None} for v in spread],
    }
    with open("sklearn_metrics.json", "w", encoding="ascii") as f:
        f.write('{"scikit_learn": %s,\n"spreads": %s,\n"cases": [\n' % (
            json.dumps(document["scikit_learn"]), json.dumps(document["spreads"])))
        f.write(",\n".join(json.dumps(c) for c in cases))
        f.write("\n]}\n")


if __name__ == "__main__":
    main()
