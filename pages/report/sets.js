import {curves} from "../common/charts/curves.js";
import {layers} from "../common/charts/layers.js";
import {map} from "../common/charts/map.js";
import {scores} from "../common/charts/scores.js";
import {sizes} from "../common/charts/sizes.js";
import {together} from "../common/charts/together.js";
import {el} from "../common/dom.js";
import {figure} from "../common/figure.js";
import {count, counted, percent, score} from "../common/format.js";
import {unpack} from "../common/packed.js";
import {classColour, numberColour} from "../common/palette.js";
import {saveCsv} from "../common/save.js";
import {scrollTable} from "../common/table.js";
import {overlay} from "./evidence.js";
import {className} from "./gallery.js";
import {pointsOf} from "./points.js";

const BARS = 5, // labels whose probabilities are shown
    LEAST = 0.0005;

/** The figures of images with any number of labels, by their key in an evaluation, as tables show them. */
export const SET_FIGURES = {
    subset_accuracy: {name: "Subset accuracy", unit: "points"},
    set_log_likelihood: {name: "Set log-likelihood", unit: "nats"},
    map: {name: "mAP", unit: "points"},
    c_p: {name: "C-P", unit: "points"},
    c_r: {name: "C-R", unit: "points"},
    c_f1: {name: "C-F1", unit: "points"},
    o_p: {name: "O-P", unit: "points"},
    o_r: {name: "O-R", unit: "points"},
    o_f1: {name: "O-F1", unit: "points"},
    small_object_recall: {name: "Small-object recall", unit: "points"},
};

/** One model of such images: its figures, labels, pairs of labels, numbers of labels, some images and the worst sets. */
export function setModel(details, around) {
    const {label, evaluation: e, sets} = details;
    const classes = e.classes.map(one => one.name);
    const charts = [
        details.layers?.length ? layers(label, details.layers) : null,
        details.epochs?.some(run => run.epoch?.length) ? curves(label, details.epochs) : null,
        sets?.together ? together(label, classes, sets.together, e.count) : null,
        sets?.sizes ? sizes(label, sets.sizes) : null,
        scores(label, e.classes),
        mapOf(details, classes, around),
    ].filter(Boolean);
    return [
        figures(label, e),
        el(
            "div",
            {class: "figures"},
            charts.map(chart => figure(chart))
        ),
        labels(label, e),
        samples(label, sets, classes, e.count, around),
        worst(label, sets, classes, around),
    ];
}

/** The sets of packed flags, each row as a list of its labels. */
function unpackSets(packed, rows, labels) {
    const bytes = unpack(packed),
        width = Math.ceil(labels / 8);
    return Array.from({length: rows}, (_, i) =>
        [...Array(labels).keys()].filter(k => (bytes[i * width + (k >> 3)] >> (k & 7)) & 1)
    );
}

const SET_SEPARATOR = "|"; // as in the data set's own files

/** The map, coloured by how many labels an image has; each label can be shown alone. */
function mapOf({label, map: places, has_images}, classes, around) {
    if (!places?.sets) return null;
    const {imageOf, ...points} = pointsOf(places, has_images, around);
    const [truth, told] = [places.sets.true, places.sets.told].map(packed =>
        unpackSets(packed, points.x.length, classes.length)
    );
    const names = set => set.map(k => classes[k]);
    const row = i => ({
        image: imageOf(i),
        x: points.x[i],
        y: points.y[i],
        labels: names(truth[i]).join(SET_SEPARATOR),
        told: names(told[i]).join(SET_SEPARATOR),
    });
    const describe = i => [
        ["Test image", imageOf(i)],
        ["True", names(truth[i]).join(", ") || "no label"],
        ["Told", names(told[i]).join(", ") || "no label"],
    ];
    const isWrong = i => truth[i].join() !== told[i].join();
    const sizes = [...new Set(truth.map(set => set.length))].sort((a, b) => a - b);
    const numbers = sizes.map((size, order) => ({
        name: size ? counted(size, "label") : "no label",
        colour: numberColour(order, sizes.length - 1),
        has: i => truth[i].length === size,
    }));
    const labels = classes.map((name, k) => ({
        name,
        colour: classColour(k, classes.length),
        has: i => truth[i].includes(k),
    }));
    return map(label, {...points, isWrong, row, describe}, [...numbers, ...labels], "number of labels", places);
}

