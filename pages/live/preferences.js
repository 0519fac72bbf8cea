/** How curves are looked at; kept by the browser. A browser that keeps nothing forgets it on reload. */

const KEY = "weft-preferences";
const defaults = {smoothing: 0.6, epochSmoothing: 0, log: false, axis: "epoch"};

function read() {
    try {
        return {...defaults, ...JSON.parse(localStorage.getItem(KEY) ?? "{}")};
    } catch {
        return {...defaults};
    }
}

export const preferences = read();

export function setPreference(name, value) {
    preferences[name] = value;
    try {
        localStorage.setItem(KEY, JSON.stringify(preferences));
    } catch {
        // it holds until the page is left
    }
}
