import uPlot from "uplot";
import {el} from "../shared/dom.js";
import {makeLegend} from "./legend.js";
import {setAttribute} from "./patch.js";
import {color, onTheme} from "./theme.js";

const HEIGHT = 220;

/**
 * A chart of lines over one x: {root, setData({x, lines, marks}), setLog(on), destroy()}.
 *
 * options: `title`; `format(y)`, `formatX(x)` as text; `xName()`; `lines`, each {name, color (of the style sheet),
 * dash, width, faint, dots}; `log`: whether a logarithmic scale means something; `sync`: charts of one name move
 * their cursors together; `legend`: false where others say which line is which, then `onNear(index)` is told the
 * line under the cursor, or null.
 *
 * The arrow keys move along the lines: for who does not see it, the plot is a slider whose value is what a cursor
 * would show.
 */
export function makeChart(options) {
    const {title, lines} = options;
    const legend = options.legend === false ? null : makeLegend(lines, options.format, show);
    const readout = el("p", {class: "readout"});
    const plot = el("div", {class: "plot", role: "slider", tabindex: 0, "aria-label": title, "aria-valuenow": 0});
    const empty = el("p", {class: "nothing"}, "Nothing yet.");
    const root = el("figure", {class: "chart"},
        el("figcaption", null, el("h3", null, title), readout, legend?.root), plot, empty);
    const state = {data: {x: [], lines: lines.map(() => []), marks: []}, log: false, zoomed: false, hidden: new Set()};
    let chart = null;

    function show(index, visible) {
        state.hidden[visible ? "delete" : "add"](index);
        chart?.setSeries(index + 1, {show: visible});
    }

    function draw() {
        const {x, lines: values} = state.data;
        root.dataset.points = values.reduce((sum, line) => sum + line.filter(Number.isFinite).length, 0);
        root.classList.toggle("empty", x.length === 0);
        if (!x.length || !plot.clientWidth) return;
        if (!chart) {
            chart = new uPlot(plotOptions(options, state, plot.clientWidth, atCursor), [x, ...values], plot);
        } else if (state.zoomed) {
            const {min, max} = chart.scales.x;
            chart.batch(() => {
                chart.setData([x, ...values], false);
                chart.setScale("x", {min, max});
            });
        } else {
            chart.setData([x, ...values]);
        }
        if (chart.cursor.idx === null || chart.cursor.idx === undefined) tell(x.length - 1, false);
        else tell(chart.cursor.idx, true);
    }

    function rebuild() {
        chart?.destroy();
        chart = null;
        draw();
    }

    /** What is at x[index], or at the end where no cursor is. */
    function tell(index, isCursor) {
        const {x, lines: values} = state.data;
        if (!x.length) return;
        const said = lines.map((line, i) => lastBefore(values[i], index));
        legend?.setValues(said);
        const where = `${options.xName()} ${options.formatX(x[index])}`;
        readout.textContent = isCursor ? where : "";
        setAttribute(plot, "aria-valuemin", 0);
        setAttribute(plot, "aria-valuemax", x.length - 1);
        setAttribute(plot, "aria-valuenow", index);
        setAttribute(plot, "aria-valuetext", [where, ...lines.map((line, i) =>
            said[i] === null || state.hidden.has(i) ? null : `${line.name} ${options.format(said[i])}`)]
            .filter(Boolean).join(", "));
    }

    function atCursor(u) {
        const index = u.cursor.idx;
        if (index === null || index === undefined) tell(state.data.x.length - 1, false);
        else tell(index, true);
    }

    plot.addEventListener("keydown", event => {
        const index = chart && nextIndex(event.key, chart.cursor.idx ?? state.data.x.length - 1, state.data.x.length);
        if (index === null || index === undefined) return;
        event.preventDefault();
        const {x} = state.data;
        chart.setCursor({left: chart.valToPos(x[index], "x"), top: 0});
        tell(index, true);
    });
    plot.addEventListener("blur", () => chart?.setCursor({left: -10, top: -10}));
    const sizes = new ResizeObserver(() => chart ? chart.setSize({width: plot.clientWidth, height: HEIGHT}) : draw());
    sizes.observe(plot);
    const endTheme = onTheme(rebuild);
    return {
        root,
        setData(data) {
            state.data = {marks: [], ...data};
            draw();
        },
        setLog(on) {
            if (!options.log || on === state.log) return;
            state.log = on;
            rebuild();
        },
        destroy() {
            endTheme();
            sizes.disconnect();
            chart?.destroy();
        },
    };
}

