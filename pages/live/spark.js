import {svg} from "../common/dom.js";
import {setAttribute} from "./patch.js";

const WIDTH = 300,
    HEIGHT = 48,
    MARGIN = 2;

/**
 * A small curve without axes: {root, update({x, lines})}, where `colors` has one of the theme for each of the lines.
 * What it says in detail stands elsewhere.
 */
export function makeSpark(name, colors) {
    const paths = colors.map(color =>
        svg("path", {
            fill: "none",
            stroke: `var(--${color})`,
            "stroke-width": 1.5,
            "vector-effect": "non-scaling-stroke",
        })
    );
    const root = svg(
        "svg",
        {
            class: "spark",
            viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
            preserveAspectRatio: "none",
            role: "img",
            "aria-label": name,
        },
        paths
    );
    return {
        root,
        update({x, lines}) {
            const known = lines.flat().filter(Number.isFinite);
            const top = Math.max(...known),
                low = Math.min(...known);
            const left = i => ((x[i] - x[0]) / (x.at(-1) - x[0] || 1)) * WIDTH;
            const up = y => HEIGHT - MARGIN - ((y - low) / (top - low || 1)) * (HEIGHT - 2 * MARGIN);
            paths.forEach((path, p) =>
                setAttribute(
                    path,
                    "d",
                    lines[p]
                        .flatMap((y, i) => (Number.isFinite(y) ? [`${left(i).toFixed(1)} ${up(y).toFixed(1)}`] : []))
                        .map((point, i) => (i ? "L" : "M") + point)
                        .join("")
                )
            );
        },
    };
}
