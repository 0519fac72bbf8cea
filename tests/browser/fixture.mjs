// A report's document as pages/README.md describes it, made of numbers drawn with a fixed seed: three models, ten
// classes, some of whose names try to become markup, and images that show their class. Figures agree with
// each other (the confusion matrix counts the predictions), so that a test can compare what is shown with what is given.
import {png} from "./png.mjs";

const CLASSES = ["T-shirt/top", "Trouser", "Pullover", "</script><img src=x onerror=alert(1)>", "Coat", "<b>Sandal</b>",
                 "Shirt", "Sneaker & \"boot\" 'x'", "Bag, large", "=HYPERLINK(\"x\")"];
const TILE = 28, COLUMNS = 100, TRAIN_SAMPLES = 40, SEEDS = 3, EPOCHS = 8;

/** Numbers in [0, 1), always the same (mulberry32). */
function generator(seed) {
    let state = seed >>> 0;
    return () => {
        state = state + 0x6D2B79F5 | 0;
        let t = Math.imul(state ^ state >>> 15, 1 | state);
        t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
        return ((t ^ t >>> 14) >>> 0) / 4294967296;
    };
}

const pack = (type, numbers) => {
    const array = new {u8: Uint8Array, u16: Uint16Array, f32: Float32Array}[type](numbers);
    return {type, count: array.length, base64: Buffer.from(array.buffer).toString("base64")};
};
const mean = list => list.reduce((sum, one) => sum + one, 0) / list.length;
const sd = list => Math.sqrt(list.reduce((sum, one) => sum + (one - mean(list)) ** 2, 0) / Math.max(1, list.length - 1));
const spread = list => ({mean: mean(list), sd: list.length > 1 ? sd(list) : null, count: list.length});

/** What a model says of `count` images: the label with probability `skill`, else a neighbour of it. */
function predictions(random, count, skill) {
    return Array.from({length: count}, (_, index) => {
        const label = index % CLASSES.length, isRight = random() < skill - (label === 6 ? 0.2 : 0);
        const predicted = isRight ? label : (label + 1 + Math.floor(random() * 3)) % CLASSES.length;
        const confidence = isRight ? 0.6 + 0.4 * random() : 0.35 + 0.6 * random();
        const rest = (1 - confidence) / (CLASSES.length - 1);
        return {index, label, predicted, confidence, probabilities: CLASSES.map((_, i) => i === predicted ? confidence : rest)};
    });
}

function evaluation(said) {
    const confusion = CLASSES.map(() => CLASSES.map(() => 0));
    for (const {label, predicted} of said) confusion[label][predicted]++;
    const classes = CLASSES.map((name, i) => {
        const support = confusion[i].reduce((sum, one) => sum + one, 0);
        const column = confusion.reduce((sum, row) => sum + row[i], 0), right = confusion[i][i];
        const precision = column ? right / column : 0, recall = support ? right / support : 0;
        return {name, precision, recall, f1: right ? 2 * precision * recall / (precision + recall) : 0, support,
                auc: 0.9 + 0.1 * recall, average_precision: recall};
    });
    const accuracy = mean(said.map(one => Number(one.label === one.predicted)));
    const macro = key => mean(classes.map(one => one[key]));
    return {schema_version: 1, count: said.length, accuracy, loss: 1.2 * (1 - accuracy) + 0.1, kappa: (accuracy - 0.1) / 0.9,
            ece: 0.03, brier: 0.15, macro: {precision: macro("precision"), recall: macro("recall"), f1: macro("f1"), auc: macro("auc")},
            intervals: {method: "bootstrap, percentile", level: 0.95, accuracy: [accuracy - 0.02, accuracy + 0.02]},
            top_k: [accuracy, accuracy + 0.05], classes, confusion};
}

function reliability(said) {
    return Array.from({length: 10}, (_, i) => {
        const low = i / 10, high = (i + 1) / 10;
        const inside = said.filter(one => one.confidence > low && one.confidence <= high);
        return {low, high, count: inside.length, confidence: inside.length ? mean(inside.map(one => one.confidence)) : null,
                accuracy: inside.length ? mean(inside.map(one => Number(one.label === one.predicted))) : null};
    });
}

const epochs = (random, accuracy, seeds) => Array.from({length: seeds}, (_, seed) => {
    const count = EPOCHS + seed, epoch = Array.from({length: count}, (_, i) => i + 1), wobble = () => 0.01 * (random() - 0.5);
    const grow = gap => epoch.map(i => accuracy - gap - 0.4 * Math.exp(-i / 2) + wobble());
    return {seed, run: `run-${seed}`, epoch, accuracy: grow(-0.02), val_accuracy: grow(0), loss: epoch.map(i => 0.2 + Math.exp(-i / 2) + wobble()),
            val_loss: epoch.map(i => 0.26 + Math.exp(-i / 2) + wobble()), learning_rate: epoch.map(i => i > 5 ? 1e-4 : 1e-3),
            seconds: epoch.map(() => 5)};
});

