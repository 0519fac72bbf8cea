/** Which runs are listed, in which order and under which headings. */

/** The texts of a run that the filter's text is looked for in. */
function texts(run) {
    return [
        run.id,
        run.model,
        run.family,
        run.dataset,
        run.status,
        run.reason ?? "",
        ...Object.entries(run.tags).map(tagText),
    ];
}

export const tagText = ([name, value]) => (value ? `${name}=${value}` : name);

/** Whether a run passes: every word of the text occurs in it, and the rest is equal. */
export function passes(run, {text, status, model, tag}) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const all = words.length ? texts(run).join("\n").toLowerCase() : "";
    return (
        words.every(word => all.includes(word)) &&
        (!status || run.status === status) &&
        (!model || run.model === model) &&
        (!tag || hasTag(run, tag))
    );
}

function hasTag(run, tag) {
    return Object.entries(run.tags).some(([name, value]) => name === tag || tagText([name, value]) === tag);
}

const collator = new Intl.Collator("en", {numeric: true, sensitivity: "base"});

function compareValues(a, b) {
    return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b);
}

const isUnknown = value => value === null || value === undefined || value === "";

/** The runs in order of `value(run)`; unknown ones last whichever way, equal ones as they came. */
export function sorted(runs, value, descending) {
    return runs
        .map(run => ({run, key: value(run)}))
        .sort((a, b) => {
            if (isUnknown(a.key) || isUnknown(b.key)) return isUnknown(a.key) - isUnknown(b.key);
            return (descending ? -1 : 1) * compareValues(a.key, b.key);
        })
        .map(({run}) => run);
}

/** [{name, runs}] in order of the names; a run with several tags is under each, one without under "". */
export function grouped(runs, by) {
    if (!by) return [{name: null, runs}];
    const groups = new Map();
    for (const run of runs) {
        for (const name of groupNames(run, by)) groups.set(name, [...(groups.get(name) ?? []), run]);
    }
    return [...groups]
        .sort(([a], [b]) => (a === "") - (b === "") || collator.compare(a, b))
        .map(([name, those]) => ({name, runs: those}));
}

function groupNames(run, by) {
    if (by !== "tag") return [run[by] ?? ""];
    const names = Object.entries(run.tags).map(tagText);
    return names.length ? names : [""];
}

/** The different values of `list`, in order. */
export const different = list => [...new Set(list)].filter(Boolean).sort(collator.compare);
