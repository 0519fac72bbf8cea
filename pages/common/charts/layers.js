import {svg} from "../dom.js";
import {count, counted, percent, shape} from "../format.js";
import {svgPng, svgText} from "../save.js";

const ROW = 46,
    BLOCK = 32,
    TOP = 26;

/** Kinds of layers by what their type begins or ends with, and the theme's colour of each. */
const KINDS = [
    [/conv/, "cnn", "convolution"],
    [/pool/, "hybrid", "pooling"],
    [/lstm|gru|rnn/, "rnn", "recurrent"],
    [/dense/, "accent", "dense"],
];
const kindOf = type => KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? "muted";

/**
 * The layers from the image to the classes: a block as wide as the logarithm of what it puts out, its shape, and a bar
 * of its part of the parameters. layers: [{name, type, output, parameters, madds, settings}].
 */
export function layers(label, list) {
    const all = list.reduce((sum, one) => sum + (one.parameters ?? 0), 0);
    const most = list.reduce((high, one) => ((one.parameters ?? 0) > (high?.parameters ?? 0) ? one : high), null);
    const settings = one =>
        one.type === "input"
            ? ""
            : Object.entries(one.settings ?? {})
                  .map(([key, value]) => `${key}: ${value}`)
                  .join(", ");
    return {
        file: "layers",
        title: "Layers",
        subject: label,
        wide: true,
        height: TOP + ROW * list.length,
        note:
            `${counted(list.filter(one => one.type !== "input").length, "layer")}, ${counted(all, "parameter")}` +
            `${most?.parameters ? `, of which ${percent(most.parameters / all, 0)} in ${most.name}` : ""}.`,
        label: `Layers of ${label}: ${list
            .map(
                one =>
                    `${one.type} ${shape(one.output)}` + (one.parameters ? `, ${count(one.parameters)} parameters` : "")
            )
            .join("; ")}.`,
        rows: () =>
            list.map(one => ({
                name: one.name,
                type: one.type,
                output: shape(one.output),
                parameters: one.parameters,
                multiply_adds: one.madds,
                settings: settings(one),
            })),
        draw: async (box, {width, theme}) => {
            const picture = diagram(list, {width, theme, all, settings});
            box.replaceChildren(picture);
            return {svg: () => svgText(picture), png: () => svgPng(picture, theme.paper)};
        },
    };
}

function diagram(list, {width, theme, all, settings}) {
    const isWide = width >= 620;
    const blocks = Math.min(isWide ? 260 : width * 0.46, 260),
        middle = blocks / 2;
    const figures = blocks + 18,
        bars = isWide ? Math.max(figures + 180, width * 0.64) : 0;
    const size = output => (output ?? []).reduce((product, one) => product * one, 1);
    const largest = Math.max(...list.map(one => Math.log2(1 + size(one.output))));
    const height = TOP + ROW * list.length;
    const text = (x, y, value, more) => svg("text", {x, y, fill: theme.ink, "font-size": 12.5, ...more}, value);
    const head = (x, value, more) => text(x, 14, value, {fill: theme.muted, "font-size": 11.5, ...more});
    return svg(
        "svg",
        {viewBox: `-1 0 ${width + 2} ${height}`, width, height, "font-family": theme.font, "aria-hidden": "true"},
        svg("line", {
            x1: middle,
            x2: middle,
            y1: TOP + 8,
            y2: height - ROW + BLOCK / 2,
            stroke: theme.edge,
            "stroke-width": 1.2,
        }),
        head(middle, "Layer", {"text-anchor": "middle"}),
        head(figures, isWide ? "Output" : "Output, parameters"),
        isWide ? head(bars, "Parameters") : null,
        list.map((one, index) => {
            const y = TOP + index * ROW,
                color = theme[kindOf(one.type)];
            const extent = Math.max(0.42, Math.log2(1 + size(one.output)) / largest) * blocks;
            const share = all ? (one.parameters ?? 0) / all : 0,
                said = one.parameters ? count(one.parameters) : "";
            const details = fit(settings(one), (isWide ? bars - figures : width - figures) - 14);
            return svg(
                "g",
                null,
                svg("title", null, [one.name, settings(one)].filter(Boolean).join(": ")),
                svg("rect", {x: middle - extent / 2, y, width: extent, height: BLOCK, rx: 6, fill: theme.paper}),
                svg("rect", {
                    x: middle - extent / 2,
                    y,
                    width: extent,
                    height: BLOCK,
                    rx: 6,
                    fill: color,
                    "fill-opacity": 0.14,
                    stroke: color,
                    "stroke-width": 1.4,
                }),
                text(middle, y + 20.5, one.type, {"text-anchor": "middle", "font-weight": 600}),
                text(figures, y + (details || !isWide ? 14 : 20), shape(one.output)),
                isWide
                    ? details
                        ? text(figures, y + 29, details, {fill: theme.muted, "font-size": 11})
                        : null
                    : text(figures, y + 29, said, {fill: theme.muted, "font-size": 11}),
                isWide && one.parameters
                    ? [
                          svg("rect", {
                              x: bars,
                              y: y + 9,
                              width: Math.max(1.5, share * (width - bars - 150)),
                              height: 14,
                              rx: 2,
                              fill: color,
                          }),
                          text(
                              bars + Math.max(1.5, share * (width - bars - 150)) + 8,
                              y + 20.5,
                              `${said}${share >= 0.005 ? `  (${percent(share, 0)})` : ""}`,
                              {"font-size": 11.5}
                          ),
                      ]
                    : null
            );
        })
    );
}

const LETTER = 5.9; // pixels, about, at 11 pixels

const fit = (text, room) => (text.length * LETTER <= room ? text : `${text.slice(0, Math.max(0, room / LETTER - 1))}…`);
