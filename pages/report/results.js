import {testOf} from "../common/charts/differences.js";
import {el, svg} from "../common/dom.js";
import {count, duration, listed, score, short} from "../common/format.js";
import {FAMILIES, familyOf} from "../common/palette.js";
import {SET_FIGURES} from "./sets.js";
import {sortable} from "./sortable.js";

const NAMED = 3; // names of models in a cell; more are counted

/** What a row of the table and the charts of cost say of a model: its figures over the seeds, or with its interval. */
export function rowOf(row, details) {
    const evaluation = details?.evaluation ?? row.all_seeds_together ?? {};
    const seeds = row.accuracy?.count ?? 1,
        sd = row.accuracy?.sd;
    const accuracy = row.accuracy?.mean ?? null;
    const interval =
        seeds > 1 && Number.isFinite(sd)
            ? [accuracy - sd, accuracy + sd]
            : (evaluation.intervals?.accuracy ?? [null, null]);
    return {
        label: row.label,
        family: familyOf(row.family),
        seeds,
        accuracy,
        intervals: evaluation.intervals,
        low: interval[0],
        high: interval[1],
        parameters: row.parameters,
        madds: row.madds,
        s_per_epoch: row.s_per_epoch?.mean,
        total_s: row.total_s?.mean,
        macro_f1: row.macro_f1?.mean,
        auc: evaluation.macro?.auc ?? null,
        loss: row.loss?.mean,
        isSets: Boolean(evaluation.multilabel),
        sets: Object.fromEntries(Object.keys(SET_FIGURES).map(key => [key, row[key] ?? null])),
        claim: row.claim,
        minus_claim: row.minus_claim,
    };
}

const CLASS_COLUMNS = [
    {name: "Macro F1", value: row => row.macro_f1, cell: row => score(row.macro_f1)},
    {name: "AUC", value: row => row.auc, cell: row => score(row.auc)},
    {name: "Loss", value: row => row.loss, cell: row => score(row.loss)},
];
const SHOWN_SETS = ["set_log_likelihood", "c_f1", "o_f1", "map", "small_object_recall"];

/** Of images with any number of labels: means over the seeds, with their interval where there is one seed. */
function setColumns(rows) {
    return SHOWN_SETS.map(key => ({
        name: SET_FIGURES[key].name,
        value: row => row.sets[key]?.mean ?? null,
        cell: row => {
            const {mean, sd} = row.sets[key] ?? {},
                [low, high] = row.intervals?.[key] ?? [];
            const beside = row.seeds > 1 ? Number.isFinite(sd) && `± ${score(sd)}` : Number.isFinite(low) && `${score(low)} to ${score(high)}`;
            return [score(mean), beside ? el("small", null, beside) : null];
        },
    })).filter(column => rows.some(row => column.value(row) !== null));
}

