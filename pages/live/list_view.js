import {el} from "../common/dom.js";
import {remove} from "./actions.js";
import {grouped, passes, sorted} from "./choose.js";
import {columns, listed} from "./columns.js";
import {makeFilter} from "./filter.js";
import {listLink} from "./route.js";
import {makeSelection} from "./selection.js";
import {fetchDetails} from "./server.js";
import {setTags, state} from "./state.js";
import {makeTable} from "./table.js";
import {editTags} from "./tags.js";
import {makeTrainingNow} from "./training_now.js";

const MOST_CURVES = 8; // of trainings at the same time

/** All runs: what is training, and the list. */
export function makeListView() {
    let list = null;
    const change = part => {
        list = {...list, ...part};
        history.replaceState(null, "", listLink(list));
        show();
    };
    const all = () => [...(state.runs?.values() ?? [])];
    const tickedRuns = () => list.ticked.map(id => state.runs?.get(id)).filter(Boolean);
    const edit = ids => editTags(() => ids.map(id => state.runs.get(id)).filter(Boolean), setTags);

    const now = makeTrainingNow();
    const filter = makeFilter(change);
    const table = makeTable("Runs", listed, {
        sort: key => change({sort: nextSort(list.sort, key)}),
        tick(ids, on) {
            const others = list.ticked.filter(id => !ids.includes(id));
            change({ticked: on ? [...others, ...ids] : others});
        },
        editTags: run => edit([run.id]),
    });
    const selection = makeSelection({
        tag: () => edit(tickedRuns().map(run => run.id)),
        remove: () => remove(tickedRuns()),
        clear: () => change({ticked: []}),
    });
    const nothing = el("p", {class: "nothing"});
    const root = el(
        "div",
        null,
        el("h1", {class: "unseen", tabindex: -1}, "Runs and trainings"),
        now.root,
        el(
            "section",
            {"aria-labelledby": "all-runs"},
            el("h2", {id: "all-runs"}, "Runs"),
            filter.root,
            selection.root,
            table.root,
            nothing
        )
    );

    function show() {
        if (!state.runs) return;
        const runs = all();
        now.update(runs);
        const column = columns[list.sort.replace(/^-/, "")] ?? columns.started;
        const found = sorted(
            runs.filter(run => passes(run, list)),
            column.value,
            list.sort.startsWith("-")
        );
        filter.update(list, runs, found.length);
        table.update({groups: grouped(found, list.group), sort: list.sort, ticked: new Set(list.ticked)});
        selection.update(tickedRuns());
        table.root.hidden = !found.length;
        nothing.hidden = found.length > 0;
        nothing.textContent = runs.length ? "No run is like that." : "There is no run yet: weft train makes one.";
    }

    return {
        root,
        title: () => "Runs",
        wants: () =>
            all()
                .filter(run => run.status === "running")
                .slice(0, MOST_CURVES)
                .map(run => run.id),
        fetchAll: fetchDetails,
        update(route) {
            list = route.list;
            show();
        },
        destroy() {},
    };
}

/** Figures begin with the largest, the rest with the smallest; the same column again turns round. */
function nextSort(sort, key) {
    const first = columns[key].figure || key === "started" ? `-${key}` : key;
    const other = first === key ? `-${key}` : key;
    return sort === first ? other : first;
}
