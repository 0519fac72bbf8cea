// The live page while a model trains, and when the server is away.
import assert from "node:assert/strict";
import {access} from "node:fs/promises";
import path from "node:path";
import {before, test} from "node:test";
import {close, open, until} from "./browser.mjs";
import {checkQuiet} from "./checks.mjs";
import {click, drawnPixels, PATIENCE_MS, points, rows, serveRuns, text, waitFor} from "./live.mjs";
import {storeRun} from "./stored_runs.mjs";
import {startUi, startWeft} from "./ui.mjs";

let runs, server;

before(async () => {
    ({runs, server} = await serveRuns());
});

const OPTIONS = "--limit 3000 --validation 0.2 --epochs 1000 --threads 1 --quiet".split(" ");
const train = name => startWeft("train", "cnn-1conv", "--output", runs, "--name", name, ...OPTIONS);

test("a training is seen as it goes on, and save and stop ends it so that it can go on", async () => {
    const training = train("live");
    const page = await open(server.url);
    await waitFor(page, "the card of the training", () =>
        document.querySelector(".card .line dd")?.textContent.includes("of 1,000")
    );
    const line = () => text(page, ".card .line dl");
    const first = await line();
    await until(async () => (await line()) !== first, "the current line to change", PATIENCE_MS);

    await page.click(".card h3 a");
    await until(() => new URL(page.url()).hash === "#run=live-1", "the address");
    await until(async () => (await drawnPixels(page, "Loss")) > 20, "a validation curve", PATIENCE_MS);
    await page.evaluate(() => {
        document.querySelectorAll(".chart").forEach(chart => {
            chart.isTheSame = true;
        });
    });
    const before = await points(page, "Loss");
    await until(async () => (await points(page, "Loss")) > before + 8, "more points", PATIENCE_MS);
    for (const title of [
        "Accuracy",
        "Learning rate",
        "Images per second",
        "Memory",
        "Gradient norm per layer",
        "Weight norm per layer",
    ]) {
        assert.ok((await points(page, title)) > 0, `${title} has data`);
    }
    assert.ok(
        await page.$$eval(".chart", all => all.every(one => one.isTheSame)),
        "charts are changed, not made again"
    );
    assert.match(await text(page, ".line dl"), /Left\d.*(s|min)/, "time left");
    await until(
        async () => /^Epoch \d+ of live-1: loss [\d.]+, accuracy/.test(await text(page, "[role=status].unseen")),
        "the end of an epoch to be said",
        PATIENCE_MS
    );

    await click(page, "Save and stop live-1");
    assert.equal(await training.ended, 130);
    await access(path.join(runs, "live-1/checkpoint/last.ckpt"));
    await waitFor(page, "its status", () => document.querySelector(".status").textContent === "interrupted");
    assert.ok(!(await page.$eval(".now", one => one.checkVisibility())), "nothing to stop any more");
    checkQuiet(page);
    await close(page);
});

test("stop asks first, and then ends a training without saving", async () => {
    // an epoch of it, after which a checkpoint is due, takes longer than this test
    const slow = ["cnn-2conv-bn", "--output", runs, "--name", "unsaved", "--threads", "1", "--quiet"];
    const training = startWeft("train", ...slow);
    const page = await open(`${server.url}#run=unsaved-1`);
    await waitFor(page, "the stop button", () => document.querySelector(".now")?.checkVisibility());
    await click(page, "Stop unsaved-1");
    await page.waitForSelector("dialog[open]");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Cancel");
    await page.keyboard.press("Escape");
    await waitFor(page, "no dialog", () => !document.querySelector("dialog"));
    assert.equal(training.child.exitCode, null, "still training");
    await click(page, "Stop unsaved-1");
    await click(page, "Stop without saving");
    await training.ended;
    await waitFor(page, "its status", () => !["running", ""].includes(document.querySelector(".status").textContent));
    await assert.rejects(access(path.join(runs, "unsaved-1/checkpoint/last.ckpt")));
    checkQuiet(page);
    await close(page);
});

test("a server that is lost is told, and the page catches up when it is back", async () => {
    const page = await open(server.url);
    await waitFor(page, "the runs", () => document.querySelectorAll(".runs tbody tr").length >= 5);
    const port = server.port;
    server.child.kill("SIGKILL");
    await server.ended;
    await waitFor(page, "the banner", () => document.querySelector(".lost").checkVisibility());
    await storeRun(runs, "meanwhile-1", {started: "2027-01-01T00:00:00.000Z"});
    server = await startUi(runs, port);
    await waitFor(
        page,
        "the page to catch up",
        () =>
            !document.querySelector(".lost").checkVisibility() &&
            document.querySelector(".runs tbody a").textContent === "meanwhile-1"
    );
    await click(page, "Tags of meanwhile-1"); // with the token of the new server
    await page.keyboard.type("back");
    await page.keyboard.press("Enter");
    await waitFor(page, "the tag", () => document.querySelector(".tag-list")?.textContent.includes("back"));
    const others = page.problems.filter(
        one =>
            !one.includes("ERR_CONNECTION_REFUSED") &&
            !one.includes("ERR_INCOMPLETE_CHUNKED_ENCODING") &&
            !one.includes("403")
    );
    assert.deepEqual(others, []);
    await close(page);
});

test("a hidden page listens to nothing, and loads what it missed when it is looked at again", async () => {
    const page = await open(server.url);
    await waitFor(page, "the runs", () => document.querySelectorAll(".runs tbody tr").length >= 5);
    let streams = 0;
    page.on("request", request => {
        streams += request.url().endsWith("/api/events");
    });
    const hide = hidden =>
        page.evaluate(is => {
            Object.defineProperty(document, "hidden", {value: is, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }, hidden);
    await hide(true);
    await storeRun(runs, "unseen-1", {started: "2028-01-01T00:00:00.000Z"});
    await new Promise(done => setTimeout(done, 1500));
    assert.ok(!(await rows(page)).includes("unseen-1"));
    assert.equal(streams, 0);
    await hide(false);
    await until(async () => (await rows(page))[0] === "unseen-1", "the run");
    checkQuiet(page);
    await close(page);
});
