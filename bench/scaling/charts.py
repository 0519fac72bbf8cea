"""Plots as inline SVG; colours and fonts come from the page's style."""
import html
import math

WIDTH, HEIGHT = 340, 270  # user units: about a phone's pixels, so that text stays readable there
LEFT, RIGHT, TOP, BOTTOM = 44, 76, 24, 40  # what the axes and the lines' names take
NAME_HEIGHT, CHAR_WIDTH = 13, 5.9


class Line:
    """`points`: (x, ms, min_ms, p90_ms), in the order of x; `kind` and `is_hollow` give its look."""

    def __init__(self, name, kind, is_hollow, points):
        self.name, self.kind, self.is_hollow, self.points = name, kind, is_hollow, points

    def classes(self):
        return self.kind + (" hollow" if self.is_hollow else "")


def number(value):
    """With thousands' commas, and as many digits as say something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


def element(name, text=None, **attributes):
    listed = "".join(f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
                     for key, value in attributes.items())
    return f"<{name}{listed}/>" if text is None else f"<{name}{listed}>{html.escape(text)}</{name}>"


def rounded(value):
    return round(value, 1)


class Axis:
    """A logarithmic axis from `low` to `high`, drawn from pixel `start` to pixel `end`."""

    def __init__(self, low, high, start, end):
        self.low, self.high, self.start, self.end = low, high, start, end

    def at(self, value):
        span = math.log(self.high / self.low) or 1
        return rounded(self.start + (self.end - self.start) * math.log(value / self.low) / span)

    def ticks(self):
        """(value, whether it has a label): 1, 2 and 5 times powers of ten."""
        is_wide = self.high / self.low > 60
        for power in range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1):
            for digit in (1, 2, 5):
                value = digit * 10.0**power
                if self.low * .999 <= value <= self.high * 1.001:
                    yield value, digit == 1 or not is_wide


def round_outwards(low, high):
    """To 1, 2 or 5 times a power of ten."""
    steps = [digit * 10.0**power for power in range(-7, 9) for digit in (1, 2, 5)]
    return max(s for s in steps if s <= low * 1.001), min(s for s in steps if s >= high * .999)


def expected_line(lines, slope):
    """(x, y) of both ends of a line of the expected slope, somewhat below the lowest one."""
    x_low, x_high = lines[0].points[0][0], lines[0].points[-1][0]
    x_tied = x_high if slope > 0 else x_low  # where it starts from the measured ones
    y_tied = min(p[1] for line in lines for p in line.points if p[0] == x_tied) / 1.5
    return [(x, y_tied * (x / x_tied) ** slope) for x in (x_low, x_high)]


def y_axis(lines, expected):
    """Of all that was measured; the expected line must fit in at its right end only."""
    low = min([p[2] for line in lines for p in line.points] + [y for _, y in expected[1:]])
    high = max(p[3] for line in lines for p in line.points)
    return Axis(*round_outwards(low / 1.1, high * 1.1), HEIGHT - BOTTOM, TOP)


def draw_y_axis(axis):
    out = [element("text", "ms per step", class_="tick", x=2, y=12)]
    for value, has_label in axis.ticks():
        y = axis.at(value)
        out.append(element("line", class_="grid" if has_label else "grid faint", x1=LEFT,
                           x2=WIDTH - RIGHT, y1=y, y2=y))
        if has_label:
            text = f"{value:,.0f}" if value >= 1 else f"{value:g}"
            out.append(element("text", text, class_="tick", text_anchor="end", x=LEFT - 6, y=y + 4))
    return out


def draw_x_axis(axis, values, title):
    bottom, out, free = HEIGHT - BOTTOM, [], math.inf
    out.append(element("line", class_="axis", x1=LEFT, x2=WIDTH - RIGHT, y1=bottom, y2=bottom))
    for value in sorted(values, reverse=True):  # from the end, whose label matters most
        x, text = axis.at(value), f"{value:,}"
        half = len(text) * CHAR_WIDTH / 2
        has_label = x + half + 5 < free
        out.append(element("line", class_="axis", x1=x, x2=x, y1=bottom,
                           y2=bottom + (5 if has_label else 3)))
        if has_label:
            out.append(element("text", text, class_="tick", text_anchor="middle", x=x, y=bottom + 18))
            free = x - half
    out.append(element("text", title, class_="tick", text_anchor="middle",
                       x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 5))
    return out


def draw_expected(x_axis, y_axis_, expected):
    (x1, y1), (x2, y2) = expected
    if y1 < y_axis_.low:  # it leaves the plot at the bottom
        x1 = x2 * (y_axis_.low / y2) ** (math.log(x2 / x1) / math.log(y2 / y1))
        y1 = y_axis_.low
    return element("line", class_="slope", x1=x_axis.at(x1), y1=y_axis_.at(y1), x2=x_axis.at(x2),
                   y2=y_axis_.at(y2))


def spread(wanted, low, high, step):
    """Positions near `wanted` and at least `step` apart, in the same order."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    at = [0.0] * len(wanted)
    free = low
    for i in order:
        at[i] = max(wanted[i], free)
        free = at[i] + step
    limit = high
    for i in reversed(order):
        at[i] = min(at[i], limit)
        limit = at[i] - step
    return at


