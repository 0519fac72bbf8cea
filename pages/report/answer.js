import {differences} from "../common/charts/differences.js";
import {el} from "../common/dom.js";
import {figure} from "../common/figure.js";
import {results} from "./results.js";
import {pairs} from "./pairs.js";

const lines = text => (text ?? "").split("\n").filter(Boolean);

/** A text that may begin in small letters. */
const sentence = text => text.charAt(0).toUpperCase() + text.slice(1);

/** What was asked, the answer, and the table. */
export function answer(report, around) {
    const comparison = report.comparison ?? {},
        models = comparison.models ?? [];
    const sentences = report.answer ?? lines(comparison.answer);
    const [first, ...others] = sentences;
    const behind = models.length > 1 ? differences(models, comparison.pairs ?? []) : null;
    return {
        id: "answer",
        title: "The answer",
        content: [
            el(
                "header",
                null,
                el(
                    "p",
                    {class: "eyebrow"},
                    [
                        "weft report",
                        report.data?.name ?? models[0]?.dataset ?? report.cross_validations?.[0]?.dataset,
                        (report.generated ?? "").slice(0, 10),
                    ]
                        .filter(Boolean)
                        .join("  ·  ")
                ),
                el("h1", {id: "answer-title"}, report.title ?? "Report"),
                report.question ? el("p", {class: "question"}, report.question) : null
            ),
            el(
                "div",
                {class: "answer"},
                first ? el("p", {class: "lead"}, first) : null,
                others.map(one => el("p", null, one))
            ),
            report.caution ? el("p", {class: "muted"}, sentence(report.caution)) : null,
            (comparison.notes ?? []).length
                ? el(
                      "div",
                      {class: "caution"},
                      el(
                          "ul",
                          null,
                          comparison.notes.map(note => el("li", null, note))
                      )
                  )
                : null,
            models.length ? el("h2", {class: "minor"}, models.length > 1 ? "All models" : "The model") : null,
            models.length ? results(report) : null,
            behind ? el("h2", {class: "minor"}, "Which differences are real?") : null,
            behind ? figure(behind, 3) : null,
            pairs(comparison),
        ],
    };
}
