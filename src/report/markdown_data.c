/* The data of a report in Markdown: class balance, some images, what an audit found. */
#include <stdio.h>
#include <string.h>

#include "report/markdown_parts.h"

static const char *const part_names[] = {"train", "validation", "test"};
enum { PARTS = sizeof part_names / sizeof *part_names };

static int64_t whole(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static const wf_images *images_of(const wf__markdown *m, const char *part) {
    if (!part) return NULL;
    return !strcmp(part, "train")        ? m->images->train
           : !strcmp(part, "validation") ? m->images->validation
           : !strcmp(part, "test")       ? m->images->test
                                         : NULL;
}

/* ---- how many of which class ---- */

static void add_balance(wf__markdown *m, const json_t *data) {
    const json_t *parts = json_object_get(data, "parts"),
                 *classes = json_object_get(data, "classes");
    char number[WF_FIGURE_BYTES];
    wf__md(m, "\n| Class | Training | Validation | Test |\n|---|---:|---:|---:|\n");
    for (size_t k = 0; k <= json_array_size(classes); k++) {
        const int is_sum = k == json_array_size(classes);
        wf__md(m, "| ");
        wf__md_name(m, is_sum ? "all" : json_string_value(json_array_get(classes, k)));
        for (int i = 0; i < PARTS; i++) {
            const json_t *part = json_object_get(parts, part_names[i]);
            const json_t *count = is_sum ? json_object_get(part, "count")
                                         : json_array_get(json_object_get(part, "per_class"), k);
            wf__md(m, " | ");
            wf__md(m,
                   json_is_integer(count) ? wf_thousands(number, json_integer_value(count)) : "-");
        }
        wf__md(m, " |\n");
    }
}

/* ---- images ---- */

/* As many of them on a line as all need. */
static void add_labels(wf_contact *out, const wf__markdown *m, const json_t *labels) {
    const size_t count = json_array_size(labels),
                 on_line = (count + WF_CONTACT_LINES - 1) / WF_CONTACT_LINES;
    for (size_t i = 0; i < count; i++) {
        char *line = out->captions[i / on_line];
        const size_t length = strlen(line);
        snprintf(line + length, WF_CONTACT_BYTES - length, "%s%s", i % on_line ? ", " : "",
                 wf__md_class(m, json_integer_value(json_array_get(labels, i))));
    }
    if (count == 0) snprintf(out->captions[0], WF_CONTACT_BYTES, "no label");
}

static int fill_sample(wf_contact *out, wf__markdown *m, const json_t *one, void *user) {
    const json_t *labels = json_object_get(one, "labels");
    out->images[0] = wf__md_pixels(images_of(m, user), whole(one, "index"));
    if (json_is_array(labels)) add_labels(out, m, labels);
    else snprintf(out->captions[0], WF_CONTACT_BYTES, "%s", wf__md_class(m, whole(one, "label")));
    return 1;
}

static wf_status add_samples(wf__markdown *m, const json_t *data) {
    static const struct {
        const char *part, *name, *title;
    } sheets[] = {{"train", "data-train", "Training images"}, {"test", "data-test", "Test images"}};
    for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++) {
        char part[16];
        snprintf(part, sizeof part, "%s", sheets[i].part);
        const wf__sheet sheet = {
            .list = json_object_get(json_object_get(data, "samples"), sheets[i].part),
            .form = images_of(m, sheets[i].part),
            .fill = fill_sample,
            .user = part};
        WF_TRY(wf__md_sheet(m, sheets[i].name, sheets[i].title, &sheet));
    }
    return WF_OK;
}

/* ---- the audit ---- */

static const char *part_of(const json_t *one) {
    return json_string_value(json_object_get(one, "part"));
}

