import {score} from "../format.js";
import {classColour} from "../palette.js";
import {pick} from "../pick.js";
import {vega} from "../vega.js";

/**
 * ROC of each class against the others, with the worst one marked.
 *   given  [{class, auc, fpr, tpr}], class an index into `classes`
 */
export function roc(label, classes, given) {
    const curves = given.map(one => ({...one, class: classes[one.class]}));
    const known = curves.filter(one => Number.isFinite(one.auc));
    const worst = known.reduce((low, one) => (low && low.auc <= one.auc ? low : one), null);
    const rows = () =>
        curves.flatMap(one =>
            one.fpr.map((fpr, i) => ({
                class: one.class,
                auc: one.auc,
                false_positive_rate: fpr,
                true_positive_rate: one.tpr[i],
            }))
        );
    const state = {corner: true};
    return {
        file: "roc",
        title: "ROC per class",
        subject: label,
        rows,
        height: 400,
        note: worst ? `The worst is ${worst.class}: area ${score(worst.auc)}.` : null,
        label:
            `ROC curves of ${label}, one per class, each against all others.` +
            (worst
                ? ` The worst is ${worst.class} with an area of ${score(worst.auc)}; the best area is ` +
                  `${score(Math.max(...known.map(one => one.auc)))}.`
                : ""),
        controls: pick(
            [
                ["corner", "Upper left corner"],
                ["whole", "Whole square"],
            ],
            "Shown",
            value => {
                state.corner = value === "corner";
            }
        ),
        draw: vega(({width, theme}) => specification(rows(), classes, worst, state.corner, width, theme)),
    };
}

function specification(values, classes, worst, isCorner, width, theme) {
    const color = {
        field: "class",
        scale: {domain: classes, range: classes.map((_, i) => classColour(i, classes.length))},
    };
    const x = {
        field: "false_positive_rate",
        type: "quantitative",
        scale: {domain: isCorner ? [0, 0.3] : [0, 1], nice: false},
        axis: {title: "False positive rate", format: ".2~f", tickCount: 6},
    };
    const y = {
        field: "true_positive_rate",
        type: "quantitative",
        scale: {domain: isCorner ? [0.7, 1] : [0, 1], nice: false, zero: false},
        axis: {title: "True positive rate", format: ".2~f", tickCount: 6},
    };
    const clipped = {clip: true, interpolate: "linear"};
    const name = worst && {
        data: {values: [{text: `${worst.class} (the worst), area ${score(worst.auc)}`}]},
        mark: {type: "text", align: "right", baseline: "bottom", fontWeight: 600, dx: -8, dy: -8, tooltip: false},
        encoding: {x: {datum: isCorner ? 0.3 : 1}, y: {datum: isCorner ? 0.7 : 0}, text: {field: "text"}},
    };
    const detail = [
        {field: "class", title: "Class"},
        {field: "auc", title: "Area", format: ".4f"},
    ];
    return {
        width,
        height: Math.min(380, Math.max(260, width * 0.78)),
        data: {values},
        layer: [
            {
                data: {values: [{from: 0}]},
                mark: {type: "rule", strokeDash: [3, 3], clip: true, tooltip: false},
                encoding: {x: {datum: 0}, y: {datum: 0}, x2: {datum: 1}, y2: {datum: 1}},
            },
            {
                mark: {type: "line", strokeWidth: 1.6, ...clipped},
                encoding: {
                    x,
                    y,
                    detail: {field: "class"},
                    tooltip: detail,
                    color: {
                        ...color,
                        legend: {title: null, symbolType: "stroke", columns: width > 460 ? 5 : width > 330 ? 3 : 2},
                    },
                },
            },
            ...(worst
                ? [
                      {
                          transform: [{filter: {field: "class", equal: worst.class}}],
                          mark: {type: "line", strokeWidth: 4, ...clipped},
                          encoding: {x, y, color, tooltip: detail},
                      },
                      name,
                  ]
                : []),
        ],
    };
}
