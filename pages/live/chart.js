import {el} from "../common/dom.js";
import {makeLegend} from "./legend.js";
import {setAttribute, setText} from "./patch.js";
import {HEIGHT, magnified, makePlot, onColours} from "./plot.js";

/**
 * A chart of lines over one x: {root, setData({x, lines, marks}), show(index, visible), setLog(on), destroy()}.
 *
 * options: `title`; `format(y)`, `tick(y)`, `formatX(x)` as text; `xName()`; `lines`, each {name, color (of the theme,
 * or its own), dash, width, faint, dots}; `log`: whether a logarithmic scale means something; `sync`: charts of one
 * name move their cursors together; `zero`: 0 is in sight; `legend`: false where others say which line is which:
 * then the one near the cursor is named.
 *
 * The arrow keys move along the lines: for who does not see it, the plot is a slider whose value is what a cursor
 * would show.
 */
export function makeChart(options) {
    const state = {data: {x: [], lines: [], marks: []}, log: false, near: null, hidden: new Set()};
    const legend = options.legend === false ? null : makeLegend(options.lines, show, options.format);
    const readout = el("p", {class: "readout"});
    const target = el("div", {
        class: "plot",
        role: "slider",
        tabindex: 0,
        "aria-label": options.title,
        "aria-valuenow": 0,
    });
    const root = el(
        "figure",
        {class: "chart"},
        el("figcaption", null, el("h3", null, options.title), readout, legend?.root),
        target,
        el("p", {class: "nothing"}, "Nothing yet.")
    );
    let plot = null,
        xName = null; // of what is drawn

    function show(index, visible) {
        state.hidden[visible ? "delete" : "add"](index);
        plot?.setSeries(index + 1, {show: visible});
    }

    function draw() {
        const {x, lines} = state.data;
        root.dataset.points = lines.reduce((sum, line) => sum + line.filter(Number.isFinite).length, 0);
        root.classList.toggle("empty", x.length === 0);
        if (!x.length || !target.clientWidth) return;
        if (plot) setPlotData(plot, [x, ...lines], options.xName() === xName);
        else plot = makePlot(options, state, [x, ...lines], target, tell);
        xName = options.xName();
        tell();
    }

    function redraw() {
        const range = plot && magnified(plot);
        plot?.destroy();
        plot = null;
        draw();
        if (range) plot?.batch(() => plot.setScale("x", range));
    }

    /** Says what is at the cursor, or at the end where there is none. */
    function tell() {
        const {x, lines} = state.data;
        const cursor = plot?.cursor.idx ?? null;
        const index = cursor ?? x.length - 1;
        const values = lines.map(line => valueAt(line, index, !legend && cursor !== null));
        const where = `${options.xName()} ${options.formatX(x[index])}`;
        const texts = values.map((value, i) =>
            value === null || state.hidden.has(i) ? null : `${options.lines[i].name} ${options.format(value)}`
        );
        legend?.setValues(values);
        const near = legend ? null : texts[state.near];
        setText(readout, cursor === null ? "" : near ? `${where}: ${near}` : where);
        setSlider(target, index, x.length, [where, ...texts].filter(Boolean).join(", "));
    }

    target.addEventListener("keydown", event => {
        const {x} = state.data;
        const index = plot && nextIndex(event.key, plot.cursor.idx ?? x.length - 1, x.length);
        if (index === null) return;
        event.preventDefault();
        plot.setCursor({left: plot.valToPos(x[index], "x"), top: 0});
    });
    target.addEventListener("blur", () => plot?.setCursor({left: -10, top: -10}));
    const sizes = new ResizeObserver(() => {
        if (!target.clientWidth) return;
        if (plot) plot.setSize({width: target.clientWidth, height: HEIGHT});
        else draw();
    });
    sizes.observe(target);
    const endColours = onColours(redraw);
    return {
        root,
        show,
        setData(data) {
            state.data = {marks: [], ...data};
            draw();
        },
        setLog(on) {
            if (!options.log || on === state.log) return;
            state.log = on;
            redraw();
        },
        destroy() {
            endColours();
            sizes.disconnect();
            plot?.destroy();
        },
    };
}

/** What is magnified stays so, on the same axis. Batches are drawn at once: the plot tells what it shows. */
function setPlotData(plot, data, isSameAxis) {
    const range = isSameAxis ? magnified(plot) : null;
    plot.batch(() => {
        plot.setData(data, !range);
        if (range) plot.setScale("x", range);
    });
}

/** The last number up to `index`; null where there is none and, with `isStrict`, behind the line's end. */
function valueAt(line, index, isStrict) {
    if (isStrict && !line.slice(index).some(Number.isFinite)) return null;
    for (let i = index; i >= 0; i--) if (Number.isFinite(line[i])) return line[i];
    return null;
}

function setSlider(target, index, count, text) {
    setAttribute(target, "aria-valuemin", 0);
    setAttribute(target, "aria-valuemax", count - 1);
    setAttribute(target, "aria-valuenow", index);
    setAttribute(target, "aria-valuetext", text);
}

/** Where a key leads; null: it is no key of the chart's. */
function nextIndex(key, index, count) {
    const page = Math.max(1, Math.round(count / 10));
    const moves = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: page, PageDown: -page};
    if (key === "Home") return 0;
    if (key === "End") return count - 1;
    return key in moves ? Math.min(count - 1, Math.max(0, index + moves[key])) : null;
}
