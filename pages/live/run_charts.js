import {el} from "../common/dom.js";
import {brief, bytes, count, score} from "../common/format.js";
import {makeChart} from "./chart.js";
import {axes, layersOf, normCurves, runCurves} from "./curves.js";
import {lineStyle} from "./line_style.js";
import {setText} from "./patch.js";
import {preferences} from "./preferences.js";

const steps = [
    {name: "steps", color: "train", width: 1, faint: true},
    {name: "steps, smoothed", color: "train", width: 1.5},
];
const epochs = [
    {name: "training", color: "train", width: 2, dots: true, dash: [4, 3]},
    {name: "validation", color: "validation", width: 2, dots: true},
];

const alone = name => [{name, color: "validation"}];

const figures = [
    {key: "loss", title: "Loss", format: score, log: true, lines: [...steps, ...epochs]},
    {key: "accuracy", title: "Accuracy", format: score, lines: [...steps, ...epochs]},
    {key: "learning_rate", title: "Learning rate", format: brief, log: true, lines: alone("learning rate")},
    {key: "speed", title: "Images per second", format: count, zero: true, lines: steps},
    {key: "memory", title: "Memory", format: bytes, tick: bytes, zero: true, lines: alone("memory")},
];

const across = {
    formatX: x => String(Number(x.toFixed(2))),
    xName: () => axes[preferences.axis].name,
    sync: "run",
};

/** All charts of one run: {root, update(detail), destroy()}. */
export function makeRunCharts() {
    const charts = figures.map(figure => ({...figure, chart: makeChart({...figure, ...across})}));
    const spikes = el("p", {class: "spikes"});
    const root = el(
        "div",
        {class: "charts"},
        charts.map(({chart}) => chart.root)
    );
    charts[0].chart.root.append(spikes);
    let norms = null;

    function updateNorms(detail) {
        const layers = layersOf(detail.norms);
        if (norms?.layers.join("\n") !== layers.join("\n")) {
            norms?.charts.forEach(({chart}) => chart.root.remove());
            norms?.charts.forEach(({chart}) => chart.destroy());
            norms = {layers, charts: layers.length ? normCharts(layers) : []};
            root.append(...norms.charts.map(({chart}) => chart.root));
        }
        const data = normCurves(detail, preferences.axis);
        for (const {key, chart} of norms.charts) show(chart, data[key]);
    }

    function show(chart, data) {
        chart.setLog(preferences.log);
        chart.setData(data);
    }

    return {
        root,
        /** What an old run did not record is left out; of one that trains it is still to come. */
        update(detail, isRunning) {
            const data = runCurves(detail, preferences);
            for (const {key, chart} of charts) {
                show(chart, data[key]);
                chart.root.hidden = !isRunning && !data[key].x.length;
            }
            setText(spikes, spikesText(data.spikes));
            updateNorms(detail);
        },
        destroy() {
            for (const {chart} of [...charts, ...(norms?.charts ?? [])]) chart.destroy();
        },
    };
}

function normCharts(layers) {
    const lines = layers.map((name, index) => ({name, ...lineStyle(index)}));
    return [
        ["gradients", "Gradient norm per layer"],
        ["weights", "Weight norm per layer"],
    ].map(([key, title]) => ({key, chart: makeChart({title, lines, format: brief, log: true, ...across})}));
}

function spikesText(spikes) {
    if (!spikes.length) return "";
    const last = spikes.at(-1);
    const many = spikes.length > 1;
    const what = many ? `${count(spikes.length)} spikes of the loss, the last` : "One spike of the loss,";
    return `▼ ${what} in epoch ${last.epoch} near step ${count(last.step)}: ${score(last.y)}.`;
}
