import {score} from "../format.js";
import {FAMILIES, familyOf} from "../palette.js";
import {vega} from "../vega.js";

const ROW = 36; // pixels of a model: mean and interval above, its folds below
const APART = 6; // of both from the middle

/**
 * The figure that decides, accuracy, of every fold of a cross-validation as a strip of dots per model, with mean and
 * interval; the best mean is on top.
 *   study  an element of the document's cross_validations
 *   file   name of what is saved
 */
export function folds({models, figures, folds: count}, file) {
    const [{key, title}] = figures;
    const ordered = models
        .filter(one => Number.isFinite(one[key].mean))
        .sort((a, b) => b[key].mean - a[key].mean);
    const rows = () =>
        ordered.flatMap(one =>
            one[key].values.flatMap((value, i) =>
                Number.isFinite(value)
                    ? [
                          {
                              model: one.model,
                              run: one.runs[i],
                              repeat: Math.floor(i / count),
                              fold: i % count,
                              ...Object.fromEntries(figures.map(({key: of}) => [of, one[of].values[i]])),
                          },
                      ]
                    : []
            )
        );
    const said = ordered.map(({model, [key]: {mean, low, high}}) => `${model} ${score(mean)}${between(low, high)}`);
    return {
        file,
        title: `${title} of every fold`,
        rows,
        height: ROW * ordered.length + 60,
        wide: true,
        note: "A small dot is a fold; the large one above is the mean, the line its 95% interval.",
        label: `${title} of every fold of ${ordered.length} models; their means, with 95% intervals: ${said.join("; ")}.`,
        draw: vega(({width, theme}) => specification({models: ordered, rows: rows(), key, title}, width, theme)),
    };
}

const between = (low, high) => (Number.isFinite(low) && Number.isFinite(high) ? ` (${score(low)} to ${score(high)})` : "");

function specification({models, rows, key, title}, width, theme) {
    const present = Object.keys(FAMILIES).filter(key => models.some(one => familyOf(one.family) === key));
    const familyName = Object.fromEntries(models.map(one => [one.model, FAMILIES[familyOf(one.family)].name]));
    const means = models.map(({model, [key]: {mean, low, high}}) => ({
        model,
        family: familyName[model],
        mean,
        low: low === null ? null : Math.max(low, 0),
        high: high === null ? null : Math.min(high, 1),
        text: `${score(mean)}${between(low, high)}`,
    }));
    const x = {
        type: "quantitative",
        scale: {zero: false, nice: true, padding: 8},
        axis: {title, format: ".3~f", tickCount: 6},
    };
    return {
        width,
        height: ROW * models.length,
        encoding: {
            y: {
                field: "model",
                type: "nominal",
                sort: models.map(one => one.model),
                axis: {
                    title: null,
                    ticks: false,
                    domain: false,
                    grid: true,
                    labelColor: theme.ink,
                    labelLimit: Math.min(180, width / 2.6),
                },
            },
            color: {
                field: "family",
                scale: {domain: present.map(key => FAMILIES[key].name), range: present.map(key => theme[key])},
                legend: present.length > 1 ? {title: null, symbolType: "circle", symbolOpacity: 1} : null,
            },
        },
        layer: [
            {
                data: {values: rows.map(row => ({...row, family: familyName[row.model], text: score(row[key])}))},
                mark: {type: "point", filled: true, size: 34, opacity: 0.65, yOffset: APART},
                encoding: {
                    x: {...x, field: key},
                    tooltip: [
                        {field: "model", title: "Model"},
                        {field: "run", title: "Fold"},
                        {field: "text", title},
                    ],
                },
            },
            {
                data: {values: means},
                transform: [{filter: "isValid(datum.low) && isValid(datum.high)"}],
                mark: {type: "rule", strokeWidth: 2, yOffset: -APART},
                encoding: {x: {...x, field: "low"}, x2: {field: "high"}},
            },
            {
                data: {values: means},
                mark: {type: "point", filled: true, size: 90, opacity: 1, yOffset: -APART},
                encoding: {
                    x: {...x, field: "mean"},
                    tooltip: [
                        {field: "model", title: "Model"},
                        {field: "text", title: "Mean"},
                    ],
                },
            },
        ],
    };
}
