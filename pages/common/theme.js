/** The colours of the page as it is shown now; style.css has them. */

const NAMES = [
    "paper",
    "card",
    "ink",
    "muted",
    "line",
    "edge",
    "accent",
    "good",
    "bad",
    "cnn",
    "rnn",
    "hybrid",
    "other",
    "train",
    "validation",
    "heat-low",
    "heat-high",
];

/** {paper: "#fff", ink: "...", ..., font: "Inter, ..."} */
export function theme() {
    const style = getComputedStyle(document.documentElement);
    const colours = NAMES.map(name => [
        name.replace("-l", "L").replace("-h", "H"),
        style.getPropertyValue(`--${name}`),
    ]);
    return {...Object.fromEntries(colours), font: style.fontFamily};
}

/** Calls `then` whenever the colours have changed: the system became light or dark, or the page goes to paper. */
export function onThemeChange(then) {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", then);
}
