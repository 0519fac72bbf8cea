import {el} from "./dom.js";

/**
 * The images of the report: tiles of one large picture, the element `image`; `sprite` is the document's. Gives
 * {picture(tile, label), paint(canvas, tile), size}, or null where the report has no pictures.
 */
export function spriteOf(image, sprite) {
    if (!image || !sprite) return null;
    const {
        columns,
        tile: {height, width},
    } = sprite;
    const whole = image.decode().then(() => createImageBitmap(image));
    whole.catch(error => console.error(`the pictures cannot be read: ${error.message}`));

    /** Draws a tile over the whole of a canvas, as it is: enlarging is the style sheet's. */
    async function paint(canvas, tile) {
        const bitmap = await whole;
        const context = canvas.getContext("2d");
        context.imageSmoothingEnabled = false;
        context.drawImage(
            bitmap,
            (tile % columns) * width,
            Math.floor(tile / columns) * height,
            width,
            height,
            0,
            0,
            canvas.width,
            canvas.height
        );
    }

    /** An element that shows a tile; without a label, what stands beside it says what it is. */
    function picture(tile, label = null) {
        const canvas = el("canvas", {
            class: "tile",
            width,
            height,
            role: label ? "img" : null,
            "aria-label": label,
            "aria-hidden": label ? null : "true",
        });
        paint(canvas, tile).catch(() => canvas.replaceWith(el("span", {class: "muted small"}, "no picture")));
        return canvas;
    }

    return {picture, paint, size: {height, width}};
}
