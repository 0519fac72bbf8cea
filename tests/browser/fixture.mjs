// A report's document as pages/README.md describes it, made of numbers drawn with a fixed seed: three models, ten
// classes, some of whose names try to become markup, and images that show their class. Figures agree with
// each other (the confusion matrix counts the predictions), so that a test can compare what is shown with what was
// given.
import {study} from "./fixture_folds.mjs";
import {CLASSES, EPOCHS, SEEDS, model} from "./fixture_models.mjs";
import {png} from "./png.mjs";

const TILE = 28,
    COLUMNS = 100,
    SAMPLES = 12;

const mean = list => list.reduce((sum, one) => sum + one, 0) / list.length;
const sd = list =>
    Math.sqrt(list.reduce((sum, one) => sum + (one - mean(list)) ** 2, 0) / Math.max(1, list.length - 1));
const spread = list => ({mean: mean(list), sd: list.length > 1 ? sd(list) : null, count: list.length});

function row({details}, parameters, seconds) {
    const {label, family, evaluation: e} = details;
    const runs = Array.from({length: SEEDS}, (_, seed) => ({
        id: `${label}-${seed + 1}`,
        seed,
        started: "2026-01-02T03:04:05.000Z",
        epochs: EPOCHS + seed,
        accuracy: e.accuracy + 0.004 * (seed - 1),
        loss: e.loss,
        macro_f1: e.macro.f1,
        total_s: seconds + seed,
    }));
    return {
        label,
        model: label,
        family,
        dataset: "fixture",
        precision: "float32",
        train_images: 4000,
        test_images: e.count,
        parameters,
        madds: 20 * parameters,
        accuracy: spread(runs.map(run => run.accuracy)),
        loss: spread(runs.map(run => run.loss)),
        macro_f1: spread(runs.map(run => run.macro_f1)),
        s_per_epoch: spread([seconds / EPOCHS]),
        total_s: spread(runs.map(run => run.total_s)),
        epochs: spread(runs.map(run => run.epochs)),
        claim: {text: "as claimed", accuracy: 0.8, loss: null, macro_f1: null},
        minus_claim: {accuracy: e.accuracy - 0.8},
        runs,
        all_seeds_together: e,
    };
}

function pairOf(a, b, shown) {
    const difference = a.accuracy.mean - b.accuracy.mean;
    return {
        a: a.label,
        b: b.label,
        same_images: {
            tested: true,
            shown,
            difference,
            low: difference - 0.02,
            high: difference + 0.02,
            p: 0.01,
            p_holm: 0.02,
            in_words: shown
                ? `${a.label} is better than ${b.label}: ${difference.toFixed(3)}`
                : `no difference shown: ${difference.toFixed(3)}`,
        },
        over_seeds: {tested: false},
    };
}

function disagreement(a, b) {
    const right = one => one.label === one.predicted;
    const count = test => a.said.filter((one, i) => test(right(one), right(b.said[i]))).length;
    const per_class = CLASSES.map((_, label) => {
        const of = list => list.filter(one => one.label === label);
        return {
            a_right: of(a.said).filter(right).length,
            b_right: of(b.said).filter(right).length,
            count: of(a.said).length,
        };
    });
    const guess = ({predicted, confidence}) => ({predicted, confidence});
    const images = a.said
        .filter((one, i) => one.predicted !== b.said[i].predicted)
        .slice(0, 12)
        .map(one => ({
            index: one.index,
            tile: one.index,
            label: one.label,
            a: guess(one),
            b: guess(b.said[one.index]),
        }));
    return {
        a: a.details.label,
        b: b.details.label,
        both_right: count((x, y) => x && y),
        only_a: count((x, y) => x && !y),
        only_b: count((x, y) => !x && y),
        both_wrong: count((x, y) => !x && !y),
        per_class,
        images,
    };
}

