import {el} from "../common/dom.js";
import {announce} from "./announce.js";
import {confirmDialog, tellFailure} from "./dialog.js";
import {deleteRuns, stopRun} from "./server.js";

/** Ends a training after the step that it is in, with what is needed to go on later. */
export async function saveAndStop(id) {
    try {
        await stopRun(id, true);
        announce(`${id} is saving and stopping.`);
    } catch (error) {
        tellFailure(`${id} was not stopped`, error);
    }
}

/** Ends a training at once; what it learnt since its last checkpoint is lost, so it asks. */
export async function stop(id) {
    const done = await confirmDialog({
        title: `Stop ${id} without saving?`,
        text: [
            el(
                "p",
                null,
                "The training ends now. What it has learnt since its last checkpoint is lost; finished ",
                "epochs and the best weights so far stay."
            ),
            el("p", null, "“Save and stop” loses nothing, and the training can go on later."),
        ],
        action: "Stop without saving",
        work: () => stopRun(id, false),
    });
    if (done) announce(`${id} is stopping.`);
}

/** Deletes runs with all their files, after asking; resolves with whether it was done. */
export async function remove(runs) {
    const running = runs.filter(run => run.status === "running");
    const those = runs.filter(run => run.status !== "running");
    if (!those.length) {
        await tellFailure("Nothing to delete", new Error("A run that is training can be deleted when it has stopped."));
        return false;
    }
    const done = await confirmDialog({
        title: those.length === 1 ? `Delete ${those[0].id}?` : `Delete ${those.length} runs?`,
        text: [
            el("p", null, "Weights, predictions, figures and logs are deleted from the disk. This cannot be undone."),
            those.length > 1
                ? el(
                      "ul",
                      {class: "names"},
                      those.map(run => el("li", null, run.id))
                  )
                : null,
            running.length ? el("p", null, `Not those that train: ${running.map(run => run.id).join(", ")}.`) : null,
        ],
        action: those.length === 1 ? "Delete" : `Delete ${those.length} runs`,
        work: () => deleteRuns(those.map(run => run.id)),
    });
    if (done) announce(those.length === 1 ? `${those[0].id} is deleted.` : `${those.length} runs are deleted.`);
    return done;
}
