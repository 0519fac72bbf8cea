import {el, svg} from "../common/dom.js";
import {classColour} from "../common/palette.js";
import {unpack} from "../common/packed.js";

const SIZE = 112; // CSS pixels of a picture

/** What a model saw in one mistake: an overlay (Grad-CAM) or what each row added; null where it is not known. */
export function evidence({evidence: given, tile, predicted, label}, classes, around) {
    if (given?.kind === "gradcam") return overlay(given, tile, classes[predicted], around);
    if (given?.kind === "rows") return byRows(given, predicted, label, classes);
    return null;
}

/** The picture under a map of heat: clear where nothing was looked at, through red to yellow where most was. */
function overlay({height, width, values}, tile, name, {sprite}) {
    const canvas = el("canvas", {
        class: "tile",
        width: 2 * SIZE,
        height: 2 * SIZE,
        role: "img",
        "aria-label": `What spoke for ${name}`,
    });
    const heat = unpack(values),
        small = el("canvas", {width, height}),
        context = small.getContext("2d");
    const pixels = context.createImageData(width, height);
    heat.forEach((value, i) =>
        pixels.data.set([255, Math.max(0, 1.6 * value - 120), 40 * (1 - value / 255), 0.78 * value], 4 * i)
    );
    context.putImageData(pixels, 0, 0);
    const painted = sprite ? sprite.paint(canvas, tile) : Promise.resolve();
    painted.then(
        () => {
            const onto = canvas.getContext("2d");
            onto.imageSmoothingEnabled = true;
            onto.drawImage(small, 0, 0, canvas.width, canvas.height);
        },
        () => canvas.remove()
    );
    return canvas;
}

const capital = word => word[0].toUpperCase() + word.slice(1);

/** Beside each row of the picture what it added, and the probabilities of two classes when it had been read. */
function byRows({rows, progress, reading, classes: shown}, predicted, truth, classes) {
    const most = Math.max(...rows.map(Math.abs), 1e-12),
        each = SIZE / rows.length,
        BARS = 62,
        LINES = 92,
        GAP = 10;
    const steps = progress ?? [],
        down = SIZE / Math.max(1, steps.length);
    const unit = reading === "columns" ? "column" : "row";
    const at = index => (shown ? shown.indexOf(index) : index); // of many classes the likeliest are there
    const line = index =>
        steps
            .map(
                (probabilities, i) =>
                    `${(BARS + GAP + LINES * (probabilities[at(index)] ?? 0)).toFixed(1)},${((i + 0.5) * down).toFixed(1)}`
            )
            .join(" ");
    const bar = (value, i) =>
        svg("rect", {
            x: value < 0 ? BARS / 2 - ((BARS / 2) * -value) / most : BARS / 2,
            y: i * each + 0.4,
            width: ((BARS / 2) * Math.abs(value)) / most,
            height: each - 0.8,
            class: value < 0 ? "against" : "for",
        });
    const path = index =>
        svg("polyline", {
            points: line(index),
            fill: "none",
            stroke: classColour(index, classes.length),
            "stroke-width": 2.2,
            "stroke-linejoin": "round",
        });
    const strongest = rows.indexOf(Math.max(...rows));
    return svg(
        "svg",
        {
            class: "rows",
            viewBox: `0 0 ${BARS + GAP + LINES} ${SIZE}`,
            role: "img",
            "aria-label":
                `${capital(unit)} by ${unit}: ${unit} ${strongest + 1} of ${rows.length} spoke most for ${classes[predicted]}` +
                (steps.length
                    ? `, whose probability ends at ${(steps.at(-1)[at(predicted)] ?? 0).toFixed(2)}; that of ` +
                      `${classes[truth]} at ${(steps.at(-1)[at(truth)] ?? 0).toFixed(2)}`
                    : ""),
        },
        svg("line", {x1: BARS / 2, x2: BARS / 2, y1: 0, y2: SIZE, class: "axis"}),
        rows.map(bar),
        steps.length
            ? [0, 1].map(p =>
                  svg("line", {x1: BARS + GAP + p * LINES, x2: BARS + GAP + p * LINES, y1: 0, y2: SIZE, class: "axis"})
              )
            : null,
        steps.length ? [path(truth), path(predicted)] : null
    );
}
