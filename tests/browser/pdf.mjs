// The links of a PDF as Chromium writes it: its objects are plain text, only their streams are packed.

/** {links: the page (from 0) of each link and its left and right end in points, by address; size: of a page}. */
export function linksOf(pdf) {
    const text = pdf.toString("latin1"),
        objects = new Map();
    for (const [, number, body] of text.matchAll(/(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj/gs))
        objects.set(number, body.split("stream\n")[0]);
    const links = new Map();
    let size = null;
    const sheets = kids(
        [...objects.values()].find(body => /\/Type \/Catalog/.test(body)).match(/\/Pages (\d+) 0 R/)[1],
        objects
    );
    sheets.forEach((body, page) => {
        size ??= body
            .match(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/)
            ?.slice(1)
            .map(Number);
        const notes = body.match(/\/Annots \[([^\]]*)\]/)?.[1] ?? "";
        for (const [, number] of notes.matchAll(/(\d+) 0 R/g)) {
            const note = objects.get(number) ?? "",
                address = note.match(/\/URI \(([^)]*)\)/)?.[1];
            const [left, , right] =
                note
                    .match(/\/Rect \[([^\]]*)\]/)?.[1]
                    .split(" ")
                    .map(Number) ?? [];
            if (address) links.set(address, {page, left, right});
        }
    });
    return {links, size};
}

/** The pages below a node of the tree of pages, in order. */
function kids(number, objects) {
    const body = objects.get(number),
        list = body.match(/\/Kids \[([^\]]*)\]/)?.[1];
    return list === undefined ? [body] : [...list.matchAll(/(\d+) 0 R/g)].flatMap(([, one]) => kids(one, objects));
}
