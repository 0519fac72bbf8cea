// The report in Chromium, with everything in it and with almost nothing.
import assert from "node:assert/strict";
import {readFile, writeFile} from "node:fs/promises";
import {before, test} from "node:test";
import {fileURLToPath, pathToFileURL} from "node:url";
import {chance} from "../../pages/common/format.js";
import {close, open, setScheme, until} from "./browser.mjs";
import {drawCharts, marksOf, saved} from "./charts.mjs";
import {accessibleNodes, checkAccessible, checkNames, checkQuiet, checkWidth, tabOrder} from "./checks.mjs";
import {fixture} from "./fixture.mjs";
import {reportPage} from "./report.mjs";

const {document: report, sprite} = fixture({count: 400});
const FOLDS = report.cross_validations[0].models.reduce((sum, one) => sum + one.folds, 0);
const CLASSES = report.data.classes,
    BEST = report.models[0];
const unfold = page => page.evaluate(() => document.querySelectorAll("details.fold").forEach(one => (one.open = true)));
let url, page;

before(async () => {
    url = await reportPage(report, sprite);
    page = await open(url);
    await drawCharts(page);
});

test("every chart has its data in it", async () => {
    const charts = Object.fromEntries((await marksOf(page)).map(chart => [chart.name, chart]));
    const filled = BEST.reliability.filter(bin => bin.count > 0).length;
    const expected = {
        differences: {symbol: 2},
        "accuracy-time": {symbol: 3, text: 3},
        "accuracy-parameters": {symbol: 3},
        folds: {symbol: FOLDS + 3, rule: 3},
        "class-balance": {rect: 3 * CLASSES.length},
        confusion: {rect: CLASSES.length ** 2},
        "learning-curves": {line: 5, area: 5},
        roc: {line: CLASSES.length + 1},
        "class-scores": {symbol: 3 * CLASSES.length},
        reliability: {symbol: filled, rect: filled},
        "wins-cnn-small-mixed-i-one-i-": {rect: CLASSES.length},
    };
    for (const [name, marks] of Object.entries(expected)) {
        assert.equal(charts[name]?.state, "drawn", name);
        for (const [type, count] of Object.entries(marks))
            assert.ok(
                charts[name].marks[type] >= count,
                `${name} has ${charts[name].marks[type]} of ${count} marks (${type})`
            );
    }
    assert.ok(charts.layers.marks.rect > BEST.layers.length, "layers");
    assert.ok(
        charts.map.marks.pixels > 20 * report.models[0].predictions.label.count,
        `${charts.map.marks.pixels} pixels`
    );
    assert.equal(charts.folds.marks.symbol, FOLDS + 3);
    assert.equal(Object.keys(charts).length, 13);
    for (const {name, height} of Object.values(charts)) assert.ok(height > 60, `${name} is ${height} pixels high`);
});

test("pictures are painted", async () => {
    const blank = await page.evaluate(
        () =>
            [...document.querySelectorAll("canvas.tile")]
                .filter(one => one.checkVisibility())
                .filter(
                    canvas =>
                        new Set(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data).size < 3
                ).length
    );
    assert.equal(blank, 0);
    assert.ok((await page.$$eval("canvas.tile", all => all.length)) >= 2 * 12 + 12);
});

test("of a model that reads a map, both is shown: places, and steps with the rows that they stand for", async () => {
    const shown = await page.$$eval(".three", all =>
        all.map(one => ({
            children: [...one.children].map(child => child.tagName.toLowerCase()),
            name: one.querySelector(".rows")?.getAttribute("aria-label"),
            bars: [...one.querySelectorAll("rect > title")].map(title => title.textContent),
        }))
    );
    assert.equal(shown.length, 8);
    for (const {children, name, bars} of shown) {
        assert.deepEqual(children, ["canvas", "canvas", "svg"]);
        assert.match(name, /^Step by step: step \d of 7 \(about rows \d+ to \d+ of 28\) spoke most for /);
        assert.equal(bars.length, 7);
        assert.match(bars[2], /^Step 3 of 7 \(about rows 9 to 12 of 28\): [+\u2212]\d\.\d\d$/);
    }
    const text = await page.$eval("#models", part => part.textContent);
    assert.match(text, /reads the map of the convolutions, row by row \(7 steps, each about 4 rows of the image\), what/);
    assert.match(text, /Beside the picture stand, column by column as the model reads it, what each column added/);
});

