// The real `weft ui`, and trainings beside it.
import {spawn} from "node:child_process";
import {mkdtemp, rm} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {after} from "node:test";
import {fileURLToPath} from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const build = process.env.WEFT_BUILD_DIR ?? path.join(root, "build");
const weft = process.env.WEFT ?? path.join(build, "weft");
const started = new Set(),
    folders = [];

const killAll = () => started.forEach(child => child.kill("SIGKILL"));
process.on("exit", killAll); // also where a test gives up the browser
after(async () => {
    killAll();
    for (const folder of folders) await rm(folder, {recursive: true, force: true, maxRetries: 5});
});

/** An empty folder for runs, which is there until the last test of this file ends. */
export async function makeRunsFolder() {
    const folder = await mkdtemp(path.join(os.tmpdir(), "weft-ui-"));
    folders.push(folder);
    return folder;
}

/** `weft ...`: {child, output (so far), ended (a promise of the exit status)}. */
export function startWeft(...words) {
    const child = spawn(weft, words, {cwd: root, stdio: ["ignore", "pipe", "pipe"]});
    const process = {child, output: ""};
    started.add(child);
    for (const stream of [child.stdout, child.stderr]) stream.on("data", data => (process.output += data));
    process.ended = new Promise(done =>
        child.on("close", (code, signal) => {
            started.delete(child);
            done(code ?? signal);
        })
    );
    return process;
}

/** Starts `weft ui` on `runs`; `port` 0: a free one. {url, port, child, ended}. */
export async function startUi(runs, port = 0) {
    const server = startWeft("ui", "--runs", runs, "--port", String(port));
    const url = await new Promise((done, fail) => {
        server.child.stdout.on("data", () => {
            const found = server.output.match(/http:\/\/\S+/);
            if (found) done(found[0]);
        });
        server.ended.then(code => fail(new Error(`weft ui ended with ${code}: ${server.output}`)));
    });
    return {...server, url, port: Number(new URL(url).port)};
}
