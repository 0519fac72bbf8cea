/** Changes of what is shown: an element whose content is already right is not touched. */

/** The element's text. */
export function setText(element, text) {
    const wanted = String(text);
    if (element.textContent !== wanted) element.textContent = wanted;
}

/** An attribute; null, undefined and false take it away, true is an empty one. */
export function setAttribute(element, name, value) {
    if (value === null || value === undefined || value === false) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value === true ? "" : value))
        element.setAttribute(name, value === true ? "" : value);
}

const known = new WeakMap(); // by parent: a map from keys to parts

/**
 * Makes the children of `parent` one part per item, in their order. A part is what `make(item)` returns, an object
 * with `root`, and stays as long as its item's key is there; its `update(item)` is called each time, if it has one.
 */
export function setParts(parent, items, keyOf, make) {
    const before = known.get(parent) ?? new Map();
    const after = new Map();
    let place = parent.firstChild;
    for (const item of items) {
        const key = keyOf(item);
        const part = before.get(key) ?? make(item);
        part.update?.(item);
        after.set(key, part);
        if (part.root === place) place = place.nextSibling;
        else parent.insertBefore(part.root, place);
    }
    for (const [key, part] of before) {
        if (after.get(key) === part) continue;
        part.root.remove();
        part.destroy?.();
    }
    known.set(parent, after);
    return after;
}
