import {el} from "../common/dom.js";
import {brief, duration, quantity, score} from "../common/format.js";
import {scrollTable} from "../common/table.js";
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
    const titles = [{title: "Epoch"}, ...columns.map(([, title]) => ({title, isNumber: true}))];
    const root = scrollTable("Epochs", null, titles, body);
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
