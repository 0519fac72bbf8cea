/** What several runs have different, and what they have the same. */

import {brief} from "../common/format.js";
import {columns} from "./columns.js";

const SETTINGS = [
    "model",
    "dataset",
    "data_hash",
    "seed",
    "batch_size",
    "epochs_planned",
    "train_images",
    "validation_images",
    "parameters",
    "precision",
    "threads",
    "cpu",
    "isa",
    "version",
];
const FIGURES = [
    "status",
    "epochs",
    "val_accuracy",
    "val_loss",
    "accuracy",
    "macro_f1",
    "loss",
    "worst_class",
    "worst_f1",
    "ms_per_step",
    "s_per_epoch",
    "total_s",
];

const isKnown = value => value !== null && value !== undefined && value !== "";

/**
 * {differ, same}: columns. `configuration` is the server's, {key: [value per run]}, of `ids`; its keys become columns
 * where a run's own do not say it.
 */
export function differences(runs, ids, configuration) {
    const known = key => runs.some(run => isKnown(columns[key].value(run)));
    const isSame = column => new Set(runs.map(run => column.show(column.value(run), run))).size === 1;
    const settings = SETTINGS.filter(known).map(key => columns[key]);
    // Of different models, nobody wants to see each layer beside another's.
    const isSaid = key => key in columns || (isSame(columns.model) ? key === "model.name" : key.startsWith("model."));
    const more = Object.keys(configuration)
        .filter(key => !isSaid(key))
        .map(key => configured(key, ids, configuration));
    const figures = FIGURES.filter(known).map(key => columns[key]);
    return {
        differ: [...figures.filter(column => !isSame(column)), ...settings.filter(column => !isSame(column)), ...more],
        same: settings.filter(isSame).map(column => column.key),
    };
}

function configured(key, ids, configuration) {
    const values = new Map(ids.map((id, i) => [id, configuration[key][i]]));
    return {
        key,
        title: key,
        value: run => values.get(run.id),
        show: value => (!isKnown(value) ? "-" : Number.isFinite(value) ? brief(value, 6) : String(value)),
    };
}

/** The keys of columns whose best value a run has, by its id; nothing where all are alike. */
export function bestOf(runs, shown) {
    const best = new Map(runs.map(run => [run.id, new Set()]));
    for (const column of shown.filter(one => one.best)) {
        const known = runs.filter(run => Number.isFinite(column.value(run)));
        const top = Math.max(...known.map(run => column.best * column.value(run)));
        const those = known.filter(run => column.best * column.value(run) === top);
        if (known.length > 1 && those.length < known.length) those.forEach(run => best.get(run.id).add(column.key));
    }
    return best;
}
