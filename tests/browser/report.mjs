// The report's page, as the build made it, filled as weft fills it (src/report/pages.c).
import {mkdtemp, readFile, writeFile} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {fileURLToPath, pathToFileURL} from "node:url";
import {gzipSync} from "node:zlib";

const root = fileURLToPath(new URL("../..", import.meta.url));
const build = process.env.WEFT_BUILD_DIR ?? path.join(root, "build");

/** The element that holds the document: as JSON, or above 1 MiB, and on demand, as gzip in base64. */
function element(document, isPacked) {
    const json = JSON.stringify(document);
    if (!isPacked && json.length <= 1 << 20)
        return `<script type="application/json" id="weft-report">${json.replaceAll("<", "\\u003c")}</script>`;
    return `<script type="text/plain" data-encoding="gzip" id="weft-report">${gzipSync(json).toString("base64")}</script>`;
}

/** Writes the page with `document` (and the sprite, a data: URL) and gives its file: URL. */
export async function reportPage(document, sprite = null, isPacked = false) {
    const template = await readFile(path.join(build, "generated/pages/report.html"), "utf8");
    const data = `${element(document, isPacked)}\n` +
        (sprite ? `<img id="weft-sprite" alt="" hidden src="${sprite}">\n` : "");
    const folder = await mkdtemp(path.join(os.tmpdir(), "weft-report-"));
    const file = path.join(folder, "report.html");
    await writeFile(
        file,
        template.replace("<!-- weft:data -->", () => data)
    );
    return pathToFileURL(file).href;
}
