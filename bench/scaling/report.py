"""What was measured, as a page with plots and as Markdown."""
import html
import os

import charts
import fit
from measure import MODELS

SHORT = {"bfloat16": "bf16", "float32": "f32"}
MARKS = ("<!-- bench/scaling: begin -->", "<!-- bench/scaling: end -->")


class NoMarks(Exception):
    pass


def short(precision):
    return SHORT.get(precision, precision)


# ---- what the rows say ----


def measured(rows):
    return [row for row in rows if row["ms_per_step"]]


def left_out(rows):
    return [row for row in rows if not row["ms_per_step"]]


def series(sweep, rows):
    """{(model, system, precision): rows in the order of what is varied}; weft before PyTorch."""
    groups = {}
    for row in measured(rows):
        groups.setdefault((row["model"], row["system"], row["precision"]), []).append(row)
    order = {"weft": 0, "PyTorch": 1}
    models = list(sweep.models)
    keys = sorted(groups, key=lambda k: (models.index(k[0]), order[k[1]], k[2]))
    return {k: sorted(groups[k], key=lambda r: int(r[sweep.column])) for k in keys}


def times(sweep, rows):
    return [(int(row[sweep.column]), float(row["ms_per_step"])) for row in rows]


def arithmetic(sweep, rows):
    """The multiply-adds of a step over what is varied; nothing where they stay the same."""
    if sweep.column == "threads" or not all(row["multiply_adds"] for row in rows):
        return []
    return [(int(row[sweep.column]), int(row["multiply_adds"]) * int(row["batch_size"]))
            for row in rows]


def exponents(sweeps, tables):
    """Rows of the table of exponents, as texts."""
    out = []
    for name, rows in tables.items():
        sweep = sweeps[name]
        if sweep.expected is None:
            continue
        sizes = {}  # of weft's rows: the multiply-adds of PyTorch's twin are the same
        for (model, system, precision), group in series(sweep, rows).items():
            points = times(sweep, group)
            sizes.setdefault(model, arithmetic(sweep, group))
            out.append([sweep.title, model, f"{system}, {precision}",
                        f"{points[0][0]:,} to {points[-1][0]:,}", f"{sweep.expected:g}".replace("-", "−"),
                        fit.text(fit.fit(fit.upper_half(sizes[model])), has_error=False),
                        fit.text(fit.fit(fit.upper_half(points))), fit.text(fit.fit(points))])
    return out


EXPONENT_HEAD = ["varied", "model", "system", "range", "expected", "arithmetic, upper half",
                 "time, upper half", "time, all"]


def best(rows, system):
    """{value: milliseconds} in the better precision."""
    out = {}
    for value, ms, which in rows:
        if which == system:
            out[value] = min(ms, out.get(value, ms))
    return out


def side_by_side(sweep, rows):
    """PyTorch beside weft, each in its better precision: model, value, PyTorch, weft, ratio."""
    out = []
    for model in sweep.models:
        figures = [(int(r[sweep.column]), float(r["ms_per_step"]), r["system"])
                   for r in measured(rows) if r["model"] == model]
        weft, pytorch = best(figures, "weft"), best(figures, "PyTorch")
        out += [[model, f"{value:,}", charts.number(pytorch[value]), charts.number(weft[value]),
                 f"{pytorch[value] / weft[value]:.1f}"] for value in weft if value in pytorch]
    return out


def level_columns(rows):
    """(level, precision), slowest level first, in the order of the file."""
    return list(dict.fromkeys((row["isa"], row["precision"]) for row in measured(rows)))


def level_table(rows):
    """One row per model: its batch size and milliseconds per level and precision."""
    columns, out = level_columns(rows), []
    for model in dict.fromkeys(row["model"] for row in measured(rows)):
        ms = {(r["isa"], r["precision"]): float(r["ms_per_step"]) for r in measured(rows)
              if r["model"] == model}
        out.append([model, str(MODELS[model])]
                   + [charts.number(ms[c]) if c in ms else "-" for c in columns])
    return ["model", "batch"] + [f"{level}, {precision}" for level, precision in columns], out


def machine_text(machine, name):
    m = machine.get(name)
    if not m:
        return ""
    torch = f", PyTorch {m['pytorch']}" if m["pytorch"] else ""
    return (f"{m['cpu']}, {m['threads']} threads, weft {m['weft']}{torch}, {m['date']}, "
            f"{m['seconds_per_point']:g} s per point, load before {m['load_before']:g}.")


# ---- Markdown ----


