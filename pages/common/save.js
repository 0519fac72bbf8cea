import {csv} from "./csv.js";
import {el} from "./dom.js";

/** Gives the reader a file. */
export function saveBlob(blob, name) {
    const url = URL.createObjectURL(blob);
    const link = el("a", {href: url, download: name, hidden: true});
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A line with a button that saves `what` as CSV: `rows()` is the data, [{column: value}]. */
export function saveCsv(what, file, rows) {
    const button = el(
        "button",
        {
            type: "button",
            "aria-label": `Save ${what} as CSV`,
            onclick: () => saveBlob(new Blob([csv(rows())], {type: "text/csv"}), file),
        },
        "CSV"
    );
    return el("div", {class: "tools"}, el("div", {class: "save"}, el("span", {class: "muted"}, "Save"), button));
}

const SCALE = 2; // pixels of a PNG per pixel of the page

/** A picture as PNG: `paint(context)` paints on a canvas of width x height units. */
export function pngOf(width, height, paint) {
    const canvas = el("canvas", {width: Math.round(width * SCALE), height: Math.round(height * SCALE)});
    const context = canvas.getContext("2d");
    context.scale(SCALE, SCALE);
    paint(context);
    return new Promise((done, failed) =>
        canvas.toBlob(blob => (blob ? done(blob) : failed(new Error("no PNG"))), "image/png")
    );
}

/** An <svg> element as the text of a file. */
export function svgText(element) {
    const copy = element.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    return new XMLSerializer().serializeToString(copy);
}

/** The same as PNG, on `paper`. */
export async function svgPng(element, paper) {
    const {width, height} = element.viewBox.baseVal;
    const image = new Image(width * SCALE, height * SCALE);
    const url = URL.createObjectURL(new Blob([svgText(element)], {type: "image/svg+xml"}));
    image.src = url;
    await image.decode();
    URL.revokeObjectURL(url);
    return pngOf(width, height, context => {
        context.fillStyle = paper;
        context.fillRect(0, 0, width, height);
        context.drawImage(image, 0, 0, width, height);
    });
}
