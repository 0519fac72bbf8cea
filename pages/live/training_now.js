import {el} from "../common/dom.js";
import {runCurves} from "./curves.js";
import {makeLine} from "./line.js";
import {setParts} from "./patch.js";
import {runLink} from "./route.js";
import {makeSpark} from "./spark.js";
import {state} from "./state.js";
import {makeStopButtons} from "./stop_buttons.js";

const SMOOTHING = 0.8; // of the small curves

/** The trainings that are running, each with its current line: {root, update(runs)}. */
export function makeTrainingNow() {
    const cards = el("div", {class: "cards"});
    const root = el("section", {"aria-labelledby": "now"}, el("h2", {id: "now"}, "Training now"), cards);
    return {
        root,
        update(runs) {
            const running = runs.filter(run => run.status === "running");
            root.hidden = running.length === 0;
            setParts(cards, running, run => run.id, makeCard);
        },
    };
}

function makeCard({id, model, dataset}) {
    const line = makeLine();
    const spark = makeSpark("Loss so far, in training and validation", ["train", "validation"]);
    const about = [model === id.replace(/-\d+$/, "") ? null : model, dataset].filter(Boolean).join(" on ");
    const root = el(
        "article",
        {class: "card", "aria-label": id},
        el(
            "div",
            {class: "card-head"},
            el("h3", null, el("a", {href: runLink(id)}, id)),
            el("span", {class: "muted"}, about)
        ),
        line.root,
        spark.root,
        makeStopButtons(id)
    );
    let drawn = null;
    return {
        root,
        update(run) {
            line.update(run);
            const detail = state.details.get(id);
            if (!detail || detail.error || detail === drawn) return;
            drawn = detail;
            const {loss} = runCurves(detail, {axis: "epoch", smoothing: SMOOTHING});
            spark.update({x: loss.x, lines: [loss.lines[1], loss.lines[3]]});
        },
    };
}