/** The table of all models, best first; every column sorts. */
export function results({comparison, models: details = []}) {
    const rows = comparison.models.map((row, i) => rowOf(row, details[i]));
    const ends = rows.flatMap(row => [row.accuracy, row.low, row.high]).filter(Number.isFinite);
    const range = [Math.min(...ends), Math.max(...ends)];
    const areSets = rows.every(row => row.isSets);
    const isSeeds = rows.some(row => row.seeds > 1);
    const columns = [
        {
            name: "Model",
            isName: true,
            value: row => row.label,
            cell: row => [familyMark(row.family), row.label, row.seeds > 1 ? el("small", null, `${row.seeds} seeds`) : null],
        },
        {name: areSets ? "Subset accuracy" : "Accuracy", value: row => row.accuracy, cell: row => accuracy(row, range)},
        {
            name: "Real differences",
            value: row => standing(row.label, comparison.pairs).better.length,
            isText: true,
            cell: row => words(standing(row.label, comparison.pairs)),
        },
        ...(areSets ? setColumns(rows) : CLASS_COLUMNS),
        {name: "Parameters", value: row => row.parameters, cell: row => count(row.parameters)},
        {name: "Multiply-adds", value: row => row.madds, cell: row => short(row.madds)},
        {name: "Per epoch", value: row => row.s_per_epoch, cell: row => duration(row.s_per_epoch)},
        {name: "Training", value: row => row.total_s, cell: row => duration(row.total_s)},
        {name: "The report’s claim", value: row => row.claim?.accuracy ?? null, isText: true, cell: claim},
    ];
    const used = columns
        .filter(column => rows.some(row => ![null, undefined, ""].includes(column.value(row))))
        .filter(column => column.name !== "Real differences" || rows.length > 1);
    const caption =
        `${rows.length > 1 && comparison.comparable ? "The best is on top. " : ""}${areSets ? "Figures are of" : "Accuracy is on"} the test images` +
        `${isSeeds ? ", over several seeds the mean, with one standard deviation" : ", with a 95% interval"}; ` +
        (areSets
            ? "subset accuracy is the share of those with every label right, log-likelihood that of the true set, in nats."
            : "macro F1 and AUC are means over the classes.");
    return sortable(caption, used, rows);
}

/** The mark of a family, and its name for who does not see it. */
export const familyMark = family => [
    el("span", {class: `family ${familyOf(family)}`}),
    el("span", {class: "unseen"}, `${FAMILIES[familyOf(family)].name} `),
];

/** The figure, its interval, and both as a line on a scale that all rows share. */
function accuracy({accuracy: value, low, high, seeds}, [least, most]) {
    const at = x => 3 + 84 * (most > least ? (x - least) / (most - least) : 0.5);
    const known = Number.isFinite(low) && Number.isFinite(high);
    return [
        el("strong", null, score(value)),
        known
            ? el("small", null, seeds > 1 ? `± ${score((high - low) / 2)}` : `${score(low)} to ${score(high)}`)
            : null,
        Number.isFinite(value)
            ? svg(
                  "svg",
                  {class: "interval", viewBox: "0 0 90 8", width: 90, height: 8, "aria-hidden": "true"},
                  svg("line", {x1: 0, x2: 90, y1: 4, y2: 4, class: "scale"}),
                  known ? svg("line", {x1: at(low), x2: at(high), y1: 4, y2: 4, class: "whisker"}) : null,
                  svg("circle", {cx: at(value), cy: 4, r: 3, class: "dot"})
              )
            : null,
    ];
}

/** Which models a model is better than, which it is worse than, and which differences are not shown. */
function standing(label, pairs = []) {
    const result = {better: [], level: [], worse: []};
    for (const pair of pairs) {
        const test = testOf(pair),
            other = pair.a === label ? pair.b : pair.b === label ? pair.a : null;
        if (!test || other === null) continue;
        const isAhead = (pair.a === label) === test.difference > 0;
        result[!test.shown ? "level" : isAhead ? "better" : "worse"].push(other);
    }
    return result;
}

function words({better, level, worse}) {
    const say = (name, list) =>
        list.length ? `${name} ${list.length <= NAMED ? listed(list) : `${list.length} models`}` : null;
    const said = [say("better than", better), say("no difference shown to", level), say("behind", worse)].filter(Boolean);
    return said.length ? said.map(text => el("span", {class: "line"}, text)) : "-";
}

function claim({claim: said, minus_claim: minus}) {
    if (!said || ![said.accuracy, said.loss, said.macro_f1].some(Number.isFinite)) return said?.text ?? "";
    const difference = minus?.accuracy;
    return [
        Number.isFinite(said.accuracy) ? score(said.accuracy) : "-",
        Number.isFinite(difference)
            ? el(
                  "span",
                  {class: difference >= 0 ? "good" : "bad"},
                  ` ${difference >= 0 ? "reached, +" : "missed, −"}${Math.abs(100 * difference).toFixed(1)}`
              )
            : null,
        said.text ? el("small", null, said.text) : null,
    ];
}
