/** What the page knows, and who wants to know when that changes. */

import {append} from "./steps.js";
import {fetchRuns} from "./server.js";

const LIVE = [
    "time",
    "epoch",
    "step",
    "steps",
    "loss",
    "accuracy",
    "batch_loss",
    "learning_rate",
    "images_per_s",
    "memory_bytes",
];
const NORMS = ["time", "epoch", "step", "weights", "gradients"];

export const state = {
    runs: null, // by id, oldest first; null before they came
    details: new Map(), // of the shown runs, by id: {run, epochs, live, norms, ...}, or {error}
    lostSince: null, // a Date as long as the server does not answer
};

let wanted = {ids: [], fetchAll: null}; // whose details are shown, and what gets them
let loads = 0; // that have not ended
let meanwhile = []; // what happened since the first of them began
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
export const load = () =>
    loading(async () => {
        const {runs} = await fetchRuns();
        state.runs = new Map(runs.map(run => [run.id, run]));
        tell();
        await loadDetails(wanted.ids);
    });

/** Says whose details are shown, and how they are got: `fetchAll(ids)`. Others are forgotten, missing ones loaded. */
export function want(ids, fetchAll) {
    const known = new Set(wanted.fetchAll === fetchAll ? wanted.ids : []);
    wanted = {ids, fetchAll};
    for (const id of state.details.keys()) if (!known.has(id) || !ids.includes(id)) state.details.delete(id);
    const missing = ids.filter(id => !known.has(id));
    if (missing.length && state.runs) loading(() => loadDetails(missing)).catch(() => {}); // lost: the events tell
}

async function loadDetails(ids) {
    const {fetchAll} = wanted;
    const there = ids.filter(id => state.runs.has(id));
    const details = there.length ? await fetchAll(there) : [];
    if (wanted.fetchAll !== fetchAll) return;
    there.forEach((id, i) => wanted.ids.includes(id) && state.details.set(id, details[i]));
    for (const id of ids.filter(one => !state.runs.has(one))) state.details.set(id, {error: gone()});
    tell();
}

const gone = () => new Error("There is no such run.");

/** What an event tells may overtake an answer that was made before it: it is then done once more behind that. */
async function loading(work) {
    loads++;
    try {
        await work();
        for (const [name, data] of meanwhile) changes[name](data);
    } finally {
        if (--loads === 0) meanwhile = [];
    }
}

/** Does what an event says. */
export function happen(name, data) {
    if (loads) meanwhile.push([name, data]);
    changes[name](data);
    tell();
}

function changeDetail(id, change) {
    const detail = state.details.get(id);
    if (detail && !detail.error) state.details.set(id, {...detail, ...change(detail)});
}

/** What events do, by their name. */
const changes = {
    runs({changed, removed}) {
        for (const run of changed) {
            state.runs?.set(run.id, run);
            changeDetail(run.id, () => ({run}));
        }
        const late = wanted.ids.filter(id => state.details.get(id)?.error && state.runs?.has(id));
        if (late.length) loading(() => loadDetails(late)).catch(() => {});
        for (const id of removed) {
            state.runs?.delete(id);
            if (state.details.has(id)) state.details.set(id, {error: gone()});
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
        changeDetail(id, detail => ({
            live: reset || !detail.live ? live : append(detail.live, live, LIVE, "batch_loss"),
        }));
    },
    norms({id, reset, norms}) {
        changeDetail(id, detail => ({norms: reset || !detail.norms ? norms : append(detail.norms, norms, NORMS)}));
    },
};

/** The page itself knows what it has just made the server do. */
export function setTags(id, tags) {
    const run = state.runs.get(id);
    if (run) happen("runs", {changed: [{...run, tags}], removed: []});
}

/** The names of the events. */
export const happenings = Object.keys(changes);
