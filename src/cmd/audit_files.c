/* The audit as CSV files, as sheets of pictures, and the first findings for a report. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/audit.h"
#include "report/contact_sheet.h"
#include "report/internal.h"

/* ---- CSV ---- */

static void add_place(wf_str *s, wf_context *cx, const wf_audit *a, const wf_image_place *p) {
    wf_str_addf(s, cx, "%s,%lld,", wf_part_name(p->part), (long long)p->index);
    wf__csv_text(s, cx, p->label >= 0 ? a->dataset->class_names[p->label] : "");
}

static void add_pairs(wf_str *s, wf_context *cx, const wf_audit *a, const char *kind,
                      const wf_duplicate *pairs, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        const wf_duplicate *d = &pairs[i];
        wf_str_addf(s, cx, "%s,", kind);
        add_place(s, cx, a, &d->a);
        add_place(s, cx, a, &d->b);
        wf_str_addf(s, cx, "%s,", wf_audit_same_labels(a, d) ? "yes" : "no");
        wf__csv_figure(s, cx, d->distance, "\r\n");
    }
}

static void write_duplicates(wf_str *s, wf_context *cx, const wf_audit *a) {
    const wf_duplicates *d = a->duplicates;
    wf_str_add(s, cx, "kind,part_a,index_a,label_a,part_b,index_b,label_b,same_label,distance\r\n");
    add_pairs(s, cx, a, "exact", d->exact, d->exact_count);
    add_pairs(s, cx, a, "near", d->close, d->close_count);
}

static void write_errors(wf_str *s, wf_context *cx, const wf_audit *a) {
    wf_str_add(s, cx, "part,index,label,suggested,self_confidence,margin\r\n");
    for (int part = 0; part < WF_AUDITED_PARTS; part++) {
        wf_audited l = wf_audit_labels(a, part);
        for (int64_t i = 0; l.errors && i < l.errors->error_count; i++) {
            const wf_label_error *e = &l.errors->errors[i];
            wf_str_addf(s, cx, "%s,%lld,", wf_part_name(l.opinions->part), (long long)e->image);
            wf__csv_text(s, cx, e->label < 0 ? "" : a->dataset->class_names[e->label]);
            wf__csv_text(s, cx, e->suggested < 0 ? "" : a->dataset->class_names[e->suggested]);
            wf__csv_figure(s, cx, e->self_confidence, ",");
            wf__csv_figure(s, cx, e->margin, "\r\n");
        }
    }
}

/* ---- for a report ---- */

static json_t *place_json(const wf_image_place *p) {
    return json_pack("{s:s, s:I, s:i}", "part", wf_part_name(p->part), "index",
                     (json_int_t)p->index, "label", (int)p->label);
}

/* The i-th pair: equal images first, then the nearest. */
static const wf_duplicate *pair_at(const wf_duplicates *d, int64_t i) {
    if (i >= d->exact_count + d->close_count) return NULL;
    return i < d->exact_count ? &d->exact[i] : &d->close[i - d->exact_count];
}

static wf_status put_pairs(json_t *document, wf_context *cx, const wf_duplicates *d) {
    json_t *list = json_array();
    const wf_duplicate *pair;
    WF_TRY(wf_json_put(document, cx, "duplicates", list));
    for (int i = 0; i < WF_AUDIT_SHEET_ITEMS && (pair = pair_at(d, i)) != NULL; i++)
        WF_TRY(wf_json_append(list, cx,
                              json_pack("{s:o, s:o, s:f}", "a", place_json(&pair->a), "b",
                                        place_json(&pair->b), "distance", pair->distance)));
    return wf_json_put(document, cx, "duplicate_count",
                       json_integer(d->exact_count + d->close_count));
}

