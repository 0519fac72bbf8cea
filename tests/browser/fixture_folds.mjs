// The cross-validation of the fixture (fixture.mjs): accuracies of folds, and what follows from them. The tests of weft
// hold its figures to scipy; here they need only be told apart.

export const FOLDS = 6,
    REPEATS = 2;

const mean = list => list.reduce((sum, one) => sum + one, 0) / list.length;
const sd = list => Math.sqrt(list.reduce((sum, one) => sum + (one - mean(list)) ** 2, 0) / (list.length - 1));
const isKnown = value => value !== null;

/** `values` [folds * repeats], null where there is none. */
function spread(values) {
    const known = values.filter(isKnown),
        half = 3 * sd(known);
    return {mean: mean(known), sd: sd(known), low: mean(known) - half, high: mean(known) + half, values};
}

function modelOf(model, family, level, missing) {
    const of = shift =>
        spread(
            Array.from({length: FOLDS * REPEATS}, (_, i) =>
                missing.includes(i) ? null : level + shift + 0.002 * Math.sin(7 * i + level * 90)
            )
        );
    return {
        model,
        family,
        folds: FOLDS * REPEATS - missing.length,
        parameters: 54410,
        fold_s: 61,
        runs: Array.from({length: FOLDS * REPEATS}, (_, i) =>
            missing.includes(i) ? null : `${model}-r${Math.floor(i / FOLDS)}f${i % FOLDS}-1`
        ),
        accuracy: of(0),
        macro_f1: of(-0.001),
        macro_auc: of(0.04),
        test: {accuracy: level - 0.01, macro_f1: level - 0.011, macro_auc: level},
        test_run: `${model}-final-1`,
    };
}

function pairOf(a, b) {
    const test = key => {
        const both = a[key].values
            .map((value, i) => [value, b[key].values[i]])
            .filter(pair => pair.every(isKnown))
            .map(([x, y]) => x - y);
        const difference = mean(both),
            p = Math.min(1, 0.0001 / difference ** 2);
        return {
            difference,
            low: difference - 0.02,
            high: difference + 0.02,
            t: difference / 0.01,
            df: both.length - 1,
            d: difference / sd(both),
            p: p / 3,
            p_holm: p,
        };
    };
    const accuracy = test("accuracy"),
        shown = accuracy.low > 0 || accuracy.high < 0;
    return {
        a: a.model,
        b: b.model,
        accuracy,
        macro_f1: test("macro_f1"),
        macro_auc: test("macro_auc"),
        shown,
        in_words: shown ? `${a.model} is better than ${b.model}: by far` : `${a.model} and ${b.model}: no difference shown`,
    };
}

/** A study of three models, two folds of one of which are missing. */
export function study() {
    const models = [
        modelOf("cnn-small", "cnn", 0.93, []),
        modelOf("mixed <i>one</i>", "hybrid", 0.925, [3, 8]),
        modelOf("gru-small", "rnn", 0.84, []),
    ];
    const pairs = [pairOf(models[0], models[1]), pairOf(models[0], models[2]), pairOf(models[1], models[2])];
    return {
        title: "Cross-validation of 3 models",
        answer: ["cnn-small is the most accurate.", pairs[0].in_words + "."],
        method: "6-fold cross-validation <b>of</b> the training images.",
        unfinished: "Not finished: 34 of 36 folds are there.",
        dataset: "fixture",
        data_hash: "abc123",
        precision: "float32",
        folds: FOLDS,
        repeats: REPEATS,
        seed: 0,
        held_out: 1000,
        trained_on: 5000,
        multilabel: false,
        figures: [
            {key: "accuracy", name: "accuracy", title: "Accuracy", unit: "points", column: true},
            {key: "macro_f1", name: "macro F1", title: "Macro F1", unit: "points", column: true},
            {key: "macro_auc", name: "macro AUC", title: "Macro AUC", unit: "points", column: true},
        ],
        models,
        pairs,
        questions: [
            {...pairs[1], question: "CNN or RNN?", answer: "CNN or RNN? cnn-small against gru-small: <u>yes</u>."},
            {...pairs[2], question: "A hybrid?", answer: "A hybrid? It is better."},
        ],
        about_questions: "Asked before.",
        about_pairs: "p is corrected.",
        note: "A note & <more>.",
    };
}
