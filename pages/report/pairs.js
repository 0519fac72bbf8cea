import {testOf} from "../common/charts/differences.js";
import {el} from "../common/dom.js";
import {counted} from "../common/format.js";

/** Every pair's test in words, folded. */
export function pairs({pairs: list = [], holm_counts: counts}) {
    const tested = list.map(testOf).filter(Boolean);
    if (!tested.length) return null;
    return el(
        "details",
        {class: "more"},
        el("summary", null, `All ${counted(tested.length, "pair")} in words`),
        el(
            "p",
            {class: "muted small"},
            "Intervals are of 95%; p is after Holm’s correction",
            counts?.same_images || counts?.over_seeds
                ? ` for ${counts.over_seeds || counts.same_images} comparisons`
                : "",
            ". ",
            "On the same images McNemar’s test speaks for other images, over seeds Welch’s t-test for other seeds."
        ),
        el(
            "ul",
            {class: "small"},
            tested.map(test => el("li", {class: test.shown ? null : "muted"}, test.in_words))
        )
    );
}
