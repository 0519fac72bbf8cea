import {el, svg} from "../common/dom.js";
import {classColour} from "../common/palette.js";
import {unpack} from "../common/packed.js";

const SIZE = 112; // CSS pixels of a picture

/**
 * Pictures of what a model saw in one mistake, none where it is not known: an overlay (Grad-CAM), what each row or step
 * added, or both.
 */
export function evidence({evidence: list, tile, predicted, label}, classes, around) {
    const ways = {
        gradcam: given => overlay(given, tile, `What spoke for ${classes[predicted]}`, around),
        rows: given => byRows(given, predicted, label, classes),
    };
    return (list ?? []).filter(({kind}) => kind in ways).map(given => ways[given.kind](given));
}

/** What these pictures are, of the evidence of one mistake: sentences. */
export const legend = list => (list ?? []).map(given => LEGENDS[given.kind]?.(given)).filter(Boolean);

const LEGENDS = {
    gradcam: () =>
        "The second picture shows, where it is bright, what the last convolution looked at (Grad-CAM) for the class " +
        "that was predicted.",
    rows: given => {
        const {reading, layer, image_lines: all, rows} = given;
        const {line, unit} = words(given),
            each = Number((all / rows.length).toPrecision(2));
        const order = layer
            ? `step by step as the recurrent layer reads the map of the convolutions, ${line} by ${line} (${rows.length} ` +
              `steps, each about ${each} ${line}${each === 1 ? "" : "s"} of the image)`
            : `${line} by ${line} as the model reads it`;
        const filled = reading === "filled" ? " The rows that were not read yet were black." : "";
        return (
            `Beside the picture stand, ${order}, what each ${unit} added for (right) or against (left) the predicted ` +
            `class, and how the probabilities of the predicted and the true class grew.${filled}`
        );
    },
};

/** What a line is called, and a step: where a map is read, that is one of its lines. */
function words({reading, layer}) {
    const line = reading === "columns" ? "column" : "row";
    return {line, unit: layer ? "step" : line};
}

/** "row 3"; "step 3 of 7 (about rows 9 to 12 of 28)": of a map's line, the image's at its place. */
function nameOf(i, given) {
    const {layer, image_lines: all, rows} = given,
        {line, unit} = words(given);
    if (!layer) return `${unit} ${i + 1} of ${rows.length}`;
    const first = Math.floor((i * all) / rows.length) + 1,
        last = Math.ceil(((i + 1) * all) / rows.length);
    const place = first < last ? `${line}s ${first} to ${last}` : `${line} ${first}`;
    return `${unit} ${i + 1} of ${rows.length} (about ${place} of ${all})`;
}

/**
 * The picture `tile` under a map of heat: clear where nothing was looked at, through red to yellow where most was;
 * `label` says what that is.
 */
export function overlay({height, width, values}, tile, label, {sprite}) {
    const canvas = el("canvas", {
        class: "tile",
        width: 2 * SIZE,
        height: 2 * SIZE,
        role: "img",
        "aria-label": label,
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
function byRows(given, predicted, truth, classes) {
    const {rows, progress, classes: shown} = given;
    const most = Math.max(...rows.map(Math.abs), 1e-12),
        each = SIZE / rows.length,
        BARS = 62,
        LINES = 92,
        GAP = 10;
    const steps = progress ?? [],
        down = SIZE / Math.max(1, steps.length);
    const {unit} = words(given);
    const at = index => (shown ? shown.indexOf(index) : index); // of many classes the likeliest are there
    const line = index =>
        steps
            .map(
                (probabilities, i) =>
                    `${(BARS + GAP + LINES * (probabilities[at(index)] ?? 0)).toFixed(1)},${((i + 0.5) * down).toFixed(1)}`
            )
            .join(" ");
    const bar = (value, i) =>
        svg(
            "rect",
            {
                x: value < 0 ? BARS / 2 - ((BARS / 2) * -value) / most : BARS / 2,
                y: i * each + 0.4,
                width: ((BARS / 2) * Math.abs(value)) / most,
                height: each - 0.8,
                class: value < 0 ? "against" : "for",
            },
            svg("title", null, `${capital(nameOf(i, given))}: ${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(2)}`)
        );
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
                `${capital(unit)} by ${unit}: ${nameOf(strongest, given)} spoke most for ${classes[predicted]}` +
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
