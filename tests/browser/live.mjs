// What the tests of the live page do with it.
import {until} from "./browser.mjs";
import {storeRun} from "./stored_runs.mjs";
import {makeRunsFolder, startUi} from "./ui.mjs";

export const PATIENCE_MS = 60_000;
export const HOSTILE = "<img src=x onerror=alert(1)>&amp;\"'";

export const text = (page, selector) => page.$eval(selector, one => one.textContent);
export const texts = (page, selector) => page.$$eval(selector, all => all.map(one => one.textContent));
export const click = (page, label) => page.locator(`::-p-aria([name="${label}"])`).click();
export const rows = page => texts(page, ".runs tbody th[scope=row] a");
export const waitFor = (page, what, ask, ...given) => until(() => page.evaluate(ask, ...given), what, PATIENCE_MS);
export const goTo = (page, hash) =>
    page.evaluate(to => {
        location.hash = to;
    }, hash);

/** How many pixels of a chart have the colour of the validation curve, as the style sheet has it now. */
export const drawnPixels = (page, title) =>
    page.evaluate(wanted => {
        const canvas = [...document.querySelectorAll(".chart")]
            .find(one => one.querySelector("h3").textContent === wanted)
            ?.querySelector("canvas");
        if (!canvas) return 0;
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
        copy.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--validation");
        copy.fillRect(0, 0, 1, 1);
        const [r, g, b] = copy.getImageData(0, 0, 1, 1).data;
        copy.clearRect(0, 0, 1, 1);
        copy.drawImage(canvas, 0, 0);
        const {data} = copy.getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] > 200 && Math.hypot(data[i] - r, data[i + 1] - g, data[i + 2] - b) < 40) count++;
        }
        return count;
    }, title);

export const points = (page, title) =>
    page.evaluate(
        wanted =>
            Number(
                [...document.querySelectorAll(".chart")].find(one => one.querySelector("h3").textContent === wanted)
                    ?.dataset.points ?? 0
            ),
        title
    );

/** Five runs, and the server that shows them: {runs, server}. */
export async function serveRuns() {
    const runs = await makeRunsFolder();
    await storeRun(runs, "gru-128-1", {seed: 1, epochs: 20, accuracy: 0.89, tags: {good: ""}});
    await storeRun(runs, "gru-128-2", {seed: 2, epochs: 20, accuracy: 0.87, started: "2026-01-02T00:00:00.000Z"});
    await storeRun(runs, "cnn-16-1", {seed: 3, epochs: 10, accuracy: 0.91, started: "2026-01-03T00:00:00.000Z"});
    await storeRun(runs, "cnn-16-2", {
        seed: 4,
        epochs: 4,
        status: "failed",
        reason: "it diverged",
        started: "2026-01-04T00:00:00.000Z",
    });
    await storeRun(runs, `${HOSTILE}-1`, {
        model: HOSTILE,
        tags: {[HOSTILE]: HOSTILE},
        reason: HOSTILE,
        started: "2026-01-05T00:00:00.000Z",
    });
    return {runs, server: await startUi(runs)};
}
