import {el} from "./dom.js";

let box;

/** Shows pairs [name, value], and above them `picture` (an element or null), near the pointer. */
export function showTooltip({clientX, clientY}, pairs, picture = null) {
    if (!box) document.body.append((box = el("div", {class: "tooltip", "aria-hidden": "true", hidden: true})));
    box.replaceChildren(
        ...[
            picture,
            el(
                "dl",
                null,
                pairs.map(([name, value]) => [el("dt", null, name), el("dd", null, value)])
            ),
        ].filter(Boolean)
    );
    box.hidden = false;
    const {width, height} = box.getBoundingClientRect();
    const {clientWidth} = document.documentElement;
    const left = clientX + 14 + width > clientWidth ? clientX - 14 - width : clientX + 14;
    const top = clientY + 14 + height > innerHeight ? clientY - 14 - height : clientY + 14;
    box.style.left = `${Math.max(4, left) + scrollX}px`;
    box.style.top = `${Math.max(4, top) + scrollY}px`;
}

export function hideTooltip() {
    if (box) box.hidden = true;
}
