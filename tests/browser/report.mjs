// The report's page, as the build made it, filled as weft fills it (src/report/pages.c).
import {mkdtemp, readFile, writeFile} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {fileURLToPath, pathToFileURL} from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const build = process.env.WEFT_BUILD_DIR ?? path.join(root, "build");

/** Writes the page with `document` (and the sprite, a data: URL) and gives its file: URL. */
export async function reportPage(document, sprite = null) {
    const template = await readFile(path.join(build, "generated/pages/report.html"), "utf8");
    const json = JSON.stringify(document).replaceAll("<", "\\u003c");
    const data = `<script type="application/json" id="weft-report">${json}</script>\n` +
        (sprite ? `<img id="weft-sprite" alt="" hidden src="${sprite}">\n` : "");
    const folder = await mkdtemp(path.join(os.tmpdir(), "weft-report-"));
    const file = path.join(folder, "report.html");
    await writeFile(file, template.replace("<!-- weft:data -->", () => data));
    return pathToFileURL(file).href;
}
