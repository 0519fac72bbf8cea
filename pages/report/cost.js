import {tradeoff} from "../common/charts/tradeoff.js";
import {el} from "../common/dom.js";
import {figure} from "../common/figure.js";
import {count, duration} from "../common/format.js";
import {rowOf} from "./results.js";

const SECONDS =
    "datum.value < 60 ? datum.value + ' s' : datum.value < 3600 ? format(datum.value / 60, '~r') + ' min' : " +
    "format(datum.value / 3600, '~r') + ' h'";
const TIMES = [
    [1, 2, 5, 10, 20, 30],
    [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 50],
].map(list => [0.1, 0.2, 0.5, ...[1, 60, 3600].flatMap(unit => list.map(one => one * unit))]);
const COUNTS = [
    [1, 2, 5],
    [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9],
].map(list => [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8].flatMap(unit => list.map(one => one * unit)));
const COSTS = [
    {
        key: "total_s",
        file: "accuracy-time",
        title: "Accuracy against training time",
        name: "training time",
        axis: "Training time",
        format: duration,
        labels: SECONDS,
        ticks: TIMES,
    },
    {
        key: "parameters",
        file: "accuracy-parameters",
        title: "Accuracy against parameters",
        name: "parameters",
        axis: "Parameters",
        format: count,
        labels: "format(datum.value, '~s')",
        ticks: COUNTS,
    },
];

/** Where CNNs, RNNs and hybrids stand. */
export function cost({comparison, models: details = []}) {
    const models = (comparison?.models ?? []).map((row, i) => rowOf(row, details[i]));
    if (!models.length || !comparison.comparable) return null;
    return {
        id: "cost",
        title: "Accuracy, and what it costs",
        content: [
            el(
                "p",
                {class: "muted"},
                "A dashed line joins the models that nothing beats at their cost or less. Whiskers are the " +
                    "intervals of the table."
            ),
            el(
                "div",
                {class: "figures"},
                COSTS.filter(one => models.some(model => model[one.key] > 0)).map(one =>
                    figure(tradeoff(models, one), 3)
                )
            ),
        ],
    };
}
