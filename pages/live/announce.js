import {el} from "../common/dom.js";
import {score} from "../common/format.js";
import {state} from "./state.js";

const region = el("p", {class: "unseen", role: "status"});
document.body.append(region);

/** Says a text to who uses a screen reader, when that has nothing else to say. */
export function announce(text) {
    region.textContent = text;
}

const said = new Map(); // of the shown runs: how many epochs, and the status

/** Says of the runs whose details are shown when an epoch or the run has ended; never each step. */
export function announceEpochs() {
    for (const id of said.keys()) if (!state.details.has(id)) said.delete(id);
    if (state.details.size !== 1) return;
    const [[id, {run, epochs, error}]] = state.details;
    if (error) return;
    const {status} = state.runs?.get(id) ?? run;
    const before = said.get(id);
    said.set(id, {status, count: epochs.length});
    if (!before) return;
    const last = epochs.at(-1);
    if (before.status !== status) announce(`${id} is ${status}.`);
    else if (epochs.length > before.count)
        announce(
            `Epoch ${last.epoch} of ${id}: loss ${score(last.loss)}, accuracy ${score(last.accuracy)}` +
                (last.val_accuracy === null ? "." : `, validation accuracy ${score(last.val_accuracy)}.`)
        );
}
