const NOW = 11; // values before the one that is judged whose median is what is usual now
const WINDOW = 60; // values before it whose differences say how much of a change is usual
const FEWEST = 10; // below this nobody knows what is usual
const FAR = 10; // times the usual difference: noise of mini-batches stays far below it
const LEAST = 1.3; // times what is usual: where the noise is tiny, a spike is still one that can be seen

function median(values) {
    const sorted = values.slice().sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The indices at which a loss jumps: far above the median of the values just before it, in units of the median
 * difference between neighbours, so that neither a loss that falls quickly nor a spike among the values before it
 * changes what is usual. A loss that is no number is a jump, too. Of jumps that follow each other the highest is named.
 */
export function findSpikes(losses) {
    const spikes = [];
    const before = [];
    losses.forEach((loss, i) => {
        if (loss === undefined) return;
        if (isJump(loss, before)) {
            const last = spikes.at(-1);
            if (last?.end !== i - 1) spikes.push({at: i, end: i});
            else Object.assign(last, {at: losses[last.at] >= loss ? last.at : i, end: i});
        }
        if (Number.isFinite(loss)) before.push(loss);
        if (before.length > WINDOW) before.shift();
    });
    return spikes.map(({at}) => at);
}

function isJump(loss, before) {
    if (!Number.isFinite(loss)) return true;
    if (before.length < FEWEST) return false;
    const usual = median(before.slice(-NOW));
    if (loss < usual * LEAST) return false;
    const difference = median(before.slice(1).map((value, i) => Math.abs(value - before[i])));
    return loss > usual + FAR * difference;
}