/** The last number up to `index`; null where there is none. */
function lastBefore(values, index) {
    for (let i = index; i >= 0; i--) if (Number.isFinite(values[i])) return values[i];
    return null;
}

function nextIndex(key, index, count) {
    const page = Math.max(1, Math.round(count / 10));
    const moves = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: page, PageDown: -page};
    if (key === "Home") return 0;
    if (key === "End") return count - 1;
    return key in moves ? Math.min(count - 1, Math.max(0, index + moves[key])) : null;
}

function plotOptions(options, state, width, atCursor) {
    const axis = {stroke: () => color("--muted"), font: "12px system-ui, sans-serif", ticks: {show: false},
        grid: {stroke: () => color("--line"), width: 1}};
    const y = state.log ? {distr: 3, range: (u, min, max) => min > 0 ? [min / 1.1, max * 1.1] : [1e-6, 1]}
        : {range: {min: {pad: 0.08, soft: 0, mode: 2}, max: {pad: 0.08}}};
    return {
        width,
        height: HEIGHT,
        padding: [8, 12, 0, 0],
        legend: {show: false},
        scales: {x: {time: false, range: (u, min, max) => min === max ? [min - 0.5, max + 0.5] : [min, max]}, y},
        axes: [
            {...axis, size: 26, gap: 4, space: 60, values: (u, splits) => splits.map(options.formatX)},
            {...axis, size: 58, gap: 6, values: (u, splits) => splits.map(v => v === null ? "" : options.format(v))},
        ],
        series: [{}, ...options.lines.map((line, index) => series(line, !state.hidden.has(index)))],
        focus: {alpha: 0.25},
        cursor: {
            y: false,
            sync: {key: options.sync},
            points: {size: 7},
            drag: {x: true, y: false},
            focus: {prox: options.onNear ? 24 : -1},
            bind: {dblclick: (u, target, reset) => event => {
                state.zoomed = false;
                return reset(event);
            }},
        },
        hooks: {
            setCursor: [atCursor],
            setSelect: [u => { state.zoomed = u.select.width > 0 || state.zoomed; }],
            setSeries: [(u, index) => options.onNear?.(index === null ? null : index - 1)],
            draw: [u => drawMarks(u, state.data.marks)],
        },
    };
}

function series(line, show) {
    return {
        show,
        stroke: () => color(line.color),
        width: line.width ?? 2,
        dash: line.dash,
        alpha: line.faint ? 0.35 : 1,
        spanGaps: true,
        points: line.dots ? {size: 6, fill: () => color(line.color)} : {show: false},
    };
}

/** A triangle above each mark, {x, y}. */
function drawMarks(u, marks) {
    const {ctx} = u, size = 5 * uPlot.pxRatio;
    ctx.save();
    ctx.fillStyle = color("--spike");
    for (const {x, y} of marks) {
        if (x < u.scales.x.min || x > u.scales.x.max) continue;
        const left = u.valToPos(x, "x", true);
        const top = Math.max(u.bbox.top + 2 * size, u.valToPos(y, "y", true) - size);
        ctx.beginPath();
        ctx.moveTo(left, top);
        ctx.lineTo(left - size, top - 1.7 * size);
        ctx.lineTo(left + size, top - 1.7 * size);
        ctx.fill();
    }
    ctx.restore();
}
