import {count, counted} from "../format.js";
import {classColour} from "../palette.js";
import {vega} from "../vega.js";

const PARTS = {train: "training", validation: "validation", test: "test"};

/** How many images of each class the parts of the data have. data: the report's data (pages/README.md). */
export function balance(data) {
    const parts = Object.keys(PARTS).filter(part => data.parts?.[part]?.per_class);
    const rows = () =>
        parts.flatMap(part =>
            data.classes.map((name, index) => ({
                part: PARTS[part],
                class: name,
                images: data.parts[part].per_class[index],
            }))
        );
    const said = parts.map(part => {
        const all = data.parts[part].per_class;
        const [low, high] = [Math.min(...all), Math.max(...all)];
        const images = low === high ? counted(low, "image") : `${count(low)} to ${count(high)} images`;
        return `${PARTS[part]}: ${images} per class`;
    });
    return {
        file: "class-balance",
        title: "Images per class",
        note: `${said.join("; ")}.`,
        rows,
        label: `Images per class. ${said.join("; ")}.`,
        height: data.classes.length * 30 + 60,
        draw: vega(({width, theme}) => ({
            width,
            height: 12 * parts.length * data.classes.length,
            data: {values: rows()},
            mark: {type: "bar", cornerRadiusEnd: 1.5},
            encoding: {
                y: {
                    field: "class",
                    type: "nominal",
                    sort: data.classes,
                    scale: {paddingInner: 0.28},
                    axis: {
                        title: null,
                        labelLimit: Math.min(160, width / 3),
                        ticks: false,
                        domain: false,
                        labelColor: theme.ink,
                    },
                },
                yOffset: {field: "part", sort: parts.map(part => PARTS[part])},
                x: {field: "images", type: "quantitative", axis: {title: "Images", format: ",d", tickCount: 5}},
                color: {
                    field: "class",
                    legend: null,
                    scale: {
                        domain: data.classes,
                        range: data.classes.map((_, index) => classColour(index, data.classes.length)),
                    },
                },
                opacity: {
                    field: "part",
                    sort: parts.map(part => PARTS[part]),
                    scale: {domain: parts.map(part => PARTS[part]), range: [1, 0.62, 0.36].slice(0, parts.length)},
                    legend: {title: null, symbolType: "square", symbolFillColor: theme.ink, symbolStrokeWidth: 0},
                },
                tooltip: [
                    {field: "class", title: "Class"},
                    {field: "part", title: "Part"},
                    {field: "images", title: "Images", format: ",d"},
                ],
            },
        })),
    };
}
