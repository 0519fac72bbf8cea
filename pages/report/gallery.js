import {el} from "../common/dom.js";
import {classColour} from "../common/palette.js";

/** The name of a class after a dot of its colour. */
export function className(classes, index) {
    const dot = el("span", {class: "dot"});
    dot.style.background = classColour(index, classes.length);
    return el("span", {class: "class"}, dot, classes[index] ?? "?");
}

/** Pictures in rows: items are [picture or null, ...texts], of which null is left out. */
export function gallery(label, items) {
    return el(
        "ul",
        {class: "gallery", "aria-label": label},
        items.map(([picture, ...texts]) =>
            el(
                "li",
                null,
                picture,
                texts.filter(text => text !== null).map(text => el("span", {class: "line"}, text))
            )
        )
    );
}
