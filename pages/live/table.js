import {el} from "../common/dom.js";
import {setAttribute, setParts, setText} from "./patch.js";
import {runLink} from "./route.js";
import {makeStatus} from "./status.js";
import {makeTags} from "./tags.js";

/**
 * A table of runs: {root, update({groups, sort, ticked, best})}. `groups` is [{name, runs}], where a name of null
 * stands for no heading; `sort` is a column's key, with "-" before it for the largest first; `ticked` a set of ids;
 * `best` says of an id which columns are marked. `events`: sort(key) and, where wanted, tick(ids, on), editTags(run)
 * and mark(id), an element before the name.
 */
export function makeTable(caption, columns, events) {
    let listed = [];
    const all = el("input", {
        type: "checkbox",
        "aria-label": "All listed runs",
        onchange: () => events.tick(listed, all.checked),
    });
    const heads = columns.map(column => makeHead(column, events.sort));
    const bodies = el("table", {class: "runs", "aria-label": caption});
    const head = el(
        "thead",
        null,
        el(
            "tr",
            null,
            events.tick && el("td", {class: "tick"}, all),
            heads.map(({root}) => root)
        )
    );
    return {
        root: el("div", {class: "wide", role: "region", tabindex: 0, "aria-label": `${caption}: table`}, bodies),
        update({groups, sort, ticked = new Set(), best}) {
            listed = [...new Set(groups.flatMap(({runs}) => runs.map(run => run.id)))];
            const count = listed.filter(id => ticked.has(id)).length;
            all.checked = count > 0 && count === listed.length;
            all.indeterminate = count > 0 && count < listed.length;
            heads.forEach(one => one.update(sort));
            setParts(
                bodies,
                [{head}, ...groups],
                group => (group.head ? "head" : `group ${group.name}`),
                group => (group.head ? {root: head} : makeGroup(columns, events))
            ).forEach(part => part.mark?.(ticked, best));
        },
    };
}

/** A column's head: a button that sorts by it, and the other way when it did already. */
function makeHead(column, sort) {
    const arrow = el("span", {class: "arrow", "aria-hidden": "true"});
    const button = el("button", {type: "button", onclick: () => sort(column.key)}, column.title, arrow);
    const root = el("th", {scope: "col", class: column.figure ? "number" : null}, button);
    return {
        root,
        update(by) {
            const order = by === column.key ? "ascending" : by === `-${column.key}` ? "descending" : null;
            setAttribute(root, "aria-sort", order);
            setText(arrow, order === "ascending" ? "▲" : order === "descending" ? "▼" : "");
        },
    };
}

function makeGroup(columns, events) {
    const name = el("span"),
        count = el("span", {class: "muted"});
    const heading = el(
        "tr",
        {class: "group"},
        el("th", {scope: "rowgroup", colspan: columns.length + Boolean(events.tick)}, name, " ", count)
    );
    const root = el("tbody");
    let rows = new Map();
    return {
        root,
        update(group) {
            setText(name, group.name === "" ? "none" : (group.name ?? ""));
            setText(count, group.runs.length === 1 ? "1 run" : `${group.runs.length} runs`);
            const items = group.name === null ? group.runs : [null, ...group.runs];
            rows = setParts(
                root,
                items,
                run => run?.id ?? "",
                run => (run ? makeRow(columns, events, run.id) : {root: heading})
            );
        },
        mark(ticked, best) {
            for (const [id, row] of rows) row.mark?.(ticked.has(id), best?.get(id));
        },
    };
}

function makeRow(columns, events, id) {
    const box = el("input", {type: "checkbox", "aria-label": id, onchange: () => events.tick([id], box.checked)});
    const cells = columns.map(column => makeCell(column, events, id));
    const root = el(
        "tr",
        null,
        events.tick && el("td", {class: "tick"}, box),
        cells.map(cell => cell.root)
    );
    return {
        root,
        update(run) {
            cells.forEach(cell => cell.update(run));
        },
        mark(isTicked, best) {
            box.checked = isTicked;
            root.classList.toggle("ticked", isTicked);
            columns.forEach(({key}, i) => cells[i].root.classList.toggle("best", Boolean(best?.has(key))));
        },
    };
}

function makeCell(column, events, id) {
    if (column.key === "id") return makeName(events, id);
    if (column.key === "status") {
        const status = makeStatus();
        return {root: el("td", null, status.root), update: status.update};
    }
    const root = el("td", {class: column.figure ? "number" : null});
    return {root, update: run => setText(root, column.show(column.value(run), run))};
}

/** The run's name, which leads to it, and its tags. */
function makeName(events, id) {
    const tags = makeTags();
    let run = null;
    const edit =
        events.editTags &&
        el(
            "button",
            {
                type: "button",
                class: "quiet",
                "aria-label": `Tags of ${id}`,
                title: "Tags",
                onclick: () => events.editTags(run),
            },
            "+"
        );
    const root = el(
        "th",
        {scope: "row"},
        events.mark?.(id),
        el("a", {href: runLink(id)}, id),
        el("span", {class: "row-tags"}, tags.root, edit)
    );
    return {
        root,
        update(now) {
            run = now;
            tags.update(now);
        },
    };
}
