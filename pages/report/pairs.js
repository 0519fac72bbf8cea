import {testOf} from "../common/charts/differences.js";
import {el} from "../common/dom.js";
import {counted} from "../common/format.js";
import {scrollTable} from "../common/table.js";
import {SET_FIGURES} from "./sets.js";

/** Every pair's test in words, folded; of images with any number of labels the differences of all figures. */
export function pairs(comparison) {
    return [words(comparison), setDifferences(comparison.pairs ?? [])];
}

function setDifferences(list) {
    const compared = list.filter(pair => pair.paired_bootstrap);
    if (!compared.length) return null;
    const keys = Object.keys(SET_FIGURES).filter(key =>
        compared.some(pair => Number.isFinite(pair.paired_bootstrap[key]?.low))
    );
    const text = ({difference, low, high}, unit) => {
        if (!Number.isFinite(low)) return "-";
        const show = value => (unit === "points" ? 100 * value : value).toFixed(unit === "points" ? 1 : 3).replace("-", "−");
        return [show(difference), el("small", null, `${show(low)} to ${show(high)}`)];
    };
    return scrollTable(
        "Differences of figures",
        el(
            "span",
            null,
            "The first model’s figures minus the second’s, in points (log-likelihood in nats), with 95% intervals by the " +
                "paired bootstrap over the same test images. They speak for other images, not for other seeds."
        ),
        [{title: "Models"}, ...keys.map(key => ({title: SET_FIGURES[key].name, isNumber: true}))],
        compared.map(pair =>
            el(
                "tr",
                null,
                el("th", {scope: "row"}, `${pair.a} − ${pair.b}`),
                keys.map(key => {
                    const one = pair.paired_bootstrap[key];
                    const isShown = one.low > 0 || one.high < 0;
                    return el("td", {class: isShown ? "number" : "number muted"}, text(one, SET_FIGURES[key].unit));
                })
            )
        ),
        {class: "results"}
    );
}

function words({pairs: list = [], holm_counts: counts}) {
    const tested = list.map(pair => ({pair, test: testOf(pair)})).filter(({test}) => test);
    const corrected = [
        counts?.over_seeds ? `${counts.over_seeds} over seeds` : null,
        counts?.same_images ? `${counts.same_images} on the same images` : null,
    ].filter(Boolean);
    if (!tested.length) return null;
    return el(
        "details",
        {class: "more"},
        el("summary", null, `All ${counted(tested.length, "pair")} in words`),
        el(
            "p",
            {class: "muted small"},
            "Intervals are of 95%; p is after Holm’s correction",
            corrected.length ? `, each for the comparisons of its kind: ${corrected.join(", ")}` : "",
            ". ",
            "On the same images McNemar’s test speaks for other images, over seeds Welch’s t-test for other seeds."
        ),
        el(
            "ul",
            {class: "small"},
            tested.map(({pair, test}) =>
                // a difference that is shown is told with the models' names
                el(
                    "li",
                    {class: test.shown ? null : "muted"},
                    test.shown ? test.in_words : `${pair.a} and ${pair.b}: ${test.in_words}`
                )
            )
        )
    );
}
