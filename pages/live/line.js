import {el} from "../common/dom.js";
import {count, duration, quantity, score} from "../common/format.js";
import {setAttribute, setText} from "./patch.js";
import {secondsLeft, share} from "./progress.js";

/** The current line of a training, as the terminal's bar has it: {root, update(run)}. */
export function makeLine() {
    const bar = el("progress", {max: 1, "aria-label": "Share of the training that is done"});
    const figures = {};
    const item = (key, title) => el("div", null, el("dt", null, title), (figures[key] = el("dd", null, "-")));
    const root = el(
        "div",
        {class: "line"},
        bar,
        el(
            "dl",
            null,
            item("epoch", "Epoch"),
            item("step", "Step"),
            item("loss", "Loss"),
            item("accuracy", "Accuracy"),
            item("left", "Left"),
            item("speed", "Images/s")
        )
    );
    return {
        root,
        update(run) {
            const {live} = run;
            setAttribute(bar, "value", share(run).toFixed(4));
            setText(figures.epoch, `${count(live?.epoch ?? run.epochs)} of ${count(run.epochs_planned)}`);
            setText(figures.step, live ? `${count(stepOfEpoch(live))} of ${count(live.steps)}` : "-");
            setText(figures.loss, score(live?.loss));
            setText(figures.accuracy, score(live?.accuracy));
            setText(figures.left, duration(secondsLeft(run) ?? NaN));
            setText(figures.speed, live?.images_per_s > 100 ? count(live.images_per_s) : quantity(live?.images_per_s));
        },
    };
}

const stepOfEpoch = ({step, steps, epoch}) => step - (epoch - 1) * steps;
