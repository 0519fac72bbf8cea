import {el} from "../common/dom.js";

const SHOWN_MS = 1600;

/** A button, called `name`, that copies a text and says so. */
export function copyButton(text, what, name = "Copy") {
    const button = el("button", {
        type: "button",
        class: "copy",
        "aria-label": `${name} ${what}`,
        onclick: async () => {
            shown.textContent = (await copied(text)) ? "Copied" : "Not allowed";
            setTimeout(() => (shown.textContent = name), SHOWN_MS);
        },
    });
    const shown = el("span", {"aria-live": "polite"}, name);
    button.append(shown);
    return button;
}

/** Whether the clipboard has the text now. A browser may keep the newer way for pages that a server sends. */
async function copied(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        const field = el("textarea", {class: "unseen", "aria-hidden": "true"});
        field.value = text;
        document.body.append(field);
        const focused = document.activeElement;
        field.select();
        const isDone = document.execCommand("copy");
        field.remove();
        focused?.focus();
        return isDone;
    }
}
