// The report that weft itself writes of models of images with any number of labels.
import assert from "node:assert/strict";
import {mkdir, readFile, writeFile} from "node:fs/promises";
import path from "node:path";
import {before, test} from "node:test";
import {pathToFileURL} from "node:url";
import {close, open} from "./browser.mjs";
import {drawCharts, marksOf, saved} from "./charts.mjs";
import {checkAccessible, checkNames, checkQuiet, checkWidth} from "./checks.mjs";
import {makeRunsFolder, startWeft} from "./ui.mjs";

const SIDE = 8,
    NAMES = ["top left", "top right", "bottom, left", "<b>right</b>"],
    TESTS = 80;
const MODELS = {
    each: ["dense: {units: 4, activation: sigmoid}", "binary_crossentropy"],
    field: ["dense: {units: 4}\n  - label_sets\n  - softmax", "sparse_categorical_crossentropy"],
};

const LOOKER = `name: looker
input: [${SIDE}, ${SIDE}, 1]
classes: 4
layers:
  - conv2d: {filters: 6, kernel_size: 3, activation: relu, name: map}
  - flatten
  - dense: {name: image, units: 8}
  - repeat_vector: {n: 5}
  - label_input: {length: 5, classes: 4}
  - embedding: {name: labels, input_dim: 6, output_dim: 8}
  - lstm: {units: 8, return_sequences: true}
  - time_distributed: {name: state, layer: {dense: {units: 6}}}
  - attention: {inputs: [state, map]}
  - time_distributed: {name: seen, layer: {dense: {units: 8}}}
  - add: {inputs: [seen, repeat_vector]}
  - tanh
  - tied_dense: {to: labels, units: 5, activation: softmax}
training: {epochs: 12, batch_size: 16, validation: 0.2, optimizer: {adam: {learning_rate: 0.01}}}
`;

/** Numbers in [0, 1), always the same. */
function* numbers(state) {
    for (;;) yield (state = (state * 16807) % 2147483647) / 2147483647;
}

/** Images whose labels are bright quarters, any number of them, and the sizes of these. */
async function writeSets(folder, part, count) {
    const draw = numbers(part.length),
        next = () => draw.next().value;
    const sets = Array.from({length: count}, () => NAMES.map(() => next() < 0.4));
    const word = (...all) => Buffer.concat(all.map(number => Buffer.from(Uint32Array.of(number).buffer).swap32()));
    const pixels = Buffer.alloc(count * SIDE * SIDE);
    pixels.forEach((_, i) => {
        const [x, y, image] = [i % SIDE, Math.floor(i / SIDE) % SIDE, Math.floor(i / SIDE / SIDE)];
        pixels[i] = 40 * sets[image][2 * Math.floor(y / 4) + Math.floor(x / 4)] + 210 * next();
    });
    const quoted = text => `"${text}"`;
    const labels = sets.map((set, i) => `${i},${quoted(NAMES.filter((_, k) => set[k]).join("|"))}`);
    const objects = sets.flatMap((set, i) =>
        NAMES.flatMap((name, k) => (set[k] ? `${i},${quoted(name)},${12 + (i % 5)},4` : []))
    );
    const write = (name, text) => writeFile(path.join(folder, `${part}-${name}`), text);
    await write("images-idx3-ubyte", Buffer.concat([word(0x803, count, SIDE, SIDE), pixels]));
    await write("labels.csv", ["image,labels", ...labels, ""].join("\n"));
    await write("objects.csv", ["image,label,width,height", ...objects, ""].join("\n"));
}

async function weft(...words) {
    const run = startWeft(...words);
    assert.equal(await run.ended, 0, run.output);
}

let page, address, study, runs;

before(async () => {
    const folder = await makeRunsFolder(),
        sets = path.join(folder, "sets");
    runs = path.join(folder, "runs");
    await mkdir(sets);
    await writeFile(path.join(sets, "classes.txt"), NAMES.join("\n") + "\n");
    await writeSets(sets, "train", 300);
    await writeSets(sets, "test", TESTS);
    const files = [];
    for (const [name, [last, loss]] of Object.entries(MODELS)) {
        files.push(path.join(folder, `${name}.yaml`));
        await writeFile(
            files.at(-1),
            `name: ${name}\ninput: [${SIDE}, ${SIDE}, 1]\nlayers:\n` +
                `  - conv2d: {filters: 4, kernel_size: 3, activation: relu}\n  - flatten\n  - ${last}\n` +
                `training: {epochs: 3, batch_size: 16, validation: 0.2, loss: ${loss}}\n`
        );
    }
    await weft("compare", ...files, "--dataset", sets, "--runs", runs, "-q");
    const looker = path.join(folder, "looker.yaml");
    await writeFile(looker, LOOKER);
    await weft("train", looker, "--dataset", sets, "--output", runs, "-q");
    const cv = ["--folds", "3", "--epochs", "1", "--no-final", "--runs", runs, "-q"];
    await weft("cv", ...files, "--dataset", sets, ...cv);
    study = JSON.parse(await readFile(path.join(runs, "cross-validation", "cv.json")));
    const report = path.join(folder, "report.html");
    await weft("report", "--all", "--runs", runs, "-o", report, "-q");
    address = pathToFileURL(report).href;
    page = await open(address, {width: 360});
    await page.$$eval("details.fold", all => all.forEach(one => (one.open = true)));
    await drawCharts(page);
});

