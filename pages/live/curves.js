/** Out of what a run's steps and epochs say: one x for all charts, and the lines over it. */

import {smooth} from "./smoothing.js";
import {findSpikes} from "./spikes.js";

export const axes = {
    epoch: {name: "epoch", title: "Epochs"},
    step: {name: "step", title: "Steps"},
    time: {name: "minute", title: "Time"},
};

const nothing = {x: [], lines: []};

/** Seconds of training until the end of each epoch, and for each line of `live` since it began. */
function secondsOfEpochs(epochs) {
    let sum = 0;
    return epochs.map(({seconds}) => (sum += seconds ?? 0));
}

/** Two columns of places, of the lines of `live` and of the epochs, on an axis. */
function places({live, epochs}, axis) {
    const steps = live?.steps.at(-1) || 1;
    if (axis === "time") {
        const ends = secondsOfEpochs(epochs);
        return {
            fine: (live?.step ?? []).map((step, i) => minutes(live, i, ends)),
            coarse: ends.map(s => s / 60),
        };
    }
    const unit = axis === "step" ? 1 : 1 / steps;
    return {
        fine: (live?.step ?? []).map(step => step * unit),
        coarse: epochs.map(({epoch}) => epoch * (axis === "step" ? steps : 1)),
    };
}

/** Minutes of training at line i: the epochs before it, and the part of its own that is over. */
function minutes(live, i, ends) {
    const epoch = live.epoch[i];
    const before = epoch > 1 ? (ends[epoch - 2] ?? ends.at(-1) ?? 0) : 0;
    const first = live.epoch.indexOf(epoch);
    const own = Math.max(0, live.time[i] - live.time[first]);
    const end = ends[epoch - 1];
    return (end === undefined ? before + own : Math.min(end, before + own)) / 60;
}

/** Lines over places of their own on one x: what a line does not say somewhere is null there. */
export function join(parts) {
    const x = [...new Set(parts.flatMap(part => part.x))].sort((a, b) => a - b);
    if (!x.length) return nothing;
    const place = new Map(x.map((value, i) => [value, i]));
    const lines = parts.flatMap(part =>
        part.lines.map(line => {
            const values = new Array(x.length).fill(null);
            part.x.forEach((at, i) => (values[place.get(at)] = line[i] ?? null));
            return values;
        })
    );
    return {x, lines};
}

/**
 * Of a figure that each line has as the mean over its epoch so far, the mean over the steps since the line before: the
 * batches of an epoch are alike.
 */
export function sinceLineBefore(live, key) {
    return live[key].map((mean, i) => {
        const done = stepOfEpoch(live, i);
        if (!i || live.epoch[i - 1] !== live.epoch[i]) return mean;
        const before = stepOfEpoch(live, i - 1);
        return done > before ? (mean * done - live[key][i - 1] * before) / (done - before) : mean;
    });
}

const stepOfEpoch = ({step, steps, epoch}, i) => step[i] - (epoch[i] - 1) * steps[i];

const noLines = {
    epoch: [],
    step: [],
    steps: [],
    loss: [],
    accuracy: [],
    batch_loss: [],
    learning_rate: [],
    images_per_s: [],
    memory_bytes: [],
};

/**
 * The charts' data of one run: `loss` and `accuracy` (of the steps, as they are and smoothed, and of the epochs, in
 * training and validation), `learning_rate`, `speed`, `memory`, and `spikes`, [{x, y, epoch, step}].
 */
export function runCurves(detail, {axis, smoothing}) {
    const {fine, coarse} = places(detail, axis);
    const {epochs} = detail;
    const live = detail.live ?? noLines;
    const column = key => epochs.map(epoch => epoch[key]);
    const one = values => join([{x: fine, lines: [values, smooth(values, smoothing)]}]);
    const both = key => {
        const steps = sinceLineBefore(live, key);
        return join([
            {x: fine, lines: [steps, smooth(steps, smoothing)]},
            {x: coarse, lines: [column(key), column(`val_${key}`)]},
        ]);
    };
    const spikes = findSpikes(live.batch_loss).map(i => ({
        x: fine[i],
        y: live.batch_loss[i],
        epoch: live.epoch[i],
        step: live.step[i],
    }));
    return {
        loss: {...both("loss"), marks: spikes},
        accuracy: both("accuracy"),
        learning_rate: fine.length
            ? join([{x: fine, lines: [live.learning_rate]}])
            : join([{x: coarse, lines: [column("learning_rate")]}]),
        speed: one(live.images_per_s),
        memory: join([{x: fine, lines: [live.memory_bytes]}]),
        spikes,
    };
}

/** A figure of the epochs of several runs, one line each. */
export function compareCurves(details, key, {axis, epochSmoothing}) {
    return join(
        details.map(detail => {
            const epochs = detail?.epochs ?? [];
            const x = axis === "time" ? secondsOfEpochs(epochs).map(s => s / 60) : epochs.map(({epoch}) => epoch);
            return {
                x,
                lines: [
                    smooth(
                        epochs.map(epoch => epoch[key]),
                        epochSmoothing
                    ),
                ],
            };
        })
    );
}

/** "gru" of "gru/kernel". */
const layerOf = parameter => (parameter.includes("/") ? parameter.slice(0, parameter.lastIndexOf("/")) : parameter);

export const layersOf = norms => [...new Set((norms?.parameters ?? []).map(layerOf))];

/** The norm of a layer's parameters taken together, of a row with one norm per parameter. */
function layerNorms(norms, rows, layer) {
    const own = norms.parameters.flatMap((parameter, p) => (layerOf(parameter) === layer ? [p] : []));
    return rows.map(row => (row?.[own[0]] === null || !row ? null : Math.hypot(...own.map(p => row[p]))));
}

/** The data of the norms' charts, one line per layer: `weights`, `gradients`. */
export function normCurves(detail, axis) {
    const {norms} = detail;
    if (!norms?.step.length) return {weights: nothing, gradients: nothing};
    const steps = norms.step.map(() => detail.live?.steps.at(-1) || 1);
    const {fine} = places({live: {...norms, steps}, epochs: detail.epochs}, axis);
    const lines = rows => layersOf(norms).map(layer => layerNorms(norms, rows, layer));
    return {
        weights: join([{x: fine, lines: lines(norms.weights)}]),
        gradients: join([{x: fine, lines: lines(norms.gradients)}]),
    };
}
