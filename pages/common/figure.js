import {csv} from "./csv.js";
import {el} from "./dom.js";
import {count} from "./format.js";
import {saveBlob} from "./save.js";
import {scrollTable} from "./table.js";
import {onThemeChange, theme} from "./theme.js";

const AHEAD = "500px"; // a chart is drawn a little before it is scrolled to
const SHOWN_ROWS = 500;

/**
 * A chart on the page. A module of charts/ makes:
 *   file      the name of what is saved, without its ending
 *   title     the figure's heading; `note` (or null) is a sentence under it
 *   subject   (or null) what it is about, for names that must differ: the model
 *   label     what a screen reader says: what the chart shows, and its main figures
 *   rows()    the data, [{column: value}], as the table and as CSV
 *   height    about how high it will be, so that nothing jumps when it is drawn
 *   controls  (or null) an element above the chart; after a change it calls the element's `redraw()`
 *   draw(box, {width, theme})  puts the chart into the box and gives {svg(), png(), finalize()}; svg gives a text and
 *             png a Blob, or promises of these
 * `level` is that of the heading.
 */
export function figure(chart, level = 4) {
    const box = el("div", {
        class: "chart",
        role: chart.isInteractive ? null : "img",
        "aria-label": chart.isInteractive ? null : chart.label,
    });
    box.style.minHeight = `${chart.height ?? 220}px`;
    const heading = el(`h${level}`, {class: "title"}, chart.title);
    const element = el(
        "figure",
        {class: `figure ${chart.wide ? "all" : ""}`, "data-chart": chart.file, "data-state": "waiting"},
        el("figcaption", null, heading, chart.note ? el("p", {class: "muted small"}, chart.note) : null),
        chart.controls,
        box,
        tools(chart, () => state.drawn ?? draw(state))
    );
    const state = {chart, element, box, drawn: null, width: 0};
    element.redraw = () => draw(state);
    figures.add(state);
    states.set(element, state);
    waiting.observe(element);
    sizes.observe(element);
    return element;
}

const figures = new Set();
const states = new WeakMap();

const waiting = new IntersectionObserver(
    entries => {
        for (const {isIntersecting, target} of entries) if (isIntersecting) draw(states.get(target));
    },
    {rootMargin: AHEAD}
);

const sizes = new ResizeObserver(entries => {
    for (const {target} of entries) {
        const state = states.get(target);
        if (state.drawn && state.box.clientWidth && Math.abs(state.box.clientWidth - state.width) > 1) later(state);
    }
});

/** Draws again when it is looked at. */
function later(state) {
    waiting.unobserve(state.element);
    waiting.observe(state.element);
}

async function draw(state) {
    const {chart, element, box} = state;
    waiting.unobserve(element);
    state.width = box.clientWidth;
    if (!state.width) return waiting.observe(element);
    const turn = (state.turn = (state.turn ?? 0) + 1); // of two drawings at once the later one stays
    try {
        const drawn = await chart.draw(box, {width: state.width, theme: theme()});
        if (turn !== state.turn) return drawn.finalize?.();
        state.drawn?.finalize?.();
        state.drawn = drawn;
        element.dataset.state = "drawn";
        box.style.minHeight = "";
        return drawn;
    } catch (error) {
        element.dataset.state = "failed";
        box.replaceChildren(el("p", {class: "caution"}, `This chart could not be drawn: ${error.message}`));
        throw error;
    }
}

onThemeChange(() => {
    for (const state of figures) if (state.drawn) later(state);
});

/** Draws every chart that has a place on the page, and again all that are drawn already: before printing. */
export const drawAll = () => Promise.all([...figures].filter(state => state.element.isConnected).map(draw));

const named = ({title, subject}) => (subject ? `${title} of ${subject}` : title);

/** The line under a chart: its data as a table, and what can be saved. */
function tools(chart, drawn) {
    const data = el(
        "details",
        {class: "data", ontoggle: () => data.open && data.children.length === 1 && data.append(table(chart))},
        el("summary", null, "Data", el("span", {class: "unseen"}, ` of ${named(chart)}`))
    );
    const button = (name, save) =>
        el(
            "button",
            {
                type: "button",
                "aria-label": `Save ${named(chart)} as ${name}`,
                onclick: async () => saveBlob(await save(), `${chart.file}.${name.toLowerCase()}`),
            },
            name
        );
    return el(
        "div",
        {class: "tools"},
        data,
        el(
            "div",
            {class: "save"},
            el("span", {class: "muted"}, "Save"),
            button("SVG", async () => new Blob([await (await drawn()).svg()], {type: "image/svg+xml"})),
            button("PNG", async () => (await drawn()).png()),
            button("CSV", async () => new Blob([csv(chart.rows())], {type: "text/csv"}))
        )
    );
}

function table(chart) {
    const rows = chart.rows();
    const shown = rows.slice(0, SHOWN_ROWS);
    const keys = Object.keys(rows[0] ?? {});
    const text = value =>
        typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : (value ?? "");
    return scrollTable(
        `Data of ${named(chart)}`,
        shown.length < rows.length
            ? `The first ${count(shown.length)} of ${count(rows.length)} rows; the CSV file has all`
            : chart.title,
        keys.map(key => ({title: key.replaceAll("_", " ")})),
        shown.map(row =>
            el(
                "tr",
                null,
                keys.map(key => el("td", {class: typeof row[key] === "number" ? "number" : null}, text(row[key])))
            )
        )
    );
}
