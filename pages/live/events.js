/**
 * The stream of what happens. It is open as long as the page can be seen: a hidden page does nothing, and when it is
 * looked at again, it loads what it missed. When the server is lost, the browser tries again by itself.
 */

import {happen, happenings, load, state, tell} from "./state.js";

const PATIENCE_MS = 1000; // a connection that is back sooner was not lost
const AGAIN_MS = 2000;

let source = null,
    timer = null,
    retry = null;

function open() {
    if (source || document.hidden) return;
    source = new EventSource("/api/events");
    source.addEventListener("open", found);
    source.addEventListener("error", missed);
    source.addEventListener("hello", () => load().then(found, failed));
    for (const name of happenings) source.addEventListener(name, event => happen(name, JSON.parse(event.data)));
}

function close() {
    source?.close();
    source = null;
    clearTimeout(timer);
    clearTimeout(retry);
    timer = retry = null;
}

function found() {
    clearTimeout(timer);
    timer = null;
    if (state.lostSince) tell();
    state.lostSince = null;
}

function missed() {
    timer ??= setTimeout(() => {
        state.lostSince ??= new Date();
        tell();
    }, PATIENCE_MS);
    if (source.readyState === EventSource.CONNECTING) return; // the browser tries again
    retry ??= setTimeout(() => {
        close();
        open();
    }, AGAIN_MS);
}

function failed(error) {
    if (source) missed();
    if (!error.isLost && !error.status) throw error;
}

/** Starts to listen. */
export function listen() {
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    open();
}
