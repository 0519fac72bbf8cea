import {el} from "../common/dom.js";
import {setAttribute, setText} from "./patch.js";

/** The status of a run: a word, and a mark whose form and colour say the same. */
export function makeStatus() {
    const word = el("span");
    const root = el("span", {class: "status"}, el("span", {class: "mark", "aria-hidden": "true"}), word);
    return {
        root,
        update({status}) {
            setAttribute(root, "data-status", status);
            setText(word, status);
        },
    };
}
