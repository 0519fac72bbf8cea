import {el} from "../dom.js";
import {count} from "../format.js";
import {pick} from "../pick.js";
import {pngOf} from "../save.js";
import {hideTooltip, showTooltip} from "../tooltip.js";
import {grid} from "./map_grid.js";
import {circles, paintMap, place} from "./map_paint.js";

/**
 * The map of the test images (t-SNE): a canvas, for ten thousand points are more than Vega draws at once. What is under
 * the pointer, or chosen by the arrow keys, is shown with its image and said.
 *   points   {x, y: arrays; of point i: isWrong(i), row(i) of the CSV file, describe(i): [[name, text]],
 *            picture(i): element or null}
 *   groups   [{name, colour, has(i)}]: a point has the colour of the first one that it is in; `grouping` is what they are
 */
export function map(label, points, groups, grouping, {kl, perplexity, layer}) {
    const everyone = [...points.x.keys()],
        wrong = everyone.filter(points.isWrong).length;
    const first = everyone.map(i => groups.find(group => group.has(i)));
    const state = {byError: false, only: null, chosen: null};
    return {
        file: "map",
        title: "Map of the test images",
        subject: label,
        wide: true,
        isInteractive: true,
        height: 560,
        note:
            `t-SNE of what the layer ${layer ?? "before the last"} puts out: images that look alike to the model lie ` +
            `side by side${Number.isFinite(kl) ? ` (perplexity ${perplexity}, KL ${kl.toFixed(2)})` : ""}. ` +
            "Point at one, or use the arrow keys, to see it.",
        label: `Map of ${count(points.x.length)} test images as ${label} sees them; ${count(wrong)} of them are wrong.`,
        controls: pick(
            [
                ["group", `Colour by ${grouping}`],
                ["error", "Colour by error"],
            ],
            "Colours",
            value => {
                state.byError = value === "error";
            }
        ),
        rows: () => everyone.map(points.row),
        draw: async function (box, {width, theme}) {
            const view = {
                width,
                height: Math.min(width, 620),
                theme,
                byError: state.byError,
                only: state.only,
                first,
            };
            const spots = place(points, view);
            const canvas = el("canvas", {
                class: "map",
                tabindex: 0,
                role: "application",
                "aria-roledescription": "map",
                "aria-label": this.label + " The arrow keys go from image to image.",
            });
            const said = el("p", {class: "unseen", "aria-live": "polite"});
            const repaint = () => paintMap(canvas, points, spots, view, state.chosen);
            pointAt(canvas, grid(spots, view), spots, {
                choose(i, at) {
                    state.chosen = i;
                    repaint();
                    if (i === null) return hideTooltip();
                    showTooltip(at, points.describe(i), points.picture(i));
                    said.textContent = points
                        .describe(i)
                        .map(pair => pair.join(" "))
                        .join(", ");
                },
                chosen: () => state.chosen,
            });
            box.replaceChildren(
                canvas,
                said,
                legend(groups, state, only => {
                    view.only = only;
                    repaint();
                })
            );
            repaint();
            return {
                svg: () => circles(points, spots, view),
                png: () =>
                    pngOf(view.width, view.height, context =>
                        paintMap(context.canvas, points, spots, view, null, context)
                    ),
            };
        },
    };
}

/** The groups as buttons: one shows only its own images. */
function legend(groups, state, changed) {
    const buttons = groups.map(group => {
        const dot = el("span", {class: "dot"});
        dot.style.background = group.colour;
        return el(
            "button",
            {
                type: "button",
                class: "key",
                "aria-pressed": String(state.only === group),
                onclick: () => {
                    state.only = state.only === group ? null : group;
                    buttons.forEach((one, i) => one.setAttribute("aria-pressed", String(groups[i] === state.only)));
                    changed(state.only);
                },
            },
            dot,
            group.name
        );
    });
    return el("div", {class: "legend", role: "group", "aria-label": "Show one group only"}, buttons);
}

const REACH = 14; // pixels from the pointer

/** The pointer and the arrow keys choose a spot. */
function pointAt(canvas, cells, spots, {choose, chosen}) {
    canvas.addEventListener("pointermove", event => {
        const found = cells.nearest(event.offsetX, event.offsetY, REACH);
        if (found !== chosen() || found !== null) choose(found, event);
    });
    canvas.addEventListener("pointerleave", () => choose(null));
    canvas.addEventListener("blur", () => choose(null));
    canvas.addEventListener("keydown", event => {
        const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
        if (event.key === "Escape") return choose(null);
        if (!way) return;
        event.preventDefault();
        const from = chosen();
        const next =
            from === null
                ? cells.nearest(canvas.clientWidth / 2, canvas.clientHeight / 2, Infinity)
                : cells.towards(from, way);
        if (next === null) return;
        const {left, top} = canvas.getBoundingClientRect();
        choose(next, {clientX: left + spots.x[next], clientY: top + spots.y[next]});
    });
}
