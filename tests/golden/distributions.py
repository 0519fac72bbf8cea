#!/usr/bin/python3
"""Writes distributions.json: tails and quantiles, from mpmath with 330 digits,
so that 1 minus something is a good tail too.

Run it in this folder. Needs mpmath and scipy (the data were made with 1.2.1 and 1.10.1). Each value is
also held against scipy.stats, whose own error is larger than weft's tests allow.
"""
import json
import math

import mpmath as mp
import scipy
from scipy import stats

mp.mp.dps = 330
cases = {}


def add(name, arguments, value, other):
    """`other` is scipy's figure for the same."""
    value = float(value)
    if value > 1e-250 or value < 0:
        assert math.isclose(value, other, rel_tol=1e-7, abs_tol=1e-12), (name, arguments, value, other)
    cases.setdefault(name, []).append([*arguments, value])


def beta_lower(x, a, b):
    """The series of positive terms (Abramowitz and Stegun 26.5.4)."""
    if x > .5:
        return 1 - beta_lower(1 - x, b, a)
    if x == 0:
        return mp.mpf(0)
    term = x**a * (1 - x) ** b / (a * mp.beta(a, b))
    total, n = term, 0
    while term > total * mp.mpf(10) ** -320:
        term *= x * (a + b + n) / (a + 1 + n)
        total += term
        n += 1
    return total


def normal_tail(z):
    return mp.erfc(mp.mpf(z) / mp.sqrt(2)) / 2


def student_tail(t, df):
    t, df = mp.mpf(t), mp.mpf(df)
    half = beta_lower(df / (df + t * t), df / 2, mp.mpf(1) / 2) / 2
    return half if t >= 0 else 1 - half


def binomial(k, n, p):
    p = mp.mpf(p)
    return mp.binomial(n, k) * p**k * (1 - p) ** (n - k)


def quantile(tail, function, near):
    """The root of log(function) = log(tail), from scipy's figure."""
    if near == 0:
        return mp.mpf(0)
    wanted = mp.log(mp.mpf(tail))
    return mp.findroot(lambda x: mp.log(function(x)) - wanted, (mp.mpf(near), mp.mpf(near) * (1 + 1e-9)),
                       tol=1e-50)


for z in (-38, -8, -1.5, -1e-9, 0, 1e-9, .1, 1, 1.959963984540054, 3.3, 8, 20, 37.5):
    add("normal_tail", [z], normal_tail(z), stats.norm.sf(z))
for tail in (1e-300, 1e-100, 1e-20, 1e-9, .001, .025, .05, .3, .49, .5, .7, .975, .999999):
    near = stats.norm.isf(tail)
    add("normal_quantile", [tail], quantile(tail, normal_tail, near), near)

DEGREES = (.1, .5, 1, 1.5, 2, 3, 4.7, 10, 31.4, 100, 999, 1e5)
for df in DEGREES:
    for t in (-30, -2, -.5, 0, 1e-8, .1, 1, 2, 2.5, 5, 20, 100, 1e4, 1e8):
        value = student_tail(t, df)
        if value > 1e-290:
            add("student_tail", [t, df], value, stats.t.sf(t, df))
    for tail in (1e-100, 1e-12, .0004, .025, .05, .25, .4, .5, .8, .975):
        near = stats.t.isf(tail, df)
        if math.isfinite(near) and near < 1e100:
            add("student_quantile", [tail, df], quantile(tail, lambda t: student_tail(t, df), near), near)

for n, p in ((1, .5), (7, .5), (20, .05), (250, .5), (250, .999), (10000, .5), (10000, .9), (10000, .0003)):
    masses = [binomial(k, n, p) for k in range(n + 1)]
    sums = [mp.mpf(0)]
    for mass in masses:
        sums.append(sums[-1] + mass)
    sd = math.sqrt(n * p * (1 - p))
    places = {round(n * p + s * sd) for s in (-30, -10, -4, -2, -1, 0, .5, 1, 3, 7, 20, 35)} | {0, 1, n - 1, n}
    for k in sorted(k for k in places if 0 <= k <= n):
        for name, value, other in (("binomial_mass", masses[k], stats.binom.pmf(k, n, p)),
                                   ("binomial_lower", sums[k + 1], stats.binom.cdf(k, n, p))):
            if value > 1e-290:
                add(name, [k, n, p], value, other)

for a, b in ((.5, .5), (.01, 3), (2, 1e4), (700, 20), (5000.5, 5000), (1e5, .5)):
    for x in (1e-10, .01, .3, .49, .5, .9, .99):
        value = beta_lower(mp.mpf(x), mp.mpf(a), mp.mpf(b))
        if value > 1e-290:
            add("beta_lower", [x, a, b], value, scipy.special.betainc(a, b, x))

with open("distributions.json", "w") as file:
    file.write('{"made_with": "mpmath %s, scipy %s"' % (mp.__version__, scipy.__version__))
    for name, rows in cases.items():
        file.write(',\n"%s": [\n%s]' % (name, ",\n".join(json.dumps(row) for row in rows)))
    file.write("}\n")
