// What Node's test runner reports, as tools/run-tests wants it: failures in full, then "N passed, N failed".

/** A test that holds others counts through them, unless it fails by itself. */
const isCounted = ({data}) => data.details.type !== "suite" && data.details.error?.failureType !== "subtestsFailed";

function failure({name, file, line, details: {error}}) {
    const cause = error.cause ?? error;
    return `FAILED ${name} (${file}:${line})\n${(cause.stack ?? String(cause)).replace(/^/gm, "    ")}\n`;
}

export default async function* report(events) {
    let passed = 0,
        failed = 0;
    for await (const event of events) {
        if (event.type === "test:stdout" || event.type === "test:stderr") yield event.data.message;
        if ((event.type !== "test:pass" && event.type !== "test:fail") || !isCounted(event)) continue;
        if (event.type === "test:pass") passed++;
        else failed++;
        const seconds = (event.data.details.duration_ms / 1000).toFixed(2);
        yield event.type === "test:pass" ? `ok ${seconds} s  ${event.data.name}\n` : failure(event.data);
    }
    yield `${passed} passed, ${failed} failed\n`;
}
