import {el} from "../common/dom.js";
import {setAttribute, setText} from "./patch.js";
import {compareLink, reportLink} from "./route.js";

/** What can be done with the ticked runs: {root, update(runs)}; `events`: tag(), remove(), clear(). */
export function makeSelection(events) {
    const count = el("strong");
    const compare = el("a", {class: "button"}, "Compare");
    const report = el("a", {class: "button", target: "_blank", rel: "noopener"}, "Open report");
    const root = el(
        "div",
        {class: "selection", role: "group", "aria-label": "Ticked runs"},
        count,
        compare,
        report,
        el("button", {type: "button", onclick: events.tag}, "Tags …"),
        el("button", {type: "button", onclick: events.remove}, "Delete …"),
        el("button", {type: "button", class: "quiet", onclick: events.clear}, "Untick all")
    );
    return {
        root,
        update(runs) {
            const ids = runs.map(run => run.id);
            root.hidden = ids.length === 0;
            setText(count, ids.length === 1 ? "1 run ticked" : `${ids.length} runs ticked`);
            compare.hidden = ids.length < 2;
            setAttribute(compare, "href", compareLink(ids));
            setAttribute(report, "href", reportLink(ids));
        },
    };
}
