import {score} from "../format.js";
import {classColour} from "../palette.js";
import {vega} from "../vega.js";

const MEASURES = {
    precision: {name: "Precision", shape: "triangle-right"},
    recall: {name: "Recall", shape: "triangle-left"},
    f1: {name: "F1", shape: "circle"},
};

/** Precision, recall and F1 of each class, the best F1 on top. classes: of an evaluation. */
export function scores(label, classes) {
    const ordered = [...classes].sort((a, b) => b.f1 - a.f1);
    const rows = () =>
        ordered.map(({name, precision, recall, f1, support, auc}) => ({
            class: name,
            precision,
            recall,
            f1,
            auc: auc ?? null,
            images: support,
        }));
    const seen = ordered.filter(({support}) => support !== 0), // F1 of a class without an image says nothing
        [best, worst] = [seen[0] ?? ordered[0], seen.at(-1) ?? ordered.at(-1)];
    const domain = Object.values(MEASURES).map(one => one.name);
    return {
        file: "class-scores",
        title: "Precision, recall and F1 per class",
        subject: label,
        rows,
        height: classes.length * 30 + 70,
        note: `F1 from ${score(worst.f1)} (${worst.name}) to ${score(best.f1)} (${best.name}).`,
        label:
            `Precision, recall and F1 per class of ${label}. The best F1 is ${score(best.f1)}, ${best.name}; the ` +
            `worst ${score(worst.f1)}, ${worst.name}, with precision ${score(worst.precision)} and recall ` +
            `${score(worst.recall)}.`,
        draw: vega(({width, theme}) => ({
            width,
            height: Math.max(16 * classes.length, Math.min(36 * classes.length, 400)),
            data: {
                values: ordered.flatMap(one =>
                    Object.entries(MEASURES).map(([key, measure]) => ({
                        class: one.name,
                        measure: measure.name,
                        value: one[key],
                        text: score(one[key]),
                        low: Math.min(one.precision, one.recall),
                        high: Math.max(one.precision, one.recall),
                    }))
                ),
            },
            encoding: {
                y: {
                    field: "class",
                    type: "nominal",
                    sort: ordered.map(one => one.name),
                    axis: {
                        title: null,
                        ticks: false,
                        domain: false,
                        labelColor: theme.ink,
                        labelLimit: Math.min(160, width / 3),
                    },
                },
                color: {
                    field: "class",
                    legend: null,
                    scale: {
                        domain: classes.map(one => one.name),
                        range: classes.map((_, index) => classColour(index, classes.length)),
                    },
                },
            },
            layer: [
                {
                    mark: {type: "rule", strokeWidth: 2.5, opacity: 0.45},
                    encoding: {x: {field: "low", type: "quantitative"}, x2: {field: "high"}},
                },
                {
                    mark: {type: "point", filled: true, opacity: 1, size: 80},
                    encoding: {
                        x: {
                            field: "value",
                            type: "quantitative",
                            scale: {zero: false, nice: true},
                            axis: {title: "Precision, recall, F1", format: ".2~f", tickCount: 6},
                        },
                        shape: {
                            field: "measure",
                            scale: {domain, range: Object.values(MEASURES).map(one => one.shape)},
                            legend: {title: null, symbolFillColor: theme.muted, symbolStrokeWidth: 0},
                        },
                        tooltip: [
                            {field: "class", title: "Class"},
                            {field: "measure", title: "Measure"},
                            {field: "text", title: "Value"},
                        ],
                    },
                },
            ],
        })),
    };
}
