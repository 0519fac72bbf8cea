import {el} from "../common/dom.js";
import {columns} from "./columns.js";
import {setParts, setText} from "./patch.js";

const isKnown = text => text !== "-" && text !== "";

/** Figures of a run by the keys of their columns; those that it has not are left out: {root, update(run)}. */
export function makeFigures(keys, name) {
    const root = el("dl", {class: name});
    return {
        root,
        update(run) {
            const known = keys.map(key => columns[key]).filter(column => isKnown(column.show(column.value(run), run)));
            setParts(
                root,
                known.map(column => ({column, run})),
                ({column}) => column.key,
                makeFigure
            );
        },
    };
}

function makeFigure({column}) {
    const value = el("dd");
    return {
        root: el("div", null, el("dt", null, column.title), value),
        update: ({run}) => setText(value, column.show(column.value(run), run)),
    };
}
