import embed from "vega-embed";
import {el} from "./dom.js";
import {hideTooltip, showTooltip} from "./tooltip.js";

const PADDING = 2;

/** Vega-Lite's defaults in the page's colours and type. */
function config({ink, muted, line, edge, font}) {
    const text = {labelFont: font, titleFont: font, labelColor: muted, titleColor: ink};
    return {
        aria: false,
        background: null,
        font,
        view: {stroke: null},
        axis: {
            ...text,
            labelFontSize: 11.5,
            titleFontSize: 11.5,
            titleFontWeight: 550,
            titlePadding: 8,
            labelPadding: 5,
            gridColor: line,
            domainColor: edge,
            tickColor: edge,
            tickSize: 4,
            labelFlush: false,
        },
        legend: {
            ...text,
            labelFontSize: 11.5,
            titleFontSize: 11.5,
            titleFontWeight: 550,
            labelLimit: 220,
            orient: "top",
            symbolStrokeWidth: 2,
        },
        header: {...text, labelFontSize: 12, labelFontWeight: 550, labelColor: ink},
        title: {font, fontSize: 12, fontWeight: 600, color: ink, anchor: "start", frame: "group", offset: 8},
        text: {font, fontSize: 11.5, color: ink},
        rule: {color: edge},
        line: {strokeWidth: 2, strokeJoin: "round"},
    };
}

/** How a tooltip's value, {name: value}, is shown; a part named "" is a heading's place and left out. */
function tooltip(handler, event, item, value) {
    if (value === null || value === undefined || value === "") hideTooltip();
    else showTooltip(event, typeof value === "object" ? Object.entries(value) : [["", value]]);
}

/**
 * `draw` of a figure (figure.js) from a function that makes a Vega-Lite specification of {width, theme}: the width is
 * that of the whole chart, its height that of the plot without axes.
 */
export function vega(specification) {
    return async (box, {width, theme}) => {
        const spec = {
            $schema: "https://vega.github.io/schema/vega-lite/v6.json",
            autosize: {type: "fit-x", contains: "padding"},
            padding: PADDING,
            ...specification({width: width - 2 * PADDING, theme}),
        };
        const holder = el("div", {"aria-hidden": "true"}); // the figure says what it shows
        const result = await embed(holder, spec, {
            mode: "vega-lite",
            ast: true,
            renderer: "svg",
            actions: false,
            defaultStyle: false,
            tooltip,
            config: config(theme),
        });
        box.replaceChildren(holder);
        box.view = result.view;
        const {view} = result;
        return {
            svg: () => view.toSVG(),
            png: async () => {
                view.background(theme.paper);
                const canvas = await view.toCanvas(2);
                view.background(null);
                return new Promise(done => canvas.toBlob(done, "image/png"));
            },
            finalize: () => result.finalize(),
        };
    };
}
