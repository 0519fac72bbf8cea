/* The data set of a report: how many images of which class, some of them, what an audit found. */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/rng.h"
#include "cmd/audit.h"
#include "cmd/report_pictures.h"

enum { SAMPLES = 40, FINDINGS = 40 };

/* ---- class balance ---- */

/* Rows of a part; index NULL: all. */
typedef struct rows {
    const wf_images *images;
    const int32_t *index;
    int64_t count;
} rows;

static int64_t row_at(const rows *r, int64_t i) { return r->index ? r->index[i] : i; }

static wf_status put_part(json_t *parts, wf_context *cx, const char *name, const rows *r,
                          int classes) {
    json_t *counts = json_array();
    int64_t *of_class = NULL;
    wf_status status;
    WF_TRY_OR(
        wf_json_put(parts, cx, name,
                    json_pack("{s:I, s:O}", "count", (json_int_t)r->count, "per_class", counts)));
    WF_TRY_OR(wf_alloc(&of_class, cx, (size_t)classes, sizeof *of_class));
    for (int64_t i = 0; i < r->count; i++) {
        const int64_t row = row_at(r, i);
        const uint8_t *set = r->images->n_labels ? r->images->label_sets + row * classes : NULL;
        if (!set) of_class[r->images->labels[row]]++;
        for (int k = 0; set && k < classes; k++) of_class[k] += set[k];
    }
    for (int k = 0; k < classes; k++)
        WF_TRY_OR(wf_json_append(counts, cx, json_integer(of_class[k])));
done:
    json_decref(counts);
    wf_free(of_class);
    return status;
}

/* What runs know by themselves: how many, and of the test part of which class. */
static wf_status put_known_parts(json_t *parts, wf_context *cx, const wf_report_run *run) {
    const wf_evaluation *e = run->evaluation;
    json_t *counts = json_array();
    WF_TRY(wf_json_put(
        parts, cx, "train",
        json_pack("{s:I, s:n}", "count", (json_int_t)run->summary.train_count, "per_class")));
    WF_TRY(wf_json_put(
        parts, cx, "validation",
        json_pack("{s:I, s:n}", "count", (json_int_t)run->summary.validation_count, "per_class")));
    WF_TRY(
        wf_json_put(parts, cx, "test",
                    json_pack("{s:I, s:o}", "count", (json_int_t)e->count, "per_class", counts)));
    for (int k = 0; k < e->class_count; k++)
        WF_TRY(wf_json_append(counts, cx, json_integer(e->classes[k].support)));
    return WF_OK;
}

/* ---- samples ---- */

/* 0 where images have any number of labels. */
static int32_t class_at(const wf_images *images, int32_t row) {
    return images->n_labels ? 0 : images->labels[row];
}

/* Into chosen [count], which is ordered by class and then by row. */
static void insert(int32_t *chosen, size_t count, int32_t row, const wf_images *images) {
    const int32_t class = class_at(images, row);
    size_t at = count;
    for (; at > 0; at--) {
        const int32_t before = chosen[at - 1], other = class_at(images, before);
        if (other < class || (other == class && before < row)) break;
        chosen[at] = before;
    }
    chosen[at] = row;
}

static wf_status put_sample(json_t *list, wf_context *cx, const wf_images *images, int32_t row) {
    json_t *labels = images->n_labels ? json_array() : json_null();
    WF_TRY(
        wf_json_append(list, cx,
                       json_pack("{s:i, s:o, s:o, s:n}", "index", (int)row, "label",
                                 images->n_labels ? json_null() : json_integer(images->labels[row]),
                                 "labels", labels, "tile")));
    for (int32_t k = 0; k < images->n_labels; k++)
        if (images->label_sets[(int64_t)row * images->n_labels + k])
            WF_TRY(wf_json_append(labels, cx, json_integer(k)));
    return WF_OK;
}

/* As many of each class as there is room for, drawn; by class. Of images with any number of labels
 * as many as there is room for. */
static wf_status put_samples(json_t *samples, wf_context *cx, const char *name, const rows *from,
                             int classes) {
    const wf_images *images = from->images;
    const int most = images->n_labels ? SAMPLES : (SAMPLES + classes - 1) / classes;
    int32_t *drawn = NULL, chosen[SAMPLES];
    int *of_class = NULL;
    size_t count = 0;
    wf_rng r;
    json_t *list = json_array();
    wf_status status;
    WF_TRY_OR(wf_json_put(samples, cx, name, json_incref(list)));
    WF_TRY_OR(wf_alloc(&drawn, cx, (size_t)from->count, sizeof *drawn));
    WF_TRY_OR(wf_alloc(&of_class, cx, (size_t)classes, sizeof *of_class));
    for (int64_t i = 0; i < from->count; i++) drawn[i] = (int32_t)row_at(from, i);
    wf_rng_init(&r, 0, WF_STREAM_REPORT, 0);
    wf_rng_shuffle(&r, drawn, (size_t)from->count);
    for (int64_t i = 0; i < from->count && count < SAMPLES; i++)
        if (of_class[class_at(images, drawn[i])]++ < most)
            insert(chosen, count++, drawn[i], images);
    for (size_t i = 0; i < count; i++) WF_TRY_OR(put_sample(list, cx, images, chosen[i]));
done:
    json_decref(list);
    wf_free(drawn);
    wf_free(of_class);
    return status;
}

/* ---- parts and samples of the images ---- */

/* The split of the run whose images are shown; without it every training image is for training. */
static wf_status read_split(wf_split *out, wf_pictures *p, const wf_dataset *d) {
    wf_context *cx = &p->cli->cx;
    const wf_report_run *run = wf__pictures_run(p, p->row);
    char *path = NULL;
    WF_TRY(wf_run_file(&path, cx, run->source, "splits.csv"));
    wf_status status =
        wf__pictures_forgive(p, wf_split_read(out, cx, path, d), run->summary.id, "split");
    wf_free(path);
    return status;
}

