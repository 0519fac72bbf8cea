import {el} from "../common/dom.js";
import {count, score} from "../common/format.js";
import {FAMILIES, familyOf} from "../common/palette.js";
import {model} from "./model.js";

/** Each model in a part that unfolds; the best one is open. Its charts are made when it opens for the first time. */
export function models({comparison, models: details}, around) {
    if (!details?.length) return null;
    const folds = details.map((one, index) => fold(one, comparison?.models?.[index], around));
    folds[0].open = true;
    const all = el(
        "button",
        {
            type: "button",
            onclick: () => {
                const isOpen = folds.every(one => one.open);
                for (const one of folds) one.open = !isOpen;
            },
        },
        "Open or close all"
    );
    return {
        id: "models",
        title: "Model by model",
        content: [
            details.length > 1
                ? el("p", {class: "beside"}, comparison?.comparable ? el("span", {class: "muted"}, "The best comes first.") : null, all)
                : null,
            folds,
        ],
    };
}

function fold(details, row, around) {
    const family = familyOf(details.family ?? row?.family);
    return el(
        "details",
        {class: "fold"},
        el(
            "summary",
            null,
            el("h3", null, el("span", {class: `family ${family}`}), details.label),
            el(
                "span",
                {class: "muted"},
                [
                    FAMILIES[family].name,
                    Number.isFinite(row?.accuracy?.mean) && `${details.evaluation?.multilabel ? "subset " : ""}accuracy ${score(row.accuracy.mean)}`,
                    Number.isFinite(row?.parameters) && `${count(row.parameters)} parameters`,
                ]
                    .filter(Boolean)
                    .join(", ")
            )
        ),
        el("div", {class: "inside"}, model(details, row, around))
    );
}
