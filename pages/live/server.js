/** What the page asks of the server. */

const MOST = 256; // runs that one request may name

const readData = page => JSON.parse(page.getElementById("weft-ui").textContent);

/** {version, runs (their folder), token}, written into the page by the server. */
export const server = readData(document);

/** A failure as the server tells it; isLost: it told nothing. */
function failure(message, more) {
    return Object.assign(new Error(message), more);
}

async function ask(address, options) {
    let response;
    try {
        response = await fetch(address, {cache: "no-store", ...options});
    } catch {
        throw failure("The server does not answer.", {isLost: true});
    }
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const body = isJson ? await response.json() : null;
    if (response.ok) return body;
    const {message, hint} = body?.error ?? {};
    throw failure(message ?? `The server answers ${response.status}.`, {hint, status: response.status});
}

const send = (address, body) =>
    ask(address, {
        method: "POST",
        headers: {"Content-Type": "application/json", "X-Weft-Token": server.token},
        body: JSON.stringify(body),
    });

/** A server that was started again has another token, which stands in its page. */
async function renewToken() {
    const page = await (await fetch("/", {cache: "no-store"})).text();
    const {token} = readData(new DOMParser().parseFromString(page, "text/html"));
    const isNew = token !== server.token;
    server.token = token;
    return isNew;
}

async function post(address, body) {
    try {
        return await send(address, body);
    } catch (error) {
        if (error.status !== 403 || !(await renewToken())) throw error;
        return send(address, body);
    }
}

const ids = list => new URLSearchParams(list.map(id => ["id", id]));

export const fetchRuns = () => ask("/api/runs");

/** What `askFor(id)` gives for each; {error} for one that cannot be had. */
const each = (list, askFor) =>
    Promise.all(
        list.map(async id => {
            try {
                return await askFor(id);
            } catch (error) {
                if (error.isLost) throw error;
                return {error};
            }
        })
    );

/** Everything about some runs; of one that cannot be had, {error}. */
export const fetchDetails = list => each(list, id => ask(`/api/run?${ids([id])}`));

const askEpochs = async list => (await ask(`/api/epochs?${ids(list)}`)).runs;

/** Only the epochs of runs, of which many come at once; of one that cannot be had, {error}. */
export async function fetchEpochs(list) {
    const answers = [];
    for (let i = 0; i < list.length; i += MOST) {
        const some = list.slice(i, i + MOST);
        try {
            answers.push(...(await askEpochs(some)));
        } catch (error) {
            if (error.isLost) throw error;
            answers.push(...(await each(some, async id => (await askEpochs([id]))[0])));
        }
    }
    return answers;
}

export const fetchComparison = list => ask(`/api/compare?${ids(list)}`);
export const stopRun = (id, save) => post("/api/stop", {id, save});
export const tagRun = (id, name, value) => post("/api/tag", {id, name, value});

/** Resolves when all are deleted; else the error names those that are not, and why. */
export async function deleteRuns(list) {
    const {failed} = await post("/api/delete", {ids: list});
    if (failed.length) throw failure(failed.map(({id, error}) => `${id}: ${error.message}`).join("\n"));
}
