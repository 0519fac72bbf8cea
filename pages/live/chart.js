import uPlot from "uplot";
import {el} from "../shared/dom.js";
import {brief} from "../shared/format.js";
import {onThemeChange, theme} from "../shared/theme.js";
import {makeLegend} from "./legend.js";
import {setAttribute, setText} from "./patch.js";

const HEIGHT = 220;

let colours = theme();
const charts = new Set(); // what draws each of them anew
onThemeChange(() => {
    colours = theme();
    for (const draw of charts) draw();
});

/** A colour of the theme by its name; other ones are what they are. */
const colour = name => colours[name] ?? name;

/**
 * A chart of lines over one x: {root, setData({x, lines, marks}), show(index, visible),
 * setLog(on), destroy()}.
 *
 * options: `title`; `format(y)`, `tick(y)`, `formatX(x)` as text; `xName()`; `lines`, each {name, color (of the theme, or its own),
 * dash, width, faint, dots}; `log`: whether a logarithmic scale means something; `sync`: charts of one name move
 * their cursors together; `zero`: 0 is in sight; `legend`: false where others say which line is which: then the one
 * near the cursor is named.
 *
 * The arrow keys move along the lines: for who does not see it, the plot is a slider whose value is what a cursor
 * would show.
 */
export function makeChart(options) {
    const {title, lines} = options;
    const legend = options.legend === false ? null : makeLegend(lines, show, options.format);
    const readout = el("p", {class: "readout"});
    const plot = el("div", {class: "plot", role: "slider", tabindex: 0, "aria-label": title, "aria-valuenow": 0});
    const empty = el("p", {class: "nothing"}, "Nothing yet.");
    const root = el("figure", {class: "chart"},
        el("figcaption", null, el("h3", null, title), readout, legend?.root), plot, empty);
    const state = {data: {x: [], lines: lines.map(() => []), marks: []}, log: false, zoomed: false, near: null, hidden: new Set()};
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
        atCursor();
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
        const name = legend || said[state.near] === undefined ? "" : `: ${lines[state.near].name} ${options.format(said[state.near])}`;
        setText(readout, isCursor ? where + name : "");
        setAttribute(plot, "aria-valuemin", 0);
        setAttribute(plot, "aria-valuemax", x.length - 1);
        setAttribute(plot, "aria-valuenow", index);
        setAttribute(plot, "aria-valuetext", [where, ...lines.map((line, i) =>
            said[i] === null || state.hidden.has(i) ? null : `${line.name} ${options.format(said[i])}`)]
            .filter(Boolean).join(", "));
    }

    function atCursor() {
        const index = chart?.cursor.idx;
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
    const sizes = new ResizeObserver(() => {
        if (!plot.clientWidth) return;
        if (chart) chart.setSize({width: plot.clientWidth, height: HEIGHT});
        else draw();
    });
    sizes.observe(plot);
    charts.add(rebuild);
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
        show,
        destroy() {
            charts.delete(rebuild);
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
    const axis = {stroke: () => colours.muted, font: `12px ${colours.font}`, ticks: {show: false},
        grid: {stroke: () => colours.line, width: 1}};
    const y = state.log ? {distr: 3, range: logRange} : {range: (u, min, max) => linearRange(min, max, options.zero)};
    return {
        width,
        height: HEIGHT,
        padding: [8, 12, 0, 0],
        legend: {show: false},
        scales: {x: {time: false, range: (u, min, max) => min === max ? [min - 0.5, max + 0.5] : [min, max + (max - min) / 100]}, y},
        axes: [
            {...axis, size: 26, gap: 4, space: 60, values: (u, splits) => splits.map(options.formatX)},
            {...axis, size: 58, gap: 6, values: (u, splits) => splits.map(v => v === null ? "" : (options.tick ?? brief)(v))},
        ],
        series: [{}, ...options.lines.map((line, index) => series(line, !state.hidden.has(index)))],
        focus: {alpha: 0.25},
        cursor: {
            y: false,
            sync: {key: options.sync},
            points: {size: 7},
            drag: {x: true, y: false},
            focus: {prox: options.legend === false ? 24 : -1},
            bind: {dblclick: (u, target, reset) => event => {
                state.zoomed = false;
                return reset(event);
            }},
        },
        hooks: {
            setCursor: [atCursor],
            setSelect: [u => { state.zoomed = u.select.width > 0 || state.zoomed; }],
            setSeries: [(u, index, {focus}) => {
                if (focus !== undefined) state.near = index === null ? null : index - 1;
            }],
            draw: [u => drawMarks(u, state.data.marks)],
        },
    };
}

/** A little more than the values need; with `zero` from 0 on. */
function linearRange(min, max, zero) {
    if (!Number.isFinite(min)) return [0, 1];
    const margin = (zero ? max : max - min) * 0.06 || Math.abs(max) * 0.1 || 1;
    return [zero ? Math.min(0, min) : min - margin, max + margin];
}

/** The same in a logarithmic scale, of the values that it can show. */
function logRange(u, min, max) {
    const least = min > 0 ? min : Math.min(...u.data.slice(1).flat().filter(value => value > 0));
    return Number.isFinite(least) ? [least / 1.1, max * 1.1] : [0.1, 1];
}

function series(line, show) {
    return {
        show,
        stroke: () => colour(line.color),
        width: line.width ?? 2,
        dash: line.dash,
        alpha: line.faint ? 0.35 : 1,
        spanGaps: true,
        points: line.dots ? {size: 6, fill: () => colour(line.color), show: hasRoom} : {show: false},
    };
}

/** Whether the dots of a line can be told apart. */
const hasRoom = (u, index) => u.data[index].filter(Number.isFinite).length * 12 < u.width;

/** A triangle above each mark, {x, y}. */
function drawMarks(u, marks) {
    const {ctx} = u, size = 5 * uPlot.pxRatio;
    ctx.save();
    ctx.fillStyle = colours.bad;
    for (const {x, y} of marks) {
        if (x < u.scales.x.min || x > u.scales.x.max) continue;
        const left = u.valToPos(x, "x", true);
        const top = Math.max(u.bbox.top + 2 * size, Number.isFinite(y) ? u.valToPos(y, "y", true) - size : 0);
        ctx.beginPath();
        ctx.moveTo(left, top);
        ctx.lineTo(left - size, top - 1.7 * size);
        ctx.lineTo(left + size, top - 1.7 * size);
        ctx.fill();
    }
    ctx.restore();
}
