import {readDocument} from "../common/document.js";
import {drawAll} from "../common/figure.js";
import {el} from "../common/dom.js";
import {spriteOf} from "../common/sprite.js";
import {unpack} from "../common/packed.js";
import {answer} from "./answer.js";
import {contents} from "./contents.js";
import {cost} from "./cost.js";
import {crossings} from "./crossings.js";
import {data} from "./data.js";
import {made} from "./made.js";
import {models} from "./models.js";
import {versus} from "./versus.js";
import {whilePrinting} from "./paper.js";

let report;

/** What all sections need: the names of the classes, and the pictures. */
function surroundings() {
    const sprite = spriteOf(document.getElementById("weft-sprite"), report.data?.sprite);
    const tiles = unpack(report.data?.test_tiles);
    const tileOf = index => (tiles ? tiles[index] : index);
    const has = tile => Number.isInteger(tile) && tile >= 0 && tile < (report.data?.sprite?.count ?? 0);
    return {
        classes:
            report.data?.classes ??
            report.comparison?.models?.[0]?.all_seeds_together?.classes?.map(one => one.name) ??
            [],
        picture: (tile, label) => (sprite && has(tile) ? sprite.picture(tile, label) : null),
        testPicture: (index, label) => (sprite && has(tileOf(index)) ? sprite.picture(tileOf(index), label) : null),
        sprite,
    };
}

/** The argument: each part gives {id, title, content}, a list of these, or null where the report has nothing for it. */
const PARTS = {answer, cost, crossings, data, models, versus, made};

/** A part whose data are not what it expects says so; the others are there. */
function attempted(name, around) {
    try {
        return PARTS[name](report, around);
    } catch (error) {
        console.error(error);
        return {
            id: name,
            title: `This part could not be shown: ${name}`,
            content: el("p", {class: "caution"}, error.message),
        };
    }
}

function show() {
    const around = surroundings();
    const parts = Object.keys(PARTS)
        .flatMap(name => attempted(name, around))
        .filter(Boolean);
    const page = document.getElementById("page");
    document.title = report.title ?? "weft report";
    document.body.prepend(el("a", {class: "skip", href: "#page"}, "To the report"), contents(parts));
    page.tabIndex = -1;
    page.append(
        ...parts.map(({id, title, content}, index) =>
            el(
                "section",
                {id, "aria-labelledby": `${id}-title`},
                index === 0 ? null : el("h2", {id: `${id}-title`}, title),
                content
            )
        )
    );
    whilePrinting(drawAll);
}

readDocument("weft-report").then(read => {
    report = read;
    show();
}).catch(error => {
    console.error(error);
    document.getElementById("page").append(el("p", {class: "caution"}, `This report could not be read: ${error.message}`));
});
