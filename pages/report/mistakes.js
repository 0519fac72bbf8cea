import {el} from "../common/dom.js";
import {counted, percent} from "../common/format.js";
import {classColour} from "../common/palette.js";
import {saveCsv} from "../common/save.js";
import {evidence, legend} from "./evidence.js";
import {className} from "./gallery.js";

const BARS = 4,
    LEAST = 0.0005; // classes whose probabilities are shown, and from which on

/** The worst mistakes as pictures, with what was thought of them and why. */
export function mistakes({label, mistakes: list}, classes, around) {
    if (!list?.length) return null;
    const legends = [...new Set(list.flatMap(one => legend(one.evidence)))];
    return [
        el("h4", {class: "apart"}, "The worst mistakes"),
        el(
            "p",
            {class: "muted small"},
            `The ${counted(list.length, "test image")} on which ${label} is most surely wrong. `,
            legends.map(text => `${text} `)
        ),
        el(
            "ul",
            {class: list.some(hasTwo) ? "mistakes wide-cards" : "mistakes", "aria-label": `The worst mistakes of ${label}`},
            list.map(one => card(one, classes, around))
        ),
        saveCsv(`the worst mistakes of ${label}`, "mistakes.csv", () => rows(list, classes)),
    ];
}

const hasTwo = one => one.evidence?.length > 1;

const rows = (list, classes) =>
    list.map(one => ({
        image: one.index,
        class: classes[one.label],
        predicted: classes[one.predicted],
        ...Object.fromEntries(classes.map((name, i) => [`p_${name}`, one.probabilities?.[i] ?? null])),
    }));

function card(one, classes, around) {
    const order = (one.probabilities ?? []).map((p, index) => ({p, index})).sort((a, b) => b.p - a.p);
    const shown = order.filter(({p}, rank) => p >= LEAST || rank === 0).slice(0, BARS);
    if (order.length && !shown.some(({index}) => index === one.label))
        shown.splice(
            BARS - 1,
            1,
            order.find(({index}) => index === one.label)
        );
    return el(
        "li",
        null,
        el(
            "div",
            {class: hasTwo(one) ? "pictures three" : "pictures"},
            around.picture(
                one.tile,
                `Test image ${one.index}: ${classes[one.label]}, taken for ${classes[one.predicted]}`
            ),
            evidence(one, classes, around)
        ),
        el(
            "p",
            null,
            className(classes, one.label),
            el("span", {class: "muted"}, " taken for "),
            className(classes, one.predicted)
        ),
        el(
            "dl",
            {class: "bars"},
            shown.map(({p, index}) => {
                const bar = el("span", {class: "bar"});
                bar.style.width = `${Math.max(1, 100 * p)}%`;
                bar.style.background = classColour(index, classes.length);
                return el(
                    "div",
                    {class: index === one.label ? "truth" : null},
                    el("dt", null, classes[index]),
                    el(
                        "dd",
                        null,
                        el("span", {class: "track", "aria-hidden": "true"}, bar),
                        percent(p, p < 0.0995 ? 1 : 0)
                    )
                );
            })
        ),
        el("p", {class: "muted small"}, `Test image ${one.index}`)
    );
}