test("of many findings of an audit the first ones are shown, and how many there are is told", async () => {
    const text = await page.$eval("#data", part => part.textContent);
    assert.match(text, /51 labels are likely wrong; the most likely ones:/);
    assert.match(text, /1 pair of images is nearly the same:/);
});

test("texts from outside stay texts", async () => {
    assert.equal(await page.$eval("h1", h1 => h1.textContent), report.title);
    assert.equal(await page.$$eval("img:not(#weft-sprite), em, i, b, u", all => all.length), 0);
    const text = await page.$eval("#page", main => main.textContent);
    for (const name of CLASSES) assert.ok(text.includes(name), name);
});

test("the table of models says what the document says, and sorts", async () => {
    const column = at =>
        page.$$eval("#answer .results tbody tr", (rows, i) => rows.map(row => row.children[i].textContent), at);
    assert.match((await column(1))[0], new RegExp(report.comparison.models[0].accuracy.mean.toFixed(4)));
    const heads = await page.$$eval("#answer .results thead th", all => all.map(one => one.textContent));
    const at = heads.indexOf("Training");
    await page.click(`#answer .results thead th:nth-child(${at + 1}) button`);
    assert.deepEqual(await column(at), ["1 min 36 s", "1 min 01 s", "31 s"]);
    await page.click(`#answer .results thead th:nth-child(${at + 1}) button`);
    assert.deepEqual(await column(at), ["31 s", "1 min 01 s", "1 min 36 s"]);
    assert.equal(await page.$eval(`#answer .results thead th:nth-child(${at + 1})`, th => th.ariaSort), "ascending");
});

test("a p is on the same side of .05 as its text", () => {
    const values = [null, 0, 0.00099, 0.0312, 0.0496, 0.04999, 0.05, 0.9996, 1];
    assert.deepEqual(values.map(chance), ["-", "< .0001", ".0010", ".031", ".0496", ".04999", ".050", "> .999", "1"]);
});

test("every pair in words says which two it is about", async () => {
    const said = await page.$$eval("details.more li", all => all.map(one => one.textContent));
    const tested = report.comparison.pairs.filter(({same_images: test}) => test.tested);
    assert.equal(said.length, tested.length);
    tested.forEach(({a, b, same_images: test}, i) => {
        for (const name of [a, b]) assert.ok(said[i].includes(name), said[i]);
        if (!test.shown) assert.equal(said[i], `${a} and ${b}: ${test.in_words}`);
    });
    assert.ok(tested.some(({same_images: test}) => !test.shown));
});

test("a cross-validation says what the document says", async () => {
    const [study] = report.cross_validations,
        score = value => value.toFixed(4),
        points = value => `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(2)}`;
    const [models, pairs] = await page.$$eval("#cross-validation .results", tables =>
        tables.map(table =>
            [...table.querySelectorAll("tbody tr")].map(row => [...row.children].map(cell => cell.textContent))
        )
    );
    const figures = ({mean, sd, low, high}) => `${score(mean)} ± ${score(sd)}${score(low)} to ${score(high)}`;
    const families = ["CNN", "CNN and RNN", "RNN"];
    assert.deepEqual(
        models,
        study.models.map((one, i) => [
            `${families[i]} ${one.model}`,
            `${one.folds} of 12`,
            ...[one.accuracy, one.macro_f1, one.macro_auc].map(figures),
            "1 min 01 s",
            "54,410",
            score(one.test.accuracy),
        ])
    );
    const difference = ({difference: d, low, high, p_holm: p}) =>
        `${points(d)}${points(low)} to ${points(high)}p (Holm) ${chance(p)}`;
    assert.deepEqual(
        pairs,
        study.pairs.map(one => [
            `${one.a} against ${one.b}`,
            ...[one.accuracy, one.macro_f1, one.macro_auc].map(difference),
            one.in_words,
        ])
    );
    const text = await page.$eval("#cross-validation", part => part.textContent);
    for (const said of [study.title, ...study.answer, study.unfinished, study.method, study.note, study.about_pairs])
        assert.ok(text.includes(said), said);
    for (const {answer} of study.questions) assert.ok(text.includes(answer), answer);
    assert.match(text, /All 3 pairs2 differences of accuracy shown/);
});

