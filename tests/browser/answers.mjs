// Tells a page that hangs from a browser that hangs.
import {readFileSync} from "node:fs";
import {setTimeout as sleep} from "node:timers/promises";

const EVERY_MS = 5_000,
    SILENCE_MS = 100_000, // axe and all charts keep a page busy for some seconds, on a loaded machine for many
    SAMPLES = 30,
    SAMPLE_MS = 100;

/** What tests/browser/run takes for "the browser, not a test, has failed: once again". */
const BROWSER_FAILED = 75;

/**
 * Ends the test when `page` is lost. A renderer that crashed, or that answers nothing although it computes nothing, is
 * the browser's failure: no script of a page can bring that about. One that is busy all the time is the page's own.
 */
export function watchAnswers(page) {
    const seen = {at: Date.now(), isAsked: false};
    const timer = setInterval(async () => {
        if (page.isClosed()) return clearInterval(timer);
        if (Date.now() - seen.at > SILENCE_MS) {
            clearInterval(timer);
            if (await isAnyBusy(page.browser())) failed(`a page has been busy for ${SILENCE_MS / 1000} s`);
            else browserFailed(`a page has answered nothing for ${SILENCE_MS / 1000} s, and computes nothing`);
        }
        if (seen.isAsked) return;
        seen.isAsked = true;
        // the page's own world, and the one in which selectors are looked for; an error is an answer, too
        await Promise.allSettled([page.evaluate("1"), page.$eval("html", () => 1)]);
        Object.assign(seen, {at: Date.now(), isAsked: false});
    }, EVERY_MS);
    timer.unref();
    page.on("error", error => browserFailed(error.message));
}

/** Whether the main thread of a renderer computes, or wants to. */
async function isAnyBusy(browser) {
    const session = await browser.target().createCDPSession();
    const {processInfo} = await session.send("SystemInfo.getProcessInfo");
    const runs = new Map(processInfo.filter(one => one.type === "renderer").map(one => [one.id, 0]));
    for (let i = 0; i < SAMPLES; i++) {
        for (const [id, count] of runs) if (stateOf(id) === "R") runs.set(id, count + 1);
        await sleep(SAMPLE_MS);
    }
    return [...runs.values()].some(count => count > SAMPLES / 2);
}

/** The state of a process's first thread as Linux tells it: R runs or waits for a core, S sleeps; "" is gone. */
function stateOf(id) {
    try {
        return readFileSync(`/proc/${id}/stat`, "latin1").match(/\) (.)/)[1];
    } catch {
        return "";
    }
}

function browserFailed(why) {
    console.log(`Chromium failed: ${why}`);
    process.exit(BROWSER_FAILED);
}

function failed(why) {
    console.log(`FAILED ${why}\n0 passed, 1 failed`);
    process.exit(1);
}
