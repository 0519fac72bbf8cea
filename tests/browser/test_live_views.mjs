// How the live page is seen, read and operated.
import assert from "node:assert/strict";
import {before, test} from "node:test";
import {close, open, until} from "./browser.mjs";
import {checkAccessible, checkNames, checkQuiet, checkWidth, tabOrder} from "./checks.mjs";
import {click, drawnPixels, goTo, points, serveRuns, text} from "./live.mjs";
import {storeRun} from "./stored_runs.mjs";

let runs, server;

before(async () => {
    ({runs, server} = await serveRuns());
});

for (const [width, scheme] of [
    [360, "dark"],
    [1600, "light"],
]) {
    test(`all views are accessible and fit, ${width} pixels, ${scheme}`, async () => {
        const page = await open(server.url, {width, scheme});
        const views = {
            "": ".runs tbody tr",
            "run=gru-128-1": ".chart canvas",
            "compare=gru-128-1,gru-128-2,cnn-16-1": ".runs tbody tr",
            "group=model&ticked=gru-128-1,cnn-16-1": ".selection strong",
        };
        for (const [hash, sign] of Object.entries(views)) {
            await goTo(page, hash);
            await page.waitForSelector(sign);
            await checkWidth(page);
            await checkNames(page);
            await checkAccessible(page);
        }
        assert.ok(
            (await tabOrder(page)).every(one => one.isVisible),
            "the focus shows"
        );
        await click(page, "Delete …");
        await page.waitForSelector("dialog[open]");
        await checkAccessible(page);
        checkQuiet(page);
        await close(page);
    });
}

test("dragging magnifies all charts of a run, until a double click or another axis", async () => {
    await storeRun(runs, "magnified-1", {epochs: 6});
    const page = await open(`${server.url}#run=magnified-1`);
    await until(async () => (await points(page, "Loss")) > 0, "curves");
    const pictures = () => page.$$eval(".chart .plot canvas", all => all.map(one => one.toDataURL()));
    const become = wanted => until(async () => (await pictures()).join() === wanted.join(), "the pictures");
    const box = await (await page.$(".u-over")).boundingBox();
    const [left, right, y] = [box.x + box.width * 0.2, box.x + box.width * 0.5, box.y + box.height / 2];
    const whole = await pictures();
    async function drag() {
        await page.mouse.move(left, y);
        await page.mouse.down();
        await page.mouse.move(right, y, {steps: 5});
        await page.mouse.up();
        await until(async () => (await pictures()).every((one, i) => one !== whole[i]), "other pictures of all");
    }
    await drag();
    const part = await pictures();
    await click(page, "Logarithmic scale");
    await until(async () => (await pictures())[0] !== part[0], "another scale");
    await click(page, "Logarithmic scale");
    await become(part);
    await page.mouse.click(right, y, {clickCount: 2});
    await become(whole);
    await drag();
    await page.select(".controls select", "step");
    await page.select(".controls select", "epoch");
    await page.mouse.move(0, 0);
    await become(whole);
    checkQuiet(page);
    await close(page);
});

test("curves are smoothed, logarithmic and across steps, a spike is marked, and a reload keeps all that", async () => {
    await storeRun(runs, "spiked-1", {epochs: 6, spike: 400});
    const page = await open(`${server.url}#run=spiked-1`);
    await until(async () => (await points(page, "Loss")) > 0, "curves");
    assert.equal(await text(page, ".spikes"), "▼ One spike of the loss, in epoch 4 near step 400: 1.6174.");
    const value = () => page.$eval(".legend li:nth-child(2) .value", one => one.textContent);
    const smoothed = await value();
    await page.$eval("input[type=range]", one => {
        one.value = 0;
        one.dispatchEvent(new Event("input"));
    });
    assert.notEqual(await value(), smoothed);
    assert.equal(await value(), await page.$eval(".legend li:nth-child(1) .value", one => one.textContent));
    const picture = () => page.$eval("canvas", one => one.toDataURL());
    const linear = await picture();
    await click(page, "Logarithmic scale");
    await until(async () => (await picture()) !== linear, "another picture");
    await page.select(".controls select", "step");
    await page.reload();
    await until(async () => (await points(page, "Loss")) > 0, "curves again");
    assert.ok(await page.$eval("input[type=checkbox]", one => one.checked));
    await page.focus(".plot");
    await page.keyboard.press("End");
    assert.equal(await text(page, ".readout"), "step 600");
    checkQuiet(page);
    await close(page);
});

test("the keyboard moves along a curve, and says what is there", async () => {
    const page = await open(`${server.url}#run=gru-128-1`);
    await until(async () => (await points(page, "Loss")) > 0, "curves");
    await page.focus(".plot");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    assert.match(
        await page.$eval(".plot", one => one.getAttribute("aria-valuetext")),
        /^epoch 2, training 1\.\d{4}, validation 1\.\d{4}$/
    );
    assert.equal(await text(page, ".readout"), "epoch 2");
    checkQuiet(page);
    await close(page);
});

test("curves take the colours of light and dark as they change", async () => {
    const page = await open(`${server.url}#run=gru-128-1`);
    const validation = () =>
        page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--validation"));
    await until(async () => (await drawnPixels(page, "Loss")) > 50, "a light curve");
    const light = await validation();
    await page.emulateMediaFeatures([{name: "prefers-color-scheme", value: "dark"}]);
    await until(async () => (await drawnPixels(page, "Loss")) > 50, "a dark curve");
    assert.notEqual(await validation(), light);
    checkQuiet(page);
    await close(page);
});
