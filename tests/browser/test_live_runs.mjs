// The list of runs, and what can be done with them; whatever their names are.
import assert from "node:assert/strict";
import {access, mkdir, readFile, rm} from "node:fs/promises";
import path from "node:path";
import {before, test} from "node:test";
import {close, open, until} from "./browser.mjs";
import {checkQuiet} from "./checks.mjs";
import {click, goTo, HOSTILE, points, rows, serveRuns, text, texts, waitFor} from "./live.mjs";
import {storeRun} from "./stored_runs.mjs";

let runs, server;

before(async () => {
    ({runs, server} = await serveRuns());
});

test("the list is found, ordered, grouped and ticked, and all of that stands in the address", async () => {
    const page = await open(server.url);
    await waitFor(page, "the runs", () => document.querySelectorAll(".runs tbody tr").length >= 5);
    const latest = (await rows(page)).filter(id => !id.startsWith("live") && !id.startsWith("unsaved"));
    assert.deepEqual(latest, [`${HOSTILE}-1`, "cnn-16-2", "cnn-16-1", "gru-128-2", "gru-128-1"]);

    await click(page, "Accuracy");
    assert.deepEqual((await rows(page)).slice(0, 3), ["cnn-16-1", "gru-128-1", "gru-128-2"]);
    assert.equal(
        await page.$eval(".runs th[aria-sort]", one => one.textContent + one.getAttribute("aria-sort")),
        "Accuracy▼descending"
    );
    await click(page, "Accuracy");
    assert.deepEqual((await rows(page)).slice(0, 3), [`${HOSTILE}-1`, "gru-128-2", "gru-128-1"]);
    assert.ok((await rows(page)).indexOf("cnn-16-2") > 3, "unknown ones are last");

    await page.type("input[type=search]", "gru");
    assert.deepEqual(await rows(page), ["gru-128-2", "gru-128-1"]);
    assert.match(await text(page, ".filter [role=status]"), /^2 of \d+ runs$/);
    await page.select(".filter label:nth-of-type(4) select", "good");
    assert.deepEqual(await rows(page), ["gru-128-1"]);
    await page.reload();
    await waitFor(page, "the filtered list", () => document.querySelectorAll(".runs tbody tr").length === 1);
    assert.equal(await page.$eval("input[type=search]", one => one.value), "gru");

    await goTo(page, "");
    await page.select(".filter label:nth-of-type(5) select", "model");
    const groups = await texts(page, ".runs .group");
    assert.ok(groups.includes("cnn-16 2 runs") && groups.includes("gru-128 2 runs"), groups.join());
    await page.select(".filter label:nth-of-type(5) select", "tag");
    assert.ok((await texts(page, ".runs .group")).includes("good 1 run"));
    await page.select(".filter label:nth-of-type(2) select", "failed");
    assert.deepEqual(await rows(page), ["cnn-16-2"]);
    checkQuiet(page);
    await close(page);
});

test("tags are set and taken away", async () => {
    const page = await open(server.url);
    await waitFor(page, "the runs", () => document.querySelectorAll(".runs tbody tr").length >= 5);
    await click(page, "Tags of cnn-16-1");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.type("note");
    await page.keyboard.press("Tab");
    await page.keyboard.type("try again");
    await page.keyboard.press("Enter");
    await waitFor(page, "the tag", () => document.querySelector(".tag-list")?.textContent.includes("note=try again"));
    assert.deepEqual(JSON.parse(await readFile(path.join(runs, "cnn-16-1/tags.json"))), {note: "try again"});
    await click(page, "Remove the tag note=try again");
    await waitFor(page, "no tag", () => !document.querySelector(".tag-list").textContent);
    assert.deepEqual(JSON.parse(await readFile(path.join(runs, "cnn-16-1/tags.json"))), {});
    await page.keyboard.press("Escape");
    checkQuiet(page);
    await close(page);
});

