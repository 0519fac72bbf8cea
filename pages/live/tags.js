import {el} from "../common/dom.js";
import {announce} from "./announce.js";
import {tagText} from "./choose.js";
import {openDialog} from "./dialog.js";
import {setParts} from "./patch.js";
import {tagRun} from "./server.js";

/** A run's tags as small labels. */
export function makeTags() {
    const root = el("ul", {class: "tags"});
    return {
        root,
        update(run) {
            setParts(
                root,
                Object.entries(run.tags).map(tagText),
                tag => tag,
                tag => ({root: el("li", null, tag)})
            );
            root.hidden = !root.childElementCount;
        },
    };
}

/**
 * The dialog in which runs get and lose tags. `runs()` are those it is about, as they are now; `changed(id, tags)` is
 * told what the server did.
 */
export function editTags(runs, changed) {
    const title = runs().length === 1 ? `Tags of ${runs()[0].id}` : `Tags of ${runs().length} runs`;
    return openDialog(title, close => {
        const list = el("ul", {class: "tag-list"});
        const none = el("p", {class: "muted"}, "No tags yet.");
        const failure = el("p", {class: "failure", role: "alert", hidden: true});
        const name = el("input", {type: "text", required: true, maxlength: 100, autofocus: true, autocomplete: "off"});
        const value = el("input", {type: "text", autocomplete: "off"});

        const work = async (tag, text, those) => {
            failure.hidden = true;
            try {
                for (const run of those) {
                    await tagRun(run.id, tag, text);
                    const tags = {...run.tags};
                    if (text === null) delete tags[tag];
                    else tags[tag] = text;
                    changed(run.id, tags);
                }
                announce(text === null ? `Tag ${tag} removed.` : `Tag ${tag} added.`);
            } catch (error) {
                failure.textContent = error.message;
                failure.hidden = false;
            }
            show();
        };

        function show() {
            const all = [...new Set(runs().flatMap(run => Object.entries(run.tags).map(tagText)))].sort();
            none.hidden = all.length > 0;
            setParts(
                list,
                all,
                tag => tag,
                tag => {
                    const label = tag.split("=")[0];
                    const remove = el(
                        "button",
                        {
                            type: "button",
                            onclick: () =>
                                work(
                                    label,
                                    null,
                                    runs().filter(run => label in run.tags)
                                ),
                        },
                        "Remove"
                    );
                    remove.setAttribute("aria-label", `Remove the tag ${tag}`);
                    return {root: el("li", null, el("span", null, tag), remove)};
                }
            );
        }

        const form = el(
            "form",
            {
                class: "fields",
                onsubmit: event => {
                    event.preventDefault();
                    work(name.value.trim(), value.value, runs()).then(() => {
                        name.value = value.value = "";
                        name.focus();
                    });
                },
            },
            el("label", null, "Name", name),
            el("label", null, "Value (may stay empty)", value),
            el("button", {type: "submit"}, "Add tag")
        );
        show();
        return [
            list,
            none,
            form,
            failure,
            el("div", {class: "buttons"}, el("button", {type: "button", onclick: () => close(true)}, "Done")),
        ];
    });
}
