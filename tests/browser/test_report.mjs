// The report in Chromium.
import assert from "node:assert/strict";
import {test} from "node:test";
import {open} from "./browser.mjs";
import {checkQuiet} from "./checks.mjs";
import {reportPage} from "./report.mjs";

test("the heading is the document's title, whatever is in it", async () => {
    const title = "</script><img src=x onerror=alert(1)>";
    const page = await open(await reportPage({schema_version: 1, title, comparison: {models: []}}));
    assert.equal(await page.$eval("h1", h1 => h1.textContent), title);
    checkQuiet(page);
});