test("ticked runs are compared, reported and deleted", async () => {
    for (const seed of [1, 2]) await storeRun(runs, `old-${seed}`, {seed, epochs: 5});
    const page = await open(`${server.url}#ticked=gru-128-1,cnn-16-1`);
    await waitFor(page, "two ticks", () => document.querySelectorAll(".runs tbody input:checked").length === 2);
    assert.equal(await text(page, ".selection strong"), "2 runs ticked");
    assert.equal(
        await page.$eval(".selection a[target]", one => one.getAttribute("href")),
        "/report?run=gru-128-1&run=cnn-16-1"
    );
    const opened = new Promise(done => page.once("popup", done));
    await click(page, "Open report");
    const report = await opened;
    await report.waitForSelector("h1");
    for (const id of ["gru-128", "cnn-16"])
        assert.ok((await text(report, "main")).includes(id), `${id} is in the report`);
    await report.close();

    await click(page, "Compare");
    await until(() => new URL(page.url()).hash === "#compare=gru-128-1,cnn-16-1", "the address");
    await until(async () => (await points(page, "Validation accuracy")) === 30, "20 and 10 epochs");
    assert.deepEqual(await texts(page, ".legend button"), ["gru-128-1", "cnn-16-1"]);
    const heads = await texts(page, ".runs thead th");
    assert.ok(heads.includes("Model") && heads.includes("Seed") && heads.includes("Accuracy▼") === false, heads.join());
    assert.ok(!heads.includes("Data set"), "the data set is the same");
    assert.deepEqual((await texts(page, ".runs tr:nth-child(2) .best")).slice(0, 1), ["0.9100"], "the best accuracy");
    await page.reload();
    await until(async () => (await points(page, "Validation accuracy")) === 30, "the same after a reload");

    await goTo(page, "ticked=old-1,old-2");
    await waitFor(page, "two ticks", () => document.querySelectorAll(".runs tbody input:checked").length === 2);
    await click(page, "Delete …");
    assert.deepEqual(await texts(page, "dialog li"), ["old-1", "old-2"]);
    await click(page, "Cancel");
    await access(path.join(runs, "old-1/metrics.csv"));
    await click(page, "Delete …");
    await click(page, "Delete 2 runs");
    await waitFor(page, "them to be gone", () => !document.body.textContent.includes("old-1"));
    await assert.rejects(access(path.join(runs, "old-1")));
    await assert.rejects(access(path.join(runs, "old-2")));
    checkQuiet(page);
    await close(page);
});

test("a run that cannot be read does not hide the others", async () => {
    await storeRun(runs, "damaged-1", {seed: 1, epochs: 5});
    const page = await open(server.url);
    await waitFor(page, "the run", () => document.body.textContent.includes("damaged-1"));
    await rm(path.join(runs, "damaged-1/metrics.csv"));
    await mkdir(path.join(runs, "damaged-1/metrics.csv"));
    await goTo(page, "compare=gru-128-1,damaged-1");
    await until(async () => (await points(page, "Validation accuracy")) === 20, "the epochs of the other");
    assert.ok(await page.$eval(".lost", one => one.hidden), "the server is there");
    await rm(path.join(runs, "damaged-1"), {recursive: true});
    await close(page);
});

test("what comes from outside stays text", async () => {
    const page = await open(server.url);
    await waitFor(page, "the runs", () => document.querySelectorAll(".runs tbody tr").length >= 5);
    assert.ok((await rows(page)).includes(`${HOSTILE}-1`));
    assert.ok((await texts(page, ".tags li")).includes(`${HOSTILE}=${HOSTILE}`));
    await page.evaluate(
        id => [...document.querySelectorAll(".runs a")].find(a => a.textContent === id).click(),
        `${HOSTILE}-1`
    );
    await until(async () => (await points(page, "Loss")) > 0, "its curves");
    assert.equal(await text(page, "h1"), `${HOSTILE}-1`);
    assert.equal(await text(page, ".reason"), HOSTILE);
    await click(page, "Tags …");
    await click(page, "Done");
    await click(page, "Delete …");
    await click(page, "Cancel");
    await goTo(page, `compare=${encodeURIComponent(`${HOSTILE}-1`)},gru-128-1`);
    await until(
        async () => (await points(page, "Loss")) === 0 && (await points(page, "Validation loss")) > 0,
        "their curves"
    );
    assert.equal(await page.$$eval("img, script:not([type])", all => all.length), 1, "the page's own script alone");
    checkQuiet(page);
    await close(page);
});
