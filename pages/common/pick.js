import {el} from "./dom.js";

let groups = 0;

/**
 * One of several, as radio buttons in a row; options: [[value, name]], the first is chosen. A change calls
 * `changed(value)` and draws the figure again.
 */
export function pick(options, legend, changed) {
    const group = `pick-${++groups}`;
    const choose = event => {
        changed(event.target.value);
        event.target.closest("figure").redraw();
    };
    return el(
        "fieldset",
        {class: "pick"},
        el("legend", {class: "unseen"}, legend),
        options.map(([value, name], index) =>
            el(
                "label",
                null,
                el("input", {type: "radio", name: group, value, checked: index === 0, onchange: choose}),
                el("span", null, name)
            )
        )
    );
}
