// Charts as a test sees them.
import {readFile, stat} from "node:fs/promises";
import path from "node:path";
import {until} from "./browser.mjs";

/** Scrolls to every chart in turn and waits until it is drawn, as charts are when they are seen. */
export async function drawCharts(page) {
    await page.waitForSelector("h1");
    const next = () =>
        page.evaluate(() => {
            const waiting = [...document.querySelectorAll("figure[data-state=waiting]")];
            const figure = waiting.find(one => one.checkVisibility());
            figure?.scrollIntoView({block: "center", behavior: "instant"});
            return figure === undefined;
        });
    await until(next, "all charts");
    await page.evaluate(() => scrollTo({top: 0, behavior: "instant"}));
}

/**
 * What is in the charts that are drawn: [{name, state, marks, height}]. `marks` counts by type the marks of data in
 * Vega's scenegraph that have a size and a colour, and for others what the picture holds: elements of an SVG, or
 * painted pixels of a canvas.
 */
export function marksOf(page) {
    return page.evaluate(() => {
        const box = bounds => Math.max(bounds.x2 - bounds.x1, bounds.y2 - bounds.y1);
        const isSeen = item =>
            item.bounds &&
            box(item.bounds) > 0 &&
            item.opacity !== 0 &&
            [item.fill, item.stroke].some(colour => colour && colour !== "transparent");
        function walk(node, marks) {
            if (node.role === "mark" && node.items)
                marks[node.marktype] = (marks[node.marktype] ?? 0) + node.items.filter(isSeen).length;
            for (const item of node.items ?? []) walk(item, marks);
            return marks;
        }
        function painted(canvas) {
            const {width, height} = canvas;
            const copy = new OffscreenCanvas(width, height).getContext("2d", {willReadFrequently: true});
            copy.drawImage(canvas, 0, 0);
            const {data} = copy.getImageData(0, 0, width, height);
            let pixels = 0;
            for (let i = 4; i < data.length; i += 4)
                pixels += data[i] !== data[0] || data[i + 1] !== data[1] || data[i + 2] !== data[2];
            return pixels;
        }
        return [...document.querySelectorAll("figure[data-chart]")]
            .filter(one => one.checkVisibility())
            .map(figure => {
                const chart = figure.querySelector(".chart"),
                    canvas = chart.querySelector("canvas.map");
                const marks = chart.view
                    ? walk(chart.view.scenegraph().root, {})
                    : canvas
                      ? {pixels: painted(canvas)}
                      : {rect: chart.querySelectorAll("rect").length, text: chart.querySelectorAll("text").length};
                return {
                    name: figure.dataset.chart,
                    state: figure.dataset.state,
                    marks,
                    height: chart.getBoundingClientRect().height,
                    label: chart.getAttribute("aria-label") ?? canvas?.getAttribute("aria-label"),
                };
            });
    });
}

/** Presses "Save ... as KIND" of the page's first chart of that name and gives the file's text (or bytes). */
export async function saved(page, chart, kind, encoding = "utf8") {
    const file = path.join(page.downloads, `${chart}.${kind.toLowerCase()}`);
    await page.$eval(`[data-chart="${chart}"] .save button[aria-label$="as ${kind}"]`, button => button.click());
    const size = async () => (await stat(file).catch(() => ({size: 0}))).size; // the name is taken before it is written
    await until(async () => (await size()) > 0, file);
    return readFile(file, encoding);
}
