import {confusion} from "../common/charts/confusion.js";
import {curves} from "../common/charts/curves.js";
import {layers} from "../common/charts/layers.js";
import {map} from "../common/charts/map.js";
import {reliability} from "../common/charts/reliability.js";
import {roc} from "../common/charts/roc.js";
import {scores} from "../common/charts/scores.js";
import {el} from "../common/dom.js";
import {figure} from "../common/figure.js";
import {count, percent, score, short} from "../common/format.js";
import {unpack} from "../common/packed.js";
import {classColour} from "../common/palette.js";
import {mistakes} from "./mistakes.js";
import {pointsOf} from "./points.js";
import {setModel} from "./sets.js";

/** All that is known of one model; what the report has no data for is left out. */
export function model(details, row, around) {
    const {label, evaluation} = details;
    if (evaluation?.multilabel) return [facts(details, row), setModel(details, around)];
    const classes = evaluation?.classes?.map(one => one.name) ?? around.classes;
    const charts = [
        details.layers?.length ? layers(label, details.layers) : null,
        details.epochs?.some(run => run.epoch?.length) ? curves(label, details.epochs) : null,
        evaluation?.confusion ? confusion(label, classes, evaluation.confusion) : null,
        details.roc?.length ? roc(label, classes, details.roc) : null,
        evaluation?.classes?.length ? scores(label, evaluation.classes) : null,
        details.reliability?.length ? reliability(label, details.reliability, evaluation?.ece) : null,
        mapOf(details, classes, around),
    ].filter(Boolean);
    return [
        facts(details, row),
        el(
            "div",
            {class: "figures"},
            charts.map(chart => figure(chart))
        ),
        mistakes(details, classes, around),
    ];
}

function facts({run, evaluation}, row) {
    const e = evaluation ?? {};
    const of = (name, value) =>
        [undefined, null, "-"].includes(value) ? null : el("div", null, el("dt", null, name), el("dd", null, value));
    const interval = e.intervals?.accuracy;
    return el(
        "dl",
        {class: "facts"},
        of("Run", run),
        of(
            e.multilabel ? "Subset accuracy" : "Accuracy",
            Number.isFinite(e.accuracy)
                ? score(e.accuracy) +
                      (interval?.every(Number.isFinite) ? ` (${score(interval[0])} to ${score(interval[1])})` : "")
                : null
        ),
        of("Loss", score(e.loss)),
        of(e.multilabel ? "C-F1" : "Macro F1", score(e.macro?.f1)),
        of("AUC", score(e.macro?.auc)),
        of("In the best two", score(e.top_k?.[1])),
        of("Cohen’s kappa", score(e.kappa)),
        of("Calibration error", score(e.ece)),
        of("Parameters", count(row?.parameters)),
        of("Multiply-adds", short(row?.madds))
    );
}

/** The map, when there are both places and predictions. */
function mapOf({label, map: places, predictions, has_images}, classes, around) {
    if (!places || !predictions) return null;
    const [truth, predicted, confidence] = [predictions.label, predictions.predicted, predictions.confidence].map(
        unpack
    );
    const {imageOf, ...points} = pointsOf(places, has_images, around);
    const said = image => ({
        class: classes[truth[image]],
        predicted: classes[predicted[image]],
        confidence: confidence[image] / 255,
    });
    const row = i => {
        const {class: name, predicted, confidence} = said(imageOf(i));
        return {
            image: imageOf(i),
            x: points.x[i],
            y: points.y[i],
            class: name,
            predicted,
            confidence: Number(confidence.toFixed(3)),
        };
    };
    const describe = i => {
        const {class: name, predicted, confidence} = said(imageOf(i));
        return [
            ["Test image", imageOf(i)],
            ["True", name],
            ["Predicted", predicted],
            ["Confidence", percent(confidence, 0)],
        ];
    };
    const isWrong = i => truth[imageOf(i)] !== predicted[imageOf(i)];
    const groups = classes.map((name, index) => ({
        name,
        colour: classColour(index, classes.length),
        has: i => truth[imageOf(i)] === index,
    }));
    return map(label, {...points, isWrong, row, describe}, groups, "class", places);
}
