import {el, svg} from "../shared/dom.js";
import {setAttribute, setText} from "./patch.js";

/** A short piece of a line as a chart draws it. */
export function lineKey({color, dash, width, faint}) {
    return svg("svg", {class: "line-key", viewBox: "0 0 24 8", "aria-hidden": "true"},
        svg("line", {x1: 1, x2: 23, y1: 4, y2: 4, stroke: `var(${color})`, "stroke-width": width ?? 2,
            "stroke-dasharray": dash?.join(" "), opacity: faint ? 0.5 : null}));
}

/**
 * The lines of a chart with their values: {root, setValues([y])}. Each name is a button that hides its line and shows
 * it again: show(index, visible).
 */
export function makeLegend(lines, format, show) {
    const parts = lines.map((line, index) => {
        const value = el("span", {class: "value"});
        const button = el("button", {type: "button", "aria-pressed": "true", onclick: () => {
            const visible = button.getAttribute("aria-pressed") === "false";
            setAttribute(button, "aria-pressed", String(visible));
            show(index, visible);
        }}, lineKey(line), line.name, " ", value);
        return {button, value};
    });
    return {
        root: el("ul", {class: "legend"}, parts.map(({button}) => el("li", null, button))),
        setValues(values) {
            values.forEach((value, i) => setText(parts[i].value, value === null ? "" : format(value)));
        },
    };
}
