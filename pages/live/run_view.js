import {el} from "../common/dom.js";
import {remove} from "./actions.js";
import {makeControls} from "./controls.js";
import {makeEpochs} from "./epochs_table.js";
import {makeFigures} from "./figures.js";
import {makeLine} from "./line.js";
import {setText} from "./patch.js";
import {listLink, reportLink} from "./route.js";
import {makeRunCharts} from "./run_charts.js";
import {fetchDetails} from "./server.js";
import {setTags, state} from "./state.js";
import {makeStatus} from "./status.js";
import {makeStopButtons} from "./stop_buttons.js";
import {editTags, makeTags} from "./tags.js";

const FIGURES = ["accuracy", "macro_f1", "loss", "val_accuracy", "val_loss", "total_s"];
const DETAILS = [
    "model",
    "family",
    "dataset",
    "seed",
    "batch_size",
    "epochs",
    "epochs_planned",
    "train_images",
    "validation_images",
    "parameters",
    "precision",
    "threads",
    "cpu",
    "isa",
    "ms_per_step",
    "s_per_epoch",
    "started",
    "version",
    "data_hash",
    "command",
];

/** One run, as it trains or as it was. */
export function makeRunView({id}) {
    const run = () => state.runs?.get(id) ?? state.details.get(id)?.run;
    const status = makeStatus(),
        tags = makeTags(),
        line = makeLine();
    const reason = el("p", {class: "reason"});
    const stops = el(
        "div",
        null,
        makeStopButtons(id),
        el(
            "p",
            {class: "muted small"},
            "Save and stop writes a checkpoint, from which ",
            el("code", null, "weft train --resume"),
            " goes on. Stop ends at once, without one."
        )
    );
    const report = el("a", {class: "button", href: reportLink([id]), target: "_blank", rel: "noopener"}, "Open report");
    const erase = el(
        "button",
        {
            type: "button",
            onclick: async () => {
                if (await remove([run()])) location.hash = listLink({});
            },
        },
        "Delete …"
    );
    const figures = makeFigures(FIGURES, "figures");
    const charts = makeRunCharts();
    const epochs = makeEpochs();
    const details = makeFigures(DETAILS, "details");
    const failure = el("p", {class: "failure", role: "alert", hidden: true});
    const body = el(
        "div",
        {hidden: true},
        el(
            "div",
            {class: "about"},
            status.root,
            tags.root,
            el("button", {type: "button", onclick: () => editTags(() => [run()].filter(Boolean), setTags)}, "Tags …"),
            report,
            erase
        ),
        reason,
        el("div", {class: "now"}, line.root, stops),
        figures.root,
        el(
            "section",
            {"aria-labelledby": "curves"},
            el("h2", {id: "curves", class: "unseen"}, "Curves"),
            makeControls(show, "smoothing", ["epoch", "step", "time"]),
            charts.root
        ),
        el("details", null, el("summary", null, "Epochs as a table"), epochs.root),
        el("details", null, el("summary", null, "What ran where"), details.root)
    );
    const root = el("div", null, el("h1", {tabindex: -1}, id), failure, body);
    let drawn = null;

    function show() {
        drawn = null;
        update();
    }

    function update() {
        const now = run(),
            detail = state.details.get(id);
        failure.hidden = !detail?.error;
        if (detail?.error) setText(failure, detail.error.message);
        body.hidden = !now || Boolean(detail?.error);
        if (body.hidden) return;
        const isRunning = now.status === "running";
        status.update(now);
        tags.update(now);
        setText(reason, now.reason);
        reason.hidden = !now.reason;
        line.root.parentElement.hidden = !isRunning;
        if (isRunning) line.update(now);
        erase.hidden = isRunning;
        report.hidden = !now.epochs;
        figures.update(now);
        details.update(now);
        if (!detail || detail === drawn) return;
        drawn = detail;
        charts.update(detail, isRunning);
        epochs.update(detail.epochs);
    }

    return {root, title: () => id, wants: () => [id], fetchAll: fetchDetails, update, destroy: charts.destroy};
}