test("it has the charts of sets, and none that asks for one label per image", async () => {
    const charts = await marksOf(page);
    const names = charts.map(one => one.name);
    for (const name of ["together", "set-sizes", "class-scores", "learning-curves", "map"])
        assert.ok(names.filter(one => one === name).length === 3, `${name} in ${names}`);
    for (const name of ["confusion", "roc", "reliability"]) assert.ok(!names.includes(name), name);
    for (const {name, state} of charts) assert.equal(state, "drawn", name);
    assert.ok(charts.find(one => one.name === "together").marks.rect >= 6);
});

test("its map has every test image, with the labels that it has and those that were told", async () => {
    const best = await page.$eval("#models details.fold h3", one => one.textContent);
    const predictions = await readFile(path.join(runs, `${best}-1`, "predictions.csv"), "utf8");
    const names = set => (set ? set.split("|").map(k => NAMES[k]) : []);
    const quoted = text => (text.includes(",") ? `"${text}"` : text);
    const wanted = predictions
        .trim()
        .split("\n")
        .slice(1)
        .map(line => line.split(","))
        .map(([index, labels, told]) => [index, ...[labels, told].map(set => quoted(names(set).join("|")))].join());
    const [heading, ...lines] = (await saved(page, "map", "CSV")).trim().split("\r\n");
    assert.equal(heading, "image,x,y,labels,told");
    assert.deepEqual(
        lines.map(line => line.replace(/^(\d+),\d+,\d+/, "$1")),
        wanted
    );
    const chart = await page.$('[data-chart="map"]');
    const keys = await chart.$$eval(".legend button", all => all.map(one => one.textContent));
    assert.deepEqual(keys.slice(-NAMES.length), NAMES);
    assert.deepEqual(keys.slice(0, 3), ["no label", "1 label", "2 labels"]);
    await page.focus("canvas.map");
    await page.keyboard.press("ArrowRight");
    assert.match(await chart.$eval("[aria-live]", one => one.textContent), /^Test image \d+, True .+, Told .+$/);
    assert.ok(await page.$eval(".tooltip", box => box.querySelector("canvas.tile") !== null));
    await page.keyboard.press("Escape");
});

test("one label alone, or one number of labels, can be shown on the map", async () => {
    const coloured = () =>
        page.$eval("canvas.map", ({width, height}) => {
            const copy = new OffscreenCanvas(width, height).getContext("2d", {willReadFrequently: true});
            copy.drawImage(document.querySelector("canvas.map"), 0, 0);
            const {data} = copy.getImageData(0, 0, width, height);
            let strong = 0; // pixels that are far from the paper
            for (let i = 0; i < data.length; i += 4) strong += data[0] - Math.min(data[i], data[i + 1], data[i + 2]) > 60;
            return strong;
        });
    const press = name =>
        page.$eval(
            '[data-chart="map"] .legend',
            (legend, name) => [...legend.children].find(one => one.textContent === name).click(),
            name
        );
    const all = await coloured();
    for (const name of ["1 label", NAMES[3]]) {
        await press(name);
        const some = await coloured();
        assert.ok(some > 0.03 * all && some < 0.8 * all, `${name}: ${some} of ${all} pixels`);
        await press(name);
        assert.equal(await coloured(), all);
    }
});

test("the data have samples with all their labels, and images per label", async () => {
    const [train, tests] = await Promise.all(
        ["Training images", "Test images"].map(name =>
            page.$$eval(`#data .gallery[aria-label="${name}"] > li`, all =>
                all.map(one => ({
                    said: one.querySelector("canvas.tile").ariaLabel.replace(/^.*?: /, ""),
                    lines: [...one.querySelectorAll(".line")].map(line => line.textContent),
                }))
            )
        )
    );
    assert.deepEqual([train.length, tests.length], [40, 40]);
    for (const {said, lines} of [...train, ...tests]) assert.equal(lines.join(", "), said);
    const labels = await readFile(path.join(runs, "../sets/test-labels.csv"), "utf8");
    const note = await page.$eval('[data-chart="class-balance"]', one => one.textContent);
    const counts = NAMES.map(name => labels.split(name).length - 1);
    assert.ok(note.includes(`test: ${Math.min(...counts)} to ${Math.max(...counts)} images per class`), note);
});

test("its tables have the figures of the field", async () => {
    const text = await page.$eval("#answer", one => one.textContent);
    for (const name of ["Subset accuracy", "Set log-likelihood", "C-F1", "O-F1", "mAP", "Small-object recall"])
        assert.ok(text.includes(name), name);
    assert.match(text, /paired bootstrap/);
    const rows = await page.$$eval('[aria-label="Labels of each"] tbody tr', all => all.map(one => one.textContent));
    assert.equal(rows.length, NAMES.length);
    assert.ok(rows[3].startsWith("<b>right</b>"), rows[3]);
});

