const cell = value => {
    // a spreadsheet would take a text that begins like a formula for one: the apostrophe makes it a text again
    const guard = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? "'" : "";
    const text = value === null || value === undefined ? "" : guard + String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Rows that all have the first one's keys as CSV (RFC 4180). */
export function csv(rows) {
    if (!rows.length) return "";
    const keys = Object.keys(rows[0]);
    return [keys, ...rows.map(row => keys.map(key => row[key]))]
        .map(line => line.map(cell).join(",") + "\r\n")
        .join("");
}
