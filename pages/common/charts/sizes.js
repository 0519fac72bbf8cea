import {count, counted} from "../format.js";
import {vega} from "../vega.js";

/** How many labels images have, and how many are told of them. {true: [], told: []}: images with 0, 1, 2 ... labels. */
export function sizes(label, {true: truth, told}) {
    const rows = () => truth.map((images, labels) => ({labels, images, told: told[labels]}));
    const mean = list => list.reduce((sum, n, labels) => sum + n * labels, 0) / list.reduce((sum, n) => sum + n, 0);
    const said = `${mean(told).toFixed(2)} labels are told of an image on average, ${mean(truth).toFixed(2)} are there.`;
    const kinds = ["There", "Told"];
    return {
        file: "set-sizes",
        title: "Number of labels",
        subject: label,
        rows,
        note: said,
        label: `Images by their number of labels, as it is and as ${label} tells it. ${said}`,
        draw: vega(({width, theme}) => ({
            width,
            height: 220,
            data: {
                values: rows().flatMap(row => [
                    {labels: row.labels, kind: kinds[0], images: row.images, text: count(row.images)},
                    {labels: row.labels, kind: kinds[1], images: row.told, text: count(row.told)},
                ]),
            },
            mark: {type: "bar", cornerRadiusEnd: 1.5},
            encoding: {
                x: {field: "labels", type: "ordinal", axis: {title: "Labels of an image", labelAngle: 0}},
                xOffset: {field: "kind", sort: kinds},
                y: {field: "images", type: "quantitative", axis: {title: "Images", format: ",d", tickCount: 5}},
                color: {
                    field: "kind",
                    sort: kinds,
                    scale: {domain: kinds, range: [theme.muted, theme.cnn]},
                    legend: {title: null},
                },
                tooltip: [
                    {field: "labels", title: "Labels"},
                    {field: "kind", title: "Which"},
                    {field: "text", title: counted(2, "image").replace("2 ", "")},
                ],
            },
        })),
    };
}