const cell = (value, isName) =>
    isName ? el("th", {scope: "row"}, value) : el("td", {class: "number"}, value);

function figures(label, e) {
    const known = Object.entries(SET_FIGURES).filter(([key]) => Number.isFinite(e[key]));
    const rows = known.map(([key, {name}]) => {
        const [low, high] = e.intervals?.[key] ?? [];
        return el(
            "tr",
            null,
            cell(name, true),
            cell(score(e[key])),
            cell(Number.isFinite(low) ? `${score(low)} to ${score(high)}` : "-")
        );
    });
    const small = e.small_objects ? ` ${counted(e.small_objects, "object")} count as small.` : "";
    return scrollTable(
        `Figures of ${label}`,
        `Every label of an image right: subset accuracy. C- are means over the labels, O- count all labels as one list; ` +
            `log-likelihood is in nats.${small}`,
        [{title: "Figure"}, {title: "Value", isNumber: true}, {title: "95% interval", isNumber: true}],
        rows
    );
}

function labels(label, e) {
    const rows = e.classes.map((one, index) =>
        el(
            "tr",
            null,
            cell(className(e.classes.map(({name}) => name), index), true),
            [one.precision, one.recall, one.f1, one.average_precision, one.threshold].map(value => cell(score(value))),
            cell(count(one.support))
        )
    );
    return [
        el("h4", {class: "apart"}, "Label by label"),
        scrollTable(
            `Labels of ${label}`,
            "A label is told from its threshold on, unless the model tells sets as a whole; AP is average precision.",
            [
                {title: "Label"},
                ...["Precision", "Recall", "F1", "AP", "Threshold", "Images"].map(title => ({title, isNumber: true})),
            ],
            rows
        ),
    ];
}

/** What the pictures beside an image are, where there are any. */
const LOOKS =
    " The small pictures show, in the order in which the labels were told, where the model looked for each: brightest where most.";
const looksOf = list => (list.some(one => one.looks) ? LOOKS : "");

const rowsOf = (list, classes) => {
    const text = set => set.map(k => classes[k]).join(SET_SEPARATOR);
    return list.map(one => ({
        image: one.index,
        labels: text(one.truth),
        told: text(one.told),
        log_p: one.log_p,
        told_log_p: one.told_log_p,
        ...Object.fromEntries(classes.map((name, i) => [`p_${name}`, one.probabilities[i]])),
    }));
};

/** Images told right, and others, which nobody chose. */
function samples(label, sets, classes, count, around) {
    const {right = [], wrong = []} = sets?.samples ?? {},
        list = [...right, ...wrong];
    if (!list.length) return null;
    const told = count - sets.wrong;
    const cards = (some, name) => [
        el("h5", null, name),
        el(
            "ul",
            {class: "mistakes", "aria-label": `${name} by ${label}`},
            some.map(one => card(one, classes, around))
        ),
    ];
    return [
        el("h4", {class: "apart"}, "Some test images"),
        el(
            "p",
            {class: "muted small"},
            `Of ${counted(count, "test image")} ${counted(told, "has its", "have their")} whole set told right. ` +
                `${right.length} of these and ${wrong.length} of the others stand here, taken at even distances. ` +
                `Bars are the probabilities of labels; those that the image has are in strong letters.${looksOf(list)}`
        ),
        right.length ? cards(right, "Told right") : null,
        wrong.length ? cards(wrong, "Told wrong") : null,
        saveCsv(`these images of ${label}`, "some-sets.csv", () => rowsOf(list, classes)),
    ];
}

