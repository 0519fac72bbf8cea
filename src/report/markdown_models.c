/* The models of a report in Markdown, and where they disagree. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "report/charts.h"
#include "report/markdown_parts.h"
#include "report/packed.h"

static int64_t whole(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static double real(const json_t *object, const char *key) {
    return json_number_value(json_object_get(object, key));
}

wf_status wf__md_model_picture(wf__markdown *m, size_t row, const char *what, const char *title,
                               wf_str *svg) {
    char name[160], description[200];
    const char *label = m->c->rows[row].label;
    snprintf(name, sizeof name, "%02zu-%.100s-%.40s", row + 1, label, what);
    snprintf(description, sizeof description, "%.60s of %.120s", title, label);
    return wf__md_picture(m, name, description, svg);
}

/* ---- layers and classes ---- */

static void add_shape(wf__markdown *m, const json_t *shape) {
    for (size_t i = 0; i < json_array_size(shape); i++) {
        if (i) wf__md(m, " x ");
        wf__md_figure(m, json_array_get(shape, i), "%.0f");
    }
}

static void add_layers(wf__markdown *m, const json_t *layers) {
    char number[WF_FIGURE_BYTES];
    if (json_array_size(layers) == 0) return;
    wf__md(m,
           "\n| Layer | Type | Output | Parameters | Multiply-adds |\n|---|---|---|---:|---:|\n");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        wf__md(m, "| ");
        wf__md_name(m, json_string_value(json_object_get(layer, "name")));
        wf__md(m, " | ");
        wf__md_name(m, json_string_value(json_object_get(layer, "type")));
        wf__md(m, " | ");
        add_shape(m, json_object_get(layer, "output"));
        wf__md(m, " | ");
        wf__md(m, wf_thousands(number, whole(layer, "parameters")));
        wf__md(m, " | ");
        wf__md(m, wf_thousands(number, whole(layer, "madds")));
        wf__md(m, " |\n");
    }
}

static void add_classes(wf__markdown *m, const json_t *evaluation) {
    static const char *const keys[] = {"precision", "recall", "f1", "auc", "average_precision"};
    const json_t *classes = json_object_get(evaluation, "classes");
    wf__md(m, "\n| Class | Precision | Recall | F1 | AUC | Average precision | Images |\n"
              "|---|---:|---:|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < json_array_size(classes); i++) {
        const json_t *one = json_array_get(classes, i);
        wf__md(m, "| ");
        wf__md_name(m, json_string_value(json_object_get(one, "name")));
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            wf__md(m, " | ");
            wf__md_figure(m, json_object_get(one, keys[k]), "%.4f");
        }
        wf__md(m, " | ");
        wf__md_figure(m, json_object_get(one, "support"), "%.0f");
        wf__md(m, " |\n");
    }
}

/* ---- charts ---- */

static wf_status add_charts(wf__markdown *m, size_t row, const json_t *model) {
    const wf_report_row *r = &m->c->rows[row];
    const wf_evaluation *e = r->runs[0].evaluation;
    wf_context *cx = m->cx;
    wf_str svg = {0};
    if (e->is_multilabel) return wf__md_sets(m, row, model);
    WF_TRY(wf_chart_curves(&svg, cx, r));
    WF_TRY(wf__md_model_picture(m, row, "curves", "Learning curves", &svg));
    WF_TRY(wf_chart_confusion(&svg, cx, e));
    WF_TRY(wf__md_model_picture(m, row, "confusion", "Confusion matrix", &svg));
    add_classes(m, json_object_get(model, "evaluation"));
    WF_TRY(wf_chart_roc(&svg, cx, json_object_get(model, "roc"), e));
    WF_TRY(wf__md_model_picture(m, row, "roc", "ROC curves", &svg));
    WF_TRY(wf_chart_reliability(&svg, cx, json_object_get(model, "reliability")));
    return wf__md_model_picture(m, row, "reliability", "Reliability", &svg);
}

/* ---- mistakes ---- */

/* What is drawn of where models look, in blocks that are freed at the end. */
typedef struct looks {
    void **blocks;
    size_t count;
    wf_status status;
} looks;

/* A block of the looks' own; NULL on failure. */
static void *get_block(looks *l, wf_context *cx, size_t bytes) {
    void *p = NULL;
    if (l->status == WF_OK)
        l->status = wf_realloc(&l->blocks, cx, l->count, l->count + 1, sizeof *l->blocks);
    if (l->status == WF_OK) l->status = wf_alloc(&p, cx, bytes, 1);
    if (p) l->blocks[l->count++] = p;
    return p;
}

static int is_by_column(const json_t *evidence) {
    const char *reading = json_string_value(json_object_get(evidence, "reading"));
    return reading && !strcmp(reading, "columns");
}

