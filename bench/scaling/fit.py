"""Exponents: least squares on the logarithms."""
import collections
import math

Fit = collections.namedtuple("Fit", "slope error n")  # error: the slope's standard error or None


def fit(points):
    """y ~ x^slope through (x, y), both above 0; None where no slope is defined."""
    n = len(points)
    if len({x for x, _ in points}) < 2:
        return None
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    x_mean, y_mean = sum(xs) / n, sum(ys) / n
    sxx = sum((x - x_mean) ** 2 for x in xs)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys)) / sxx
    residuals = [y - y_mean - slope * (x - x_mean) for x, y in zip(xs, ys)]
    error = math.sqrt(sum(r * r for r in residuals) / (n - 2) / sxx) if n > 2 else None
    return Fit(slope, error, n)


def upper_half(points):
    """Those in the upper half of the range of x, on a logarithmic axis."""
    if not points:
        return []
    xs = [x for x, _ in points]
    return [p for p in points if p[0] >= math.sqrt(min(xs) * max(xs)) * (1 - 1e-9)]


def text(result, has_error=True):
    if result is None:
        return "-"
    slope = f"{result.slope:.2f}".replace("-", "−")
    if result.error is None or not has_error:
        return slope
    return f"{slope} ± {result.error:.{2 if result.error >= .01 else 3}f}"
