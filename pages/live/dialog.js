import {el} from "../common/dom.js";

let count = 0;

/**
 * A modal dialog; resolves with what `close(value)` was called with, null when it was left with Escape. `content` is
 * given `close` and returns what stands below the title.
 */
export function openDialog(title, content) {
    return new Promise(resolve => {
        const id = `dialog-${++count}`;
        let result = null;
        const dialog = el("dialog", {"aria-labelledby": id}, el("h2", {id}, title));
        const close = value => {
            result = value;
            dialog.close();
        };
        dialog.append(...[content(close)].flat().filter(Boolean));
        dialog.addEventListener("close", () => {
            dialog.remove();
            resolve(result);
        });
        document.body.append(dialog);
        dialog.showModal();
    });
}

/**
 * Asks before something is done: `work()` does it, and while it does the dialog waits; what it throws is shown there.
 * Resolves with true when it was done.
 */
export function confirmDialog({title, text, action, work}) {
    return openDialog(title, close => {
        const failure = el("p", {class: "failure", role: "alert", hidden: true});
        const cancel = el("button", {type: "button", autofocus: true, onclick: () => close(false)}, "Cancel");
        const act = el(
            "button",
            {
                type: "button",
                class: "danger",
                onclick: async () => {
                    act.disabled = cancel.disabled = true;
                    try {
                        await work();
                        close(true);
                    } catch (error) {
                        failure.textContent = error.message;
                        failure.hidden = false;
                        act.disabled = cancel.disabled = false;
                    }
                },
            },
            action
        );
        return [...text, failure, el("div", {class: "buttons"}, cancel, act)];
    });
}

/** Says that something could not be done. */
export function tellFailure(title, error) {
    return openDialog(title, close => [
        el("p", {class: "failure"}, error.message),
        error.hint ? el("p", null, error.hint) : null,
        el(
            "div",
            {class: "buttons"},
            el("button", {type: "button", autofocus: true, onclick: () => close(true)}, "Close")
        ),
    ]);
}
