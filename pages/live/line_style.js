import {CLASS_COLOURS} from "../shared/palette.js";

const dashes = [undefined, [7, 4], [2, 3], [10, 3, 2, 3]];

/**
 * How line `index` of many is drawn, so that all can be told apart, also by colour-blind readers: the ten colours, and
 * dashes when these are used up.
 */
export const lineStyle = index => ({
    color: CLASS_COLOURS[index % CLASS_COLOURS.length],
    dash: dashes[Math.floor(index / CLASS_COLOURS.length) % dashes.length],
});
