const WINDOW = 40; // values before the one that is judged
const FEWEST = 10; // below this nobody knows what is usual
const FAR = 8; // robust standard deviations above the median; beyond 5 mini-batch noise is hardly ever
const LEAST = 1.3; // times the median: where the noise is tiny, a spike is still one that can be seen

function median(sorted) {
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The indices at which a loss jumps: far above the median of the values before it, in units of their median absolute
 * deviation (times 1.4826, which makes it the standard deviation of a normal distribution). A loss that is no number
 * is one too. Of values that follow each other the highest is named.
 */
export function findSpikes(losses) {
    const spikes = [];
    const before = [];
    for (let i = 0; i < losses.length; i++) {
        const loss = losses[i];
        if (loss === null || loss === undefined) continue;
        if (isJump(loss, before)) {
            const last = spikes.length - 1;
            if (spikes[last]?.end !== i - 1) spikes.push({at: i, end: i});
            else spikes[last] = {at: losses[spikes[last].at] >= loss ? spikes[last].at : i, end: i};
        }
        if (Number.isFinite(loss)) before.push(loss);
        if (before.length > WINDOW) before.shift();
    }
    return spikes.map(({at}) => at);
}

function isJump(loss, before) {
    if (!Number.isFinite(loss)) return true;
    if (before.length < FEWEST) return false;
    const sorted = before.slice().sort((a, b) => a - b);
    const usual = median(sorted);
    if (loss < usual * LEAST) return false;
    const deviation = median(sorted.map(value => Math.abs(value - usual)).sort((a, b) => a - b));
    return loss > usual + FAR * 1.4826 * deviation;
}
