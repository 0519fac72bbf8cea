// The colours of classes, families and parts, for everybody.
import assert from "node:assert/strict";
import {readFile} from "node:fs/promises";
import {test} from "node:test";
import {CLASS_COLOURS, FAMILIES, numberColour} from "../../pages/common/palette.js";
import {SIGHTS, contrast, distance} from "./colours.mjs";

const style = await readFile(new URL("../../pages/common/style.css", import.meta.url), "utf8");

/** {light, dark}: the variables of both, by name. */
function variables() {
    const read = text =>
        Object.fromEntries(
            [...text.matchAll(/--([\w-]+): (#[0-9a-f]{3,6});/g)].map(([, name, hex]) => [
                name,
                hex.length === 4 ? hex.replace(/[0-9a-f]/g, "$&$&") : hex,
            ])
        );
    const [light, dark] = style.split("prefers-color-scheme: dark");
    return {light: read(light), dark: {...read(light), ...read(dark)}};
}

/** The two of `colours` that are least apart. */
function closest(colours, sight) {
    const pairs = colours.flatMap((one, i) =>
        colours.slice(i + 1).map(other => [distance(one, other, sight), one, other])
    );
    return pairs.reduce((least, pair) => (pair[0] < least[0] ? pair : least));
}

test("the distances are those of CIE: white and black are 100 apart, and a colour is not apart from itself", () => {
    assert.ok(Math.abs(distance("#ffffff", "#000000", "normal") - 100) < 0.01);
    assert.equal(distance("#e74686", "#e74686", "tritanopia"), 0);
    assert.ok(distance("#ff0000", "#777700", "protanopia") < distance("#ff0000", "#777700", "normal"));
    assert.ok(Math.abs(contrast("#ffffff", "#000000") - 21) < 1e-9);
});

for (const sight of Object.keys(SIGHTS)) {
    test(`${sight}: all ten classes can be told apart, neighbours easily`, () => {
        const [least, ...which] = closest(CLASS_COLOURS, sight);
        assert.ok(least >= 13, `${which} are ${least.toFixed(1)} apart`);
        CLASS_COLOURS.forEach((one, i) => {
            const next = CLASS_COLOURS[(i + 1) % CLASS_COLOURS.length];
            assert.ok(distance(one, next, sight) >= 40, `${one} and ${next}: ${distance(one, next, sight).toFixed(1)}`);
        });
    });
    for (const [scheme, colours] of Object.entries(variables())) {
        test(`${sight}, ${scheme}: families can be told apart, training and validation, right and wrong`, () => {
            const [least, ...which] = closest(
                Object.keys(FAMILIES).map(key => colours[key]),
                sight
            );
            assert.ok(least >= 36, `${which} are ${least.toFixed(1)} apart`);
            assert.ok(distance(colours.train, colours.validation, sight) >= 24);
            assert.ok(distance(colours.good, colours.bad, sight) >= 24);
        });
    }
}

for (const [scheme, colours] of Object.entries(variables())) {
    test(`${scheme}: text and marks stand out from the paper`, () => {
        for (const name of ["ink", "muted", "accent", "good", "bad"])
            assert.ok(
                contrast(colours[name], colours.paper) >= 4.5,
                `${name}: ${contrast(colours[name], colours.paper)}`
            );
        for (const name of ["edge", "train", "validation", ...Object.keys(FAMILIES)])
            assert.ok(
                contrast(colours[name], colours.paper) >= 3,
                `${name}: ${contrast(colours[name], colours.paper)}`
            );
        for (const one of CLASS_COLOURS)
            assert.ok(contrast(one, colours.paper) >= 1.5, `${one}: ${contrast(one, colours.paper)}`);
    });
}

test("numbers: the more, the darker, and all stand out from both papers", () => {
    const papers = Object.values(variables()).map(one => one.paper);
    for (const most of [0, 1, 5, 12]) {
        const colours = Array.from({length: most + 1}, (_, number) => numberColour(number, most));
        colours.forEach((one, i) => {
            assert.match(one, /^#[0-9a-f]{6}$/);
            for (const paper of papers) assert.ok(contrast(one, paper) >= 2, `${one} on ${paper}: ${contrast(one, paper)}`);
            if (i) assert.ok(contrast(one, "#ffffff") > contrast(colours[i - 1], "#ffffff"), `${i} of ${most}`);
        });
    }
});
