import {el} from "../common/dom.js";
import {brief, duration, score} from "../common/format.js";
import {makeChart} from "./chart.js";
import {compareCurves} from "./curves.js";
import {preferences} from "./preferences.js";

const figures = [
    {key: "val_accuracy", title: "Validation accuracy", format: score},
    {key: "val_loss", title: "Validation loss", format: score, log: true},
    {key: "accuracy", title: "Training accuracy", format: score},
    {key: "loss", title: "Training loss", format: score, log: true},
    {key: "learning_rate", title: "Learning rate", format: brief, log: true},
    {key: "seconds", title: "Time of an epoch", format: duration, tick: duration, zero: true},
];

/** The curves of several runs, one line each: {root, update(details), show(index, visible), destroy()}. */
export function makeCompareCharts(lines) {
    const charts = figures.map(figure => ({
        ...figure,
        chart: makeChart({
            ...figure,
            lines,
            legend: false,
            formatX: x => String(Number(x.toFixed(2))),
            xName: () => (preferences.axis === "time" ? "minute" : "epoch"),
            sync: "compare",
        }),
    }));
    return {
        root: el(
            "div",
            {class: "charts"},
            charts.map(({chart}) => chart.root)
        ),
        /** `details`: of the lines, in their order; undefined as long as one has not come. */
        update(details) {
            for (const {key, chart} of charts) {
                chart.setLog(preferences.log);
                chart.setData(compareCurves(details, key, preferences));
            }
        },
        show(index, visible) {
            for (const {chart} of charts) chart.show(index, visible);
        },
        destroy() {
            for (const {chart} of charts) chart.destroy();
        },
    };
}
