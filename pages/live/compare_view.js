import {el} from "../common/dom.js";
import {sorted} from "./choose.js";
import {columns} from "./columns.js";
import {makeCompareCharts} from "./compare_charts.js";
import {makeControls} from "./controls.js";
import {bestOf, differences} from "./differences.js";
import {makeFigures} from "./figures.js";
import {lineKey, makeLegend} from "./legend.js";
import {lineStyle} from "./line_style.js";
import {setParts, setText} from "./patch.js";
import {reportLink} from "./route.js";
import {fetchComparison, fetchEpochs} from "./server.js";
import {state} from "./state.js";
import {makeTable} from "./table.js";

const MOST_CONFIGURATIONS = 16; // that the server compares at once

/** Several runs side by side. */
export function makeCompareView({ids}) {
    const lines = ids.map((name, index) => ({name, ...lineStyle(index)}));
    const charts = makeCompareCharts(lines);
    const legend = makeLegend(lines, charts.show);
    const missing = el("p", {class: "failure", hidden: true});
    const table = el("div"),
        same = el("div");
    const title = `Comparing ${ids.length} runs`;
    const root = el(
        "div",
        null,
        el("h1", {tabindex: -1}, title),
        el(
            "div",
            {class: "about"},
            el("a", {class: "button", href: reportLink(ids), target: "_blank", rel: "noopener"}, "Open report")
        ),
        missing,
        el(
            "section",
            {"aria-labelledby": "curves"},
            el("h2", {id: "curves", class: "unseen"}, "Curves"),
            makeControls(redraw, "epochSmoothing", ["epoch", "time"]),
            legend.root,
            charts.root
        ),
        el(
            "section",
            {"aria-labelledby": "differences"},
            el("h2", {id: "differences"}, "What is different"),
            table,
            same
        )
    );
    let configuration = null,
        sort = "",
        drawn = [];

    function redraw() {
        drawn = [];
        update();
    }

    async function loadConfiguration(runs) {
        configuration = {};
        if (runs.length < 2 || runs.length > MOST_CONFIGURATIONS) return;
        try {
            const answer = await fetchComparison(runs.map(run => run.id));
            configuration = {ids: answer.runs, of: answer.configuration};
        } catch {
            return; // the runs' own figures are compared all the same
        }
        update();
    }

    function updateTable(runs) {
        const {differ, same: alike} = differences(runs, configuration?.ids ?? [], configuration?.of ?? {});
        const shown = [columns.id, ...differ];
        const by = shown.find(column => column.key === sort.replace(/^-/, ""));
        const order = by ? sorted(runs, by.value, sort.startsWith("-")) : runs;
        const item = {groups: [{name: null, runs: order}], sort, best: bestOf(runs, shown)};
        setParts(
            table,
            [item],
            () => shown.map(column => column.key).join(),
            () => makeTable("What is different", shown, {sort: sortBy, mark: id => lineKey(lines[ids.indexOf(id)])})
        );
        setParts(
            same,
            runs.length > 1 ? [runs[0]] : [],
            () => alike.join(),
            () => makeSame(alike)
        );
    }

    function sortBy(key) {
        sort = sort === `-${key}` ? key : `-${key}`;
        update();
    }

    function update() {
        const runs = ids.map(id => state.runs?.get(id)).filter(Boolean);
        const absent = state.runs ? ids.filter(id => !state.runs.has(id)) : [];
        missing.hidden = !absent.length;
        setText(missing, `Not there: ${absent.join(", ")}.`);
        if (runs.length) updateTable(runs);
        if (runs.length && !configuration) loadConfiguration(runs);
        const details = ids.map(id => state.details.get(id));
        if (details.every((detail, i) => detail === drawn[i])) return;
        if (details.some(detail => !detail)) return; // all at once: lines that come one by one would only flicker
        drawn = details;
        charts.update(details);
    }

    return {root, title: () => title, wants: () => ids, fetchAll: fetchEpochs, update, destroy: charts.destroy};
}

function makeSame(keys) {
    const {root, update} = makeFigures(keys, "details");
    return {root: el("div", null, el("h3", null, "The same in all"), root), update};
}
