import {el} from "../common/dom.js";
import {count, counted, duration, time} from "../common/format.js";
import {scrollTable} from "../common/table.js";
import {copyButton} from "./copy.js";

const COLUMNS = [
    {key: "id", title: "Run"},
    {key: "model", title: "Model"},
    {key: "seed", title: "Seed", isNumber: true},
    {key: "epochs", title: "Epochs", isNumber: true},
    {key: "total_s", title: "Time", isNumber: true, text: duration},
    {key: "threads", title: "Threads", isNumber: true},
    {key: "version", title: "weft"},
    {key: "isa", title: "Kernels"},
    {key: "cpu", title: "Processor"},
    {key: "started", title: "Started", text: time},
    {key: "command", title: "Command", isCode: true},
];

/** How it was made: everything needed to repeat it. */
export function made({made: how, comparison, cross_validations: studies = [], generated}) {
    const runs =
        how?.runs ?? (comparison?.models ?? []).flatMap(row => row.runs.map(run => ({...run, model: row.model})));
    const commands = how?.commands ?? [];
    if (!runs.length && !commands.length) return null;
    const hashes = [...new Set([...runs, ...studies].map(one => one.data_hash).filter(Boolean))];
    const facts = [
        ["weft", how?.weft],
        ["Libraries", how?.libraries],
        ["Machine", (how?.machines ?? []).map(machine).join("; ")],
        ["Data, SHA-256", hashes.join(", ")],
        ["Report of", generated],
    ].filter(([, value]) => value);
    return {
        id: "made",
        title: "How it was made",
        content: [
            el(
                "p",
                null,
                "The same seed, program and instruction set give the same weights, to the bit, with any number of " +
                    "threads."
            ),
            commands.length
                ? [
                      el("h3", null, "Commands that repeat it"),
                      commands.map(one =>
                          el(
                              "div",
                              {class: "command"},
                              el(
                                  "pre",
                                  {tabindex: 0, role: "region", "aria-label": `Command: ${one}`},
                                  el("code", null, one)
                              ),
                              copyButton(one, "the command")
                          )
                      ),
                      commands.length > 1 ? copyButton(commands.join("\n"), "commands", "Copy all") : null,
                  ]
                : null,
            facts.length
                ? [
                      el("h3", null, "With what"),
                      el(
                          "dl",
                          {class: "with"},
                          facts.map(([name, value]) => [el("dt", null, name), el("dd", null, value)])
                      ),
                      copyButton(facts.map(pair => pair.join(": ")).join("\n"), "facts", "Copy all"),
                  ]
                : null,
            how?.configurations?.length
                ? [el("h3", null, "Data, seed and model, with every value"), how.configurations.map(configuration)]
                : null,
            runs.length ? [el("h3", null, "Runs"), table(runs)] : null,
        ],
    };
}

const configuration = ({label, text}) =>
    el(
        "details",
        null,
        el("summary", null, `config.yaml of ${label}`),
        el(
            "div",
            {class: "command"},
            el(
                "pre",
                {tabindex: 0, role: "region", "aria-label": `Configuration of ${label}`},
                el("code", null, text)
            ),
            copyButton(text, `the configuration of ${label}`)
        )
    );

const machine = ({cpu, isa, threads}) => [cpu, isa, threads && counted(threads, "thread")].filter(Boolean).join(", ");

function table(runs) {
    const used = COLUMNS.filter(({key}) => runs.some(run => run[key] !== undefined && run[key] !== null));
    const text = (run, {key, text: write, isNumber}) =>
        write ? write(run[key]) : isNumber ? count(run[key]) : (run[key] ?? "-");
    return scrollTable(
        "Table of the runs",
        "One row per run, as it was stored",
        used,
        runs.map(run =>
            el(
                "tr",
                null,
                used.map((column, i) =>
                    el(
                        i ? "td" : "th",
                        {scope: i ? null : "row", class: column.isNumber ? "number" : null},
                        column.isCode && run[column.key]
                            ? [
                                  el("code", null, run[column.key]),
                                  " ",
                                  copyButton(run[column.key], `the command of ${run.id}`),
                              ]
                            : text(run, column)
                    )
                )
            )
        ),
        {class: "runs"}
    );
}