test("the data of a chart as CSV are the document's", async () => {
    // a class that begins like a formula is a text to a spreadsheet
    const guarded = text => (text.startsWith("=") ? `'${text}` : text);
    const quote = name => (/[",]/.test(name) ? `"${guarded(name).replaceAll('"', '""')}"` : guarded(name));
    const lines = (await saved(page, "confusion", "CSV")).trim().split("\r\n");
    const matrix = BEST.evaluation.confusion;
    assert.equal(lines[0], "truth,predicted,images,share");
    assert.deepEqual(
        lines.slice(1),
        matrix.flatMap((row, truth) =>
            row.map((images, predicted) =>
                [
                    quote(CLASSES[truth]),
                    quote(CLASSES[predicted]),
                    images,
                    images / row.reduce((sum, one) => sum + one),
                ].join(",")
            )
        )
    );
    const map = (await saved(page, "map", "CSV")).trim().split("\r\n");
    assert.equal(map.length, 1 + report.data.parts.test.count);
});

test("every chart is saved as SVG and as PNG", async () => {
    for (const chart of ["accuracy-time", "layers", "map", "learning-curves"]) {
        const svg = await saved(page, chart, "SVG");
        assert.match(svg, /^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
        assert.ok((svg.match(/<(path|rect|circle|line)\b/g) ?? []).length > 4, chart);
        const bytes = await saved(page, chart, "PNG", null);
        assert.equal(bytes.toString("latin1", 1, 4), "PNG");
        assert.ok(bytes.readUInt32BE(16) > 600 && bytes.length > 3000, `${chart}: ${bytes.length} bytes`);
    }
});

test("a point of the map shows its image; the arrow keys go on and say what is there", async () => {
    await page.$eval("canvas.map", canvas => canvas.scrollIntoView({block: "center", behavior: "instant"}));
    await page.focus("canvas.map");
    await page.keyboard.press("ArrowRight");
    const first = await page.$eval(".chart [aria-live]", one => one.textContent);
    assert.match(first, /True .*, Predicted .*, Confidence \d+ %/);
    assert.ok(await page.$eval(".tooltip", box => !box.hidden && box.querySelector("canvas.tile") !== null));
    await page.keyboard.press("ArrowRight");
    assert.notEqual(await page.$eval(".chart [aria-live]", one => one.textContent), first);
    await page.keyboard.press("Escape");
    assert.ok(await page.$eval(".tooltip", box => box.hidden));
});

test("everything has a name, for whoever does not see it", async () => {
    await checkNames(page);
    const pictures = (await accessibleNodes(page))
        .filter(node => node.role === "image" || node.role === "img")
        .map(node => node.name);
    for (const start of [
        "Accuracy against training time of 3 models",
        "Accuracy of every fold of 3 models; their means, with 95% intervals: cnn-small 0.93",
        "Images per class",
        "Layers of cnn-small",
        "Learning curves of cnn-small over 10 epochs",
        "Confusion matrix of cnn-small",
        "ROC curves of cnn-small",
        "Precision, recall and F1 per class",
        "Reliability diagram of cnn-small",
    ])
        assert.ok(
            pictures.some(name => name.startsWith(start)),
            start
        );
});

test("axe-core finds nothing, light and dark", async () => {
    await checkAccessible(page);
    await setScheme(page, "dark");
    await drawCharts(page);
    await checkAccessible(page, {runOnly: ["color-contrast"]});
});

test("charts follow when the page becomes dark", async () => {
    const ink = () =>
        page.$eval(
            '[data-chart="accuracy-time"] .chart',
            chart => getComputedStyle(chart.querySelector(".mark-text.role-axis-title text")).fill
        );
    await until(async () => (await ink()) === "rgb(230, 233, 237)", "light ink");
    await setScheme(page, "light");
    await until(async () => (await ink()) === "rgb(25, 29, 34)", "dark ink");
});

test("the keyboard reaches everything, and the focus shows", async () => {
    const order = await tabOrder(page);
    assert.deepEqual(
        order.filter(one => !one.isVisible),
        []
    );
    assert.equal(order[0].name, "To the report");
    const names = order.map(one => one.name);
    for (const name of [
        "The answer",
        "How it was made",
        "Save Confusion matrix of cnn-small as PNG",
        "Open or close all",
        "Copy the command",
    ])
        assert.ok(names.includes(name), name);
});

test("a command is copied", async () => {
    await page.click(".command .copy");
    await until(() => page.$eval(".command .copy", one => one.textContent === "Copied"), "Copied");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), report.made.commands[0]);
});

test("the configuration of each model unfolds and is copied", async () => {
    const folds = await page.$$("#made details");
    assert.equal(folds.length, report.models.length);
    await (await folds[1].$("summary")).click();
    assert.equal(await folds[1].$eval("code", one => one.textContent), report.made.configurations[1].text);
    await (await folds[1].$(".copy")).click();
    await until(() => folds[1].$eval(".copy", one => one.textContent === "Copied"), "Copied");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), report.made.configurations[1].text);
});

