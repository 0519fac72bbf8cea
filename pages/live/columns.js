import {count, duration, quantity, score, time} from "../common/format.js";

/**
 * What is known of a run, by the key of the server's document: {key, title, value(run), show(value, run), figure
 * (right aligned), best: 1 the more the better, -1 the less}.
 */
function column(key, title, show, more = {}) {
    return {key, title, show, value: run => run[key], ...more};
}

const figure = {figure: true};
const text = value => (value === null || value === undefined || value === "" ? "-" : String(value));

export const columns = {
    id: column("id", "Run", text),
    status: column("status", "Status", text),
    model: column("model", "Model", text),
    family: column("family", "Family", text),
    dataset: column("dataset", "Data set", text),
    precision: column("precision", "Precision", text),
    seed: column("seed", "Seed", text, figure),
    batch_size: column("batch_size", "Batch size", count, figure),
    threads: column("threads", "Threads", count, figure),
    train_images: column("train_images", "Training images", count, figure),
    validation_images: column("validation_images", "Validation images", count, figure),
    epochs: column(
        "epochs",
        "Epochs",
        (value, run) => (run.status === "running" ? `${count(value)} of ${count(run.epochs_planned)}` : count(value)),
        figure
    ),
    epochs_planned: column("epochs_planned", "Epochs planned", count, figure),
    val_accuracy: column("val_accuracy", "Validation accuracy", score, {...figure, best: 1}),
    val_loss: column("val_loss", "Validation loss", score, {...figure, best: -1}),
    accuracy: column("accuracy", "Accuracy", score, {...figure, best: 1}),
    macro_f1: column("macro_f1", "Macro F1", score, {...figure, best: 1}),
    loss: column("loss", "Loss", score, {...figure, best: -1}),
    worst_class: column("worst_class", "Worst class", text),
    worst_f1: column("worst_f1", "Worst F1", score, {...figure, best: 1}),
    parameters: column("parameters", "Parameters", count, figure),
    ms_per_step: column("ms_per_step", "ms/step", quantity, {...figure, best: -1}),
    s_per_epoch: column("s_per_epoch", "s/epoch", quantity, {...figure, best: -1}),
    total_s: column("total_s", "Time", duration, {...figure, best: -1}),
    started: column("started", "Started", time),
    reason: column("reason", "Ended because", text),
    cpu: column("cpu", "CPU", text),
    isa: column("isa", "Instruction set", text),
    version: column("version", "weft", text),
    data_hash: column("data_hash", "Data", value => text(value).slice(0, 12)),
    command: column("command", "Command", text),
};

/** Those of the list of all runs. */
export const listed = [
    "id",
    "status",
    "model",
    "dataset",
    "epochs",
    "val_accuracy",
    "accuracy",
    "macro_f1",
    "loss",
    "parameters",
    "s_per_epoch",
    "total_s",
    "started",
].map(key => columns[key]);
