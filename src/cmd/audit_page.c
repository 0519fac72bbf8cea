/* The audit as the body of a page of results. */
#include <stdio.h>

#include "cmd/audit.h"
#include "report/internal.h"

enum { CLOSEST_SHOWN = 20, PAIRS_SHOWN = 20 };

/* What the files hold, where the page can point at them. */
static void add_files(wf_str *s, wf_context *cx, const wf_audit *a, const char *pictures, int i) {
    const char *list = i == 0 ? "duplicates.csv" : "label_errors.csv";
    char title[WF_AUDIT_TITLE_BYTES];
    if (!pictures || !wf_audit_sheet_title(title, a, i)) return;
    wf_str_addf(s, cx, "\nAll of them: [%s](%s/%s).\n", list, pictures, list);
    wf_str_add(s, cx, "\n![");
    wf__markdown_text(s, cx, title);
    wf_str_addf(s, cx, "](%s/%s)\n", pictures, wf_audit_sheet_file(i));
}

/* ---- duplicates ---- */

static void add_counts(wf_str *s, wf_context *cx, const wf_duplicate_counts *c) {
    char pairs[32], other[32], images[32];
    wf_str_addf(s, cx, " %s | %s | %s |", wf_thousands(pairs, c->pairs),
                wf_thousands(other, c->other_label), wf_thousands(images, c->images));
}

static void add_nearest(wf_str *s, wf_context *cx, const wf_audit *a) {
    const wf_duplicates *d = a->duplicates;
    char count[32];
    wf_str_addf(s, cx,
                "\nHow far the nearest other training image is, for the training images nearer "
                "than twice the limit of %g:\n\n| distance | images |\n|---|---:|\n",
                d->near);
    for (int i = 0; i < WF_NEAREST_BINS; i++)
        wf_str_addf(s, cx, "| %.4g to %.4g | %s |\n", d->near / 6 * i, d->near / 6 * (i + 1),
                    wf_thousands(count, d->nearest[i]));
}

static void add_place(wf_str *s, wf_context *cx, const wf_audit *a, const wf_image_place *p) {
    wf_str_addf(s, cx, "| %s %lld | ", wf_part_name(p->part), (long long)p->index);
    if (p->label >= 0) wf__markdown_text(s, cx, a->dataset->class_names[p->label]);
    wf_str_add(s, cx, " ");
}

/* Those that matter most: a test image and another part, or different labels. */
static int matters(const wf_audit *a, const wf_duplicate *d) {
    return (d->b.part == WF_PART_TEST && d->a.part != WF_PART_TEST) || !wf_audit_same_labels(a, d);
}

static void add_close_calls(wf_str *s, wf_context *cx, const wf_audit *a) {
    const wf_duplicates *d = a->duplicates;
    int64_t total = d->exact_count + d->close_count, found = 0;
    for (int64_t i = 0; i < total; i++) {
        const wf_duplicate *pair =
            i < d->exact_count ? &d->exact[i] : &d->close[i - d->exact_count];
        if (!matters(a, pair) || found++ >= CLOSEST_SHOWN) continue;
        if (found == 1)
            wf_str_addf(s, cx,
                        "\nPairs across parts or of different labels, the nearest %d at "
                        "most:\n\n| image | label | duplicate | label | distance |\n"
                        "|---|---|---|---|---:|\n",
                        CLOSEST_SHOWN);
        add_place(s, cx, a, &pair->a);
        add_place(s, cx, a, &pair->b);
        wf_str_addf(s, cx, "| %.4f |\n", pair->distance);
    }
    if (found > CLOSEST_SHOWN)
        wf_str_addf(s, cx, "\nand %lld more.\n", (long long)(found - CLOSEST_SHOWN));
}

static void add_duplicates(wf_str *s, wf_context *cx, const wf_audit *a) {
    wf_part p, q;
    char name[48];
    wf_str_addf(
        s, cx,
        "## Duplicates\n\nEvery image was compared with every other one. Exact: the same "
        "pixels. Near: the root mean square of the pixels' difference is at most %g of the "
        "full range, and not 0. *images* are those of the later part that have a duplicate "
        "in the other one.\n\n| | exact pairs | of different labels | images | near pairs | "
        "of different labels | images |\n|---|---:|---:|---:|---:|---:|---:|\n",
        a->duplicates->near);
    for (int i = 0; wf_audit_parts(a, i, &p, &q); i++) {
        wf_str_addf(s, cx, "| %s |", wf_audit_parts_name(name, p, q));
        add_counts(s, cx, &a->duplicates->exact_counts[p][q]);
        add_counts(s, cx, &a->duplicates->close_counts[p][q]);
        wf_str_add(s, cx, "\n");
    }
    add_nearest(s, cx, a);
    add_close_calls(s, cx, a);
}

