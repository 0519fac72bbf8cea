import {listed, points} from "../format.js";
import {vega} from "../vega.js";

/** The pair's test that says more: over seeds where there are enough, else on the same images. */
export const testOf = pair =>
    pair.over_seeds?.tested ? pair.over_seeds : pair.same_images?.tested ? pair.same_images : null;

/** How far each model is behind the best, with intervals: which differences are real. */
export function differences(models, pairs) {
    const best = models[0].label;
    const values = pairs
        .filter(pair => pair.a === best || pair.b === best)
        .flatMap(pair => {
            const test = testOf(pair);
            if (!test) return [];
            const sign = pair.a === best ? -1 : 1; // as the other minus the best
            const ends = [sign * test.low, sign * test.high].sort((a, b) => a - b);
            return [
                {
                    model: pair.a === best ? pair.b : pair.a,
                    difference: sign * test.difference,
                    low: ends[0],
                    high: ends[1],
                    real: test.shown ? "shown" : "not shown",
                    p_holm: test.p_holm,
                },
            ];
        })
        .sort((a, b) => b.difference - a.difference);
    if (!values.length) return null;
    const level = values.filter(one => one.real !== "shown").map(one => one.model);
    return {
        file: "differences",
        title: `Behind ${best}, in points of accuracy`,
        rows: () => values,
        height: values.length * 26 + 60,
        note: level.length
            ? `No difference to ${best} is shown for ${listed(level)}.`
            : `Every tested difference to ${best} is shown.`,
        label:
            `Differences of accuracy to ${best} with 95% intervals: ` +
            `${values.map(one => `${one.model} ${points(one.difference)} (${one.real})`).join("; ")}.`,
        draw: vega(({width, theme}) => ({
            width,
            height: 24 * values.length,
            data: {
                values: values.map(one => ({
                    ...one,
                    d: 100 * one.difference,
                    l: 100 * one.low,
                    h: 100 * one.high,
                    text: `${points(one.difference)} (${points(one.low)} to ${points(one.high)})`,
                })),
            },
            encoding: {
                y: {
                    field: "model",
                    type: "nominal",
                    sort: values.map(one => one.model),
                    axis: {
                        title: null,
                        ticks: false,
                        domain: false,
                        labelColor: theme.ink,
                        labelLimit: Math.min(180, width / 2.6),
                    },
                },
            },
            layer: [
                {
                    data: {values: [{zero: 0}]},
                    mark: {type: "rule", strokeWidth: 1, tooltip: false},
                    encoding: {x: {datum: 0}, y: {value: 0}, y2: {value: {expr: "height"}}},
                },
                {
                    mark: {type: "rule", strokeWidth: 2},
                    encoding: {
                        x: {field: "l", type: "quantitative", axis: {title: "Points of accuracy", tickCount: 6}},
                        x2: {field: "h"},
                        color: {value: theme.edge},
                    },
                },
                {
                    mark: {type: "point", size: 70, strokeWidth: 2, opacity: 1},
                    encoding: {
                        x: {field: "d", type: "quantitative"},
                        stroke: {value: theme.ink},
                        fill: {
                            field: "real",
                            scale: {domain: ["shown", "not shown"], range: [theme.ink, theme.paper]},
                            legend: {title: null, symbolStrokeColor: theme.ink, symbolType: "circle"},
                        },
                        tooltip: [
                            {field: "model", title: "Model"},
                            {field: "text", title: "Points"},
                            {field: "real", title: "Difference"},
                            {field: "p_holm", title: "p (Holm)", format: ".2~g"},
                        ],
                    },
                },
            ],
        })),
    };
}
