/** The document that weft wrote into the element of that id; large ones are compressed (src/report/pages.c). */
export async function readDocument(id) {
    const element = document.getElementById(id);
    if (element.dataset.encoding !== "gzip") return JSON.parse(element.textContent);
    const bytes = Uint8Array.from(atob(element.textContent), letter => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
}