def markdown_table(head, rows, n_text):
    """The first `n_text` columns to the left, the figures to the right."""
    lines = ["| " + " | ".join(head) + " |",
             "|" + "|".join(["---"] * n_text + ["--:"] * (len(head) - n_text)) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def summary(sweeps, tables, machine):
    parts = []
    for text in dict.fromkeys(machine_text(machine, name) for name in tables):
        where = [name for name in tables if machine_text(machine, name) == text]
        parts.append(f"{', '.join(where)}: {text}\n" if text else "")
    rows = exponents(sweeps, tables)
    if rows:
        parts.append("Exponents, with standard errors:\n\n" + markdown_table(EXPONENT_HEAD, rows, 4))
    for name in ("batch", "threads"):
        rows = side_by_side(sweeps[name], tables.get(name, []))
        if rows:
            head = ["model", name, "PyTorch ms", "weft ms", "ratio"]
            parts.append("PyTorch beside weft, each in its better precision:\n\n"
                         + markdown_table(head, rows, 1))
    if measured(tables.get("isa", [])):
        parts.append("Milliseconds per step of training with the kernels of every instruction set "
                     "that this CPU has:\n\n" + markdown_table(*level_table(tables["isa"]), 1))
    notes = [f"- {row['model']}, {row['system']}, {name} {row[sweeps[name].column]}: {row['note']}\n"
             for name, table in tables.items() for row in left_out(table)]
    if notes:
        parts.append("Without a figure:\n\n" + "".join(notes))
    return "\n".join(part for part in parts if part)


def put_into(path, text):
    with open(path, encoding="utf-8") as file:
        old = file.read()
    begin, end = old.find(MARKS[0]), old.find(MARKS[1])
    if begin < 0 or end < begin:
        raise NoMarks(f"{path}: there must be a line {MARKS[0]} and behind it a line {MARKS[1]}")
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(old[:begin] + MARKS[0] + "\n\n" + text + "\n" + old[end:])
    os.replace(path + ".part", path)


# ---- the page ----

STYLE = """
:root{--paper:#fff;--card:#f6f7f9;--ink:#1a1e24;--muted:#59636e;--line:#d9dee4;--faint:#eceff2;
--weft:#0072b2;--pytorch:#d55e00}
@media screen and (prefers-color-scheme:dark){:root{--paper:#13161a;--card:#1a1e24;--ink:#e7eaee;
--muted:#9aa5b1;--line:#313941;--faint:#242a31;--weft:#56b4e9;--pytorch:#e69f00}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,
'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
main{max-width:1320px;margin:0 auto;padding:1.5rem clamp(.75rem,3vw,2.5rem) 3rem}
h1{font-size:clamp(1.5rem,1.2rem + 1.4vw,2.1rem);line-height:1.2;margin:.2rem 0 1rem}
h2{font-size:1.3rem;margin:2.6rem 0 .4rem}h3{font-size:1rem;margin:0 0 .4rem}
p{margin:.4rem 0 .8rem;max-width:75ch}
.muted{color:var(--muted);font-size:.9rem}
.cards{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,390px),1fr))}
.cards.large{grid-template-columns:repeat(auto-fill,minmax(min(100%,390px),560px))}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.8rem;min-width:0}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;font-size:.9rem;margin:.6rem 0}
.legend svg{width:34px;height:14px;margin-right:.4em;vertical-align:-2px}
.wide{overflow-x:auto;margin-top:.8rem}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .6rem;text-align:left;white-space:nowrap}
thead th{color:var(--muted);font-weight:600;border-bottom:2px solid var(--line);vertical-align:bottom}
tbody tr+tr>*{border-top:1px solid var(--line)}
.card .muted{margin:.3rem 0 0}
.figure{text-align:right}thead .figure{white-space:normal;min-width:5.5em}
summary{cursor:pointer;margin:.8rem 0 .4rem;color:var(--muted)}
.card svg{display:block;width:100%;height:auto}
svg text{font-family:inherit;fill:var(--ink)}
.tick{font-size:11.5px;fill:var(--muted)!important}
.name{font-size:11.5px;paint-order:stroke;stroke:var(--card);stroke-width:3px}
.name.weft{fill:var(--weft)}.name.pytorch{fill:var(--pytorch)}
.grid{stroke:var(--line)}.grid.faint{stroke:var(--faint)}.axis{stroke:var(--muted)}
.slope{stroke:var(--muted);stroke-dasharray:2 4}
.spread{stroke:var(--muted);stroke-width:1}
.weft{--hue:var(--weft)}.pytorch{--hue:var(--pytorch)}
.curve{fill:none;stroke:var(--hue);stroke-width:1.8;stroke-linejoin:round}
.curve.hollow{stroke-dasharray:5 3}
.point,.sample{fill:var(--hue);stroke:var(--hue);stroke-width:1.6}
.point.hollow,.sample.hollow{fill:var(--card)}
@media print{.card,tr{break-inside:avoid}details>summary{display:none}}
"""


def html_table(head, rows, n_text):
    def cells(tag, row):
        return "".join(f"<{tag}{' class=figure' if i >= n_text else ''}>{html.escape(text)}</{tag}>"
                       for i, text in enumerate(row))
    return ("<div class=wide><table><thead><tr>" + cells("th", head) + "</tr></thead><tbody>"
            + "".join(f"<tr>{cells('td', row)}</tr>" for row in rows) + "</tbody></table></div>")


def all_figures(sweep, rows):
    """Every row of the file, behind a fold."""
    head = ["model", "system", "precision", sweep.column.replace("_", " "), "ms per step", "fastest",
            "90 % below", "steps", "note"]
    keys = ["model", "system", "precision", sweep.column, "ms_per_step", "min_ms", "p90_ms", "steps",
            "note"]
    body = [[row[key] or "" for key in keys] for row in rows]
    return f"<details><summary>All figures</summary>{html_table(head, body, 3)}</details>"


def legend_mark(kind, is_hollow):
    line = charts.Line("", kind, is_hollow, [])
    return ('<svg viewBox="0 0 34 14" aria-hidden="true">'
            f'<path class="curve {line.classes()}" d="M1 7H33"/>'
            + charts.mark(line, 17, 7) + "</svg>")


def caption(sweep, rows, model):
    """The exponents of one plot: of the upper half, or of all where that is a single point."""
    found = []
    for (name, system, precision), group in series(sweep, rows).items():
        points = times(sweep, group)
        half, whole = fit.fit(fit.upper_half(points)), fit.fit(points)
        if name == model and whole:
            slope = fit.text(half) if half else f"{fit.text(whole)} (all points)"
            found.append(f"{system} {short(precision)} {slope}")
    return f"Exponents, upper half: {'; '.join(found)}."


def growth_section(sweep, rows):
    cards = []
    for model in sweep.models:
        lines = [charts.Line(f"{system} {short(precision)}", system.lower(), precision == "float32",
                             [(int(r[sweep.column]), float(r["ms_per_step"]), float(r["min_ms"]),
                               float(r["p90_ms"])) for r in group])
                 for (name, system, precision), group in series(sweep, rows).items() if name == model]
        chart = charts.growth(f"{model}: {sweep.title.lower()}", lines, sweep.axis, sweep.expected)
        if chart:
            cards.append(f"<section class=card><h3>{html.escape(model)}</h3>{chart}"
                         f"<p class=muted>{caption(sweep, rows, model)}</p></section>")
    expected = f"{sweep.expected:g}".replace("-", "−")
    return (f"<p>Expected exponent {expected}: {html.escape(sweep.why)}.</p>"
            f"<div class='cards large'>{''.join(cards)}</div>")


def level_section(rows):
    cards = []
    for model in dict.fromkeys(row["model"] for row in measured(rows)):
        mine = [row for row in measured(rows) if row["model"] == model]
        fastest = min(float(row["ms_per_step"]) for row in mine)
        drawn = []
        for row in mine:
            ms, is_hollow = float(row["ms_per_step"]), row["precision"] == "float32"
            name = f"{row['isa']}, {short(row['precision'])}"
            drawn.append((name, "weft", is_hollow, ms,
                          f"{name}: {charts.number(ms)} ms, {ms / fastest:.1f} times the fastest"))
        title = f"{model}, batch of {MODELS[model]}"
        cards.append(f"<section class=card><h3>{title}</h3>{charts.bars(title, drawn)}</section>")
    return ("<p>Milliseconds per step of training with the kernels of each level that this CPU has, as "
            "<code>--isa</code> or <code>WEFT_ISA</code> chooses them.</p>"
            f"<div class=cards>{''.join(cards)}</div>{html_table(*level_table(rows), 1)}")


def page(sweeps, tables, machine):
    parts = ["<h1>How the time of a training step grows</h1>",
             "<p>A step is gathering a batch of images, forward, loss, backward and optimizer. A point is "
             "the median of the steps that were timed; the thin line through it goes from the fastest "
             "step to the one that 90 % stay below. Both axes are logarithmic, so that a power "
             "law is a straight line whose slope is its exponent; dotted: the slope that is expected.</p>",
             "<div class=legend>"]
    for text, kind, is_hollow in (("weft, bfloat16", "weft", False), ("weft, float32", "weft", True),
                                  ("PyTorch, bfloat16", "pytorch", False),
                                  ("PyTorch, float32", "pytorch", True)):
        parts.append(f"<span>{legend_mark(kind, is_hollow)}{text}</span>")
    parts.append("</div>")
    for name, rows in tables.items():
        sweep = sweeps[name]
        parts.append(f"<h2>{html.escape(sweep.title)}</h2>")
        if measured(rows):
            parts.append(level_section(rows) if sweep.expected is None else growth_section(sweep, rows))
        parts.append(f"<p class=muted>{html.escape(machine_text(machine, name))}</p>"
                     + all_figures(sweep, rows))
    rows = exponents(sweeps, tables)
    if rows:
        parts.append("<h2>Exponents</h2><p>Least squares on the logarithms, with the slope's standard "
                     "error; the upper half is that of the range on the logarithmic axis. Arithmetic is "
                     "the exponent of the model's multiply-adds over the same points.</p>"
                     + html_table(EXPONENT_HEAD, rows, 4))
    return ('<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<meta name="color-scheme" content="light dark"><title>How a step\'s time grows</title>'
            f"<style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n")
