import {el} from "../common/dom.js";

/**
 * A table that its headings sort, in a box that scrolls by itself and is named `label`; the first column stays.
 *   columns  [{name, value(row), cell(row), isText, isName}]
 */
export function sortable(caption, columns, rows, label = "Table of all models") {
    const body = el("tbody");
    const lines = rows.map(row => ({
        row,
        element: el(
            "tr",
            null,
            columns.map(column =>
                column.isName
                    ? el("th", {scope: "row"}, column.cell(row))
                    : el("td", {class: column.isText ? "text" : "number"}, column.cell(row))
            )
        ),
    }));
    body.append(...lines.map(line => line.element));
    const heads = columns.map(column =>
        el(
            "th",
            {scope: "col", class: column.isName || column.isText ? null : "number"},
            el(
                "button",
                {type: "button", class: "sort", onclick: () => sort(column)},
                column.name,
                el("span", {class: "arrow", "aria-hidden": "true"})
            )
        )
    );
    let sorted = null,
        isUp = false;

    function sort(column) {
        isUp = sorted === column ? !isUp : Boolean(column.isName);
        sorted = column;
        const missing = value => value === null || value === undefined || value === "";
        const order = (a, b) => {
            const [x, y] = [column.value(a.row), column.value(b.row)];
            if (missing(x) || missing(y)) return missing(x) - missing(y);
            return (isUp ? 1 : -1) * (typeof x === "string" ? x.localeCompare(y) : x - y);
        };
        body.append(...[...lines].sort(order).map(line => line.element));
        heads.forEach((head, i) => {
            if (columns[i] === column) head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
            else head.removeAttribute("aria-sort");
        });
    }

    return el(
        "div",
        {class: "wide", tabindex: 0, role: "region", "aria-label": label},
        el(
            "table",
            {class: "results"},
            el("caption", null, el("span", null, caption)),
            el("thead", null, el("tr", null, heads)),
            body
        )
    );
}
