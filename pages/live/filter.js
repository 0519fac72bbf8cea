import {el} from "../common/dom.js";
import {different, tagText} from "./choose.js";
import {setParts, setText} from "./patch.js";

const STATUSES = ["running", "finished", "interrupted", "failed", "abandoned"];

/** The form above the list: {root, update(list, runs, count)}; changed(part of the list's route) is told. */
export function makeFilter(changed) {
    const text = el("input", {
        type: "search",
        placeholder: "name, model, tag ...",
        autocomplete: "off",
        oninput: () => changed({text: text.value}),
    });
    const select = (name, any) => {
        const root = el("select", {onchange: () => changed({[name]: root.value})});
        return {root, update: (values, value) => setOptions(root, any, values, value)};
    };
    const status = select("status", "any"),
        model = select("model", "any"),
        tag = select("tag", "any");
    const group = select("group", "nothing");
    const found = el("p", {class: "muted", role: "status"});
    return {
        root: el(
            "div",
            {class: "filter", role: "search", "aria-label": "Runs"},
            el("label", null, "Find", text),
            el("label", null, "Status", status.root),
            el("label", null, "Model", model.root),
            el("label", null, "Tag", tag.root),
            el("label", null, "Group by", group.root),
            found
        ),
        update(list, runs, count) {
            if (document.activeElement !== text) text.value = list.text;
            status.update(STATUSES, list.status);
            model.update(different(runs.map(run => run.model)), list.model);
            tag.update(
                different(runs.flatMap(run => Object.entries(run.tags).flatMap(one => [one[0], tagText(one)]))),
                list.tag
            );
            group.update(["model", "dataset", "tag"], list.group);
            setText(found, count === runs.length ? `${runs.length} runs` : `${count} of ${runs.length} runs`);
        },
    };
}

/** The options of a choice, the empty one first; what is chosen stays one of them. */
function setOptions(select, any, values, value) {
    const all = ["", ...values, ...(value && !values.includes(value) ? [value] : [])];
    setParts(
        select,
        all,
        one => one,
        one => ({root: el("option", {value: one}, one || any)})
    );
    if (select.value !== value) select.value = value;
}