static wf_status put_images(json_t *data, wf_pictures *p, const wf_dataset *d) {
    wf_context *cx = &p->cli->cx;
    json_t *parts = json_object_get(data, "parts"), *samples = json_object();
    wf_split split = {0};
    const int k = d->n_classes;
    wf_status status;
    WF_TRY_OR(wf_json_put(data, cx, "samples", json_incref(samples)));
    WF_TRY_OR(read_split(&split, p, d));
    rows train = {&d->train, NULL, d->train.count}, validation = {&d->validation, NULL, 0};
    const rows test = {&d->test, NULL, d->test.count};
    if (split.train) train = (rows){&d->train, split.train, split.n_train};
    if (split.n_validation) validation = (rows){&d->train, split.validation, split.n_validation};
    else validation.count = d->validation.count;
    WF_TRY_OR(put_part(parts, cx, "train", &train, k));
    WF_TRY_OR(put_part(parts, cx, "validation", &validation, k));
    WF_TRY_OR(put_part(parts, cx, "test", &test, k));
    WF_TRY_OR(put_samples(samples, cx, "train", &train, k));
    WF_TRY_OR(put_samples(samples, cx, "test", &test, k));
    WF_TRY_OR(wf_json_put(data, cx, "image",
                          json_pack("{s:i, s:i, s:i}", "height", (int)d->train.height, "width",
                                    (int)d->train.width, "channels", (int)d->train.channels)));
done:
    wf_split_reset(&split);
    json_decref(samples);
    return status;
}

/* ---- the audit ---- */

static int is_class(const json_t *object, const char *key, int classes) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) >= -1 /* none */ &&
           json_integer_value(value) < classes;
}

/* Copies the first findings of a list. */
static wf_status put_findings(json_t *audit, wf_context *cx, const json_t *findings,
                              const char *key, int classes) {
    const json_t *from = json_object_get(findings, key);
    json_t *list = json_is_array(from) ? json_array() : json_null(), *one;
    size_t i;
    WF_TRY(wf_json_put(audit, cx, key, list));
    json_array_foreach(from, i, one) {
        const json_t *a = json_object_get(one, "a"), *b = json_object_get(one, "b");
        const int is_sound =
            a ? is_class(a, "label", classes) && is_class(b, "label", classes)
              : is_class(one, "label", classes) && is_class(one, "suggested", classes);
        if (is_sound && json_array_size(list) < FINDINGS)
            WF_TRY(wf_json_append(list, cx, json_deep_copy(one)));
    }
    return WF_OK;
}

static json_t *number_or_null(const json_t *object, const char *key) {
    json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_incref(value) : json_null();
}

static wf_status read_audit(json_t **out, wf_pictures *p, const char *hash) {
    static const char *const keys[] = {"near", "duplicate_count", "label_error_count"};
    wf_context *cx = &p->cli->cx;
    const int classes = wf__pictures_run(p, p->row)->evaluation->class_count;
    char *runs = NULL, *folder = NULL, *path = NULL;
    json_t *findings = NULL, *audit = json_object();
    wf_status status;
    WF_TRY_OR(wf_path_folder(&runs, cx, wf__pictures_run(p, p->row)->summary.path));
    WF_TRY_OR(wf_path_join(&folder, cx, runs, "audit"));
    WF_TRY_OR(wf_path_join(&path, cx, folder, WF_AUDIT_FINDINGS_FILE));
    if (!wf_path_exists(path)) goto done;
    WF_TRY_OR(wf__pictures_forgive(p, wf_json_read(&findings, cx, path), path, "audit"));
    const char *audited = json_string_value(json_object_get(findings, "data_hash"));
    if (!audited || strcmp(audited, hash) != 0) goto done;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        WF_TRY_OR(wf_json_put(audit, cx, keys[i], number_or_null(findings, keys[i])));
    WF_TRY_OR(put_findings(audit, cx, findings, "duplicates", classes));
    WF_TRY_OR(put_findings(audit, cx, findings, "label_errors", classes));
    *out = json_incref(audit);
done:
    json_decref(audit);
    json_decref(findings);
    wf_free(path);
    wf_free(folder);
    wf_free(runs);
    return status;
}

/* ---- all of it ---- */

wf_status wf__pictures_data(wf_pictures *p, const wf_dataset *dataset) {
    wf_context *cx = &p->cli->cx;
    const wf_report_run *run = wf__pictures_run(p, p->row);
    const wf_evaluation *e = run->evaluation;
    json_t *classes = json_array(), *audit = NULL;
    json_t *data =
        json_pack("{s:s, s:s, s:o, s:n, s:{}, s:n}", "name", run->summary.dataset, "hash",
                  run->summary.data_hash, "classes", classes, "image", "parts", "samples");
    WF_TRY(wf_json_put(p->report->document, cx, "data", data)); /* now owned by the document */
    for (int k = 0; k < e->class_count; k++)
        WF_TRY(wf_json_append(classes, cx, json_string(e->class_names[k])));
    if (dataset) WF_TRY(put_images(data, p, dataset));
    else WF_TRY(put_known_parts(json_object_get(data, "parts"), cx, run));
    WF_TRY(read_audit(&audit, p, run->summary.data_hash));
    WF_TRY(wf_json_put(data, cx, "audit", audit ? audit : json_null()));
    WF_TRY(wf_json_put(data, cx, "sprite", json_null()));
    return wf_json_put(data, cx, "test_tiles", json_null());
}
