/* A model of images with any number of labels, in Markdown. */
#include <math.h>
#include <stdio.h>

#include "report/charts.h"
#include "report/markdown_parts.h"

static void add_figures(wf__markdown *m, const wf_evaluation *e) {
    char text[WF_FIGURE_BYTES], interval[WF_FIGURE_BYTES];
    wf__md(m, "\n| Figure | Value | 95% interval |\n|---|---:|---:|\n");
    for (int h = WF_HEADLINE_SUBSET_ACCURACY; h < WF_HEADLINE_COUNT; h++) {
        const wf_interval *i = &e->intervals.of[h];
        const double value = wf_evaluation_headline(e, (wf_headline)h);
        if (!(value <= 1)) continue; /* unknown */
        snprintf(interval, sizeof interval, "%.4f to %.4f", i->low, i->high);
        wf__md(m, "| ");
        wf__md(m, wf_headline_name((wf_headline)h));
        wf__md(m, " | ");
        wf__md(m, wf__show_score(text, value));
        wf__md(m, " | ");
        wf__md(m, i->low <= i->high ? interval : "-");
        wf__md(m, " |\n");
    }
}

static void add_labels(wf__markdown *m, const wf_evaluation *e) {
    wf__md(m, "\n| Label | Precision | Recall | F1 | Average precision | Threshold | Images "
              "|\n|---|---:|---:|---:|---:|---:|---:|\n");
    for (int k = 0; k < e->class_count; k++) {
        const wf_class_score *s = &e->classes[k];
        const double figures[] = {s->precision, s->recall, s->f1, s->average_precision,
                                  e->thresholds[k]};
        char text[WF_FIGURE_BYTES];
        wf__md(m, "| ");
        wf__md_name(m, e->class_names[k]);
        for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
            wf__md(m, " | ");
            wf__md(m, wf__show_score(text, figures[i]));
        }
        wf__md(m, " | ");
        wf__md(m, wf_thousands(text, s->support));
        wf__md(m, " |\n");
    }
}

static void add_sizes(wf__markdown *m, const json_t *sizes) {
    const json_t *truth = json_object_get(sizes, "true"), *told = json_object_get(sizes, "told");
    char text[96];
    wf__md(m, "\n| Labels of an image | Images | Told of |\n|---:|---:|---:|\n");
    for (size_t i = 0; i < json_array_size(truth); i++) {
        snprintf(text, sizeof text, "| %zu | %lld | %lld |\n", i,
                 (long long)json_integer_value(json_array_get(truth, i)),
                 (long long)json_integer_value(json_array_get(told, i)));
        wf__md(m, text);
    }
}

static void add_set(wf__markdown *m, const json_t *set, const wf_evaluation *e) {
    for (size_t i = 0; i < json_array_size(set); i++) {
        const int k = (int)json_integer_value(json_array_get(set, i));
        if (i) wf__md(m, ", ");
        wf__md_name(m, e->class_names[k]);
    }
    if (!json_array_size(set)) wf__md(m, "no label");
}

/* The row's first cells: the image, what is there, what was told. */
static void add_case(wf__markdown *m, const json_t *one, const wf_evaluation *e) {
    wf__md(m, "| ");
    wf__md_figure(m, json_object_get(one, "index"), "%.0f");
    wf__md(m, " | ");
    add_set(m, json_object_get(one, "truth"), e);
    wf__md(m, " | ");
    add_set(m, json_object_get(one, "told"), e);
    wf__md(m, " | ");
}

static int fill_sample(wf_contact *out, wf__markdown *m, const json_t *one, void *user) {
    const json_t *p = json_object_get(one, "told_log_p");
    const int64_t index = (int64_t)json_integer_value(json_object_get(one, "index"));
    (void)user;
    out->images[0] = wf__md_pixels(wf__md_test(m), index);
    snprintf(out->captions[0], WF_CONTACT_BYTES, "test image %lld", (long long)index);
    snprintf(out->captions[1], WF_CONTACT_BYTES, "told %s",
             json_equal(json_object_get(one, "truth"), json_object_get(one, "told")) ? "right"
                                                                                     : "wrong");
    if (json_is_number(p))
        snprintf(out->captions[2], WF_CONTACT_BYTES, "probability %.3g", exp(json_number_value(p)));
    return 1;
}

static void add_samples(wf__markdown *m, const json_t *list, const wf_evaluation *e) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *p = json_object_get(one, "told_log_p");
        char text[32] = "-";
        if (json_is_number(p)) snprintf(text, sizeof text, "%.3g", exp(json_number_value(p)));
        add_case(m, one, e);
        wf__md(m, text);
        wf__md(m, " |\n");
    }
}

/* Those told right, then the others: a sheet of the images, and a table. */
static wf_status add_all_samples(wf__markdown *m, size_t row, const json_t *samples,
                                 const wf_evaluation *e) {
    wf_context *cx = m->cx;
    json_t *all = json_array();
    const wf__sheet sheet = {.list = all, .form = wf__md_test(m), .fill = fill_sample};
    const char *label = m->c->rows[row].label;
    char name[160], title[200];
    WF_REQUIRE(all, WF_E_NOMEM, "out of memory: samples");
    json_array_extend(all, json_object_get(samples, "right"));
    json_array_extend(all, json_object_get(samples, "wrong"));
    snprintf(name, sizeof name, "%02zu-%.100s-samples", row + 1, label);
    snprintf(title, sizeof title, "Test images that %.120s told right, and wrong", label);
    wf_status status = wf__md_sheet(m, name, title, &sheet);
    if (status == WF_OK && json_array_size(all)) {
        wf__md(m, "\n| Test image | True | Told | Probability of the told set "
                  "|\n|---:|---|---|---:|\n");
        add_samples(m, all, e);
    }
    json_decref(all);
    return status;
}

static void add_worst(wf__markdown *m, const json_t *worst, const wf_evaluation *e) {
    if (!json_array_size(worst)) return;
    wf__md(m, "\nThe true sets that it finds least likely, among those told wrong:\n\n| Test image "
              "| True | Told | Log-probability |\n|---:|---|---|---:|\n");
    for (size_t i = 0; i < json_array_size(worst); i++) {
        const json_t *one = json_array_get(worst, i);
        add_case(m, one, e);
        wf__md_figure(m, json_object_get(one, "log_p"), "%.2f");
        wf__md(m, " |\n");
    }
}

wf_status wf__md_sets(wf__markdown *m, size_t row, const json_t *model) {
    const wf_report_row *r = &m->c->rows[row];
    const wf_evaluation *e = r->runs[0].evaluation;
    const json_t *sets = json_object_get(model, "sets");
    wf_str svg = {0};
    add_figures(m, e);
    WF_TRY(wf_chart_curves(&svg, m->cx, r));
    WF_TRY(wf__md_model_picture(m, row, "curves", "Learning curves", &svg));
    add_labels(m, e);
    if (!json_is_object(sets)) return m->out->text.status;
    WF_TRY(wf_chart_together(&svg, m->cx, json_object_get(sets, "together"), e));
    WF_TRY(wf__md_model_picture(m, row, "together", "Pairs of labels, told against true", &svg));
    add_sizes(m, json_object_get(sets, "sizes"));
    WF_TRY(add_all_samples(m, row, json_object_get(sets, "samples"), e));
    add_worst(m, json_object_get(sets, "worst"), e);
    return m->out->text.status;
}
