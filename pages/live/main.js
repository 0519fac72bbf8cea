import {el} from "../common/dom.js";
import {announceEpochs} from "./announce.js";
import {makeBanner} from "./banner.js";
import {makeCompareView} from "./compare_view.js";
import {listen} from "./events.js";
import {makeListView} from "./list_view.js";
import {listLink, readRoute} from "./route.js";
import {makeRunView} from "./run_view.js";
import {server} from "./server.js";
import {onChange, want} from "./state.js";

// Each has a root, title(), wants() and fetchAll (whose details it shows, and what gets them), update(route) and
// destroy().
const views = {list: makeListView, run: makeRunView, compare: makeCompareView};

const page = document.getElementById("page");
const home = el("a", {class: "home", href: listLink({})}, "weft");
const banner = makeBanner();
document
    .getElementById("head")
    .append(
        home,
        el("span", {class: "muted folder"}, server.runs),
        el("span", {class: "muted version"}, server.version),
        banner.root
    );

let shown = null; // {view, key}
let lastList = null; // the address of the list as it was left

const keyOf = route => (route.view === "list" ? "list" : JSON.stringify(route));

/** Shows what the address says. */
function go() {
    const route = readRoute();
    if (shown?.key !== keyOf(route)) {
        const isFirst = !shown;
        shown?.view.destroy();
        shown = {view: views[route.view](route), key: keyOf(route)};
        page.replaceChildren(shown.view.root);
        if (!isFirst) {
            scrollTo(0, 0);
            page.querySelector("h1")?.focus();
        }
    }
    if (route.view === "list") lastList = location.hash;
    home.href = lastList || "#";
    shown.view.update(route);
    want(shown.view.wants(), shown.view.fetchAll);
    document.title = `${shown.view.title()} · weft`;
}

onChange(() => {
    banner.update();
    announceEpochs();
    go();
});
addEventListener("hashchange", go);
go();
listen();
