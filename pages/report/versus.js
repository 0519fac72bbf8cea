import {wins} from "../common/charts/wins.js";
import {el} from "../common/dom.js";
import {figure} from "../common/figure.js";
import {count, counted, percent} from "../common/format.js";
import {className} from "./gallery.js";

/** Where two models disagree, with the images, and which classes each wins; the most important pair is open. */
export function versus({disagreements, models}, around) {
    if (!disagreements?.length) return null;
    // the two may be of other data than those that the report shows
    const classesOf = ({a}) =>
        models?.find(({label}) => label === a)?.evaluation?.classes?.map(({name}) => name) ?? around.classes;
    const folds = disagreements.map(pair =>
        el(
            "details",
            {class: "fold"},
            el(
                "summary",
                null,
                el("h3", null, `${pair.a} and ${pair.b}`),
                el("span", {class: "muted"}, `they differ in ${counted(pair.only_a + pair.only_b, "image")}`)
            ),
            el("div", {class: "inside"}, comparison(pair, {...around, classes: classesOf(pair)}))
        )
    );
    folds[0].open = true;
    return {
        id: "versus",
        title: "Side by side",
        content: [el("p", {class: "muted"}, "Two models of the same accuracy need not make the same mistakes."), folds],
    };
}

function comparison(pair, around) {
    return [
        squares(pair),
        el("div", {class: "figures"}, pair.per_class?.length ? figure(wins(pair, around.classes)) : null),
        images(pair, around),
    ];
}

/** How many images both, one or none got right, as a bar of four parts. */
function squares({a, b, both_right: both, only_a: onlyA, only_b: onlyB, both_wrong: none}) {
    const all = both + onlyA + onlyB + none;
    const parts = [
        ["both", "Both right", both],
        ["first", `Only ${a} right`, onlyA],
        ["second", `Only ${b} right`, onlyB],
        ["none", "Both wrong", none],
    ];
    return el(
        "dl",
        {class: "facts"},
        parts.map(([key, name, number]) =>
            el(
                "div",
                {class: key},
                el("dt", null, name),
                el("dd", null, count(number), el("small", null, ` ${percent(all ? number / all : null)}`))
            )
        )
    );
}

function images({a, b, images: list}, {classes, picture}) {
    if (!list?.length) return null;
    const guess = (name, one, label) => [
        el("dt", null, name),
        el(
            "dd",
            {class: one.predicted === label ? "right" : "wrong"},
            el("span", {"aria-hidden": "true"}, one.predicted === label ? "✓ " : "✗ "),
            className(classes, one.predicted),
            el("span", {class: "unseen"}, one.predicted === label ? " (right)" : " (wrong)"),
            ` ${percent(one.confidence, 0)}`
        ),
    ];
    return [
        el("h4", {class: "apart"}, "Where they disagree"),
        el(
            "ul",
            {class: "cards", "aria-label": `Images on which ${a} and ${b} disagree`},
            list.map(one =>
                el(
                    "li",
                    null,
                    picture(one.tile, `Test image ${one.index}: ${classes[one.label]}`),
                    el(
                        "div",
                        null,
                        el("p", null, className(classes, one.label)),
                        el("dl", null, guess(a, one.a, one.label), guess(b, one.b, one.label))
                    )
                )
            )
        ),
    ];
}
