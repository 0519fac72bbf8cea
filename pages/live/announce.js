import {el} from "../shared/dom.js";

const region = el("p", {class: "unseen", role: "status"});
document.body.append(region);

/** Says a text to who uses a screen reader, when that has nothing else to say. */
export function announce(text) {
    if (region.textContent === text) region.textContent = "";
    region.textContent = text;
}
