import {count, counted, percent} from "../format.js";
import {pick} from "../pick.js";
import {vega} from "../vega.js";

const MANY = 16, // labels: beyond, figures would not be read
    STRONGEST = 2; // powers of two: told four times as often, or a quarter

/** How many powers of two a pair is told too often; half an image more on each side, for pairs that never occur. */
const excess = row => Math.log2((row.told + 0.5) / (row.images + 0.5));

/** Which labels go together: images that are told to have both, against those that do. {true: [][], told: [][]}. */
export function together(label, classes, counts, images) {
    const rows = () =>
        classes.flatMap((a, i) =>
            classes.slice(0, i).map((b, j) => ({a, b, images: counts.true[i][j], told: counts.told[i][j]}))
        );
    const worst = rows().sort((a, b) => Math.abs(b.told - b.images) - Math.abs(a.told - a.images))[0];
    const state = {shown: "excess"};
    const said =
        worst && worst.told !== worst.images
            ? `Furthest off: ${worst.a} with ${worst.b}, told of ${counted(worst.told, "image")}, true of ` +
              `${count(worst.images)}.`
            : "Every pair is told as often as it is true.";
    return {
        file: "together",
        title: "Labels that go together",
        subject: label,
        rows,
        height: 440,
        note: said,
        label: `Pairs of labels of ${label}: how often both are told of an image, against how often both are there. ${said}`,
        controls: pick(
            [
                ["excess", "Told against true"],
                ["told", "Told"],
                ["images", "True"],
            ],
            "Cells show",
            value => {
                state.shown = value;
            }
        ),
        draw: vega(({width, theme}) => specification(rows(), classes, images, state.shown, width, theme)),
    };
}

function specification(values, classes, images, shown, width, theme) {
    const isExcess = shown === "excess";
    const isSmall = width / classes.length < 44;
    const most = Math.max(...values.map(row => Math.max(row.images, row.told)), 1);
    const cells = values.map(row => ({
        ...row,
        value: isExcess ? Math.max(-STRONGEST, Math.min(STRONGEST, excess(row))) : row[shown] / most,
        text: isExcess ? `${row.told > row.images ? "+" : ""}${row.told - row.images}`.replace("-", "−") : String(row[shown]),
        toldText: `${count(row.told)} (${percent(row.told / images)})`,
        imagesText: `${count(row.images)} (${percent(row.images / images)})`,
    }));
    const axis = {title: null, ticks: false, domain: false, grid: false, labelColor: theme.ink, labelLimit: Math.min(110, width / 4)};
    const colour = isExcess
        ? {domain: [-STRONGEST, 0, STRONGEST], range: [theme.cnn, theme.paper, theme.rnn]}
        : {domain: [0, 1], range: [theme.heatLow, theme.heatHigh]};
    const strong = isExcess ? "abs(datum.value) > 1.4" : "datum.value > 0.5";
    return {
        width,
        height: Math.min(0.8 * width, Math.max(220, classes.length * 34)),
        data: {values: cells},
        encoding: {
            y: {field: "a", type: "nominal", sort: classes, axis},
            x: {field: "b", type: "nominal", sort: classes, axis: {...axis, labelAngle: -50}},
        },
        layer: [
            {
                mark: {type: "rect", stroke: theme.line, strokeWidth: 1, cornerRadius: 2},
                encoding: {
                    color: {field: "value", type: "quantitative", legend: null, scale: {...colour, type: "linear", interpolate: "rgb"}},
                    tooltip: [
                        {field: "a", title: "Label"},
                        {field: "b", title: "With"},
                        {field: "imagesText", title: "Images with both"},
                        {field: "toldText", title: "Told to have both"},
                    ],
                },
            },
            ...(classes.length > MANY
                ? []
                : [
                      {
                          mark: {type: "text", fontSize: isSmall ? 8.5 : 11, tooltip: false},
                          encoding: {
                              text: {field: "text"},
                              color: {condition: {test: strong, value: theme.paper}, value: theme.ink},
                          },
                      },
                  ]),
        ],
    };
}
