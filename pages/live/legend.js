import {el, svg} from "../common/dom.js";
import {setAttribute, setText} from "./patch.js";

/** A short piece of a line as a chart draws it. */
export function lineKey({color, dash, width, faint}) {
    return svg(
        "svg",
        {class: "line-key", viewBox: "0 0 24 8", "aria-hidden": "true"},
        svg("line", {
            x1: 1,
            x2: 23,
            y1: 4,
            y2: 4,
            stroke: color.startsWith("#") ? color : `var(--${color})`,
            "stroke-width": width ?? 2,
            "stroke-dasharray": dash?.join(" "),
            opacity: faint ? 0.5 : null,
        })
    );
}

/**
 * The names of lines: {root, setValues([y])}. Each is a button that hides its line and shows it again:
 * show(index, visible). With `format` each has a value; a line that has none is not listed.
 */
export function makeLegend(lines, show, format = null) {
    const parts = lines.map((line, index) => {
        const value = format && el("span", {class: "value"});
        const button = el(
            "button",
            {
                type: "button",
                "aria-pressed": "true",
                onclick: () => {
                    const visible = button.getAttribute("aria-pressed") === "false";
                    setAttribute(button, "aria-pressed", String(visible));
                    show(index, visible);
                },
            },
            lineKey(line),
            line.name,
            value && " ",
            value
        );
        return {root: el("li", null, button), value};
    });
    return {
        root: el(
            "ul",
            {class: "legend", "aria-label": "Lines"},
            parts.map(({root}) => root)
        ),
        setValues(values) {
            values.forEach((value, i) => {
                parts[i].root.hidden = value === null;
                setText(parts[i].value, value === null ? "" : format(value));
            });
        },
    };
}
