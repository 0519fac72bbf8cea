import {count, listed, points} from "../format.js";
import {classColour} from "../palette.js";
import {vega} from "../vega.js";

/** Which classes each of two models wins: the difference of recall per class. pair: one of `disagreements`. */
export function wins({a, b, per_class: classes}, names) {
    const values = names
        .map((name, index) => ({
            class: name,
            index,
            images: classes[index].count,
            a_right: classes[index].a_right,
            b_right: classes[index].b_right,
            difference: classes[index].count
                ? (classes[index].a_right - classes[index].b_right) / classes[index].count
                : 0,
        }))
        .sort((one, other) => other.difference - one.difference);
    const better = sign => values.filter(one => sign * one.difference > 0).map(one => one.class);
    const said = [
        [a, better(1)],
        [b, better(-1)],
    ].map(([name, won]) => (won.length ? `${name} finds more of ${listed(won)}` : `${name} is ahead in no class`));
    return {
        file: `wins-${a}-${b}`.replace(/[^\w-]+/g, "-"),
        title: "Which classes each wins",
        subject: `${a} and ${b}`,
        height: names.length * 28 + 60,
        note: "Difference of the share of a class that is right, in points.",
        rows: () => values.map(({index, ...row}) => row),
        label: `Which classes ${a} and ${b} win: ${said.join("; ")}.`,
        draw: vega(({width, theme}) => ({
            width,
            height: names.length * Math.max(14, Math.min(26, 420 / names.length)),
            data: {
                values: values.map(one => ({
                    ...one,
                    d: 100 * one.difference,
                    text: points(one.difference),
                    aText: `${count(one.a_right)} of ${count(one.images)}`,
                    bText: `${count(one.b_right)} of ${count(one.images)}`,
                })),
            },
            encoding: {
                y: {
                    field: "class",
                    type: "nominal",
                    sort: values.map(one => one.class),
                    axis: {
                        title: null,
                        ticks: false,
                        domain: false,
                        labelColor: theme.ink,
                        labelLimit: Math.min(150, width / 3),
                    },
                },
            },
            layer: [
                {
                    mark: {type: "bar", cornerRadius: 1.5, height: {band: 0.66}},
                    encoding: {
                        x: {
                            field: "d",
                            type: "quantitative",
                            scale: {nice: true, padding: 26},
                            axis: {
                                title: `← ${b} is better  │  ${a} is better →`,
                                titleLimit: width * 0.7,
                                tickCount: 5,
                                format: "+.1~f",
                            },
                        },
                        color: {
                            field: "class",
                            legend: null,
                            scale: {domain: names, range: names.map((_, i) => classColour(i, names.length))},
                        },
                        tooltip: [
                            {field: "class", title: "Class"},
                            {field: "aText", title: a},
                            {field: "bText", title: b},
                            {field: "text", title: "Points"},
                        ],
                    },
                },
                {
                    mark: {
                        type: "text",
                        fontSize: 10.5,
                        align: {expr: "datum.d < 0 ? 'right' : 'left'"},
                        dx: {expr: "datum.d < 0 ? -4 : 4"},
                        tooltip: false,
                    },
                    encoding: {x: {field: "d", type: "quantitative"}, text: {field: "text"}},
                },
                {
                    data: {values: [{zero: 0}]},
                    mark: {type: "rule", strokeWidth: 1, tooltip: false},
                    encoding: {x: {datum: 0}, y: {value: 0}, y2: {value: {expr: "height"}}},
                },
            ],
        })),
    };
}
