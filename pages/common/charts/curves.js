import {counted, listed, score} from "../format.js";
import {vega} from "../vega.js";

const MEASURES = [
    {name: "Loss", train: "loss", validation: "val_loss"},
    {name: "Accuracy", train: "accuracy", validation: "val_accuracy"},
    {name: "Learning rate", train: "learning_rate"},
];
const TICKS = 5;
const DOTTED = 12; // epochs up to which each is a dot
const PARTS = {train: "training", validation: "validation"};

/** Loss, accuracy and learning rate over the epochs of a model's seeds (epochs: see pages/README.md). */
export function curves(label, epochs) {
    const rows = () =>
        MEASURES.flatMap(measure =>
            Object.keys(PARTS)
                .filter(part => measure[part])
                .flatMap(part =>
                    epochs.flatMap(run =>
                        run.epoch
                            .map((epoch, i) => ({
                                measure: measure.name,
                                part: PARTS[part],
                                seed: run.seed,
                                epoch,
                                value: run[measure[part]]?.[i] ?? null,
                            }))
                            .filter(row => row.value !== null)
                    )
                )
        );
    const last = (key, pick) => {
        const ends = epochs.map(run => run[key]?.at(-1)).filter(Number.isFinite);
        return ends.length ? `${pick} ${score(ends.reduce((sum, one) => sum + one, 0) / ends.length)}` : null;
    };
    const longest = Math.max(0, ...epochs.map(run => run.epoch.length));
    const said = [
        last("loss", "training loss"),
        last("val_loss", "validation loss"),
        last("accuracy", "training accuracy"),
        last("val_accuracy", "validation accuracy"),
    ].filter(Boolean);
    const seeds =
        epochs.length > 1
            ? ` The line is the mean of ${epochs.length} seeds, the band goes from the least to the most.`
            : "";
    return {
        file: "learning-curves",
        title: "Learning curves",
        subject: label,
        wide: true,
        rows,
        height: 260,
        note: seeds ? seeds.trim() : null,
        label:
            `Learning curves of ${label} over ${counted(longest, "epoch")}` +
            `${said.length ? `, which end at ${listed(said)}` : ""}.${seeds}`,
        draw: vega(({width, theme}) => specification(summary(rows()), epochs, width, theme)),
    };
}

/** Mean, least and most over the seeds that reached an epoch. */
function summary(rows) {
    const groups = new Map();
    for (const {measure, part, epoch, value} of rows) {
        const key = `${measure} ${part} ${epoch}`;
        if (!groups.has(key)) groups.set(key, {measure, part, epoch, values: []});
        groups.get(key).values.push(value);
    }
    return [...groups.values()].map(({values, ...rest}) => ({
        ...rest,
        seeds: values.length,
        mean: values.reduce((sum, one) => sum + one, 0) / values.length,
        low: Math.min(...values),
        high: Math.max(...values),
    }));
}

function specification(values, epochs, width, theme) {
    const isShort = epochs.every(run => run.epoch.length <= DOTTED);
    const isWide = width >= 640,
        present = MEASURES.filter(measure => values.some(one => one.measure === measure.name));
    const GAP = 22,
        AXIS = 62;
    const each = isWide ? (width - GAP * (present.length - 1)) / present.length - AXIS : width - AXIS;
    const domain = Object.values(PARTS),
        legend = {title: null, symbolType: "stroke", symbolOpacity: 1, symbolStrokeWidth: 2.5};
    const color = {field: "part", scale: {domain, range: [theme.train, theme.validation]}, legend};
    const strokeDash = {
        field: "part",
        scale: {
            domain,
            range: [
                [1, 0],
                [6, 2],
            ],
        },
        legend,
    };
    const one = ({name}) => ({
        width: each,
        height: 190,
        title: name,
        transform: [{filter: `datum.measure === '${name}'`}],
        encoding: {
            x: {
                field: "epoch",
                type: "quantitative",
                scale: {nice: false},
                axis: {title: "Epoch", tickMinStep: 1, format: "d", grid: false, tickCount: Math.min(8, each / 34)},
            },
        },
        layer: [
            ...(epochs.length > 1
                ? [{mark: {type: "area", opacity: 0.2}, encoding: {y: y(name, "low"), y2: {field: "high"}, color}}]
                : []),
            {
                mark: {
                    type: "line",
                    point: isShort && {size: 16},
                    ...(name === "Learning rate" ? {interpolate: "step-after", color: theme.ink} : {}),
                },
                encoding: {y: y(name, "mean"), ...(name === "Learning rate" ? {} : {color, strokeDash})},
            },
            {
                mark: {type: "point", filled: true, size: 60, opacity: 0},
                encoding: {
                    y: y(name, "mean"),
                    tooltip: [
                        {field: "measure", title: "Measure"},
                        {field: "part", title: "Part"},
                        {field: "epoch", title: "Epoch"},
                        {field: "mean", title: epochs.length > 1 ? "Mean" : "Value", format: ".4~g"},
                        ...(epochs.length > 1 ? [{field: "seeds", title: "Seeds"}] : []),
                    ],
                },
            },
        ],
    });
    return {
        autosize: {type: "pad"},
        data: {values},
        ...(isWide ? {bounds: "flush", spacing: GAP + AXIS} : {spacing: 26}), // flush: plots side by side at one height
        resolve: {scale: {color: "shared", strokeDash: "shared"}},
        [isWide ? "hconcat" : "vconcat"]: present.map(one),
    };
}

const y = (name, field) => ({
    field,
    type: "quantitative",
    scale: {zero: false, nice: TICKS},
    axis: {title: null, tickCount: TICKS, minExtent: 46, format: name === "Learning rate" ? ".2~e" : ".3~f"},
});
