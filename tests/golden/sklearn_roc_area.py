#!/usr/bin/python3
"""Writes sklearn_roc_area.json: areas under ROC curves of many images, by scikit-learn, for
tests/unit/test_thin.c, which makes the same labels and scores: whole numbers, so that nothing is
rounded."""
import json
import pathlib

import numpy as np
import sklearn
import sklearn.metrics as m

COUNT = 10000


def problem(strength):
    """Scores of 16 bits; the higher, the likelier positive, `strength` of 256 times."""
    i = np.arange(COUNT, dtype=np.uint64)
    score = (i * 40503 + 7) % 65536
    coin = (i * 30011 >> 3) % 256
    luck = (i * 7919 >> 2) % 256
    truth = np.where(luck < strength, coin < score >> 8, coin < 64)
    return truth.astype(int), score.astype(float)


cases = []
for strength in (0, 64, 160, 256):
    truth, score = problem(strength)
    fpr, tpr, _ = m.roc_curve(truth, score)
    cases.append({"strength": strength, "positives": int(truth.sum()), "points": len(fpr),
                  "area": float(m.auc(fpr, tpr))})
text = json.dumps({"sklearn": sklearn.__version__, "count": COUNT, "cases": cases}, indent=1)
pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
