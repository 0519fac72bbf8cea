/** The colours of the style sheet, for what is drawn on a canvas. */

let cache = new Map();
const listeners = new Set();

/** The value of a custom property such as "--blue". */
export function color(name) {
    if (!cache.has(name)) cache.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
    return cache.get(name);
}

/** Calls `changed` when the page becomes dark or light; returns what ends that. */
export function onTheme(changed) {
    listeners.add(changed);
    return () => listeners.delete(changed);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    cache = new Map();
    for (const changed of listeners) changed();
});
