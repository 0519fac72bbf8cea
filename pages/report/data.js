import {balance} from "../common/charts/balance.js";
import {el} from "../common/dom.js";
import {figure} from "../common/figure.js";
import {count, counted, listed, percent} from "../common/format.js";
import {className, gallery} from "./gallery.js";

const PARTS = {train: "training", validation: "validation", test: "test"};
const LISTED = 24; // of what an audit found

/** The images: what they are, how many, what they look like, and what an audit says. */
export function data({data: set}, around) {
    if (!set) return null;
    const parts = Object.keys(PARTS).filter(part => set.parts?.[part]);
    const image = set.image
        ? `${set.image.width} × ${set.image.height} pixels, ` +
          `${set.image.channels === 1 ? "grey" : counted(set.image.channels, "channel")}`
        : null;
    return {
        id: "data",
        title: "The data",
        content: [
            el(
                "p",
                null,
                `${set.name ?? "The data set"} has ${counted(set.classes.length, "class", "classes")} of images` +
                    `${image ? ` of ${image}` : ""}: ` +
                    listed(parts.map(part => `${count(set.parts[part].count)} for ${PARTS[part]}`)) +
                    ". ",
                set.hash ? el("span", {class: "muted small"}, "SHA-256 of the data ", el("code", null, set.hash)) : null
            ),
            parts.some(part => set.parts[part].per_class) ? figure(balance(set), 3) : null,
            samples(set, around, "train", "Training images"),
            samples(set, around, "test", "Test images"),
            audit(set, around),
        ],
    };
}

function samples(set, around, part, title) {
    const list = set.samples?.[part];
    if (!list?.length) return null;
    return [
        el("h3", null, `${title}: ${count(list.length)} of them`),
        gallery(
            title,
            list.map(({index, label, labels, tile}) => {
                const shown = labels ?? [label];
                const said = shown.map(k => set.classes[k]).join(", ") || "no label";
                return [
                    around.picture(tile, `${PARTS[part]} image ${index}: ${said}`),
                    ...(shown.length ? shown.map(k => className(set.classes, k)) : ["no label"]),
                ];
            })
        ),
    ];
}

const labelled = ({label}, classes) => (label < 0 ? "" : `, labelled ${classes[label]}`);

/** What is in doubt; of any number of labels one that is there and should not be, or one that is missing. */
function doubt({label, suggested}, classes) {
    if (label < 0) return `, ${classes[suggested]} is missing`;
    return labelled({label}, classes) + (suggested < 0 ? ", which is not there" : "");
}

function audit(set, around) {
    const title = el("h3", null, "Doubtful labels and near duplicates");
    if (!set.audit)
        return [
            title,
            el(
                "p",
                {class: "muted"},
                "The data were not audited: ",
                el("code", null, "weft audit"),
                " looks for labels that are likely wrong and for images that are there twice."
            ),
        ];
    const {label_errors: errors, label_error_count: wrong, duplicates, duplicate_count: pairs} = set.audit;
    const of = one => `${PARTS[one.part] ?? one.part} image ${one.index}`;
    return [
        title,
        errors?.length
            ? [
                  el(
                      "p",
                      null,
                      `${counted(wrong, "label")} ${wrong === 1 ? "is" : "are"} likely wrong` +
                          `${wrong > LISTED ? "; the most likely ones:" : ":"}`
                  ),
                  gallery(
                      "Labels that are likely wrong",
                      errors
                          .slice(0, LISTED)
                          .map(one => [
                              around.picture(one.tile, `${of(one)}${doubt(one, set.classes)}`),
                              one.label < 0 ? null : el("s", null, set.classes[one.label]),
                              one.suggested < 0 ? null : className(set.classes, one.suggested),
                              percent(one.probability, 0),
                          ])
                  ),
              ]
            : errors
              ? el("p", null, "No label looks wrong.")
              : null,
        duplicates?.length
            ? [
                  el(
                      "p",
                      null,
                      `${counted(pairs, "pair")} of images ${pairs === 1 ? "is" : "are"} nearly the same` +
                          `${pairs > LISTED ? "; the nearest:" : ":"}`
                  ),
                  gallery(
                      "Near duplicates",
                      duplicates.slice(0, LISTED).map(({a, b}) => [
                          el(
                              "span",
                              {class: "pair"},
                              [a, b].map(one => around.picture(one.tile, `${of(one)}${labelled(one, set.classes)}`))
                          ),
                          ...[a, b].map(one => `${PARTS[one.part] ?? one.part} ${one.index}`),
                      ])
                  ),
              ]
            : duplicates
              ? el("p", null, "No image is there twice.")
              : null,
    ];
}