static wf_status put_errors(json_t *document, wf_context *cx, const wf_audit *a) {
    json_t *list;
    int64_t count = 0;
    if (!a->training_errors && !a->test_errors) return WF_OK; /* nobody looked at labels */
    WF_TRY(wf_json_put(document, cx, "label_errors", list = json_array()));
    for (int part = 0; part < WF_AUDITED_PARTS; part++) {
        wf_audited l = wf_audit_labels(a, part);
        if (l.errors) count += l.errors->error_count;
        for (int64_t i = 0;
             l.errors && i < l.errors->error_count && i < WF_AUDIT_SHEET_ITEMS / WF_AUDITED_PARTS;
             i++) {
            const wf_label_error *e = &l.errors->errors[i];
            const wf_image_place place = {l.opinions->part, e->label, e->image};
            json_t *one = place_json(&place);
            WF_TRY(wf_json_append(list, cx, one));
            WF_TRY(wf_json_put(one, cx, "suggested", json_integer(e->suggested)));
            WF_TRY(
                wf_json_put(one, cx, "probability", wf_json_real(e->self_confidence - e->margin)));
        }
    }
    return wf_json_put(document, cx, "label_error_count", json_integer(count));
}

static wf_status write_findings(wf_context *cx, const wf_audit *a, const char *folder) {
    const wf_dataset *d = a->dataset;
    char *path = NULL;
    json_t *document =
        json_pack("{s:i, s:s, s:s, s:f}", "schema_version", WF_AUDIT_SCHEMA_VERSION, "dataset",
                  d->name, "data_hash", d->sha256, "near", a->duplicates->near);
    wf_status status;
    WF_REQUIRE_OR(document, WF_E_NOMEM, "out of memory: %s", WF_AUDIT_FINDINGS_FILE);
    WF_TRY_OR(put_pairs(document, cx, a->duplicates));
    WF_TRY_OR(put_errors(document, cx, a));
    WF_TRY_OR(wf_path_join(&path, cx, folder, WF_AUDIT_FINDINGS_FILE));
    WF_TRY_OR(wf_json_write(cx, path, document));
done:
    json_decref(document);
    wf_free(path);
    return status;
}

/* ---- pictures ---- */

static const uint8_t *pixels_of(const wf_audit *a, wf_part part, int64_t index) {
    const wf_images *images = wf_part_images(a->dataset, part);
    return images->pixels + (size_t)index * (size_t)images->height * (size_t)images->width *
                                (size_t)images->channels;
}

static void caption_place(char line[WF_CONTACT_BYTES], const wf_audit *a, const wf_image_place *p) {
    snprintf(line, WF_CONTACT_BYTES, "%s %lld%s%s", wf_part_name(p->part), (long long)p->index,
             p->label >= 0 ? ": " : "", p->label >= 0 ? a->dataset->class_names[p->label] : "");
}

static size_t show_pairs(wf_contact *to, const wf_audit *a) {
    const wf_duplicates *d = a->duplicates;
    size_t count = 0;
    const wf_duplicate *pair;
    while (count < WF_AUDIT_SHEET_ITEMS && (pair = pair_at(d, (int64_t)count)) != NULL) {
        wf_contact *c = &to[count++];
        c->images[0] = pixels_of(a, pair->a.part, pair->a.index);
        c->images[1] = pixels_of(a, pair->b.part, pair->b.index);
        caption_place(c->captions[0], a, &pair->a);
        caption_place(c->captions[1], a, &pair->b);
        if (pair->distance > 0)
            snprintf(c->captions[2], WF_CONTACT_BYTES, "distance %.4f", pair->distance);
        else snprintf(c->captions[2], WF_CONTACT_BYTES, "the same pixels");
    }
    return count;
}

/* The label and the class that is suggested, or the one label that is in question. */
static void caption_doubt(wf_contact *c, const wf_audit *a, const wf_label_error *e) {
    const double suggested = e->self_confidence - e->margin;
    char *const *classes = a->dataset->class_names;
    if (e->label < 0)
        snprintf(c->captions[1], WF_CONTACT_BYTES, "%s is missing? %.2f", classes[e->suggested],
                 suggested);
    else
        snprintf(c->captions[1], WF_CONTACT_BYTES, "%s %.2f", classes[e->label],
                 e->self_confidence);
    if (e->label >= 0 && e->suggested >= 0)
        snprintf(c->captions[2], WF_CONTACT_BYTES, "%s? %.2f", classes[e->suggested], suggested);
}

