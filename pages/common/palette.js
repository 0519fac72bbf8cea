/**
 * The colours of classes, the same on white, on dark and on paper. Found by a search for ten colours that are as far
 * apart as possible for normal sight and under simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009)
 * at a contrast of at least 2 to both papers; in this order neighbours are far apart. tests/browser/test_palette.mjs
 * holds them to it.
 */
export const CLASS_COLOURS = [
    "#0495bb",
    "#565600",
    "#6bc99c",
    "#892f74",
    "#8961f4",
    "#e74686",
    "#0847c4",
    "#ffa300",
    "#c2aafe",
    "#b66a01",
];

/**
 * The colour of class `index` of `count`. Beyond ten classes no set of colours can be told apart, so names
 * must do: then hues go round in golden steps.
 */
export function classColour(index, count = 10) {
    if (count <= CLASS_COLOURS.length) return CLASS_COLOURS[index];
    return `hsl(${Math.round(index * 137.508) % 360} ${[70, 55, 45][index % 3]}% ${[45, 58, 38][(index >> 1) % 3]}%)`;
}

const FEW = [0x4f, 0xb8, 0xc9],
    MANY = [0x6a, 0x3f, 0xa0];

/** The colour of number 0 to `most`: the more, the darker, at a contrast of at least 2 to both papers. */
export function numberColour(number, most) {
    const share = most > 0 ? number / most : 0;
    const hex = FEW.map((few, i) => Math.round(few + share * (MANY[i] - few)).toString(16).padStart(2, "0"));
    return `#${hex.join("")}`;
}

/** What a family is called, and its mark in charts (Vega's names of shapes); its colour is in theme(). */
export const FAMILIES = {
    cnn: {name: "CNN", shape: "circle"},
    rnn: {name: "RNN", shape: "square"},
    hybrid: {name: "CNN and RNN", shape: "diamond"},
    other: {name: "other", shape: "triangle-up"},
};

/** The key of a family that may be one that this page does not know. */
export const familyOf = name => (name in FAMILIES ? name : "other");
