import {el} from "./dom.js";

/**
 * A table that scrolls inside of its own box, which `label` names: columns [{title, isNumber}], rows or
 * a tbody that the caller keeps; `caption` may be null, the label then names the table, too.
 */
export function scrollTable(label, caption, columns, rows, attributes = {}) {
    return el(
        "div",
        {class: "wide", tabindex: 0, role: "region", "aria-label": caption ? label : `${label}: table`},
        el(
            "table",
            {...attributes, "aria-label": caption ? null : label},
            caption && el("caption", null, caption),
            el(
                "thead",
                null,
                el(
                    "tr",
                    null,
                    columns.map(({title, isNumber}) => el("th", {scope: "col", class: isNumber ? "number" : null}, title))
                )
            ),
            rows instanceof Node ? rows : el("tbody", null, rows)
        )
    );
}
