import {el} from "../dom.js";
import {count, percent} from "../format.js";
import {pick} from "../pick.js";
import {vega} from "../vega.js";

const MANY = 24; // classes: beyond, figures would not be read

/** What was taken for what: counts, or shares of the true class. confusion[truth][predicted], classes: names. */
export function confusion(label, classes, matrix) {
    const rows = () =>
        matrix.flatMap((row, truth) => {
            const sum = row.reduce((all, one) => all + one, 0);
            return row.map((images, predicted) => ({
                truth: classes[truth],
                predicted: classes[predicted],
                images,
                share: sum ? images / sum : null,
            }));
        });
    const worst = rows()
        .filter(row => row.truth !== row.predicted)
        .sort((a, b) => b.share - a.share)[0];
    const state = {shares: true};
    return {
        file: "confusion",
        title: "Confusion matrix",
        subject: label,
        rows,
        height: 460,
        note: worst?.images
            ? `Most often wrong: ${percent(worst.share)} of ${worst.truth} are taken for ${worst.predicted}.`
            : null,
        label:
            `Confusion matrix of ${label}, true classes down, predicted ones across.` +
            (worst?.images
                ? ` The largest part of a class that is wrong: ${percent(worst.share)} of ${worst.truth}, taken for ` +
                  `${worst.predicted}.`
                : ""),
        controls: pick(
            [
                ["shares", "Share of the class"],
                ["counts", "Images"],
            ],
            "Cells show",
            value => {
                state.shares = value === "shares";
            }
        ),
        draw: vega(({width, theme}) => specification(rows(), classes, state.shares, width, theme)),
    };
}

function specification(values, classes, isShares, width, theme) {
    const height = Math.min(0.8 * width, Math.max(240, classes.length * 34));
    const isSmall = width / classes.length < 44;
    const cells = values.map(row => ({
        ...row,
        percentText: percent(row.share),
        countText: count(row.images),
        text: isShares
            ? row.share >= (isSmall ? 0.005 : 0.0005)
                ? (100 * row.share).toFixed(row.share > 0.0995 || isSmall ? 0 : 1)
                : ""
            : row.images
              ? String(row.images)
              : "",
    }));
    const axis = {
        title: null,
        ticks: false,
        domain: false,
        grid: false,
        labelColor: theme.ink,
        labelLimit: Math.min(110, width / 4),
    };
    return {
        width,
        height,
        data: {values: cells},
        encoding: {
            y: {field: "truth", type: "nominal", sort: classes, axis: {...axis, title: "True class"}},
            x: {
                field: "predicted",
                type: "nominal",
                sort: classes,
                axis: {...axis, title: "Predicted class", orient: "top", labelAngle: -50},
            },
        },
        layer: [
            {
                mark: {type: "rect", stroke: theme.paper, strokeWidth: 1.5, cornerRadius: 2},
                encoding: {
                    color: {
                        field: "share",
                        type: "quantitative",
                        legend: null,
                        scale: {type: "pow", exponent: 0.5, domain: [0, 1], range: [theme.heatLow, theme.heatHigh]},
                    },
                    tooltip: [
                        {field: "truth", title: "True"},
                        {field: "predicted", title: "Predicted"},
                        {field: "countText", title: "Images"},
                        {field: "percentText", title: "Of the class"},
                    ],
                },
            },
            ...(classes.length > MANY
                ? []
                : [
                      {
                          mark: {type: "text", fontSize: isSmall ? 8.5 : 11, tooltip: false},
                          encoding: {
                              text: {field: "text"},
                              color: {condition: {test: "datum.share > 0.22", value: theme.paper}, value: theme.ink},
                          },
                      },
                  ]),
        ],
    };
}