/* How bright the evidence is at a place of the image, 0 ... 255. */
static uint8_t brightness(const json_t *evidence, const int32_t *values, size_t count, int y, int x,
                          const wf_images *form) {
    if (values) {
        int64_t h = whole(evidence, "height"), w = whole(evidence, "width");
        size_t at = (size_t)(y * h / form->height * w + x * w / form->width);
        return at < count ? (uint8_t)values[at] : 0;
    }
    const json_t *rows = json_object_get(evidence, "rows");
    const size_t n = json_array_size(rows);
    const size_t at = is_by_column(evidence) ? (size_t)x * n / (size_t)form->width
                                             : (size_t)y * n / (size_t)form->height;
    double most = 0, value;
    for (size_t i = 0; i < n; i++) {
        value = json_number_value(json_array_get(rows, i));
        if (value > most) most = value;
    }
    value = json_number_value(json_array_get(rows, at));
    return value > 0 && most > 0 ? (uint8_t)(255 * value / most) : 0;
}

/* The evidence beside the image: bright is what spoke for the predicted class. */
static const uint8_t *draw_evidence(looks *l, wf__markdown *m, const json_t *evidence) {
    const wf_images *form = wf__md_test(m);
    wf_context *cx = m->cx;
    int32_t *values = NULL;
    size_t count = 0;
    const json_t *packed = json_object_get(evidence, "values");
    if (packed && l->status == WF_OK) l->status = wf_unpack(&values, &count, cx, packed);
    const size_t pixels = (size_t)form->height * (size_t)form->width;
    uint8_t *p = get_block(l, cx, pixels * (size_t)form->channels);
    for (int i = 0; p && i < form->height * form->width; i++)
        memset(p + i * form->channels,
               brightness(evidence, values, count, i / form->width, i % form->width, form),
               (size_t)form->channels);
    wf_free(values);
    return p;
}

/* How the class' probability grows: line by line downwards, or of columns to the right. */
static void draw_curve(wf_contact *out, looks *l, wf__markdown *m, const json_t *evidence,
                       int64_t class) {
    const json_t *classes = json_object_get(evidence, "classes"),
                 *progress = json_object_get(evidence, "progress");
    const size_t n = json_array_size(progress);
    const int is_turned = is_by_column(evidence);
    size_t at = 0;
    while (at < json_array_size(classes) &&
           json_integer_value(json_array_get(classes, at)) != class)
        at++;
    float *points = n > 1 ? get_block(l, m->cx, 2 * n * sizeof *points) : NULL;
    for (size_t i = 0; points && i < n; i++) {
        const double p = json_number_value(json_array_get(json_array_get(progress, i), at));
        const double place = ((double)i + 0.5) / (double)n;
        points[2 * i] = (float)(is_turned ? place : p);
        points[2 * i + 1] = (float)(is_turned ? 1 - p : place);
    }
    out->curve = points;
    out->curve_count = n;
}

static int fill_mistake(wf_contact *out, wf__markdown *m, const json_t *one, void *user) {
    const json_t *probabilities = json_object_get(one, "probabilities"),
                 *evidence = json_object_get(one, "evidence"), *given;
    const int64_t label = whole(one, "label"), predicted = whole(one, "predicted");
    size_t i;
    out->images[0] = wf__md_pixels(wf__md_test(m), whole(one, "index"));
    json_array_foreach(evidence, i, given) {
        if (i + 1 == WF_CONTACT_IMAGES) break;
        out->images[i + 1] = draw_evidence(user, m, given);
        draw_curve(out, user, m, given, predicted);
    }
    snprintf(out->captions[0], WF_CONTACT_BYTES, "is %s %.3f", wf__md_class(m, label),
             json_number_value(json_array_get(probabilities, (size_t)label)));
    snprintf(out->captions[1], WF_CONTACT_BYTES, "taken for %s %.3f", wf__md_class(m, predicted),
             json_number_value(json_array_get(probabilities, (size_t)predicted)));
    snprintf(out->captions[2], WF_CONTACT_BYTES, "test image %lld", (long long)whole(one, "index"));
    return 1;
}

/* Some way of looking at the first mistake is that one. */
static int has_evidence(const json_t *mistakes, const char *kind) {
    const json_t *ways = json_object_get(json_array_get(mistakes, 0), "evidence");
    for (size_t i = 0; i < json_array_size(ways); i++) {
        const char *text = json_string_value(json_object_get(json_array_get(ways, i), "kind"));
        if (text && !strcmp(text, kind)) return 1;
    }
    return 0;
}

