// The report that weft itself writes, of two models that it has trained.
import assert from "node:assert/strict";
import {mkdir, stat, writeFile} from "node:fs/promises";
import path from "node:path";
import {before, test} from "node:test";
import {pathToFileURL} from "node:url";
import {open} from "./browser.mjs";
import {drawCharts, marksOf} from "./charts.mjs";
import {checkAccessible, checkQuiet, checkWidth} from "./checks.mjs";
import {makeRunsFolder, startWeft} from "./ui.mjs";

const SIDE = 8,
    CLASSES = 3,
    FOLDS = 3,
    LARGEST = 5e6; // bytes of a report
const MODELS = {
    "small-cnn": ["cnn", "conv2d: {filters: 3, kernel_size: 3, activation: relu}", "flatten"],
    "small-rnn": ["rnn", "rows", "lstm: {units: 4}"],
};

/** Images in MNIST's form: stripes down, stripes across, or a chessboard, in a little noise. */
async function writeImages(folder, part, count) {
    const word = (...numbers) =>
        Buffer.concat(numbers.map(number => Buffer.from(Uint32Array.of(number).buffer).swap32()));
    const pixels = Buffer.alloc(count * SIDE * SIDE);
    pixels.forEach((_, i) => {
        const x = i % SIDE,
            y = Math.floor(i / SIDE) % SIDE,
            image = Math.floor(i / SIDE / SIDE);
        const isOn = [x >> 1, y >> 1, (x >> 1) + (y >> 1)][image % CLASSES] % 2;
        pixels[i] = 140 * isOn + ((i * 7919) % 101);
    });
    const labels = Buffer.from(Array.from({length: count}, (_, image) => image % CLASSES));
    const file = kind => path.join(folder, `${part}-${kind}-ubyte`);
    await writeFile(file("images-idx3"), Buffer.concat([word(0x803, count, SIDE, SIDE), pixels]));
    await writeFile(file("labels-idx1"), Buffer.concat([word(0x801, count), labels]));
}

async function weft(...words) {
    const run = startWeft(...words);
    assert.equal(await run.ended, 0, run.output);
}

let report, page;

before(async () => {
    const folder = await makeRunsFolder(),
        images = path.join(folder, "images"),
        runs = path.join(folder, "runs");
    await mkdir(images);
    await writeImages(images, "train", 90);
    await writeImages(images, "t10k", 60);
    const files = [];
    for (const [name, [family, ...layers]] of Object.entries(MODELS)) {
        const text = [
            `name: ${name}`,
            `family: ${family}`,
            `input: [${SIDE}, ${SIDE}, 1]`,
            "layers:",
            ...layers.map(one => `  - ${one}`),
            `  - dense: {units: ${CLASSES}, activation: softmax}`,
            "training: {epochs: 2, batch_size: 10, validation: 0.2}",
        ];
        files.push(path.join(folder, `${name}.yaml`));
        await writeFile(files.at(-1), text.join("\n") + "\n");
    }
    await weft("compare", ...files, "--dataset", images, "--seeds", "2", "--runs", runs, "-q");
    await weft("cv", ...files, "--dataset", images, "--folds", `${FOLDS}`, "--no-final", "--runs", runs, "-q");
    report = path.join(folder, "report.html");
    await weft("report", "--all", "--runs", runs, "-o", report, "-q");
    page = await open(pathToFileURL(report).href, {width: 360});
    await drawCharts(page);
});

test("it has all parts, and every chart is drawn", async () => {
    const parts = ["answer", "cost", "cross-validation", "data", "models", "versus", "made"];
    assert.deepEqual(await page.$$eval("section", all => all.map(one => one.id)), parts);
    const charts = await marksOf(page);
    assert.equal(charts.length, 5 + 7 + 1);
    assert.equal(charts.find(one => one.name === "folds").marks.symbol, 2 * FOLDS + 2); // each fold, each mean
    for (const {name, state, marks} of charts) {
        assert.equal(state, "drawn", name);
        assert.ok(
            Object.values(marks).some(count => count > 0),
            name
        );
    }
});

test("the images are those of the data, and the worst mistakes are explained", async () => {
    assert.equal(await page.$$eval(".gallery canvas.tile", all => all.length), 80);
    const shades = await page.$eval(
        ".gallery canvas.tile",
        canvas => new Set(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data).size
    );
    assert.ok(shades > 3, `${shades} shades`);
    assert.ok(await page.$$eval(".mistakes .pictures", all => all.some(one => one.children.length === 2)));
});

test("it is small, quiet, accessible, and not wider than a telephone", async () => {
    assert.ok((await stat(report)).size < LARGEST);
    await checkWidth(page);
    await checkAccessible(page);
    checkQuiet(page);
});
