import {el} from "../common/dom.js";
import {axes} from "./curves.js";
import {preferences, setPreference} from "./preferences.js";

/**
 * How curves are looked at: smoothing (the preference of that name), logarithmic scale, and which of the `places` lies
 * on the horizontal axis. `changed()` is told.
 */
export function makeControls(changed, smoothingName, places) {
    const set = (name, value) => {
        setPreference(name, value);
        changed();
    };
    const shown = el("output", null, preferences[smoothingName].toFixed(2));
    const smoothing = el("input", {
        type: "range",
        min: 0,
        max: 0.99,
        step: 0.01,
        value: preferences[smoothingName],
        oninput: event => {
            shown.value = Number(event.target.value).toFixed(2);
            set(smoothingName, Number(event.target.value));
        },
    });
    const log = el("input", {
        type: "checkbox",
        checked: preferences.log,
        onchange: event => set("log", event.target.checked),
    });
    const axis = el(
        "select",
        {onchange: event => set("axis", event.target.value)},
        places.map(value => el("option", {value, selected: value === preferences.axis}, axes[value].title))
    );
    return el(
        "div",
        {class: "controls", role: "group", "aria-label": "Curves"},
        el("label", null, "Smoothing", smoothing, shown),
        el("label", null, log, "Logarithmic scale"),
        el("label", null, "Across", axis)
    );
}
