import {vega} from "../vega.js";
import {FAMILIES, familyOf} from "../palette.js";
import {score} from "../format.js";

/**
 * Accuracy against a cost: points of families, whiskers, and the line of those that nothing beats at lower cost.
 *   models  [{label, family, accuracy, low, high, [key]}]
 *   cost    {key, file, title, name, axis, format(value), labels (an expression of Vega's),
 *           ticks (values to choose from, in lists from few to many)}
 */
export function tradeoff(models, cost) {
    const known = models.filter(one => one[cost.key] > 0 && Number.isFinite(one.accuracy));
    const best = front(known, cost.key);
    const rows = () =>
        known.map(one => ({
            model: one.label,
            family: FAMILIES[familyOf(one.family)].name,
            [cost.key]: one[cost.key],
            accuracy: one.accuracy,
            low: one.low,
            high: one.high,
            unbeaten: best.includes(one) ? "yes" : "no",
        }));
    return {
        file: cost.file,
        title: cost.title,
        rows,
        height: 340,
        label:
            `Accuracy against ${cost.name} of ${known.length} models. At its cost or less, nothing beats ` +
            `${best.map(one => `${one.label} (${score(one.accuracy)}, ${cost.format(one[cost.key])})`).join(", ")}.`,
        draw: vega(({width, theme}) => specification(known, best, cost, width, theme)),
    };
}

/** The models that none beats which costs as much or less, from the cheapest. */
function front(models, key) {
    let most = -Infinity;
    return [...models]
        .sort((a, b) => a[key] - b[key] || b.accuracy - a.accuracy)
        .filter(one => {
            if (one.accuracy <= most) return false;
            most = one.accuracy;
            return true;
        });
}

/** Names at the left and right ends of the chart go inwards. */
function aligned(cost, costs) {
    const [least, most] = [Math.log(Math.min(...costs)), Math.log(Math.max(...costs))];
    const place = most > least ? (Math.log(cost) - least) / (most - least) : 0.5;
    return place < 0.15 ? "left" : place > 0.75 ? "right" : "center";
}

function specification(models, best, cost, width, theme) {
    const present = Object.keys(FAMILIES).filter(key => models.some(one => familyOf(one.family) === key));
    const domain = present.map(key => FAMILIES[key].name);
    const costs = models.map(one => one[cost.key]),
        least = Math.min(...costs),
        most = Math.max(...costs);
    const named = models.length <= 6 ? models : best;
    const values = models.map(one => ({
        ...one,
        name: FAMILIES[familyOf(one.family)].name,
        cost: one[cost.key],
        costText: cost.format(one[cost.key]),
        text: score(one.accuracy),
        shown: named.includes(one) ? one.label : "",
        isBest: best.includes(one),
        align: aligned(
            one[cost.key],
            models.map(each => each[cost.key])
        ),
    }));
    const near = cost.ticks.map(list => list.filter(one => one >= least / 1.3 && one <= most * 1.3));
    const ticks = near.find(list => list.length >= 3) ?? near.at(-1);
    const x = {
        field: "cost",
        type: "quantitative",
        scale: {type: "log", nice: false, padding: 28},
        axis: {title: cost.axis, grid: false, labelExpr: cost.labels, labelOverlap: true, tickCount: 6, values: ticks},
    };
    const y = {
        field: "accuracy",
        type: "quantitative",
        scale: {zero: false, padding: 16},
        axis: {title: "Accuracy", format: ".3~f", tickCount: 6},
    };
    return {
        width,
        height: 320,
        data: {values},
        encoding: {x},
        layer: [
            {
                transform: [{filter: "datum.isBest"}],
                mark: {
                    type: "line",
                    interpolate: "step-after",
                    color: theme.edge,
                    strokeWidth: 1.2,
                    strokeDash: [3, 3],
                },
                encoding: {y},
            },
            {
                mark: {type: "rule", strokeWidth: 1.3, opacity: 0.75},
                encoding: {y: {...y, field: "low"}, y2: {field: "high"}},
            },
            {
                mark: {type: "point", filled: true, size: 100, opacity: 1, stroke: theme.paper, strokeWidth: 1},
                encoding: {
                    y,
                    color: {
                        field: "name",
                        scale: {domain, range: present.map(key => theme[key])},
                        legend: {title: null},
                    },
                    shape: {field: "name", scale: {domain, range: present.map(key => FAMILIES[key].shape)}},
                    tooltip: [
                        {field: "label", title: "Model"},
                        {field: "name", title: "Family"},
                        {field: "text", title: "Accuracy"},
                        {field: "costText", title: cost.axis},
                    ],
                },
            },
            {
                mark: {type: "text", align: {expr: "datum.align"}, dy: -13, fontSize: 11, limit: 150},
                encoding: {y, text: {field: "shown"}},
            },
        ],
    };
}