const LAYERS = {
    cnn: [["conv2d", [26, 26, 32], 320, 194688, {filters: 32, kernel_size: 3, activation: "relu"}], ["max_pool2d", [13, 13, 32], 0, 0, {}],
          ["flatten", [5408], 0, 0, {}], ["dense", [10], 54090, 54080, {units: 10, activation: "softmax"}]],
    rnn: [["rows", [28, 28], 0, 0, {}], ["gru", [128], 60672, 1677312, {units: 128}], ["dropout", [128], 0, 0, {rate: 0.2}],
          ["dense", [10], 1290, 1280, {units: 10, activation: "softmax"}]],
};
LAYERS.hybrid = [LAYERS.cnn[0], LAYERS.cnn[1], ...LAYERS.rnn];

function mistakes(random, said, kind) {
    const evidence = {
        cnn: () => ({kind: "gradcam", height: 7, width: 7, values: pack("u8", Array.from({length: 49}, () => 255 * random()))}),
        rnn: ({label, predicted}) => ({kind: "rows", rows: Array.from({length: 28}, () => random() - 0.4),
            progress: Array.from({length: 28}, (_, t) => CLASSES.map((_, i) => i === predicted ? t / 28 : i === label ? 0.5 - t / 60 : 0))}),
        hybrid: () => null,
    }[kind];
    return said.filter(one => one.label !== one.predicted).sort((a, b) => b.confidence - a.confidence).slice(0, 12)
        .map(({index, label, predicted, probabilities}) =>
            ({index, tile: index, label, predicted, probabilities, evidence: evidence({label, predicted})}));
}

function map(random, said) {
    const at = (index, phase) => 32768 + 20000 * Math.cos(2 * Math.PI * said[index].label / 10 + phase) + 5000 * (random() + random() - 1);
    return {kl: 1.23, perplexity: 30, index: null, x: pack("u16", said.map((_, i) => at(i, 0))),
            y: pack("u16", said.map((_, i) => at(i, -Math.PI / 2)))};
}

function model(name, family, skill, count, seed) {
    const random = generator(seed), said = predictions(random, count, skill), judged = evaluation(said);
    const roc = judged.classes.map(({name: one, auc}) =>
        ({class: one, auc, fpr: [0, 0.01, 0.1, 0.3, 1], tpr: [0, 0.5 * auc, auc, (1 + auc) / 2, 1]}));
    return {said, details: {label: name, family, run: `${name}-1`, input: [28, 28, 1], epochs: epochs(random, judged.accuracy, SEEDS),
        layers: LAYERS[family].map(([type, output, parameters, madds, settings], i) =>
            ({name: `${type}_${i}`, type, output, parameters, madds, settings})),
        evaluation: judged, roc, reliability: reliability(said),
        predictions: {label: pack("u8", said.map(one => one.label)), predicted: pack("u8", said.map(one => one.predicted)),
                      confidence: pack("u8", said.map(one => 255 * one.confidence))},
        map: map(random, said), mistakes: mistakes(random, said, family)}};
}

function row({details}, parameters, seconds) {
    const {label, family, evaluation: e} = details;
    const runs = Array.from({length: SEEDS}, (_, seed) => ({id: `${label}-${seed + 1}`, seed, started: "2026-01-02T03:04:05.000Z",
        epochs: EPOCHS + seed, accuracy: e.accuracy + 0.004 * (seed - 1), loss: e.loss, macro_f1: e.macro.f1, total_s: seconds + seed}));
    return {label, model: label, family, dataset: "fixture", precision: "float32", train_images: 4000, test_images: e.count, parameters,
            madds: 20 * parameters, accuracy: spread(runs.map(run => run.accuracy)), loss: spread(runs.map(run => run.loss)),
            macro_f1: spread(runs.map(run => run.macro_f1)), s_per_epoch: spread([seconds / EPOCHS]), total_s: spread(runs.map(run => run.total_s)),
            epochs: spread(runs.map(run => run.epochs)), claim: {text: "as claimed", accuracy: 0.8, loss: null, macro_f1: null},
            minus_claim: {accuracy: e.accuracy - 0.8}, runs, all_seeds_together: e};
}

function pairOf(a, b, shown) {
    const difference = a.accuracy.mean - b.accuracy.mean;
    return {a: a.label, b: b.label, same_images: {tested: true, shown, difference, low: difference - 0.02, high: difference + 0.02, p: 0.01,
        p_holm: 0.02, in_words: `${a.label} against ${b.label}: ${difference.toFixed(3)}`}, over_seeds: {tested: false}};
}