const cardsOf = label =>
    page.$$eval(`[aria-label="${label}"] > li`, all =>
        all.map(one => ({
            text: one.textContent,
            looks: [...one.querySelectorAll(".looks li")].map(look => look.textContent),
            labels: [...one.querySelectorAll(".looks canvas")].map(look => look.ariaLabel),
            colours: [...one.querySelectorAll(".looks canvas")].map(look => {
                const {data} = look.getContext("2d").getImageData(0, 0, look.width, look.height);
                return data.some((value, i) => i % 4 === 0 && value > data[i + 1] + 40); // red heat on grey
            }),
            told: one.querySelector("p").textContent.replace("Told ", "").split(", "),
            truth: one.querySelector("p:nth-of-type(2)").textContent.replace("True ", ""),
        }))
    );

test("some images that were told right and wrong are shown, with where each label looked", async () => {
    for (const model of ["each", "field", "looker"]) {
        const right = await cardsOf(`Told right by ${model}`),
            wrong = await cardsOf(`Told wrong by ${model}`);
        assert.ok(wrong.length === 6 && right.length <= 6, `${right.length} and ${wrong.length} images of ${model}`);
        for (const {text, told, truth} of right) {
            assert.equal(told.join(", "), truth);
            assert.match(text, /Test image \d+, the told set has probability [0-9.e-]+$/);
        }
        for (const {text, told, truth} of wrong) {
            assert.notEqual(told.join(", "), truth);
            assert.match(text, /the told set has probability [0-9.e-]+, the true set has probability [0-9.e-]+$/);
        }
        for (const {looks, labels, colours, told} of [...right, ...wrong]) {
            if (model !== "looker") assert.equal(looks.length, 0);
            else if (told[0] !== "no label") {
                assert.deepEqual(looks.join(", ").split(", ").toSorted(), told.toSorted());
                assert.deepEqual(labels, looks.map(name => `Where it looked for ${name}`));
                assert.ok(colours.every(Boolean), `${colours}`);
            }
        }
    }
    assert.ok((await cardsOf("Told right by looker")).length > 0);
    assert.match(await page.$eval("#models", one => one.textContent), /where the model looked for each: brightest/);
});

test("the worst sets are shown with their pictures", async () => {
    const cards = await page.$$eval('[aria-label="The worst sets of each"] > li', all =>
        all.map(one => ({
            text: one.textContent,
            shades: new Set(
                one.querySelector("canvas.tile").getContext("2d").getImageData(0, 0, 8, 8).data
            ).size,
        }))
    );
    assert.ok(cards.length > 3 && cards.length <= 20, `${cards.length} cards`);
    for (const {text, shades} of cards) {
        assert.match(text, /^Told .*True .*the told set has .*the true set has probability [0-9.e-]+$/);
        assert.ok(shades > 3, `${shades} shades`);
    }
});

test("a cross-validation is judged by subset accuracy, and has all figures", async () => {
    const score = value => value.toFixed(4);
    const [models, figures, pairs] = await page.$$eval("#cross-validation .results", tables =>
        tables.map(table =>
            [...table.querySelectorAll("tr")].map(row => [...row.children].map(cell => cell.textContent))
        )
    );
    assert.deepEqual(models[0].slice(2, 8), ["Subset accuracy", "Set log-lik.", "mAP", "C-F1", "O-F1", "Small recall"]);
    const of = ({mean, sd, low, high}) => `${score(mean)} ± ${score(sd)}${score(low)} to ${score(high)}`;
    assert.deepEqual(
        models.slice(1).map(row => row[2]),
        study.models.map(one => of(one.subset_accuracy))
    );
    assert.deepEqual(
        figures.slice(1).map(([name, ...values]) => [name, ...values]),
        study.figures.map(({key, name}) => [name, ...study.models.map(one => of(one[key]))])
    );
    assert.deepEqual(pairs[0].slice(1, 4), ["Subset accuracy, points", "Set log-lik., nats", "mAP, points"]);
    const {difference} = study.pairs[0].set_log_likelihood;
    assert.ok(pairs[1][2].startsWith(`${difference < 0 ? "−" : "+"}${Math.abs(difference).toFixed(3)}`), pairs[1][2]);
    const chart = (await marksOf(page)).find(({name}) => name === "folds");
    assert.equal(chart.marks.symbol, 2 * 3 + 2);
    assert.match(await page.$eval('[data-chart="folds"]', one => one.textContent), /Subset accuracy of every fold/);
});

test("it is quiet, accessible, and as wide as its window", async () => {
    await checkWidth(page);
    await checkAccessible(page);
    await checkNames(page);
    checkQuiet(page);
    const wide = await open(address, {width: 1600, scheme: "dark"});
    await drawCharts(wide);
    await checkWidth(wide);
    await checkAccessible(wide);
    checkQuiet(wide);
    await close(wide);
});
