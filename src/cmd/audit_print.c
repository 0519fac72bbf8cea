/* The audit as people read it on a terminal. */
#include "cmd/audit.h"

enum { PAIRS_SHOWN = 10 };

static wf_status add_counts(wf_table *t, wf_context *cx, const wf_duplicate_counts *c) {
    char text[32];
    WF_TRY(wf_table_add(t, cx, wf_thousands(text, c->pairs)));
    WF_TRY(wf_table_add(t, cx, wf_thousands(text, c->other_label)));
    return wf_table_add(t, cx, wf_thousands(text, c->images));
}

static wf_status add_duplicates(wf_table *t, wf_context *cx, const wf_audit *a) {
    static const char *const head[] = {"",     "exact pairs", "other label", "images",
                                       "near", "other label", "images"};
    wf_part p, q;
    char name[48];
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) WF_TRY(wf_table_add(t, cx, head[i]));
    for (int i = 0; wf_audit_parts(a, i, &p, &q); i++) {
        WF_TRY(wf_table_add(t, cx, wf_audit_parts_name(name, p, q)));
        WF_TRY(add_counts(t, cx, &a->duplicates->exact_counts[p][q]));
        WF_TRY(add_counts(t, cx, &a->duplicates->close_counts[p][q]));
    }
    return WF_OK;
}

static wf_status print_duplicates(wf_cli *cli, const wf_audit *a) {
    wf_table table;
    wf_table_init(&table, 7, 0x7E);
    wf_status status = add_duplicates(&table, &cli->cx, a);
    wf_print(cli,
             "\nDuplicates; near: root mean square difference of at most %g of the full range\n",
             a->duplicates->near);
    if (status == WF_OK) wf_table_print(&table, cli);
    wf_table_reset(&table);
    return status;
}

static wf_status add_pairs(wf_table *t, wf_context *cx, const wf_audit *a,
                           const wf_label_errors *e) {
    static const char *const head[] = {"label", "suggested", "flagged", "estimated",
                                       "of the label"};
    char text[32];
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) WF_TRY(wf_table_add(t, cx, head[i]));
    for (int64_t i = 0; i < e->pair_count && i < PAIRS_SHOWN; i++) {
        const wf_label_pair *p = &e->pairs[i];
        WF_TRY(wf_table_add(t, cx, wf_audit_class(a, p->label)));
        WF_TRY(wf_table_add(t, cx, wf_audit_class(a, p->other)));
        WF_TRY(wf_table_add(t, cx, wf_thousands(text, p->flagged)));
        WF_TRY(wf_table_addf(t, cx, "%.0f", p->estimated));
        WF_TRY(wf_table_addf(t, cx, "%.2f %%", 100 * p->share));
    }
    return WF_OK;
}

static wf_status print_labels(wf_cli *cli, const wf_audit *a, int part) {
    wf_audited l = wf_audit_labels(a, part);
    const wf_label_errors *e = l.errors;
    char flagged[32], count[32];
    json_t *name;
    size_t i;
    if (!e) return WF_OK;
    wf_print(cli, "\nLikely label errors, %s: %s %sof %s images\n", wf_part_name(l.opinions->part),
             wf_thousands(flagged, e->error_count), a->dataset->is_multilabel ? "labels " : "",
             wf_thousands(count, e->count));
    json_array_foreach(l.opinions->names, i, name)
        wf_print(cli, "%s%s", i ? "; " : "by ", json_string_value(name));
    wf_print(cli, "\n");
    if (e->pair_count == 0) return WF_OK;
    wf_table table;
    wf_table_init(&table, 5, 0x1C);
    wf_status status = add_pairs(&table, &cli->cx, a, e);
    if (status == WF_OK) wf_table_print(&table, cli);
    if (e->pair_count > PAIRS_SHOWN)
        wf_print(cli, "and %lld pairs of classes more\n", (long long)(e->pair_count - PAIRS_SHOWN));
    wf_table_reset(&table);
    return status;
}

static wf_status add_sensitivity(wf_table *t, wf_context *cx, const wf_audit *a) {
    const wf_sensitivity *s = &a->sensitivity;
    const char *const head[] = {"sensitivity only", "images", "right", wf_audit_figure(a)};
    char text[32];
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) WF_TRY(wf_table_add(t, cx, head[i]));
    for (int w = 0; w < WF_LEFT_OUT_COUNT; w++) {
        WF_TRY(wf_table_add(t, cx, wf_left_out_name((wf_left_out)w)));
        WF_TRY(wf_table_add(t, cx, wf_thousands(text, s->images[w])));
        WF_TRY(wf_table_add(t, cx, wf_thousands(text, s->right[w])));
        if (s->images[w] == 0) WF_TRY(wf_table_add(t, cx, "-"));
        else WF_TRY(wf_table_addf(t, cx, "%.4f", (double)s->right[w] / (double)s->images[w]));
    }
    return WF_OK;
}

static wf_status print_sensitivity(wf_cli *cli, const wf_audit *a) {
    wf_table table;
    if (!a->sensitivity.run) return WF_OK;
    wf_print(cli, "\n%s\n%s\n", a->sensitivity.run, wf_sensitivity_note);
    wf_table_init(&table, 4, 0xE);
    wf_status status = add_sensitivity(&table, &cli->cx, a);
    if (status == WF_OK) wf_table_print(&table, cli);
    wf_table_reset(&table);
    return status;
}

wf_status wf_audit_print(wf_cli *cli, const wf_audit *a) {
    const wf_dataset *d = a->dataset;
    char train[32], validation[32], test[32];
    wf_print(cli, "%s: %s training, %s validation and %s test images of %d x %d pixels\n", d->name,
             wf_thousands(train, d->train.count), wf_thousands(validation, d->validation.count),
             wf_thousands(test, d->test.count), d->train.height, d->train.width);
    WF_TRY(print_duplicates(cli, a));
    for (int i = 0; i < WF_AUDITED_PARTS; i++) WF_TRY(print_labels(cli, a, i));
    return print_sensitivity(cli, a);
}
