import {el} from "../shared/dom.js";
import {brief, duration, quantity, score} from "../shared/format.js";
import {setParts, setText} from "./patch.js";

const columns = [
    ["loss", "Loss", score],
    ["accuracy", "Accuracy", score],
    ["val_loss", "Validation loss", score],
    ["val_accuracy", "Validation accuracy", score],
    ["learning_rate", "Learning rate", brief],
    ["seconds", "Time", duration],
    ["ms_per_step", "ms/step", quantity],
];

/** The epochs of a run as a table, for who wants figures or sees no curves: {root, update(epochs)}. */
export function makeEpochs() {
    const body = el("tbody");
    const root = el(
        "div",
        {class: "wide", role: "region", tabindex: 0, "aria-label": "Epochs: table"},
        el(
            "table",
            {"aria-label": "Epochs"},
            el(
                "thead",
                null,
                el(
                    "tr",
                    null,
                    el("th", {scope: "col"}, "Epoch"),
                    columns.map(([, title]) => el("th", {scope: "col", class: "number"}, title))
                )
            ),
            body
        )
    );
    return {
        root,
        update(epochs) {
            setParts(body, epochs, epoch => epoch.epoch, makeEpoch);
        },
    };
}

function makeEpoch({epoch}) {
    const cells = columns.map(() => el("td", {class: "number"}));
    return {
        root: el("tr", null, el("th", {scope: "row"}, epoch), cells),
        update: record => columns.forEach(([key, , show], i) => setText(cells[i], show(record[key]))),
    };
}
