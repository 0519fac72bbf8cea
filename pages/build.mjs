// Makes the pages: node pages/build.mjs OUTPUT. Each folder below that has a page.html becomes one
// OUTPUT/<folder>.html with everything inside: its main.js and main.css with all that these import, and
// a content security policy under which nothing else runs and nothing is fetched. Where page.html says
// "weft:data", weft puts the data.
import {createHash} from "node:crypto";
import {existsSync} from "node:fs";
import {mkdir, readdir, readFile, writeFile} from "node:fs/promises";
import path from "node:path";
import {fileURLToPath} from "node:url";
import {build} from "esbuild";

const source = path.dirname(fileURLToPath(import.meta.url));
const output = process.argv[2];
if (!output) {
    console.error("usage: node pages/build.mjs OUTPUT");
    process.exit(2);
}

/** One bundle, `entry` and all that it imports: its text, and the folders of the packages that are in it. */
async function bundle(entry) {
    const {outputFiles, metafile} = await build({
        entryPoints: [entry],
        absWorkingDir: source,
        bundle: true,
        write: false,
        metafile: true,
        minify: true,
        format: "iife",
        target: "es2022",
        legalComments: "none",
        loader: {".woff2": "dataurl"},
        logLevel: "warning",
    });
    const code = Object.values(metafile.outputs)
        .flatMap(one => Object.entries(one.inputs).filter(([, {bytesInOutput}]) => bytesInOutput > 0))
        .map(([name]) => name);
    const fonts = Object.keys(metafile.inputs).filter(name => name.endsWith(".woff2"));
    const packages = [...code, ...fonts].map(name => name.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0]);
    return {text: outputFiles[0].text.trim(), packages: packages.filter(Boolean)};
}

const hash = text => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The licences of packages, each text once, as a comment: they ask for it. */
async function notices(packages) {
    const names = new Map(); // by licence
    for (const folder of [...new Set(packages)].sort()) {
        const file = (await readdir(path.join(source, folder))).find(name => /^licen[cs]e/i.test(name));
        if (!file) throw new Error(`${folder} has no licence`);
        const text = (await readFile(path.join(source, folder, file), "utf8")).trim();
        names.set(text, [...names.get(text) ?? [], path.relative("node_modules", folder)]);
    }
    if (!names.size) return "";
    const texts = [...names].map(([text, those]) => `${those.join(", ")}\n\n${text}`);
    return `<!--\nThis page holds code of other projects:\n\n${texts.join("\n\n\n").replaceAll("--", "- -")}\n-->`;
}

async function page(folder) {
    const file = name => path.join(source, folder, name);
    const [template, script, style] =
        await Promise.all([readFile(file("page.html"), "utf8"), bundle(file("main.js")), bundle(file("main.css"))]);
    const early = script.text.search(/<\/script|<!--/i);
    if (early >= 0)
        throw new Error(`${folder}: the script holds ${script.text.slice(early, early + 40)}, which ends it early`);
    const parts = {
        policy: template.match(/weft:policy (.*?)-->/s)[1].trim(),
        script: `<script>${script.text}</script>`,
        style: `<style>${style.text}</style>`,
        notices: await notices([...script.packages, ...style.packages]),
    };
    const policy = `default-src 'none'; script-src ${hash(script.text)}; style-src ${hash(style.text)}; font-src data:; ` +
        `base-uri 'none'; form-action 'none'; ${parts.policy}`;
    parts.policy = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
    const html = template.replace(/<!-- weft:(policy|script|style|notices)\b.*?-->/gs, (_, name) => parts[name]);
    await writeFile(path.join(output, `${folder}.html`), html);
}

await mkdir(output, {recursive: true});
const folders = (await readdir(source)).filter(name => existsSync(path.join(source, name, "page.html")));
await Promise.all(folders.map(page));
