// Colours as people see them: contrast, and distances for normal sight and three kinds of colour blindness.

const linear = byte => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);

/** "#0495bb" as linear red, green, blue from 0 to 1. */
export const rgb = hex => [1, 3, 5].map(at => linear(parseInt(hex.slice(at, at + 2), 16)));

/** WCAG 2: from 1 to 21. */
export function contrast(one, other) {
    const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
    const [low, high] = [luminance(rgb(one)), luminance(rgb(other))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1, on linear values. */
export const SIGHTS = {
    normal: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
    ],
    protanopia: [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    deuteranopia: [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    tritanopia: [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
};

const times = (matrix, vector) => matrix.map(row => row.reduce((sum, one, i) => sum + one * vector[i], 0));

/** CIE 1976 L*a*b* under D65. */
function lab(colour) {
    const [x, y, z] = times(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.072175],
            [0.0193339, 0.119192, 0.9503041],
        ],
        colour
    )
        .map((one, i) => one / [0.95047, 1, 1.08883][i])
        .map(t => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116));
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** How far two colours are apart (CIE 1976) for who sees as `sight` of SIGHTS says; about 2 can just be seen. */
export function distance(one, other, sight) {
    const seen = colour => lab(times(SIGHTS[sight], rgb(colour)).map(x => Math.min(1, Math.max(0, x))));
    const [a, b] = [seen(one), seen(other)];
    return Math.hypot(...a.map((x, i) => x - b[i]));
}
