import uPlot from "uplot";
import {brief} from "../common/format.js";
import {onThemeChange, theme} from "../common/theme.js";

const NEAR = 40; // pixels to the line that is named
export const HEIGHT = 220;

let colours = theme();
const redraws = new Set();
onThemeChange(() => {
    colours = theme();
    for (const redraw of redraws) redraw();
});

/** Calls `redraw` when the colours have changed; returns what ends that. */
export function onColours(redraw) {
    redraws.add(redraw);
    return () => redraws.delete(redraw);
}

/** A colour of the theme by its name; other ones are what they are. */
const colour = name => colours[name] ?? name;

/** What uPlot draws, in `target`: `options` and `state` are a chart's, `data` is [x, ...lines]. */
export function makePlot(options, state, data, target, atCursor) {
    const numbers = write => (u, splits) => splits.map(value => (value === null ? "" : write(value)));
    const axis = {
        stroke: () => colours.muted,
        font: `12px ${colours.font}`,
        ticks: {show: false},
        grid: {stroke: () => colours.line, width: 1},
    };
    return new uPlot(
        {
            width: target.clientWidth,
            height: HEIGHT,
            padding: [8, 12, 0, 0],
            legend: {show: false},
            scales: {
                x: {
                    time: false,
                    range: (u, min, max) => xRange(min, max, u.data[0].at(-1)),
                },
                y: state.log
                    ? {distr: 3, range: logRange}
                    : {range: (u, min, max) => linearRange(min, max, options.zero)},
            },
            axes: [
                {...axis, size: 26, gap: 4, space: 60, values: numbers(options.formatX)},
                {...axis, size: 58, gap: 6, values: numbers(options.tick ?? brief)},
            ],
            series: [{}, ...options.lines.map((line, index) => series(line, !state.hidden.has(index)))],
            focus: {alpha: 0.25},
            cursor: cursor(options),
            hooks: {
                setCursor: [atCursor],
                setSeries: [
                    (u, index, {focus}) => {
                        if (focus !== undefined) state.near = index === null ? null : index - 1;
                    },
                ],
                draw: [u => drawMarks(u, state.data.marks)],
            },
        },
        data,
        target
    );
}

/** Dragging magnifies, a double click shows everything again, in all charts of one name. */
const cursor = options => ({
    y: false,
    sync: {key: options.sync},
    points: {size: 7},
    drag: {x: true, y: false},
    focus: {prox: options.legend === false ? NEAR : -1},
});

/** A little more than the data, whose end is `last`; what is magnified is shown as it is. */
function xRange(min, max, last) {
    if (min === max) return [min - 0.5, max + 0.5];
    return [min, max === last ? max + (max - min) / 100 : max];
}

/** Where a plot is magnified: {min, max}; null: it shows everything. */
export function magnified(plot) {
    const x = plot.data[0];
    const {min, max} = plot.scales.x;
    if (x.length < 2 || min === null) return null;
    const [first, end] = xRange(x[0], x.at(-1), x.at(-1));
    return min > first || max < end ? {min, max} : null;
}

/** A little more than the values need; with `zero` from 0 on. */
function linearRange(min, max, zero) {
    if (!Number.isFinite(min)) return [0, 1];
    const margin = (zero ? max : max - min) * 0.06 || Math.abs(max) * 0.1 || 1;
    return [zero ? Math.min(0, min) : min - margin, max + margin];
}

/** The same in a logarithmic scale, of the values that it can show. */
function logRange(u, min, max) {
    const least =
        min > 0
            ? min
            : Math.min(
                  ...u.data
                      .slice(1)
                      .flat()
                      .filter(value => value > 0)
              );
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
    const {ctx} = u,
        size = 5 * uPlot.pxRatio;
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
