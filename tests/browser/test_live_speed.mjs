// How soon the live page shows much, and what it asks for afterwards.
import assert from "node:assert/strict";
import {readFile} from "node:fs/promises";
import {test} from "node:test";
import {close, open, until} from "./browser.mjs";
import {checkQuiet} from "./checks.mjs";
import {PATIENCE_MS, points} from "./live.mjs";
import {storeRun} from "./stored_runs.mjs";
import {makeRunsFolder, startUi} from "./ui.mjs";

const LIMIT_MS = 1000;

/** When, in ms after the navigation, all points of the last chart are drawn: the frame after says it. */
const watchDrawing = (page, wanted) =>
    page.evaluateOnNewDocument(count => {
        const look = () => {
            const last = [...document.querySelectorAll(".chart")].at(-1);
            if (last?.querySelector("canvas") && Number(last.dataset.points) === count)
                globalThis.drawnAt = performance.now();
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }, wanted);

/** Processor time in ms that the page's process and the server have taken since they began. */
async function cpuTime(page, ui) {
    const session = await page.createCDPSession();
    await session.send("Performance.enable");
    const {metrics} = await session.send("Performance.getMetrics");
    await session.detach();
    const stat = await readFile(`/proc/${ui.child.pid}/stat`, "utf8");
    const [user, system] = stat
        .replace(/^.*\) /, "")
        .split(" ")
        .slice(11, 13)
        .map(Number);
    return 1000 * metrics.find(one => one.name === "ProcessTime").value + 10 * (user + system);
}

test("30 runs of 100 epochs are drawn within a second, and a page that only waits asks for nothing", async () => {
    const many = await makeRunsFolder();
    const ids = Array.from({length: 30}, (_, i) => `many-${i + 1}`);
    for (const [seed, id] of ids.entries()) await storeRun(many, id, {seed, epochs: 100, tags: {seed: String(seed)}});
    const ui = await startUi(many);
    // Where tests run side by side the clock says more of the others; then the processor time counts, which is what an
    // idle machine needs at most.
    let page, drawn, cpu;
    for (let tries = 0; tries < 3 && !(drawn < LIMIT_MS); tries++) {
        if (page) await close(page);
        page = await open(`${ui.url}#compare=${ids.join()}`, {before: one => watchDrawing(one, 3000)});
        drawn = await until(() => page.evaluate(() => globalThis.drawnAt), "the last chart", PATIENCE_MS);
        cpu = await cpuTime(page, ui);
    }
    console.log(
        `30 runs of 100 epochs: ${drawn.toFixed(0)} ms from the navigation to the last chart, ${cpu.toFixed(0)} ms ` +
            "of processor time"
    );
    assert.ok(Math.min(drawn, cpu) < LIMIT_MS, `${drawn} ms, ${cpu} ms of processor time`);
    assert.equal(await points(page, "Validation accuracy"), 3000);
    let requests = 0;
    page.on("request", () => requests++);
    await new Promise(done => setTimeout(done, 2500));
    assert.equal(requests, 0);
    checkQuiet(page);
    await close(page);
    ui.child.kill("SIGINT");
});
