#!/usr/bin/python3
"""Writes significance.json: McNemar's, Welch's, Nadeau and Bengio's tests and Holm's correction.

Run it in this folder. Needs numpy and scipy (the data were made with 1.24.2 and 1.10.1). The formulas are
taken from the papers, and Tango's interval from a numerical maximum of the likelihood, so that no closed
form is shared with weft.
"""
import json

import numpy as np
import scipy
from scipy import optimize, stats

rng = np.random.default_rng(7)


def tango_score(a, b, n, delta):
    """(a - b - n delta) / standard error under P(only a right) = q + delta, P(only b right) = q, where q
    maximises the likelihood; the nuisance share is found by a bounded search, not by its quadratic."""
    low, high = max(0, -delta), min(1, (1 - delta) / 2 if delta > -1 else 1)

    def slope(q):  # derivative of the log-likelihood; falls with q
        return (a / (q + delta) if a else 0) + (b / q if b else 0) - 2 * (n - a - b) / (1 - delta - 2 * q)

    edge = 1e-15
    q = low + edge if slope(low + edge) <= 0 else (
        high - edge if slope(high - edge) >= 0 else optimize.brentq(slope, low + edge, high - edge, xtol=1e-16))
    variance = max(2 * q + delta - delta * delta, 1e-300)
    return (a - b - n * delta) / np.sqrt(n * variance)


def tango(a, b, n):
    z, d = stats.norm.isf(.025), (a - b) / n
    edge = 1e-12
    low = -1. if d <= -1 else optimize.brentq(lambda x: tango_score(a, b, n, x) - z, -1 + edge, d, xtol=1e-15)
    high = 1. if d >= 1 else optimize.brentq(lambda x: tango_score(a, b, n, x) + z, d, 1 - edge, xtol=1e-15)
    return low, high


def mcnemar(both, a, b, neither):
    n, m = both + a + b + neither, a + b
    low, high = tango(a, b, n)
    exact = stats.binomtest(a, m, .5).pvalue if m else 1.
    mid = min(1., 2 * stats.binom.cdf(min(a, b), m, .5) - stats.binom.pmf(min(a, b), m, .5)) if m else 1.
    return {"counts": [both, a, b, neither], "difference": (a - b) / n, "low": low, "high": high,
            "p": float(mid), "p_exact": float(exact)}


def interval(difference, error, df):
    """scipy's own quantile of t is right to 9 digits only; its tail is better."""
    t = optimize.brentq(lambda x: stats.t.sf(x, df) - .025, 1, 20, xtol=1e-15, rtol=1e-15)
    return difference - t * error, difference + t * error


def hedges(d, df):
    return d * np.exp(scipy.special.gammaln(df / 2) - scipy.special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)


def welch(a, b):
    r = stats.ttest_ind(a, b, equal_var=False)
    va, vb = np.var(a, ddof=1) / len(a), np.var(b, ddof=1) / len(b)
    df = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    difference = np.mean(a) - np.mean(b)
    low, high = interval(difference, np.sqrt(va + vb), df)
    pooled = np.sqrt(((len(a) - 1) * np.var(a, ddof=1) + (len(b) - 1) * np.var(b, ddof=1)) / (len(a) + len(b) - 2))
    d = difference / pooled
    return {"a": list(a), "b": list(b), "difference": difference, "low": low, "high": high, "t": r.statistic,
            "df": df, "p": r.pvalue, "cohen_d": d, "hedges_g": hedges(d, len(a) + len(b) - 2)}


def corrected(a, b, test, train):
    d = np.asarray(a) - np.asarray(b)
    n, sd = len(d), np.std(d, ddof=1)
    error = sd * np.sqrt(1 / n + test / train)
    t = d.mean() / error
    low, high = interval(d.mean(), error, n - 1)
    return {"a": list(a), "b": list(b), "test": test, "train": train, "difference": d.mean(), "low": low,
            "high": high, "t": t, "df": n - 1, "p": 2 * stats.t.sf(abs(t), n - 1), "cohen_d": d.mean() / sd,
            "hedges_g": hedges(d.mean() / sd, n - 1) if n > 2 else None}


def holm(p):
    """By the definition: the smallest level at which each hypothesis is rejected."""
    p = np.asarray(p)
    adjusted = [max(min(1., (len(p) - np.sum(p < q)) * q) for q in p[p <= own]) for own in p]
    return {"p": p.tolist(), "adjusted": [float(q) for q in adjusted]}


def accuracies(count, mean, sd):
    return np.round(rng.normal(mean, sd, count), 4)


folds = [(accuracies(n, .89, .004), accuracies(n, .885, .004), test, train)
         for n, test, train in ((2, 500, 500), (5, 12000, 48000), (10, 6000, 54000), (100, 6000, 54000), (10, 99, 901))]
# Bouckaert and Frank's setting, with differences of one sign
folds.append((accuracies(30, .95, .001), accuracies(30, .90, .001), 1, 9))
document = {
    "made_with": f"numpy {np.__version__}, scipy {scipy.__version__}",
    "mcnemar": [mcnemar(*c) for c in (
        (1, 1, 7, 12),  # Bentur and others, in Fagerland 2013 and 2014
        (36, 12, 2, 0), (59, 6, 16, 80), (0, 1, 0, 0), (0, 0, 1, 0), (0, 5, 0, 0), (90, 0, 0, 10), (0, 0, 0, 3),
        (90, 1, 0, 9), (90, 3, 3, 4), (8700, 246, 167, 887), (8900, 100, 99, 901), (9000, 300, 200, 500),
        (500, 6000, 200, 3300), (0, 4, 6, 0), (1, 0, 0, 0), (950000, 12000, 12400, 25600))],
    "welch": [welch(accuracies(*a), accuracies(*b)) for a, b in (
        ((2, .89, .003), (2, .88, .003)), ((3, .89, .003), (5, .88, .001)), ((5, .89, .003), (5, .889, .003)),
        ((10, .9, .002), (4, .91, .01)), ((30, .9, .001), (30, .8, .001)), ((2, .5, .1), (40, .5, .0001)))]
    + [welch(np.array([.9, .9, .9]), np.array([.88, .89, .9]))],
    "corrected": [corrected(*f) for f in folds],
    "holm": [holm(p) for p in ([.04], [.01, .04, .03, .005], [.02, .02, .02], [1., .5, .0001, .9], [.001, .01, .02, .03, .04, .05],
                               np.round(rng.random(153) ** 3, 6))],
}
with open("significance.json", "w") as file:
    file.write('{"made_with": "%s"' % document.pop("made_with"))
    for name, tests in document.items():
        rows = (json.dumps(test, default=float) for test in tests)
        file.write(',\n"%s": [\n%s]' % (name, ",\n".join(rows)))
    file.write("}\n")