def mark(line, x, y, tip=None):
    """A point of a plot, or without a tip one of the legend's."""
    classes = f"{'point' if tip else 'sample'} {line.classes()}"
    tip = element("title", tip) if tip else ""
    if line.kind == "pytorch":
        return (f'<rect class="{classes}" x="{rounded(x - 3)}" y="{rounded(y - 3)}" width="6" '
                f'height="6">{tip}</rect>')
    return f'<circle class="{classes}" cx="{x}" cy="{y}" r="3.2">{tip}</circle>'


def draw_line(line, x_axis, y_axis_, unit):
    out = []
    path = " ".join(f"{x_axis.at(p[0])},{y_axis_.at(p[1])}" for p in line.points)
    out.append(element("polyline", class_=f"curve {line.classes()}", points=path))
    for x, ms, low, high in line.points:
        at = x_axis.at(x)
        out.append(element("line", class_="spread", x1=at, x2=at, y1=y_axis_.at(low),
                           y2=y_axis_.at(high)))
    for x, ms, low, high in line.points:
        tip = f"{line.name}, {x:,} {unit}: {number(ms)} ms"
        tip += f" (fastest {number(low)}, 90 % below {number(high)})"
        out.append(mark(line, x_axis.at(x), y_axis_.at(ms), tip))
    return out


def growth(title, lines, unit, slope):
    """A log-log plot of time over what is varied."""
    lines = [line for line in lines if line.points]
    if not lines:
        return ""
    values = sorted({p[0] for line in lines for p in line.points})
    expected = expected_line(lines, slope) if len(values) > 1 else []
    y = y_axis(lines, expected)
    x = Axis(values[0], values[-1], LEFT + 8, WIDTH - RIGHT - 8)
    out = draw_y_axis(y) + draw_x_axis(x, values, unit)
    names = [(line.name, line.kind, line.points[-1][1]) for line in lines]
    if expected:
        out.append(draw_expected(x, y, expected))
        names.append((f"slope {slope:g}".replace("-", "−"), "tick", expected[1][1]))
    for line in lines:
        out += draw_line(line, x, y, unit)
    at = spread([y.at(ms) + 4 for _, _, ms in names], TOP + 4, HEIGHT - BOTTOM, NAME_HEIGHT)
    for (name, kind, _), y_name in zip(names, at):
        out.append(element("text", name, class_=f"name {kind}", x=WIDTH - RIGHT, y=rounded(y_name)))
    label = f"{title}: milliseconds per step over {unit}, both axes logarithmic"
    return (f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(label)}">'
            + "".join(out) + "</svg>")


def bars(title, rows):
    """Horizontal bars from 0: rows are (name, kind, is_hollow, ms, tip)."""
    step, top, left, right = 22, 6, 92, 62
    longest = max(row[3] for row in rows)
    height = top + step * len(rows) + 4
    out = []
    for i, (name, kind, is_hollow, ms, tip) in enumerate(rows):
        y, width = top + step * i, max(1, (WIDTH - left - right) * ms / longest)
        classes = f"point bar {kind}" + (" hollow" if is_hollow else "")
        out.append(element("text", name, class_="tick", text_anchor="end", x=left - 6, y=y + 13))
        out.append(f'<rect class="{classes}" x="{left}" y="{y + 2}" width="{rounded(width)}" height="14">'
                   + element("title", tip) + "</rect>")
        out.append(element("text", f"{number(ms)} ms", class_="name", x=rounded(left + width + 5),
                           y=y + 13))
    return (f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{html.escape(title)}">'
            + "".join(out) + "</svg>")
