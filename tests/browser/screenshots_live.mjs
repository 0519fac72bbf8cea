// Pictures of the live page during a real training, for docs/: tests/browser/run tests/browser/screenshots_live.mjs
// They go to the folder WEFT_SCREENSHOTS.
import {mkdir, rm} from "node:fs/promises";
import path from "node:path";
import {test} from "node:test";
import {close, open, until} from "./browser.mjs";
import {checkQuiet, checkWidth} from "./checks.mjs";
import {startUi, startWeft} from "./ui.mjs";

const folder = process.env.WEFT_SCREENSHOTS ?? "build/screenshots";
const runs = "runs/pictures";
const FINISHED = [
    ["gru-128", 0],
    ["gru-128", 1],
    ["cnn-16", 0],
];

const train = (model, ...more) =>
    startWeft("train", model, "--output", runs, "--limit", "12000", "--validation", "0.2", "--quiet", ...more);

async function picture(url, name, ready, {width, scheme, height = 1000, full = false}) {
    const page = await open(url, {width, height, scheme});
    await until(() => page.evaluate(ready), name, 60_000);
    await checkWidth(page);
    checkQuiet(page);
    await page.$eval(".folder", one => (one.textContent = "runs")); // not where they were taken
    await page.screenshot({path: path.join(folder, `${name}.webp`), type: "webp", quality: 80, fullPage: full});
    await close(page);
}

test("pictures of the live page", async () => {
    await mkdir(folder, {recursive: true});
    await rm(runs, {recursive: true, force: true});
    for (const [model, seed] of FINISHED) await train(model, "--epochs", "6", "--seed", String(seed)).ended;
    await startWeft("runs", "tag", "gru-128-2", "note=other seed", "--runs", runs).ended;
    const training = train("cnn-16-lstm", "--epochs", "12");
    const ui = await startUi(runs);
    const isUnderWay = () =>
        Number(document.querySelector(".line dd")?.textContent.split(" ")[0]) > 3 &&
        document.querySelector(".spark path:last-child, .chart canvas");
    const isCompared = () => document.querySelectorAll(".chart canvas").length >= 6;
    const list = ui.url,
        run = `${ui.url}#run=cnn-16-lstm-1`,
        compare = `${ui.url}#compare=gru-128-1,gru-128-2,cnn-16-1`;
    await picture(list, "live-list", isUnderWay, {width: 1600, scheme: "light", height: 720});
    await picture(run, "live-run", isUnderWay, {width: 1600, scheme: "dark", full: true});
    await picture(list, "live-list-narrow", isUnderWay, {width: 360, scheme: "dark", height: 780});
    await picture(run, "live-run-narrow", isUnderWay, {width: 360, scheme: "light", height: 780});
    training.child.kill("SIGINT");
    await training.ended;
    await picture(compare, "live-compare", isCompared, {width: 1600, scheme: "light", full: true});
});
