// What the live page computes out of steps, epochs and runs. Needs no browser.
import assert from "node:assert/strict";
import {test} from "node:test";
import {grouped, passes, sorted} from "../../pages/live/choose.js";
import {compareCurves, join, normCurves, runCurves, sinceLineBefore} from "../../pages/live/curves.js";
import {bestOf, differences} from "../../pages/live/differences.js";
import {secondsLeft} from "../../pages/live/progress.js";
import {compareLink, listLink, readRoute, runLink} from "../../pages/live/route.js";
import {smooth} from "../../pages/live/smoothing.js";
import {findSpikes} from "../../pages/live/spikes.js";
import {append} from "../../pages/live/steps.js";

const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

test("smoothing is TensorBoard's debiased average", () => {
    // by hand: (1 - w) sum of w^k x, over 1 - w^n
    const [a, b, c] = smooth([1, 2, 3], 0.5);
    close(a, 1);
    close(b, (0.5 * 2 + 0.25 * 1) / 0.75);
    close(c, (0.5 * 3 + 0.25 * 2 + 0.125 * 1) / 0.875);
    assert.deepEqual(
        smooth([4, null, 4], 0.9).map(x => (x === null ? null : Math.round(x * 1e9) / 1e9)),
        [4, null, 4]
    );
    assert.deepEqual(smooth([1, 5], 0), [1, 5]);
});