test("nothing was asked of the network, and nothing complained", async () => {
    checkQuiet(page);
    await close(page);
});

for (const width of [360, 1600]) {
    test(`at ${width} pixels nothing makes the page scroll sideways, and all models unfold`, async () => {
        const one = await open(url, {width, scheme: "dark"});
        await unfold(one);
        await drawCharts(one);
        await checkWidth(one);
        const charts = await marksOf(one);
        assert.equal(charts.length, 5 + 3 * 7 + 2);
        assert.deepEqual(
            charts.filter(chart => chart.state !== "drawn"),
            []
        );
        checkQuiet(one);
        await close(one);
    });
}

test("a compressed document is the same report", async () => {
    const text = one => one.$eval("#page", part => part.textContent);
    const plain = await open(url), packed = await open(await reportPage(report, sprite, true));
    await until(() => packed.$("#made"));
    assert.ok(await text(packed) === await text(plain)); // without drawing: which charts are drawn is a matter of time
    checkQuiet(packed);
    await Promise.all([plain, packed].map(close));
});

test("a document that cannot be read is told", async () => {
    const file = fileURLToPath(await reportPage(report, sprite, true));
    await writeFile(file, (await readFile(file, "utf8")).replace(/(id="weft-report">).{40}/, "$1AAAA"));
    const one = await open(pathToFileURL(file).href);
    await until(() => one.$eval("#page", part => part.textContent.startsWith("This report could not be read")));
    await close(one);
});

test("a report that knows only a comparison is shown, and says no more", async () => {
    const bare = {schema_version: 1, title: "Bare", generated: report.generated, comparison: report.comparison};
    const one = await open(await reportPage(bare));
    await drawCharts(one);
    assert.deepEqual(await one.$$eval("section", all => all.map(section => section.id)), ["answer", "cost", "made"]);
    checkQuiet(one);
    await close(one);
});

test("figures that are not known are left out", async () => {
    const nothing = {
        ...report,
        answer: null,
        question: null,
        disagreements: [],
        made: null,
        data: {...report.data, audit: null, sprite: null, samples: {train: [], test: []}},
        models: report.models.map(one => ({
            label: one.label,
            family: one.family,
            run: one.run,
            layers: null,
            epochs: null,
            evaluation: null,
            roc: null,
            reliability: null,
            predictions: null,
            map: null,
            mistakes: null,
        })),
    };
    const one = await open(await reportPage(nothing));
    await drawCharts(one);
    assert.match(await one.$eval("#data", part => part.textContent), /weft audit/);
    checkQuiet(one);
    await close(one);
});

test("a report of cross-validations alone has no models, and each its own section", async () => {
    const [study] = report.cross_validations;
    const alone = {
        ...report,
        comparison: {...report.comparison, models: [], pairs: []},
        data: null,
        models: [],
        disagreements: [],
        cross_validations: [study, {...study, unfinished: null, questions: [], models: study.models.slice(0, 2), pairs: []}],
        made: {...report.made, runs: []},
    };
    const one = await open(await reportPage(alone));
    await drawCharts(one);
    assert.deepEqual(await one.$$eval("section", all => all.map(section => section.id)), [
        "answer",
        "cross-validation",
        "cross-validation-2",
        "made",
    ]);
    const charts = await marksOf(one);
    assert.deepEqual(
        charts.map(chart => [chart.name, chart.marks.symbol]),
        [
            ["folds", FOLDS + 3],
            ["folds-2", 12 + 10 + 2],
        ]
    );
    const rows = (await saved(one, "folds", "CSV")).trim().split("\r\n");
    assert.equal(rows[0], "model,run,repeat,fold,accuracy,macro_f1,macro_auc");
    assert.deepEqual(
        rows.slice(1).map(line => line.split(",").slice(0, 5).join()),
        study.models.flatMap(({model, runs, accuracy}) =>
            accuracy.values.flatMap((value, i) =>
                value === null ? [] : [[model, runs[i], Math.floor(i / study.folds), i % study.folds, value].join()]
            )
        )
    );
    assert.ok((await saved(one, "folds-2", "PNG", null)).length > 3000);
    assert.match(await one.$eval("#made .with", part => part.textContent), /abc123/);
    await checkAccessible(one);
    checkQuiet(one);
    await close(one);
});