/* ---- labels ---- */

static void add_names(wf_str *s, wf_context *cx, const json_t *names) {
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name) {
        if (i) wf_str_add(s, cx, "; ");
        wf__markdown_text(s, cx, json_string_value(name));
    }
}

static void add_labels(wf_str *s, wf_context *cx, const wf_audit *a, int part,
                       const char *pictures) {
    wf_audited l = wf_audit_labels(a, part);
    const wf_label_errors *e = l.errors;
    char flagged[32], count[32], of_all[64];
    if (!e) return;
    snprintf(of_all, sizeof of_all,
             a->dataset->is_multilabel ? "labels of %s images" : "of %s labels",
             wf_thousands(count, e->count));
    wf_str_addf(s, cx,
                "\n## Likely label errors, %s\n\n%s %s are flagged by confident "
                "learning (doi:10.1613/jair.1.12125, pruned by noise rate), from the mean "
                "probabilities of models that were not trained on the image: ",
                wf_part_name(l.opinions->part), wf_thousands(flagged, e->error_count), of_all);
    add_names(s, cx, l.opinions->names);
    wf_str_add(s, cx, ". A flag is a question to whoever knows the labels, not an answer.\n");
    if (a->dataset->is_multilabel)
        wf_str_add(
            s, cx,
            "\nLabels are asked about one by one: *(none)* is suggested for one that is there "
            "and should not be, or stands for one that is missing.\n");
    if (e->pair_count > 0)
        wf_str_add(s, cx,
                   "\n| label | suggested | flagged | estimated | of the label |\n"
                   "|---|---|---:|---:|---:|\n");
    for (int64_t i = 0; i < e->pair_count && i < PAIRS_SHOWN; i++) {
        const wf_label_pair *p = &e->pairs[i];
        wf_str_add(s, cx, "| ");
        wf__markdown_text(s, cx, wf_audit_class(a, p->label));
        wf_str_add(s, cx, " | ");
        wf__markdown_text(s, cx, wf_audit_class(a, p->other));
        wf_str_addf(s, cx, " | %s | %.0f | %.2f %% |\n", wf_thousands(flagged, p->flagged),
                    p->estimated, 100 * p->share);
    }
    if (e->pair_count > PAIRS_SHOWN)
        wf_str_addf(s, cx, "\nand %lld pairs of classes more.\n",
                    (long long)(e->pair_count - PAIRS_SHOWN));
    add_files(s, cx, a, pictures, part + 1);
}

/* ---- sensitivity ---- */

static void add_sensitivity(wf_str *s, wf_context *cx, const wf_audit *a) {
    const wf_sensitivity *v = &a->sensitivity;
    char images[32], right[32], accuracy[WF_FIGURE_BYTES];
    if (!v->run) return;
    wf_str_add(s, cx, "\n## Sensitivity of ");
    wf__markdown_text(s, cx, v->run);
    wf_str_addf(s, cx, "\n\n%s Flags are from: ", wf_sensitivity_note);
    add_names(s, cx, a->test.names);
    wf_str_add(s, cx, ".\n\n| sensitivity only | images | right | ");
    wf_str_addf(s, cx, "%s |\n|---|---:|---:|---:|\n", wf_audit_figure(a));
    for (int w = 0; w < WF_LEFT_OUT_COUNT; w++)
        wf_str_addf(s, cx, "| %s | %s | %s | %s |\n", wf_left_out_name((wf_left_out)w),
                    wf_thousands(images, v->images[w]), wf_thousands(right, v->right[w]),
                    wf__show_score(accuracy, (double)v->right[w] / (double)v->images[w]));
}

wf_status wf_audit_markdown(wf_str *out, wf_context *cx, const wf_audit *a, const char *pictures) {
    add_duplicates(out, cx, a);
    add_files(out, cx, a, pictures, 0);
    for (int i = 0; i < WF_AUDITED_PARTS; i++) add_labels(out, cx, a, i, pictures);
    add_sensitivity(out, cx, a);
    return out->status;
}
