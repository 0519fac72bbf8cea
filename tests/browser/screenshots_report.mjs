// Pictures of a report, for docs/: WEFT_REPORT=report.html tests/browser/run tests/browser/screenshots_report.mjs
// They go to the folder WEFT_SCREENSHOTS.
import {mkdir} from "node:fs/promises";
import path from "node:path";
import {test} from "node:test";
import {pathToFileURL} from "node:url";
import {close, open} from "./browser.mjs";
import {drawCharts} from "./charts.mjs";
import {checkQuiet, checkWidth} from "./checks.mjs";

const folder = process.env.WEFT_SCREENSHOTS ?? "build/screenshots";
const report = pathToFileURL(process.env.WEFT_REPORT ?? "runs/demo/comparison.html").href;
const MARGIN = 20;

/**
 * {name: [what is in the picture: the first's top to the last's bottom]}; null is the window as it opens. A picture of
 * what the report has none of (cross-validations, models that read a map) is left out.
 */
const WIDE = {
    light: {
        "report-answer": null,
        "report-curves": [".fold [data-chart=learning-curves]", ".fold [data-chart=roc]"],
        "report-map": [".fold [data-chart=map]"],
        "report-mistakes": [".fold .mistakes li", ".fold .mistakes li:nth-child(9)"],
        "report-reading": [".wide-cards li", ".wide-cards li:nth-child(3)"],
        "report-folds": ["#cross-validation h2", "#cross-validation table"],
        "report-made": ["#made h2", "#made .with"],
    },
    dark: {
        "report-cost": ["#cost h2", "#cost .figures"],
        "report-layers": [".fold [data-chart=layers]"],
        "report-data": ["#data h2", "#data .gallery"],
        "report-scores": [".fold [data-chart=class-scores]", ".fold [data-chart=reliability]"],
        "report-versus": ["#versus h2", "#versus .cards li:nth-child(6)"],
    },
};
const NARROW = {
    light: {"report-narrow-charts": [".fold [data-chart=confusion]", ".fold [data-chart=roc]"]},
    dark: {"report-narrow-answer": null},
};
const HEIGHTS = {1600: 1000, 360: 780};

/** The rectangle from the top of the first to the bottom of the last, and as wide as both. */
const around = (page, selectors) =>
    page.evaluate(
        (all, margin) => {
            const boxes = all.map(one => document.querySelector(one).getBoundingClientRect());
            const left = Math.max(0, Math.min(...boxes.map(box => box.left)) - margin);
            const top = Math.min(...boxes.map(box => box.top)) + scrollY - margin;
            const right = Math.min(innerWidth, Math.max(...boxes.map(box => box.right)) + margin);
            return {x: left, y: top, width: right - left, height: boxes.at(-1).bottom + scrollY + margin - top};
        },
        selectors,
        MARGIN
    );

/** Whether all of it is there; the model that it is of is opened. */
const unfold = (page, selectors) =>
    page.evaluate(all => {
        const found = (all ?? []).map(one => document.querySelector(one));
        if (found.includes(null)) return false;
        for (const one of found) one.closest("details.fold")?.setAttribute("open", "");
        return true;
    }, selectors);

/** Goes to an image of the map, so that it is shown. */
async function choose(page) {
    await page.focus("canvas.map");
    for (let step = 0; step < 12; step++) await page.keyboard.press("ArrowLeft");
}

for (const [width, schemes] of Object.entries({1600: WIDE, 360: NARROW}))
    for (const [scheme, pictures] of Object.entries(schemes))
        test(`pictures of the report, ${width} pixels wide, ${scheme}`, async () => {
            await mkdir(folder, {recursive: true});
            const page = await open(report, {width: Number(width), height: HEIGHTS[width], scheme});
            await drawCharts(page);
            await checkWidth(page);
            for (const [name, selectors] of Object.entries(pictures)) {
                if (!(await unfold(page, selectors))) continue;
                if (name === "report-map") await choose(page);
                const file = {path: path.join(folder, `${name}.webp`), type: "webp", quality: 82};
                if (selectors)
                    await page.screenshot({...file, clip: await around(page, selectors), captureBeyondViewport: true});
                else await page.screenshot(file);
            }
            checkQuiet(page);
            await close(page);
        });
