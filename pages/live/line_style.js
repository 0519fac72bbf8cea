import {CLASS_COLOURS} from "../common/palette.js";

const ORDER = [0, 5, 9, 4, 6, 7, 3, 2, 1, 8]; // those first that stand out on white and on dark paper alike
const dashes = [undefined, [7, 4], [2, 3], [10, 3, 2, 3]];

/**
 * How line `index` of many is drawn, so that all can be told apart, also by colour-blind readers: the ten colours, and
 * dashes when these are used up.
 */
export const lineStyle = index => ({
    color: CLASS_COLOURS[ORDER[index % ORDER.length]],
    dash: dashes[Math.floor(index / ORDER.length) % dashes.length],
});
