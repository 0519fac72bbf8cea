/** A text shown by `el` is never read as HTML: there is no way to write markup from a string. */

/**
 * One element: el("p", {class: "note"}, "text", child, ...). Attributes that are null, undefined or false
 * are left out, true is an empty one; names that begin with "on" add a listener. Children are elements,
 * texts, numbers or lists of these; null, undefined and false are left out.
 */
export function el(name, attributes, ...children) {
    return fill(document.createElement(name), attributes, children);
}

/** The same in SVG. */
export function svg(name, attributes, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false)
        .map(child => child instanceof Node ? child : String(child)));
    return element;
}