/** Numbers that look random and are the same each time. */
function noise(seed) {
    let state = seed;
    return () => (state = (state * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff - 0.5;
}

test("spikes are found in a loss that falls and is noisy, and nothing else", () => {
    const random = noise(7);
    const losses = Array.from({length: 600}, (_, i) => 2.3 * Math.exp(-i / 60) + 0.3 + 0.1 * random());
    assert.deepEqual(findSpikes(losses), []);
    losses[30] *= 3;
    losses[400] = 1.4;
    losses[401] = 2.2;
    losses[500] = null; // no number: it diverged
    assert.deepEqual(findSpikes(losses), [30, 401, 500]);
    assert.deepEqual(findSpikes([1, 1, 9]), [], "too few to know what is usual");
});

test("means of an epoch so far give the means between two lines", () => {
    const live = {epoch: [1, 1, 2, 2], step: [2, 4, 6, 8], steps: [4, 4, 4, 4], loss: [3, 2, 1.5, 1]};
    // steps 1 and 2: 3; 3 and 4: (4 * 2 - 2 * 3) / 2 = 1; of the second epoch 1.5, and (4 * 1 - 2 * 1.5) / 2
    assert.deepEqual(sinceLineBefore(live, "loss"), [3, 1, 1.5, 0.5]);
});

test("lines over places of their own share one x", () => {
    assert.deepEqual(
        join([
            {x: [1, 3], lines: [[10, 30]]},
            {
                x: [2, 3],
                lines: [
                    [2, 3],
                    [null, 9],
                ],
            },
        ]),
        {
            x: [1, 2, 3],
            lines: [
                [10, null, 30],
                [null, 2, 3],
                [null, null, 9],
            ],
        }
    );
});

const epoch = (n, loss) => ({
    epoch: n,
    loss,
    accuracy: 1 - loss,
    val_loss: loss + 0.1,
    val_accuracy: 0.9 - loss,
    learning_rate: 0.1,
    seconds: 30,
    ms_per_step: 10,
});
const lines = {
    time: [10, 25, 40],
    epoch: [1, 1, 2],
    step: [5, 10, 15],
    steps: [10, 10, 10],
    loss: [1, 0.8, 0.5],
    accuracy: [0.1, 0.2, 0.5],
    batch_loss: [1.2, 0.9, 0.6],
    learning_rate: [0.1, 0.1, 0.1],
    images_per_s: [100, 110, 120],
    memory_bytes: [1e8, 1e8, 1e8],
};

test("a run's curves lie on epochs, steps or minutes", () => {
    const detail = {epochs: [epoch(1, 0.8)], live: lines};
    const {loss, learning_rate: rate} = runCurves(detail, {axis: "epoch", smoothing: 0});
    assert.deepEqual(loss.x, [0.5, 1, 1.5]);
    assert.deepEqual(loss.lines[2], [null, 0.8, null]);
    assert.deepEqual(loss.lines[3], [null, 0.9, null]);
    assert.deepEqual(rate.lines, [[0.1, 0.1, 0.1]]);
    assert.deepEqual(runCurves(detail, {axis: "step", smoothing: 0}).loss.x, [5, 10, 15]);
    const time = runCurves(detail, {axis: "time", smoothing: 0}).loss.x; // the epoch took half a minute
    assert.deepEqual(time, [0, 0.25, 0.5]);
    const old = runCurves({epochs: [epoch(1, 0.8), epoch(2, 0.7)], live: null}, {axis: "epoch", smoothing: 0.5});
    assert.deepEqual(old.loss.lines[2], [0.8, 0.7]);
    assert.deepEqual(old.learning_rate.lines, [[0.1, 0.1]]);
    assert.deepEqual(
        compareCurves([{epochs: [epoch(1, 0.8)]}, undefined, {epochs: [epoch(1, 0.6), epoch(2, 0.5)]}], "loss", {
            axis: "epoch",
            epochSmoothing: 0,
        }).lines,
        [
            [0.8, null],
            [null, null],
            [0.6, 0.5],
        ]
    );
});

test("norms of parameters become norms of layers", () => {
    const norms = {
        parameters: ["gru/kernel", "gru/bias", "dense/kernel"],
        time: [1],
        epoch: [1],
        step: [10],
        weights: [[3, 4, 2]],
        gradients: [null],
    };
    const {weights, gradients} = normCurves({norms, live: lines, epochs: []}, "epoch");
    assert.deepEqual(weights, {x: [1], lines: [[5], [2]]});
    assert.deepEqual(gradients.lines, [[null], [null]]);
});

test("lines that are known already are not added again, and old ones are thinned out", () => {
    const columns = n => ({
        step: Array.from({length: n}, (_, i) => i + 1),
        batch_loss: Array.from({length: n}, (_, i) => i % 2),
    });
    const keys = ["step", "batch_loss"];
    assert.deepEqual(append(columns(3), columns(5), keys).step, [1, 2, 3, 4, 5]);
    const known = columns(3);
    assert.equal(append(known, columns(3), keys), known);
    const thin = append(columns(3999), columns(4001), keys, "batch_loss");
    assert.equal(thin.step.length, 2001);
    assert.equal(thin.step.at(-1), 4001);
    assert.equal(thin.step.at(-2), 3999);
    assert.equal(thin.batch_loss.at(-2), 1, "the larger of two");
});

test("time that is left", () => {
    const run = {
        status: "running",
        epochs_planned: 3,
        batch_size: 100,
        s_per_epoch: null,
        live: {step: 5, steps: 10, images_per_s: 500},
    };
    assert.equal(secondsLeft(run), 5); // 25 steps of 100 images
    assert.equal(secondsLeft({...run, s_per_epoch: 4}), 10); // 2.5 epochs
    assert.equal(secondsLeft({...run, status: "finished"}), null);
    assert.equal(secondsLeft({...run, live: null}), null);
});

const runs = [
    {
        id: "gru-10",
        model: "gru",
        family: "rnn",
        dataset: "a",
        status: "finished",
        accuracy: 0.9,
        tags: {good: "", note: "x"},
    },
    {id: "gru-2", model: "gru", family: "rnn", dataset: "b", status: "running", accuracy: null, tags: {}},
    {id: "cnn-1", model: "cnn", family: "cnn", dataset: "a", status: "finished", accuracy: 0.8, tags: {good: ""}},
];
const ids = list => list.map(run => run.id);

test("runs are found, ordered and grouped", () => {
    const any = {text: "", status: "", model: "", tag: ""};
    const find = filter => ids(runs.filter(run => passes(run, {...any, ...filter})));
    assert.deepEqual(find({text: "GRU fin"}), ["gru-10"]);
    assert.deepEqual(find({text: "note=x"}), ["gru-10"]);
    assert.deepEqual(find({status: "running"}), ["gru-2"]);
    assert.deepEqual(find({tag: "good"}), ["gru-10", "cnn-1"]);
    assert.deepEqual(find({tag: "note=x"}), ["gru-10"]);
    assert.deepEqual(ids(sorted(runs, run => run.id, false)), ["cnn-1", "gru-2", "gru-10"]);
    assert.deepEqual(ids(sorted(runs, run => run.accuracy, true)), ["gru-10", "cnn-1", "gru-2"]);
    assert.deepEqual(ids(sorted(runs, run => run.accuracy, false)), ["cnn-1", "gru-10", "gru-2"]);
    assert.deepEqual(
        grouped(runs, "model").map(({name, runs: those}) => [name, ids(those)]),
        [
            ["cnn", ["cnn-1"]],
            ["gru", ["gru-10", "gru-2"]],
        ]
    );
    assert.deepEqual(
        grouped(runs, "tag").map(({name, runs: those}) => [name, ids(those)]),
        [
            ["good", ["gru-10", "cnn-1"]],
            ["note=x", ["gru-10"]],
            ["", ["gru-2"]],
        ]
    );
});

test("what runs have different, and which has the best of it", () => {
    const a = {id: "a", model: "gru", dataset: "d", seed: 1, accuracy: 0.9, total_s: 50, status: "finished"};
    const b = {...a, id: "b", seed: 2, accuracy: 0.8, total_s: 40};
    const keys = list => list.map(column => column.key);
    const configuration = {"model.name": ["x", "y"], "model.layers.1.units": [128, 64], seed: [1, 2]};
    const {differ, same} = differences([a, b], ["a", "b"], configuration);
    assert.deepEqual(keys(differ), ["accuracy", "total_s", "seed", "model.layers.1.units"]);
    assert.deepEqual(differ.at(-1).show(differ.at(-1).value(b)), "64");
    assert.deepEqual(same, ["model", "dataset"]);
    const others = differences([a, {...b, model: "cnn"}], ["a", "b"], configuration);
    assert.deepEqual(keys(others.differ), ["accuracy", "total_s", "model", "seed"], "no layers beside other layers");
    const best = bestOf([a, b], differ);
    assert.deepEqual([[...best.get("a")], [...best.get("b")]], [["accuracy"], ["total_s"]]);
    assert.equal(bestOf([a, {...a, id: "c"}], differ).get("a").size, 0, "alike is no best");
});

test("an address says what is shown, whatever the names are", () => {
    for (const id of ["gru-1", "a b&c=d#e", "x,y", "%2C", "<b>"]) {
        assert.deepEqual(readRoute(runLink(id)), {view: "run", id});
        assert.deepEqual(readRoute(compareLink([id, "other-1"])), {view: "compare", ids: [id, "other-1"]});
    }
    assert.equal(compareLink(["a-1", "b-2"]), "#compare=a-1,b-2");
    const list = {...readRoute("").list, text: "a & b", sort: "-accuracy", ticked: ["x,y", "z"]};
    assert.deepEqual(readRoute(listLink(list)), {view: "list", list});
    assert.equal(listLink(readRoute("").list), "#");
});
