// The models of the fixture (fixture.mjs): what they say of the test images, and what follows from it.

export const CLASSES = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "</script><img src=x onerror=alert(1)>",
    "Coat",
    "<b>Sandal</b>",
    "Shirt",
    "Sneaker & \"boot\" 'x'",
    "Bag, large",
    '=HYPERLINK("x")',
];
export const SEEDS = 3,
    EPOCHS = 8;

/** Numbers in [0, 1), always the same (mulberry32). */
function generator(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

const pack = (type, numbers) => {
    const array = new {u8: Uint8Array, u16: Uint16Array, f32: Float32Array}[type](numbers);
    return {type, count: array.length, base64: Buffer.from(array.buffer).toString("base64")};
};
const mean = list => list.reduce((sum, one) => sum + one, 0) / list.length;

/** What a model says of `count` images: the label with probability `skill`, else a neighbour of it. */
function predictions(random, count, skill) {
    return Array.from({length: count}, (_, index) => {
        const label = index % CLASSES.length,
            isRight = random() < skill - (label === 6 ? 0.2 : 0);
        const predicted = isRight ? label : (label + 1 + Math.floor(random() * 3)) % CLASSES.length;
        const confidence = isRight ? 0.6 + 0.4 * random() : 0.35 + 0.6 * random();
        const rest = (1 - confidence) / (CLASSES.length - 1);
        return {
            index,
            label,
            predicted,
            confidence,
            probabilities: CLASSES.map((_, i) => (i === predicted ? confidence : rest)),
        };
    });
}

function evaluation(said) {
    const confusion = CLASSES.map(() => CLASSES.map(() => 0));
    for (const {label, predicted} of said) confusion[label][predicted]++;
    const classes = CLASSES.map((name, i) => {
        const support = confusion[i].reduce((sum, one) => sum + one, 0);
        const column = confusion.reduce((sum, row) => sum + row[i], 0),
            right = confusion[i][i];
        const precision = column ? right / column : 0,
            recall = support ? right / support : 0;
        return {
            name,
            precision,
            recall,
            f1: right ? (2 * precision * recall) / (precision + recall) : 0,
            support,
            auc: 0.9 + 0.1 * recall,
            average_precision: recall,
        };
    });
    const accuracy = mean(said.map(one => Number(one.label === one.predicted)));
    const macro = key => mean(classes.map(one => one[key]));
    return {
        schema_version: 1,
        count: said.length,
        accuracy,
        loss: 1.2 * (1 - accuracy) + 0.1,
        kappa: (accuracy - 0.1) / 0.9,
        ece: 0.03,
        brier: 0.15,
        macro: {precision: macro("precision"), recall: macro("recall"), f1: macro("f1"), auc: macro("auc")},
        intervals: {method: "bootstrap, percentile", level: 0.95, accuracy: [accuracy - 0.02, accuracy + 0.02]},
        top_k: [accuracy, accuracy + 0.05],
        classes,
        confusion,
    };
}

function reliability(said) {
    return Array.from({length: 10}, (_, i) => {
        const low = i / 10,
            high = (i + 1) / 10;
        const inside = said.filter(one => one.confidence > low && one.confidence <= high);
        return {
            low,
            high,
            count: inside.length,
            confidence: inside.length ? mean(inside.map(one => one.confidence)) : null,
            accuracy: inside.length ? mean(inside.map(one => Number(one.label === one.predicted))) : null,
        };
    });
}

const epochs = (random, accuracy, seeds) =>
    Array.from({length: seeds}, (_, seed) => {
        const count = EPOCHS + seed,
            epoch = Array.from({length: count}, (_, i) => i + 1),
            wobble = () => 0.01 * (random() - 0.5);
        const grow = gap => epoch.map(i => accuracy - gap - 0.4 * Math.exp(-i / 2) + wobble());
        return {
            seed,
            run: `run-${seed}`,
            epoch,
            accuracy: grow(-0.02),
            val_accuracy: grow(0),
            loss: epoch.map(i => 0.2 + Math.exp(-i / 2) + wobble()),
            val_loss: epoch.map(i => 0.26 + Math.exp(-i / 2) + wobble()),
            learning_rate: epoch.map(i => (i > 5 ? 1e-4 : 1e-3)),
            seconds: epoch.map(() => 5),
        };
    });

const LAYERS = {
    cnn: [
        ["conv2d", [26, 26, 32], 320, 194688, {filters: 32, kernel_size: 3, activation: "relu"}],
        ["max_pool2d", [13, 13, 32], 0, 0, {}],
        ["flatten", [5408], 0, 0, {}],
        ["dense", [10], 54090, 54080, {units: 10, activation: "softmax"}],
    ],
    rnn: [
        ["rows", [28, 28], 0, 0, {}],
        ["gru", [128], 60672, 1677312, {units: 128}],
        ["dropout", [128], 0, 0, {rate: 0.2}],
        ["dense", [10], 1290, 1280, {units: 10, activation: "softmax"}],
    ],
};
LAYERS.hybrid = [LAYERS.cnn[0], LAYERS.cnn[1], ...LAYERS.rnn];

/** What speaks for a mistake: places, then rows of the map that they make, or columns of the image. */
function evidenceOf(random, kind, {label, predicted}) {
    const gradcam = {
        kind: "gradcam",
        height: 7,
        width: 7,
        values: pack(
            "u8",
            Array.from({length: 49}, () => 255 * random())
        ),
    };
    const steps = kind === "hybrid" ? 7 : 28;
    const rows = {
        kind: "rows",
        reading: kind === "hybrid" ? "rows" : "columns",
        layer: kind === "hybrid" ? "max_pool2d" : null,
        image_lines: 28,
        classes: CLASSES.map((_, i) => i),
        rows: Array.from({length: steps}, () => random() - 0.4),
        progress: Array.from({length: steps}, (_, t) =>
            CLASSES.map((_, i) => (i === predicted ? t / steps : i === label ? 0.5 - t / (2 * steps) : 0))
        ),
    };
    return {cnn: [gradcam], rnn: [rows], hybrid: [gradcam, rows]}[kind];
}

function mistakes(random, said, kind) {
    return said
        .filter(one => one.label !== one.predicted)
        .sort((a, b) => b.confidence - a.confidence)
        .slice(0, 12)
        .map(({index, label, predicted, probabilities}, i) => ({
            index,
            tile: index,
            label,
            predicted,
            probabilities,
            evidence: i < 8 ? evidenceOf(random, kind, {label, predicted}) : null,
        }));
}

function map(random, said) {
    const at = (index, phase) =>
        32768 + 20000 * Math.cos((2 * Math.PI * said[index].label) / 10 + phase) + 5000 * (random() + random() - 1);
    return {
        kl: 1.23,
        perplexity: 30,
        layer: "dense",
        index: null,
        sets: null,
        x: pack(
            "u16",
            said.map((_, i) => at(i, 0))
        ),
        y: pack(
            "u16",
            said.map((_, i) => at(i, -Math.PI / 2))
        ),
    };
}

/** {said: what it says of each image, details: an item of the document's `models`}. */
export function model(name, family, skill, count, seed) {
    const random = generator(seed),
        said = predictions(random, count, skill),
        judged = evaluation(said);
    const roc = judged.classes.map(({auc}, index) => ({
        class: index,
        auc,
        fpr: [0, 0.01, 0.1, 0.3, 1],
        tpr: [0, 0.5 * auc, auc, (1 + auc) / 2, 1],
    }));
    return {
        said,
        details: {
            label: name,
            family,
            run: `${name}-1`,
            epochs: epochs(random, judged.accuracy, SEEDS),
            layers: [["input", [28, 28, 1], 0, 0, {}], ...LAYERS[family]].map(
                ([type, output, parameters, madds, settings], i) => ({
                    name: `${type}_${i}`,
                    type,
                    output,
                    parameters,
                    madds,
                    settings,
                })
            ),
            evaluation: judged,
            roc,
            reliability: reliability(said),
            predictions: {
                label: pack(
                    "u8",
                    said.map(one => one.label)
                ),
                predicted: pack(
                    "u8",
                    said.map(one => one.predicted)
                ),
                confidence: pack(
                    "u8",
                    said.map(one => 255 * one.confidence)
                ),
            },
            map: map(random, said),
            has_images: true,
            mistakes: mistakes(random, said, family),
        },
    };
}
