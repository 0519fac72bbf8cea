/** Columns of one length, as `live` and `norms` of a run are: one element per line, in the order of the steps. */

const MOST = 4000; // lines that are kept

/** Adds the lines of `more` that are behind those of `known`. `keys`: the columns; `largest`: of which lines that
 * become one keep the larger value. */
export function append(known, more, keys, largest) {
    const last = known.step.at(-1) ?? -1;
    const from = more.step.findIndex(step => step > last);
    if (from < 0) return known;
    const all = {...known};
    for (const key of keys) all[key] = known[key].concat(more[key].slice(from));
    return all.step.length > MOST ? thin(all, keys, largest) : all;
}

/** Half the lines: of two the second. */
function thin(columns, keys, largest) {
    const odd = columns.step.length % 2;
    const thinned = {...columns};
    for (const key of keys) {
        thinned[key] = columns[key].filter((_, i) => i % 2 !== odd);
        if (key === largest) thinned[key] = thinned[key].map((value, i) => larger(columns[key][2 * i - odd], value));
    }
    return thinned;
}

const larger = (a, b) => (a !== undefined && a !== null && (b === null || a > b) ? a : b);