function disagreement(a, b) {
    const right = one => one.label === one.predicted;
    const count = test => a.said.filter((one, i) => test(right(one), right(b.said[i]))).length;
    const per_class = CLASSES.map((_, label) => {
        const of = list => list.filter(one => one.label === label);
        return {a_right: of(a.said).filter(right).length, b_right: of(b.said).filter(right).length, count: of(a.said).length};
    });
    const guess = ({predicted, confidence}) => ({predicted, confidence});
    const images = a.said.filter((one, i) => one.predicted !== b.said[i].predicted).slice(0, 12)
        .map(one => ({index: one.index, tile: one.index, label: one.label, a: guess(one), b: guess(b.said[one.index])}));
    return {a: a.details.label, b: b.details.label, both_right: count((x, y) => x && y), only_a: count((x, y) => x && !y),
            only_b: count((x, y) => !x && y), both_wrong: count((x, y) => !x && !y), per_class, images};
}

/** A picture of tiles, each a stripe pattern of its class. */
function sprite(count) {
    const lines = Math.ceil(count / COLUMNS), width = COLUMNS * TILE, height = lines * TILE, grey = new Uint8Array(width * height);
    for (let i = 0; i < count; i++) {
        const left = i % COLUMNS * TILE, top = Math.floor(i / COLUMNS) * TILE, stripe = 2 + i % CLASSES.length;
        for (let y = 4; y < 24; y++) for (let x = 4; x < 24; x++)
            grey[(top + y) * width + left + x] = (x + y) % (2 * stripe) < stripe ? 230 : 90;
    }
    return png(width, height, grey);
}

/** {document, sprite}: `count` test images, and 40 of the training images behind them in the sprite. */
export function fixture({count = 1000} = {}) {
    const made = [["cnn-small", "cnn", 0.93, 1], ["mixed <i>one</i>", "hybrid", 0.9, 2], ["gru-small", "rnn", 0.84, 3]]
        .map(([name, family, skill, seed]) => model(name, family, skill, count, seed));
    const rows = [row(made[0], 54410, 60), row(made[1], 62282, 95), row(made[2], 61962, 30)];
    const sample = (base, n) => Array.from({length: n}, (_, i) => ({index: i, label: i % CLASSES.length, tile: base + i}));
    const runs = rows.flatMap(one => one.runs.map(run => ({...run, model: one.model, command: `weft train ${one.model} --seed ${run.seed}`,
        version: "0.1.0", cpu: "a processor", isa: "v3", threads: 2, data_hash: "abc123"})));
    const document = {
        schema_version: 1, title: "Fixture: <em>convolutional</em> or recurrent?", generated: "2026-01-02T03:04:05Z",
        question: "Which of three models is best, and at what cost?",
        answer: ["cnn-small is the most accurate.", "The <u>hybrid</u> is close.", "The hardest class is Shirt."],
        comparison: {schema_version: 1, comparable: true, answer: "", notes: ["a note with <tags> & signs"], models: rows,
                     pairs: [pairOf(rows[0], rows[1], false), pairOf(rows[0], rows[2], true), pairOf(rows[1], rows[2], true)],
                     holm_counts: {same_images: 3, over_seeds: 0}},
        data: {name: "fixture", hash: "abc123", classes: CLASSES, image: {height: TILE, width: TILE, channels: 1},
               parts: Object.fromEntries([["train", 4000], ["validation", 1000], ["test", count]].map(([part, all]) =>
                   [part, {count: all, per_class: CLASSES.map((_, i) => all / CLASSES.length - i)}])),
               samples: {train: sample(count, TRAIN_SAMPLES), test: sample(0, 40)},
               audit: {duplicates: [{a: {part: "train", index: 1, label: 1, tile: count + 1}, b: {part: "test", index: 11, label: 1, tile: 11},
                                     distance: 2}],
                       label_errors: [{part: "train", index: 3, label: 3, suggested: 5, probability: 0.97, tile: count + 3}]},
               sprite: {columns: COLUMNS, tile: {height: TILE, width: TILE}, count: count + TRAIN_SAMPLES}, test_tiles: null},
        models: made.map(one => one.details),
        disagreements: [disagreement(made[0], made[1]), disagreement(made[0], made[2])],
        made: {commands: ["weft train cnn-small --seed 0", "weft report --all"], weft: "0.1.0", libraries: {zlib: "1.2.13"},
               machines: ["a processor, 2 threads"], runs},
    };
    return {document, sprite: sprite(count + TRAIN_SAMPLES)};
}
