const CELL = 16; // pixels

/** Finds spots on a plane quickly: {nearest(x, y, reach), towards(from, [dx, dy])}, both give an index or null. */
export function grid(spots, {width, height}) {
    const columns = Math.ceil(width / CELL) + 1,
        lines = Math.ceil(height / CELL) + 1;
    const cells = Array.from({length: columns * lines}, () => []);
    const at = (x, y) => cells[Math.floor(y / CELL) * columns + Math.floor(x / CELL)];
    spots.x.forEach((x, i) => at(x, spots.y[i]).push(i));

    function nearest(x, y, reach) {
        let best = null,
            least = reach * reach;
        const far = Math.min(Math.max(columns, lines), Math.ceil(reach / CELL));
        const [cx, cy] = [Math.floor(x / CELL), Math.floor(y / CELL)];
        for (let row = Math.max(0, cy - far); row <= Math.min(lines - 1, cy + far); row++)
            for (let column = Math.max(0, cx - far); column <= Math.min(columns - 1, cx + far); column++)
                for (const i of cells[row * columns + column]) {
                    const distance = (spots.x[i] - x) ** 2 + (spots.y[i] - y) ** 2;
                    if (distance < least) [best, least] = [i, distance];
                }
        return best;
    }

    /** The nearest that lies within 45 degrees of a direction; what is a step further aside counts double. */
    function towards(from, [dx, dy]) {
        let best = null,
            least = Infinity;
        spots.x.forEach((x, i) => {
            const right = x - spots.x[from],
                down = spots.y[i] - spots.y[from];
            const along = right * dx + down * dy,
                aside = Math.abs(right * dy) + Math.abs(down * dx);
            if (along < 1 || aside > along) return;
            const distance = along + 2 * aside;
            if (distance < least) [best, least] = [i, distance];
        });
        return best;
    }

    return {nearest, towards};
}
