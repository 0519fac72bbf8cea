/** What the page knows, and who wants to know when that changes. */

import {append} from "./steps.js";
import {fetchRun, fetchRuns} from "./server.js";

export const LIVE = ["time", "epoch", "step", "steps", "loss", "accuracy", "batch_loss", "learning_rate",
    "images_per_s", "memory_bytes"];
const NORMS = ["time", "epoch", "step", "weights", "gradients"];

export const state = {
    runs: null, // by id, oldest first; null before they came
    details: new Map(), // of the shown runs, by id: {run, epochs, live, norms, ...}, or {error}
    lostSince: null, // a Date as long as the server does not answer
};

const wanted = new Set(); // ids of the details that are shown
const listeners = new Set();
let isTold = true;

/** Calls `changed` before the next picture after a change; returns what ends that. */
export function onChange(changed) {
    listeners.add(changed);
    return () => listeners.delete(changed);
}

/** Tells everyone, once per picture; a hidden page draws none. */
export function tell() {
    if (!isTold) return;
    isTold = false;
    requestAnimationFrame(() => {
        isTold = true;
        for (const changed of [...listeners]) changed();
    });
}

/** Loads everything that is shown, for the first time or again. */
export async function load() {
    const [{runs}] = await Promise.all([fetchRuns(), ...[...wanted].map(loadDetail)]);
    state.runs = new Map(runs.map(run => [run.id, run]));
    tell();
}

async function loadDetail(id) {
    let detail;
    try {
        detail = await fetchRun(id);
    } catch (error) {
        if (error.isLost) return;
        detail = {error};
    }
    if (wanted.has(id)) state.details.set(id, detail);
    tell();
}

/** Says whose details are shown: others are forgotten, missing ones are loaded. */
export function want(ids) {
    const now = new Set(ids);
    for (const id of wanted) {
        if (now.has(id)) continue;
        wanted.delete(id);
        state.details.delete(id);
    }
    for (const id of now) {
        if (wanted.has(id)) continue;
        wanted.add(id);
        loadDetail(id);
    }
}

function changeDetail(id, change) {
    const detail = state.details.get(id);
    if (detail && !detail.error) state.details.set(id, {...detail, ...change(detail)});
}

/** What events do, by their name. */
export const changes = {
    runs({changed, removed}) {
        for (const run of changed) {
            state.runs?.set(run.id, run);
            changeDetail(run.id, () => ({run}));
        }
        for (const id of removed) {
            state.runs?.delete(id);
            if (state.details.has(id)) state.details.set(id, {error: new Error("This run is no longer there.")});
        }
    },
    epoch({id, record}) {
        changeDetail(id, ({epochs}) => ({epochs: [...epochs.filter(one => one.epoch < record.epoch), record]}));
    },
    live({id, reset, live}) {
        const last = live.step.length - 1;
        const run = state.runs?.get(id);
        if (run && last >= 0) {
            const line = Object.fromEntries(LIVE.map(key => [key, live[key][last]]));
            state.runs.set(id, {...run, live: line});
        }
        changeDetail(id, detail => ({live: reset || !detail.live ? live : append(detail.live, live, LIVE, "batch_loss")}));
    },
    norms({id, reset, norms}) {
        changeDetail(id, detail => ({norms: reset || !detail.norms ? norms : append(detail.norms, norms, NORMS)}));
    },
};

/** The page itself knows what it has just made the server do. */
export function setTags(id, tags) {
    const run = state.runs.get(id);
    if (run) changes.runs({changed: [{...run, tags}], removed: []});
    tell();
}
