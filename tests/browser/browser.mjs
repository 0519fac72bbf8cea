// Chromium, and pages of which every complaint is kept.
import {mkdtemp, rm} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {after} from "node:test";
import puppeteer from "puppeteer-core";
import {watchAnswers} from "./answers.mjs";

const PROGRAM = process.env.WEFT_CHROMIUM ?? "/usr/bin/chromium";
const WIDTH = 1280,
    HEIGHT = 900;

let browser, folder;

/** The browser of this test file: started by the first who asks, closed after the last test. */
async function launched() {
    if (browser) return browser;
    folder = await mkdtemp(path.join(os.tmpdir(), "weft-browser-"));
    browser = await puppeteer.launch({
        executablePath: PROGRAM,
        protocolTimeout: 280_000, // run-tests gives a test 300 s
        userDataDir: path.join(folder, "profile"),
        args: [
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--force-color-profile=srgb",
            "--font-render-hinting=none",
            "--no-proxy-server",
            "--disable-background-networking",
            // nothing but this machine has an address
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ],
    });
    return browser;
}

after(async () => {
    await browser?.close();
    if (folder) await rm(folder, {recursive: true, force: true, maxRetries: 5});
});

/**
 * Opens a page. `page.problems` collects everything that must not be: errors and warnings of the console, exceptions,
 * violations of the content security policy, failed requests, and requests to other places than the page's
 * own (`file:`, `data:` and `blob:`; for a page that a server sends, its origin). `page.downloads` is the folder of
 * what it saves.
 *   width, height    CSS pixels
 *   scheme           "light" or "dark"
 *   before           async (page) => ..., before anything is loaded
 */
export async function open(url, {width = WIDTH, height = HEIGHT, scheme = "light", before} = {}) {
    const context = await (await launched()).createBrowserContext();
    const page = await context.newPage();
    const origin = url.startsWith("http") ? new URL(url).origin : null;
    watch(page, origin);
    watchAnswers(page);
    page.downloads = await mkdtemp(path.join(folder, "downloads-"));
    const session = await browser.target().createCDPSession();
    await session.send("Browser.setDownloadBehavior", {
        behavior: "allow",
        browserContextId: context.id,
        downloadPath: page.downloads,
        eventsEnabled: true,
    });
    await session.send("Browser.grantPermissions", {
        permissions: ["clipboardReadWrite", "clipboardSanitizedWrite"],
        browserContextId: context.id,
    });
    await page.setViewport({width, height});
    await setScheme(page, scheme);
    await page.evaluateOnNewDocument(() =>
        document.addEventListener("securitypolicyviolation", event =>
            console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI} ${event.sample}`)
        )
    );
    await before?.(page);
    await page.goto(url, {waitUntil: "load", timeout: 60_000});
    return page;
}

/** "light" or "dark". Nothing moves smoothly, so that a click meets what it is meant for. */
export const setScheme = (page, scheme) =>
    page.emulateMediaFeatures([
        {name: "prefers-color-scheme", value: scheme},
        {name: "prefers-reduced-motion", value: "reduce"},
    ]);

function watch(page, origin) {
    const problems = (page.problems = []);
    const isHome = url => /^(file|data|blob|about):/.test(url) || (origin && new URL(url).origin === origin);
    page.on("console", message => {
        if (["error", "warn", "assert"].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", error => problems.push(`exception: ${error.stack ?? error.message}`));
    page.on("request", request => {
        if (!isHome(request.url())) problems.push(`request to ${request.url()}`);
    });
    page.on("requestfailed", request => {
        const reason = request.failure()?.errorText;
        if (reason !== "net::ERR_ABORTED") problems.push(`${reason}: ${request.url().slice(0, 200)}`);
    });
}

/** Closes a page with all that it kept. */
export const close = page => page.browserContext().close();

/** Waits until `ask` (which may be async) gives something true, and gives that. */
export async function until(ask, what, timeout_ms = 60_000) {
    for (const end = Date.now() + timeout_ms; ;) {
        const answer = await ask();
        if (answer) return answer;
        if (Date.now() > end) throw new Error(`waited ${timeout_ms} ms in vain for ${what}`);
        await new Promise(done => setTimeout(done, 30));
    }
}
