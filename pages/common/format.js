/** Figures as text, as weft's tables write them: what is unknown is a dash. */

const known = (value, write) => Number.isFinite(value) ? write(value) : "-";

/** Accuracy, F1, loss: 0.8916. */
export const score = value => known(value, v => v.toFixed(4));

/** 3.14, 31.4, 314: three digits, as many as timings deserve. */
export const quantity = value => known(value, v => {
    const size = Math.abs(v);
    return v.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
});

const thousands = new Intl.NumberFormat("en", {maximumFractionDigits: 0});

/** 315,530. */
export const count = value => known(value, v => thousands.format(v));

/** Whatever its size, `digits` of them: 0.00100, 12.3, 1.2e-7. */
export const brief = (value, digits = 3) => known(value, v => {
    const size = Math.abs(v);
    if (v === 0 || (size >= 1e-4 && size < 1e5)) return String(Number(v.toPrecision(digits)));
    return v.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
});

const two = number => String(Math.floor(number)).padStart(2, "0");

/** Of seconds: 8.5 s, 46 s, 3 min 20 s, 2 h 05 min. */
export const duration = value => known(value, v => {
    if (v < 9.95) return `${v.toFixed(1)} s`;
    const s = Math.round(v);
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
    return `${Math.floor(s / 3600)} h ${two(s % 3600 / 60)} min`;
});

/** 812 kB, 1.35 GB: powers of 1000. */
export const bytes = value => known(value, v => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(v, 1)) / 3)));
    return `${power ? quantity(v / 1000 ** power) : v} ${units[power]}`;
});

const clock = new Intl.DateTimeFormat("sv", {dateStyle: "short", timeStyle: "short"});

/** A time in UTC, 2026-01-31T12:00:00.000Z, as the reader's clock shows it: 2026-01-31 13:00. */
export const time = utc => utc ? clock.format(new Date(utc)) : "-";

/** Of a share: 89.2 %. */
export const percent = (value, digits = 1) => known(value, v => `${(100 * v).toFixed(digits)} %`);

/** A difference, with its sign: +0.042. */
export const signed = (value, digits = 3) => known(value, v => `${v < 0 ? "−" : "+"}${Math.abs(v).toFixed(digits)}`);

/** A difference of two shares, in points: +0.4. */
export const points = (value, digits = 1) => known(value, v => signed(100 * v, digits));

/** A p: .031, < .0001, 1; on the same side of .05 as the value itself. */
export const chance = value => known(value, p => {
    if (p < 0.0001) return "< .0001";
    if (p > 0.9995) return p === 1 ? "1" : "> .999";
    let digits = p < 0.001 ? 4 : 3;
    while (p < 0.05 && Number(p.toFixed(digits)) >= 0.05) digits++;
    return p.toFixed(digits).replace(/^0/, "");
});

/** 1.69 M, 316 k: three digits of large numbers. */
export const short = value => known(value, v => {
    const [unit, name] = [[1e9, " G"], [1e6, " M"], [1e3, " k"]].find(([one]) => Math.abs(v) >= one) ?? [1, ""];
    return `${unit === 1 ? thousands.format(v) : Number((v / unit).toPrecision(3))}${name}`;
});

/** 26 × 26 × 32. */
export const shape = sizes => sizes?.length ? sizes.join(" × ") : "-";

/** 1 model, 3 models. */
export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** a, b and c. */
export const listed = texts =>
    texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;
