import {el} from "../common/dom.js";
import {setText} from "./patch.js";
import {state} from "./state.js";

const clock = new Intl.DateTimeFormat("sv", {timeStyle: "medium"});

/** Says that the server does not answer, as long as it does not. */
export function makeBanner() {
    const root = el("p", {class: "lost", role: "alert", hidden: true});
    return {
        root,
        update() {
            root.hidden = !state.lostSince;
            const since = state.lostSince && clock.format(state.lostSince);
            setText(
                root,
                !since
                    ? ""
                    : `The server has not answered since ${since}. ` +
                          "This is what was known then; the page goes on by itself when the server is back."
            );
        },
    };
}