static size_t show_errors(wf_contact *to, const wf_audit *a, wf_audited l) {
    size_t count = 0;
    for (int64_t i = 0; l.errors && i < l.errors->error_count && i < WF_AUDIT_SHEET_ITEMS; i++) {
        const wf_label_error *e = &l.errors->errors[i];
        wf_contact *c = &to[count++];
        c->images[0] = pixels_of(a, l.opinions->part, e->image);
        snprintf(c->captions[0], WF_CONTACT_BYTES, "%s %lld", wf_part_name(l.opinions->part),
                 (long long)e->image);
        caption_doubt(c, a, e);
    }
    return count;
}

const char *wf_audit_sheet_file(int i) {
    static const char *const names[WF_AUDIT_SHEETS] = {"duplicates.svg", "label_errors_train.svg",
                                                       "label_errors_test.svg"};
    return names[i];
}

/* A sheet's cells; returns how many. */
static size_t fill_sheet(wf_contact cells[WF_AUDIT_SHEET_ITEMS], const wf_audit *a, int i) {
    return i == 0 ? show_pairs(cells, a) : show_errors(cells, a, wf_audit_labels(a, i - 1));
}

const char *wf_audit_sheet_title(char buffer[WF_AUDIT_TITLE_BYTES], const wf_audit *a, int i) {
    const wf_duplicates *d = a->duplicates;
    int64_t all = d->exact_count + d->close_count;
    wf_audited l = {0};
    char first[32], total[32];
    if (i > 0) {
        l = wf_audit_labels(a, i - 1);
        all = l.errors ? l.errors->error_count : 0;
    }
    if (all == 0) return NULL;
    wf_thousands(first, all < WF_AUDIT_SHEET_ITEMS ? all : WF_AUDIT_SHEET_ITEMS);
    wf_thousands(total, all);
    if (i == 0)
        snprintf(buffer, WF_AUDIT_TITLE_BYTES, "%.60s: the nearest %s of %s pairs of duplicates",
                 a->dataset->name, first, total);
    else
        snprintf(buffer, WF_AUDIT_TITLE_BYTES,
                 "%.60s, %s: the most suspicious %s of %s labels, and what was suggested",
                 a->dataset->name, wf_part_name(l.opinions->part), first, total);
    return buffer;
}

/* ---- the folder ---- */

/* Empty: the file of an earlier audit, if there is one, is removed. */
static wf_status write_text(wf_context *cx, const char *folder, const char *name, wf_str *text) {
    char *path = NULL;
    wf_status status = text->status;
    if (status == WF_OK) status = wf_path_join(&path, cx, folder, name);
    if (status == WF_OK && text->length == 0) status = wf_file_remove(cx, path);
    else if (status == WF_OK) status = wf_file_write(cx, path, text->text, text->length);
    wf_free(path);
    wf_str_reset(text);
    return status;
}

static wf_status write_sheet(wf_context *cx, const wf_audit *a, const char *folder, int i) {
    wf_contact *cells = NULL;
    wf_str text = {0};
    char title[WF_AUDIT_TITLE_BYTES];
    wf_status status = WF_OK;
    if (wf_audit_sheet_title(title, a, i)) {
        WF_TRY(wf_alloc(&cells, cx, WF_AUDIT_SHEET_ITEMS, sizeof *cells));
        size_t count = fill_sheet(cells, a, i);
        status = wf_contact_sheet(&text, cx, title, cells, count, &a->dataset->train);
        wf_free(cells);
    }
    return status == WF_OK ? write_text(cx, folder, wf_audit_sheet_file(i), &text) : status;
}

wf_status wf_audit_write(wf_context *cx, const wf_audit *a, const char *folder) {
    wf_str duplicates = {0}, errors = {0};
    WF_TRY(wf_dir_create(cx, folder));
    write_duplicates(&duplicates, cx, a);
    WF_TRY(write_text(cx, folder, "duplicates.csv", &duplicates));
    if (a->training_errors || a->test_errors) write_errors(&errors, cx, a);
    WF_TRY(write_text(cx, folder, "label_errors.csv", &errors));
    WF_TRY(write_findings(cx, a, folder));
    for (int i = 0; i < WF_AUDIT_SHEETS; i++) WF_TRY(write_sheet(cx, a, folder, i));
    return WF_OK;
}
