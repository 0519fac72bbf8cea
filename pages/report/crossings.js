import {folds} from "../common/charts/folds.js";
import {el} from "../common/dom.js";
import {figure} from "../common/figure.js";
import {chance, count, counted, duration, points, score, signed} from "../common/format.js";
import {familyMark} from "./results.js";
import {sortable} from "./sortable.js";

const OPEN = 10; // pairs; more are folded
const DIGITS = 2; // of points: AUC differs by less than the others
const CAPTION = "Mean and standard deviation over the folds, and the mean’s 95% interval";

/** The cross-validations, a part of the report for each. */
export function crossings({cross_validations: studies = [], comparison}) {
    const isAlone = studies.length === 1 && !comparison?.models?.length;
    return studies.map((study, i) => {
        const suffix = i ? `-${i + 1}` : "";
        const title = studies.length > 1 ? `${study.title}, ${i + 1} of ${studies.length}` : study.title;
        return {id: `cross-validation${suffix}`, title, content: content(study, title, `folds${suffix}`, isAlone)};
    });
}

/** `isAlone`: the report's answer says what it found already. */
function content(study, title, file, isAlone) {
    return [
        isAlone ? null : el("p", null, study.answer.join(" ")),
        study.unfinished && !isAlone ? el("p", {class: "caution"}, study.unfinished) : null,
        el("p", {class: "muted small"}, study.method),
        figure(folds(study, file), 3),
        table(study, title),
        allFigures(study, title),
        questions(study),
        pairs(study, title),
    ];
}

function table({models, figures, folds: parts, repeats}, title) {
    const [first] = figures,
        tested = `Test ${first.name}`;
    const columns = [
        {name: "Model", isName: true, value: row => row.model, cell: row => [familyMark(row.family), row.model]},
        {name: "Folds", value: row => row.folds, cell: row => `${row.folds} of ${parts * repeats}`},
        ...figures
            .filter(({column}) => column)
            .map(({key, title: name}) => ({name, value: row => row[key].mean, cell: row => spread(row[key])})),
        {name: "Per fold", value: row => row.fold_s, cell: row => duration(row.fold_s)},
        {name: "Parameters", value: row => row.parameters, cell: row => count(row.parameters)},
        {name: tested, value: row => row.test?.[first.key], cell: row => score(row.test?.[first.key])},
    ].filter(({name}) => name !== tested || models.some(row => row.test));
    return sortable(CAPTION, columns, models, `Models of: ${title}`);
}

const spread = ({mean, sd, low, high}) => [
    el("strong", null, score(mean)),
    Number.isFinite(sd) ? ` ± ${score(sd)}` : null,
    Number.isFinite(low) && Number.isFinite(high) ? el("small", null, `${score(low)} to ${score(high)}`) : null,
];

/** A line per figure, where there are more than the table of the models has. */
function allFigures({models, figures}, title) {
    if (figures.every(({column}) => column)) return null;
    const columns = [
        {name: "Figure", isName: true, value: row => row.name, cell: row => row.name},
        ...models.map(one => ({
            name: one.model,
            value: row => one[row.key].mean,
            cell: row => spread(one[row.key]),
        })),
    ];
    return el(
        "details",
        {class: "fold"},
        el("summary", null, el("h3", null, `All ${figures.length} figures`)),
        el("div", {class: "inside"}, sortable(CAPTION, columns, figures, `Figures of: ${title}`))
    );
}

function questions({questions: list, about_questions: about, note}) {
    if (!list.length) return null;
    return [
        el("h3", null, "Questions"),
        el("p", {class: "muted small"}, about),
        el(
            "ul",
            {class: "questions"},
            list.map(({question, answer}) =>
                el("li", null, answer.startsWith(question) ? [el("strong", null, question), answer.slice(question.length)] : answer)
            )
        ),
        note ? el("p", {class: "muted small"}, note) : null,
    ];
}

function pairs({pairs: list, about_pairs: about, figures}, title) {
    if (!list.length) return null;
    const [first] = figures;
    const columns = [
        {name: "Models", isName: true, value: pair => `${pair.a} ${pair.b}`, cell: pair => `${pair.a} against ${pair.b}`},
        ...figures
            .filter(({column}) => column)
            .map(({key, title: name, unit}) => ({
                name: `${name}, ${unit}`,
                value: pair => pair[key].difference,
                cell: pair => difference(pair[key], unit === "points" ? value => points(value, DIGITS) : signed),
            })),
        {name: "In words", isText: true, value: pair => pair[first.key].p_holm, cell: pair => pair.in_words},
    ];
    const shown = list.filter(pair => pair.shown).length;
    return el(
        "details",
        {class: "fold", open: list.length <= OPEN},
        el(
            "summary",
            null,
            el("h3", null, list.length > 1 ? `All ${counted(list.length, "pair")}` : "The pair"),
            el("span", {class: "muted"}, `${shown ? counted(shown, "difference") : "no difference"} of ${first.name} shown`)
        ),
        el(
            "div",
            {class: "inside"},
            sortable(
                `The first model minus the second, with 95% intervals. ${about} In words: of ${first.name}, sorted by p.`,
                columns,
                list,
                `Pairs of: ${title}`
            )
        )
    );
}

const difference = ({difference: value, low, high, p_holm: p}, text) => [
    el("strong", null, text(value)),
    Number.isFinite(low) && Number.isFinite(high) ? el("small", null, `${text(low)} to ${text(high)}`) : null,
    el("small", null, `p (Holm) ${chance(p)}`),
];
