// Runs as a runs folder holds them, made by hand: in the form of docs/design.md, section 9.
import {mkdir, writeFile} from "node:fs/promises";
import path from "node:path";

const classes = ["shirt", "<b>bag</b>"];

function description({model, seed, started, epochs, status, reason, train = 6000}) {
    return {
        schema_version: 1,
        name: model,
        status,
        started,
        model,
        family: model.includes("gru") ? "rnn" : "cnn",
        dataset: "fashion-mnist",
        data_hash: "4aa2ab30",
        precision: "float32",
        cpu: "a CPU",
        isa: "x86-64-v3",
        command: `weft train ${model}`,
        version: "0.1.0",
        libraries: "",
        seed,
        train_count: train,
        validation_count: 1000,
        test_count: 1000,
        epochs_planned: epochs,
        batch_size: 100,
        threads: 1,
        parameters: 1000 + seed,
        trainable_parameters: 1000 + seed,
        madds: 5000,
        class_names: classes,
        ended: started,
        reason,
    };
}

function test(accuracy) {
    const right = Math.round(500 * accuracy); // of the 500 of each class
    const scores = {precision: accuracy, recall: accuracy, f1: accuracy, support: 1000};
    return {
        test_set: "used once, after training",
        weights: "last",
        evaluated: "2026-01-01T00:00:00.000Z",
        schema_version: 1,
        count: 1000,
        accuracy,
        loss: 1 - accuracy,
        macro: scores,
        micro: scores,
        weighted: scores,
        top_k: [accuracy, 1],
        confusion: [
            [right, 500 - right],
            [500 - right, right],
        ],
        worst_class: {by_f1: {name: classes[1], f1: accuracy}, by_recall: {name: classes[1], recall: accuracy}},
        best_class: {by_f1: {name: classes[0], f1: accuracy}, by_recall: {name: classes[0], recall: accuracy}},
        classes: classes.map(name => ({name, ...scores, support: 500})),
    };
}

/** metrics.csv of a run that learns: its loss falls to what its seed makes of it. */
function metrics(epochs, seed) {
    const lines = ["epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,ms_per_step"];
    for (let epoch = 1; epoch <= epochs; epoch++) {
        const loss = 0.2 + seed / 100 + 1.5 * Math.exp(-epoch / (10 + seed));
        lines.push(
            [epoch, loss, 1 - loss / 2, loss * 1.1, 1 - loss / 1.8, 0.001, 2, 33].map(x => +x.toFixed(6)).join()
        );
    }
    return lines.join("\n") + "\n";
}

/** live.csv of a run of `epochs` epochs of 100 steps, a line every 10 steps; the loss jumps at step `spike`. */
function liveLines(epochs, spike) {
    const lines = ["time,epoch,step,steps,loss,accuracy,batch_loss,learning_rate,images_per_s,memory_bytes"];
    for (let step = 10; step <= 100 * epochs; step += 10) {
        const loss = 0.3 + 2 * Math.exp(-step / 80) + 0.01 * (step % 3);
        lines.push(
            [
                1.7e9 + step / 10,
                Math.ceil(step / 100),
                step,
                100,
                loss,
                1 - loss / 3,
                step === spike ? 5 * loss : loss,
                0.001 / step,
                3000,
                1e8,
            ].join()
        );
    }
    return lines.join("\n") + "\n";
}

/** One finished run (or one of another status) in the folder `runs`. */
export async function storeRun(
    runs,
    id,
    {
        seed = 0,
        epochs = 3,
        accuracy = 0.8,
        tags = null,
        model = id.replace(/-\d+$/, ""),
        status = "finished",
        reason = "",
        spike = null,
        started = "2026-01-01T00:00:00.000Z",
    } = {}
) {
    const folder = path.join(runs, id);
    await mkdir(folder, {recursive: true});
    const write = (name, text) => writeFile(path.join(folder, name), text);
    await write("description.json", JSON.stringify(description({model, seed, started, epochs, status, reason})));
    await write("config.yaml", `name: ${JSON.stringify(model)}\nseed: ${seed}\n`);
    await write("metrics.csv", metrics(epochs, seed));
    if (status === "finished") await write("test.json", JSON.stringify(test(accuracy)));
    if (spike) await write("live.csv", liveLines(epochs, spike));
    if (tags) await write("tags.json", JSON.stringify(tags));
}
