import {count, score} from "../format.js";
import {vega} from "../vega.js";

/** Whether a confidence of 0.8 is right in 80 % of the cases. bins: [{low, high, count, confidence, accuracy}]. */
export function reliability(label, bins, ece) {
    const filled = bins.filter(bin => bin.count > 0);
    const rows = () =>
        bins.map(({low, high, count: images, confidence, accuracy}) => ({
            from: low,
            to: high,
            images,
            confidence,
            accuracy,
        }));
    const all = filled.reduce((sum, bin) => sum + bin.count, 0);
    const gap = all ? filled.reduce((sum, bin) => sum + bin.count * (bin.accuracy - bin.confidence), 0) / all : 0;
    const said = gap < 0 ? "more confident than right" : "less confident than it could be";
    return {
        file: "reliability",
        title: "Reliability",
        subject: label,
        rows,
        height: 420,
        note: `On the diagonal, confidence is accuracy. ${
            Number.isFinite(ece)
                ? `Expected calibration error ${score(ece)}: on ` + `average the model is ${said}.`
                : ""
        }`,
        label:
            `Reliability diagram of ${label}: accuracy by confidence in ${filled.length} bins.` +
            (Number.isFinite(ece) ? ` The expected calibration error is ${score(ece)}; the model is ${said}.` : ""),
        draw: vega(({width, theme}) => {
            const values = filled.map(bin => ({...bin, countText: count(bin.count)}));
            const inner = width - 62;
            const tooltip = [
                {field: "low", title: "Confidence from", format: ".2f"},
                {field: "high", title: "to", format: ".2f"},
                {field: "confidence", title: "Mean confidence", format: ".4f"},
                {field: "accuracy", title: "Accuracy", format: ".4f"},
                {field: "countText", title: "Images"},
            ];
            const x = {type: "quantitative", scale: {domain: [0, 1], nice: false}};
            return {
                autosize: {type: "pad"},
                spacing: 10,
                data: {values},
                vconcat: [
                    {
                        width: inner,
                        height: Math.min(280, Math.max(220, inner * 0.62)),
                        layer: [
                            {
                                data: {values: [{from: 0}]},
                                mark: {type: "rule", strokeDash: [3, 3], tooltip: false},
                                encoding: {x: {...x, datum: 0}, y: {datum: 0}, x2: {datum: 1}, y2: {datum: 1}},
                            },
                            {
                                mark: {type: "rule", strokeWidth: 3, color: theme.bad, opacity: 0.45},
                                encoding: {
                                    x: {...x, field: "confidence"},
                                    y: {field: "confidence", type: "quantitative"},
                                    y2: {field: "accuracy"},
                                },
                            },
                            {
                                mark: {type: "line", color: theme.accent, strokeWidth: 1.5},
                                encoding: {
                                    x: {...x, field: "confidence"},
                                    y: {field: "accuracy", type: "quantitative"},
                                },
                            },
                            {
                                mark: {type: "point", filled: true, size: 60, opacity: 1, color: theme.accent},
                                encoding: {
                                    x: {...x, field: "confidence", axis: {title: null, format: ".1f", labels: false}},
                                    y: {
                                        field: "accuracy",
                                        type: "quantitative",
                                        scale: {domain: [0, 1]},
                                        axis: {title: "Accuracy", format: ".1f", tickCount: 6, minExtent: 46},
                                    },
                                    tooltip,
                                },
                            },
                        ],
                    },
                    {
                        width: inner,
                        height: 60,
                        mark: {type: "bar", color: theme.train},
                        encoding: {
                            x: {
                                ...x,
                                field: "low",
                                bin: {binned: true},
                                axis: {title: "Confidence", format: ".1f", grid: false, tickCount: 6},
                            },
                            x2: {field: "high"},
                            y: {
                                field: "count",
                                type: "quantitative",
                                axis: {title: "Images", tickCount: 2, format: ",d", minExtent: 46},
                            },
                            tooltip,
                        },
                    },
                ],
            };
        }),
    };
}
