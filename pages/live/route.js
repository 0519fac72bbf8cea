/**
 * The address is what the page shows: #run=ID, #compare=A,B or, for the list of runs, its filter, order and ticks. So
 * a link, a reload and the back button all lead to the same.
 */

const LIST = {text: "", status: "", model: "", tag: "", sort: "-started", group: "", ticked: []};

/** {view: "run", id}, {view: "compare", ids} or {view: "list", list}. */
export function readRoute(hash = location.hash) {
    const keys = new URLSearchParams(hash.replace(/^#/, ""));
    if (keys.get("run")) return {view: "run", id: keys.get("run")};
    if (keys.has("compare")) return {view: "compare", ids: split(keys.get("compare"))};
    const list = {...LIST};
    for (const name of Object.keys(LIST)) {
        if (!keys.has(name)) continue;
        list[name] = name === "ticked" ? split(keys.get(name)) : keys.get(name);
    }
    return {view: "list", list};
}

// A run's name may hold anything but "/": so that is what stands between names, written as a comma where it can be.
const split = text => text.split(text.includes("/") ? "/" : ",").filter(Boolean);
const join = ids => (ids.some(id => id.includes(",")) ? `${ids.join("/")}/` : ids.join(","));

export const runLink = id => `#${new URLSearchParams({run: id})}`;
export const compareLink = ids => `#${new URLSearchParams({compare: join(ids)}).toString().replaceAll("%2C", ",")}`;
export const reportLink = ids => `/report?${new URLSearchParams(ids.map(id => ["run", id]))}`;

export function listLink(list) {
    const keys = new URLSearchParams();
    for (const [name, value] of Object.entries(list)) {
        const text = Array.isArray(value) ? join(value) : value;
        if (text !== String(LIST[name])) keys.set(name, text);
    }
    return `#${keys.toString().replaceAll("%2C", ",")}`;
}