/** A picture of tiles, each a stripe pattern of its class. */
function sprite(count) {
    const lines = Math.ceil(count / COLUMNS),
        width = COLUMNS * TILE,
        height = lines * TILE,
        grey = new Uint8Array(width * height);
    for (let i = 0; i < count; i++) {
        const left = (i % COLUMNS) * TILE,
            top = Math.floor(i / COLUMNS) * TILE,
            stripe = 2 + (i % CLASSES.length);
        for (let y = 4; y < 24; y++)
            for (let x = 4; x < 24; x++)
                grey[(top + y) * width + left + x] = (x + y) % (2 * stripe) < stripe ? 230 : 90;
    }
    return png(width, height, grey);
}

/** {document, sprite}: `count` test images, and a few of the training images behind them in the sprite. */
export function fixture({count = 1000} = {}) {
    const made = [
        ["cnn-small", "cnn", 0.93, 1],
        ["mixed <i>one</i>", "hybrid", 0.9, 2],
        ["gru-small", "rnn", 0.84, 3],
    ].map(([name, family, skill, seed]) => model(name, family, skill, count, seed));
    const rows = [row(made[0], 54410, 60), row(made[1], 62282, 95), row(made[2], 61962, 30)];
    const sample = (base, n) =>
        Array.from({length: n}, (_, i) => ({index: i, label: i % CLASSES.length, tile: base + i}));
    const runs = rows.flatMap(one =>
        one.runs.map(run => ({
            ...run,
            model: one.model,
            command: `weft train ${one.model} --seed ${run.seed}`,
            version: "0.1.0",
            cpu: "a processor",
            isa: "v3",
            threads: 2,
            data_hash: "abc123",
        }))
    );
    const document = {
        schema_version: 1,
        title: "Fixture: <em>convolutional</em> or recurrent?",
        generated: "2026-01-02T03:04:05Z",
        question: "Which of three models is best, and at what cost?",
        answer: ["cnn-small is the most accurate.", "The <u>hybrid</u> is close.", "The hardest class is Shirt."],
        caution: "each model has few seeds",
        comparison: {
            schema_version: 1,
            comparable: true,
            answer: "",
            notes: ["a note with <tags> & signs"],
            models: rows,
            pairs: [pairOf(rows[0], rows[1], false), pairOf(rows[0], rows[2], true), pairOf(rows[1], rows[2], true)],
            holm_counts: {same_images: 3, over_seeds: 0},
        },
        cross_validations: [study()],
        data: {
            name: "fixture",
            hash: "abc123",
            classes: CLASSES,
            image: {height: TILE, width: TILE, channels: 1},
            parts: Object.fromEntries(
                [
                    ["train", 4000],
                    ["validation", 1000],
                    ["test", count],
                ].map(([part, all]) => [part, {count: all, per_class: CLASSES.map((_, i) => all / CLASSES.length - i)}])
            ),
            samples: {train: sample(count, SAMPLES), test: sample(0, SAMPLES)},
            audit: {
                near: 0.03,
                duplicate_count: 1,
                label_error_count: 51,
                duplicates: [
                    {
                        a: {part: "train", index: 1, label: 1, tile: count + 1},
                        b: {part: "test", index: 11, label: 1, tile: 11},
                        distance: 0.02,
                    },
                ],
                label_errors: [{part: "train", index: 3, label: 3, suggested: 5, probability: 0.97, tile: count + 3}],
            },
            sprite: {columns: COLUMNS, tile: {height: TILE, width: TILE}, count: count + SAMPLES},
            test_tiles: null,
        },
        models: made.map(one => one.details),
        disagreements: [disagreement(made[0], made[1]), disagreement(made[0], made[2])],
        made: {
            commands: ["weft train cnn-small --seed 0", "weft report --all"],
            configurations: rows.map(one => ({
                label: one.label,
                run: one.runs[0].id,
                text: `seed: 0\nmodel:\n  name: "${one.model} <b>"\n`,
            })),
            weft: "0.1.0",
            libraries: "zlib 1.2.13",
            machines: [{cpu: "a processor", isa: "v3", threads: 2}],
            runs,
        },
    };
    return {document, sprite: sprite(count + SAMPLES)};
}