static int fill_doubt(wf_contact *out, wf__markdown *m, const json_t *one, void *user) {
    (void)user;
    out->images[0] = wf__md_pixels(images_of(m, part_of(one)), whole(one, "index"));
    snprintf(out->captions[0], WF_CONTACT_BYTES, "%.9s %lld", part_of(one) ? part_of(one) : "",
             (long long)whole(one, "index"));
    const int64_t label = whole(one, "label"), suggested = whole(one, "suggested");
    const double probability = json_number_value(json_object_get(one, "probability"));
    /* of any number of labels one is missing, or should not be there */
    if (label < 0)
        snprintf(out->captions[1], WF_CONTACT_BYTES, "%s is missing %.2f",
                 wf__md_class(m, suggested), probability);
    else if (suggested < 0)
        snprintf(out->captions[1], WF_CONTACT_BYTES, "no %s %.2f", wf__md_class(m, label),
                 probability);
    else {
        snprintf(out->captions[1], WF_CONTACT_BYTES, "label %s", wf__md_class(m, label));
        snprintf(out->captions[2], WF_CONTACT_BYTES, "rather %s %.2f", wf__md_class(m, suggested),
                 probability);
    }
    return 1;
}

static int fill_twins(wf_contact *out, wf__markdown *m, const json_t *one, void *user) {
    const json_t *both[] = {json_object_get(one, "a"), json_object_get(one, "b")};
    (void)user;
    for (int i = 0; i < 2; i++) {
        out->images[i] = wf__md_pixels(images_of(m, part_of(both[i])), whole(both[i], "index"));
        snprintf(out->captions[i], WF_CONTACT_BYTES, "%.9s %lld: %s",
                 part_of(both[i]) ? part_of(both[i]) : "", (long long)whole(both[i], "index"),
                 wf__md_class(m, whole(both[i], "label")));
    }
    return out->images[1] != NULL;
}

/* How many there are; the list may be cut. */
static int64_t count_of(const json_t *audit, const char *key, const json_t *list) {
    return json_is_integer(json_object_get(audit, key)) ? whole(audit, key)
                                                        : (int64_t)json_array_size(list);
}

static wf_status add_audit(wf__markdown *m, const json_t *audit) {
    if (!json_is_object(audit)) return WF_OK;
    const json_t *doubts = json_object_get(audit, "label_errors");
    const json_t *twins = json_object_get(audit, "duplicates");
    char text[160], labels[64] = "";
    if (json_is_array(doubts)) /* else it had no run to ask about labels */
        snprintf(labels, sizeof labels, "%lld labels that are likely wrong and ",
                 (long long)count_of(audit, "label_error_count", doubts));
    snprintf(text, sizeof text, "\nAn audit found %s%lld pairs of near duplicates.\n", labels,
             (long long)count_of(audit, "duplicate_count", twins));
    wf__md(m, text);
    const wf__sheet of_doubts = {.list = doubts, .form = m->images->train, .fill = fill_doubt};
    const wf__sheet of_twins = {.list = twins, .form = m->images->train, .fill = fill_twins};
    WF_TRY(wf__md_sheet(m, "data-labels", "Labels that are likely wrong", &of_doubts));
    return wf__md_sheet(m, "data-duplicates", "Near duplicates", &of_twins);
}

wf_status wf__md_data(wf__markdown *m) {
    const json_t *data = json_object_get(m->document, "data");
    const json_t *image = json_object_get(data, "image");
    char text[96];
    if (!json_is_object(data)) return WF_OK;
    m->row = wf__md_row_of(m, json_string_value(json_object_get(data, "hash")));
    wf__md(m, "\n## The data\n\n");
    wf__md_name(m, json_string_value(json_object_get(data, "name")));
    if (json_is_object(image)) {
        snprintf(text, sizeof text, ": images of %lld x %lld pixels, %s",
                 (long long)whole(image, "height"), (long long)whole(image, "width"),
                 whole(image, "channels") == 1 ? "grey" : "in colour");
        wf__md(m, text);
    }
    wf__md(m, ".\n");
    add_balance(m, data);
    WF_TRY(add_samples(m, data));
    return add_audit(m, json_object_get(data, "audit"));
}
