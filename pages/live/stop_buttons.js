import {el} from "../common/dom.js";
import {saveAndStop, stop} from "./actions.js";

/** The two ways to end a training, each with what it does. */
export function makeStopButtons(id) {
    const button = (title, what, act) =>
        el(
            "button",
            {
                type: "button",
                title: what,
                "aria-label": `${title} ${id}`,
                "aria-description": what,
                onclick: () => act(id),
            },
            title
        );
    return el(
        "div",
        {class: "buttons"},
        button(
            "Save and stop",
            "Finishes the step, writes a checkpoint and ends; weft train --resume goes on.",
            saveAndStop
        ),
        button("Stop", "Ends at once, without a checkpoint; what was learnt since the last one is lost.", stop)
    );
}
