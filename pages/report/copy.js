import {el} from "../shared/dom.js";

const SHOWN_MS = 1600;

/** A button that copies a text and says so. */
export function copyButton(text, what) {
    const button = el("button", {type: "button", class: "copy", "aria-label": `Copy ${what}`, onclick: async () => {
        let said = "Copied";
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            said = "Not allowed"; // a browser may keep its clipboard for pages of a server
        }
        shown.textContent = said;
        setTimeout(() => shown.textContent = "Copy", SHOWN_MS);
    }});
    const shown = el("span", {"aria-live": "polite"}, "Copy");
    button.append(shown);
    return button;
}