function worst(label, sets, classes, around) {
    const list = sets?.worst;
    if (!list?.length) return null;
    const order = list.some(one => one.log_p !== null)
        ? "that it finds least likely to have the labels that they have"
        : "with the most labels wrong";
    return [
        el("h4", {class: "apart"}, "The worst sets"),
        el(
            "p",
            {class: "muted small"},
            `Of ${counted(sets.wrong, "test image")} with a wrong set the ${list.length} ${order}. Bars are the ` +
                `probabilities of labels; those that the image has are in strong letters.${looksOf(list)}`
        ),
        el(
            "ul",
            {class: "mistakes", "aria-label": `The worst sets of ${label}`},
            list.map(one => card(one, classes, around))
        ),
        saveCsv(`the worst sets of ${label}`, "worst-sets.csv", () => rowsOf(list, classes)),
    ];
}

/** Names of a set; what the other one has not is marked. */
function names(set, other, classes, mark) {
    if (!set.length) return el("span", {class: "muted"}, "no label");
    return set.map((k, i) => [
        i ? ", " : null,
        other.includes(k) ? classes[k] : el(mark, null, classes[k]),
    ]);
}

function card(one, classes, around) {
    const order = one.probabilities.map((p, index) => ({p, index})).sort((a, b) => b.p - a.p);
    const isWanted = ({p, index}) => p >= LEAST || one.truth.includes(index) || one.told.includes(index);
    const shown = order.filter(isWanted).slice(0, Math.max(BARS, one.truth.length + 1));
    const truth = one.truth.map(k => classes[k]).join(", ") || "no label";
    return el(
        "li",
        null,
        el("div", {class: "pictures"}, around.picture(one.tile, `Test image ${one.index}: ${truth}`), looks(one, classes, around)),
        el("p", null, el("span", {class: "muted"}, "Told "), names(one.told, one.truth, classes, "s")),
        el("p", null, el("span", {class: "muted"}, "True "), names(one.truth, one.told, classes, "strong")),
        el(
            "dl",
            {class: "bars"},
            shown.map(({p, index}) => {
                const bar = el("span", {class: "bar"});
                bar.style.width = `${Math.max(1, 100 * p)}%`;
                bar.style.background = classColour(index, classes.length);
                return el(
                    "div",
                    {class: one.truth.includes(index) ? "truth" : null},
                    el("dt", null, classes[index]),
                    el("dd", null, el("span", {class: "track", "aria-hidden": "true"}, bar), percent(p, p < 0.0995 ? 1 : 0))
                );
            })
        ),
        el(
            "p",
            {class: "muted small"},
            said(one)
        )
    );
}

/** How probable the sets are, as far as that is known. */
function said({index, truth, told, log_p: ofTrue, told_log_p: ofTold}) {
    const isRight = truth.join() === told.join();
    return [
        `Test image ${index}`,
        ofTold === null ? null : `the told set has probability ${probability(ofTold)}`,
        ofTrue === null || (isRight && ofTold !== null) ? null : `the true set has probability ${probability(ofTrue)}`,
    ]
        .filter(Boolean)
        .join(", ");
}

/** Where each label looked, of a model that does. */
function looks({looks: given, tile, truth, index}, classes, around) {
    if (!given || tile === null) return null;
    const {height, width, labels: list} = given;
    return el(
        "ol",
        {class: "looks", "aria-label": `Where the model looked in test image ${index}`},
        list.map(({label, values}) =>
            el(
                "li",
                null,
                overlay({height, width, values}, tile, `Where it looked for ${classes[label]}`, around),
                truth.includes(label) ? el("span", null, classes[label]) : el("s", null, classes[label])
            )
        )
    );
}

/** Of a logarithm: 0.0123, 1.2e-9. */
const probability = logP => {
    const p = Math.exp(logP);
    return p >= 5e-5 ? p.toFixed(4) : p.toExponential(1);
};
