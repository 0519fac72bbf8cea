// The report on A4.
import assert from "node:assert/strict";
import {test} from "node:test";
import {open} from "./browser.mjs";
import {marksOf} from "./charts.mjs";
import {checkQuiet} from "./checks.mjs";
import {fixture} from "./fixture.mjs";
import {linksOf} from "./pdf.mjs";
import {reportPage} from "./report.mjs";

const BLOCKS = "figure, .mistakes > li, .cards > li, .gallery > li, tbody tr"; // what paper must not cut

/** Puts a link into the first and the last pixels of every block: where these are in the PDF, the block is. */
const addLinks = page =>
    page.evaluate(
        blocks =>
            [...document.querySelectorAll(blocks)].map((block, index) => {
                const cell = block.matches("tr") ? block.lastElementChild : block;
                if (getComputedStyle(cell).position === "static") cell.style.position = "relative";
                for (const edge of ["top", "bottom"]) {
                    const link = document.createElement("a");
                    link.href = `https://${edge}.invalid/${index}`;
                    link.textContent = ".";
                    const side = edge === "top" ? "left" : "right";
                    Object.assign(link.style, {
                        position: "absolute",
                        [side]: 0,
                        [edge]: 0,
                        lineHeight: "2px",
                        fontSize: "2px",
                    });
                    cell.append(link);
                }
                return block.dataset.chart ?? `${block.tagName} ${block.textContent.slice(0, 30)}`;
            }),
        BLOCKS
    );

test("paper has every chart, light, and cuts none", async () => {
    const {document, sprite} = fixture({count: 300});
    const page = await open(await reportPage(document, sprite), {scheme: "dark"});
    await page.evaluate(() => {
        // what the charts are when the browser has them printed
        addEventListener("afterprint", () => (globalThis.after = true));
        addEventListener(
            "beforeprint",
            () => (globalThis.background = getComputedStyle(document.body).backgroundColor)
        );
    });
    const names = await addLinks(page);
    const pdf = Buffer.from(await page.pdf({preferCSSPageSize: true, printBackground: true, timeout: 120_000}));
    const {links, size} = linksOf(pdf);
    assert.deepEqual(size.map(Math.round), [595, 842]);
    names.forEach((name, index) => {
        const [top, bottom] = ["top", "bottom"].map(edge => links.get(`https://${edge}.invalid/${index}`));
        assert.ok(top && bottom, `${name} is not on paper`);
        assert.equal(
            top.page,
            bottom.page,
            `${name} begins on page ${top.page + 1} and ends on page ${bottom.page + 1}`
        );
        assert.ok(
            top.left > 0 && bottom.right < size[0],
            `${name} from ${top.left} to ${bottom.right} of ${size[0]} points`
        );
    });
    assert.ok(names.filter(name => name === "layers").length === document.models.length);
    assert.ok(await page.evaluate(() => globalThis.after));
    assert.equal(await page.evaluate(() => globalThis.background), "rgb(255, 255, 255)");
    checkQuiet(page);
});

test("before a page is printed, all its charts are drawn, those of folded models too", async () => {
    const {document, sprite} = fixture({count: 100});
    const page = await open(await reportPage(document, sprite));
    const states = await page.evaluate(async () => {
        dispatchEvent(new Event("beforeprint"));
        await null;
        const drawn = () =>
            [...globalThis.document.querySelectorAll("figure[data-chart]")].map(one => one.dataset.state);
        for (let turn = 0; turn < 10_000 && drawn().includes("waiting"); turn++) await null; // microtasks only
        return drawn();
    });
    assert.deepEqual(
        states.filter(state => state !== "drawn"),
        []
    );
    assert.equal(states.length, 5 + 3 * 7 + 2);
    for (const {name, height} of await marksOf(page))
        assert.ok(height > 40 && height < 1016, `${name} is ${height} pixels high`);
    checkQuiet(page);
});
