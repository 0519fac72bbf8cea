// What must hold for every page.
import assert from "node:assert/strict";
import {readFile} from "node:fs/promises";
import {createRequire} from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Nothing of what `open` watches for has happened. */
export function checkQuiet(page) {
    assert.deepEqual(page.problems, []);
}

/** The page does not scroll sideways, and says what would make it. */
export async function checkWidth(page) {
    const wide = await page.evaluate(() => {
        const limit = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= limit) return [];
        return [...document.querySelectorAll("body *")]
            .filter(one => one.getBoundingClientRect().right > limit + 1)
            .slice(0, 8)
            .map(
                one =>
                    `${one.tagName} ${one.className?.baseVal ?? one.className} ends at ` +
                    `${Math.round(one.getBoundingClientRect().right)} of ${limit}: ${one.textContent.slice(0, 40)}`
            );
    });
    assert.deepEqual(wide, []);
}

/** axe-core's rules for WCAG 2.2 A and AA and good practice: names, contrast, headings, landmarks, tables. */
export async function checkAccessible(page, options = {}) {
    await page.evaluate(axe);
    const violations = await page.evaluate(async given => {
        const result = await globalThis.axe.run(document, {resultTypes: ["violations"], ...given});
        return result.violations.map(
            one =>
                `${one.id}: ${one.help}\n` +
                one.nodes
                    .slice(0, 4)
                    .map(
                        node =>
                            `    ${node.target.join(" ")}: ${node.html.slice(0, 160)}\n    ` +
                            node.failureSummary.replace(/\n/g, "\n    ")
                    )
                    .join("\n")
        );
    }, options);
    assert.deepEqual(violations, []);
}

const sessions = new WeakMap();

/** [{role, name}] of Chromium's accessibility tree, in order, without what is ignored. */
export async function accessibleNodes(page) {
    if (!sessions.has(page)) sessions.set(page, await page.createCDPSession());
    const {nodes} = await sessions.get(page).send("Accessibility.getFullAXTree");
    return nodes.filter(node => !node.ignored).map(node => ({role: node.role?.value, name: node.name?.value ?? ""}));
}

/** Everything that can be pressed, chosen or typed into has a name, and so has every picture. */
export async function checkNames(page) {
    const roles = new Set([
        "button",
        "link",
        "textbox",
        "combobox",
        "checkbox",
        "radio",
        "slider",
        "image",
        "img",
        "graphics-document",
        "searchbox",
        "spinbutton",
        "DisclosureTriangle",
        "table",
    ]);
    const nameless = (await accessibleNodes(page)).filter(node => roles.has(node.role) && !node.name.trim());
    assert.deepEqual(nameless, []);
}

/** What Tab reaches, from the page's beginning: [{name, tag, isVisible}]; isVisible says whether the focus shows. */
export async function tabOrder(page, limit = 400) {
    await page.evaluate(() => {
        const start = document.createElement("span");
        start.tabIndex = -1;
        document.body.prepend(start);
        start.focus();
        start.remove(); // the next Tab goes on from here
    });
    const order = [];
    while (order.length < limit) {
        await page.keyboard.press("Tab");
        const one = await page.evaluate(() => {
            const element = document.activeElement;
            if (!element || element === document.body) return null;
            if (element.dataset.tabbed) return null; // once round
            element.dataset.tabbed = "1";
            const style = getComputedStyle(element);
            const box = element.getBoundingClientRect();
            const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
            return {
                tag: element.tagName,
                name: element.getAttribute("aria-label") ?? element.textContent.trim(),
                isVisible: box.width > 0 && (isOutlined || style.boxShadow !== "none"),
            };
        });
        if (!one) break;
        order.push(one);
    }
    return order;
}