static wf_status add_mistakes(wf__markdown *m, size_t row, const json_t *model) {
    looks l = {0};
    char name[160], title[320];
    const char *label = m->c->rows[row].label;
    const json_t *list = json_object_get(model, "mistakes");
    const wf__sheet sheet = {
        .list = list, .form = wf__md_test(m), .fill = fill_mistake, .user = &l};
    const int has_places = has_evidence(list, "gradcam"), has_rows = has_evidence(list, "rows");
    snprintf(name, sizeof name, "%02zu-%.100s-mistakes", row + 1, label);
    snprintf(title, sizeof title, "The worst mistakes of %.120s%s%s%s%s", label,
             has_places || has_rows ? "; beside some what spoke for the wrong class: " : "",
             has_places ? "places" : "", has_places && has_rows ? ", " : "",
             has_rows ? "lines read, its probability" : "");
    wf_status status = wf__md_sheet(m, name, title, &sheet);
    for (size_t i = 0; i < l.count; i++) wf_free(l.blocks[i]);
    wf_free(l.blocks);
    return status == WF_OK ? l.status : status;
}

wf_status wf__md_models(wf__markdown *m) {
    const json_t *models = json_object_get(m->document, "models");
    wf__md(m, "\n## The models\n");
    for (size_t i = 0; i < m->c->row_count; i++) {
        const json_t *model = json_array_get(models, i);
        m->row = i;
        wf__md(m, "\n### ");
        wf__md_name(m, m->c->rows[i].label);
        wf__md(m, "\n");
        add_layers(m, json_object_get(model, "layers"));
        WF_TRY(add_charts(m, i, model));
        WF_TRY(wf__md_map(m, i, model));
        WF_TRY(add_mistakes(m, i, model));
    }
    return m->out->text.status;
}

/* ---- side by side ---- */

static void add_wins(wf__markdown *m, const json_t *pair) {
    const char *a = json_string_value(json_object_get(pair, "a"));
    const char *b = json_string_value(json_object_get(pair, "b"));
    const json_t *classes = json_object_get(pair, "per_class");
    char text[160];
    snprintf(text, sizeof text,
             "\nOf the test images both have %lld right, only the first %lld, only the second "
             "%lld, neither %lld.\n\n| Class | ",
             (long long)whole(pair, "both_right"), (long long)whole(pair, "only_a"),
             (long long)whole(pair, "only_b"), (long long)whole(pair, "both_wrong"));
    wf__md(m, text);
    wf__md_name(m, a);
    wf__md(m, " right | ");
    wf__md_name(m, b);
    wf__md(m, " right | Images |\n|---|---:|---:|---:|\n");
    for (size_t k = 0; k < json_array_size(classes); k++) {
        const json_t *one = json_array_get(classes, k);
        wf__md(m, "| ");
        wf__md_name(m, wf__md_class(m, (int64_t)k));
        snprintf(text, sizeof text, " | %lld | %lld | %lld |\n", (long long)whole(one, "a_right"),
                 (long long)whole(one, "b_right"), (long long)whole(one, "count"));
        wf__md(m, text);
    }
}

static int fill_dispute(wf_contact *out, wf__markdown *m, const json_t *one, void *user) {
    const json_t *pair = user;
    static const char *const sides[] = {"a", "b"};
    out->images[0] = wf__md_pixels(wf__md_test(m), whole(one, "index"));
    snprintf(out->captions[0], WF_CONTACT_BYTES, "%s", wf__md_class(m, whole(one, "label")));
    for (int i = 0; i < 2; i++) {
        const json_t *said = json_object_get(one, sides[i]);
        snprintf(out->captions[i + 1], WF_CONTACT_BYTES, "%.20s: %.16s %.2f",
                 json_string_value(json_object_get(pair, sides[i])),
                 wf__md_class(m, whole(said, "predicted")), real(said, "confidence"));
    }
    return 1;
}

static size_t row_of(const wf__markdown *m, const char *label) {
    size_t row = 0;
    while (row + 1 < m->c->row_count && strcmp(m->c->rows[row].label, label)) row++;
    return row;
}

wf_status wf__md_pairs(wf__markdown *m) {
    const json_t *pairs = json_object_get(m->document, "disagreements");
    for (size_t i = 0; i < json_array_size(pairs); i++) {
        json_t *pair = json_array_get(pairs, i);
        m->row = row_of(m, json_string_value(json_object_get(pair, "a")));
        const wf__sheet sheet = {.list = json_object_get(pair, "images"),
                                 .form = wf__md_test(m),
                                 .fill = fill_dispute,
                                 .user = pair};
        char name[64];
        snprintf(name, sizeof name, "disagreement-%zu", i + 1);
        wf__md(m, i ? "\n### " : "\n## Side by side\n\n### ");
        wf__md_name(m, json_string_value(json_object_get(pair, "a")));
        wf__md(m, " and ");
        wf__md_name(m, json_string_value(json_object_get(pair, "b")));
        wf__md(m, "\n");
        add_wins(m, pair);
        WF_TRY(wf__md_sheet(m, name, "Images on which only one of them is right", &sheet));
    }
    return m->out->text.status;
}
