// The links of a PDF as Chromium writes it: its objects are plain text, only their streams are packed.

/** {pages: the page (from 0) of each link by its address, size: width and height of a page in points}. */
export function linksOf(pdf) {
    const text = pdf.toString("latin1"), objects = new Map();
    for (const [, number, body] of text.matchAll(/(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj/gs)) objects.set(number, body.split("stream\n")[0]);
    const pages = new Map();
    let size = null;
    const sheets = kids([...objects.values()].find(body => /\/Type \/Catalog/.test(body)).match(/\/Pages (\d+) 0 R/)[1], objects);
    sheets.forEach((body, page) => {
        size ??= body.match(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/)?.slice(1).map(Number);
        const notes = body.match(/\/Annots \[([^\]]*)\]/)?.[1] ?? "";
        for (const [, number] of notes.matchAll(/(\d+) 0 R/g)) {
            const address = objects.get(number)?.match(/\/URI \(([^)]*)\)/)?.[1];
            if (address) pages.set(address, page);
        }
    });
    return {pages, size};
}

/** The pages below a node of the tree of pages, in order. */
function kids(number, objects) {
    const body = objects.get(number), list = body.match(/\/Kids \[([^\]]*)\]/)?.[1];
    return list === undefined ? [body] : [...list.matchAll(/(\d+) 0 R/g)].flatMap(([, one]) => kids(one, objects));
}
