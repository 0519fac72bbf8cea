/* The comparison as CSV (RFC 4180), one line per row, figures in full. */
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "report/internal.h"

void wf__csv_text(wf_str *s, wf_context *cx, const char *text) {
    wf_str_add(s, cx, "\"");
    if (*text && strchr("=+-@\t\r", *text)) wf_str_add(s, cx, "'");
    for (; *text; text++) {
        if (*text == '"') wf_str_add(s, cx, "\"\"");
        else wf_str_add_bytes(s, cx, *text == '\n' || *text == '\r' ? " " : text, 1);
    }
    wf_str_add(s, cx, "\",");
}

void wf__csv_figure(wf_str *s, wf_context *cx, double value, const char *after) {
    char text[32];
    if (isfinite(value)) wf_str_add(s, cx, wf_double_text(text, value));
    wf_str_add(s, cx, after);
}

static void add_spread(wf_str *s, wf_context *cx, wf_spread spread) {
    wf__csv_figure(s, cx, spread.mean, ",");
    wf__csv_figure(s, cx, spread.sd, ",");
}

static void add_class(wf_str *s, wf_context *cx, const wf_report_row *row, int index) {
    wf__csv_text(s, cx, index >= 0 ? row->pooled->class_names[index] : "");
    wf__csv_figure(s, cx, index >= 0 ? row->class_f1[index].mean : (double)NAN, ",");
}

static void add_row(wf_str *s, wf_context *cx, const wf_report_row *row) {
    const wf_run_summary *r = wf__row_summary(row);
    wf__csv_text(s, cx, row->label);
    wf__csv_text(s, cx, r->model);
    wf__csv_text(s, cx, r->family);
    wf__csv_text(s, cx, r->dataset);
    wf_str_addf(s, cx, "%lld,%lld,%zu,", (long long)r->train_count,
                (long long)row->runs[0].evaluation->count, row->run_count);
    add_spread(s, cx, row->accuracy);
    add_spread(s, cx, row->loss);
    add_spread(s, cx, row->macro_f1);
    wf_str_addf(s, cx, "%lld,%lld,", (long long)r->parameters, (long long)r->madds);
    wf__csv_figure(s, cx, row->ms_per_step.mean, ",");
    wf__csv_figure(s, cx, row->s_per_epoch.mean, ",");
    wf__csv_figure(s, cx, row->epochs.mean, ",");
    add_spread(s, cx, row->total_s);
    add_class(s, cx, row, row->worst_class);
    add_class(s, cx, row, row->best_class);
    wf__csv_text(s, cx, r->claim_text);
    wf__csv_figure(s, cx, r->claim_accuracy, ",");
    wf__csv_figure(s, cx, row->delta_accuracy, ",");
    wf__csv_figure(s, cx, r->claim_macro_f1, ",");
    wf__csv_figure(s, cx, row->delta_macro_f1, ",");
    wf__csv_figure(s, cx, r->claim_loss, ",");
    wf__csv_figure(s, cx, row->delta_loss, "\r\n");
}

wf_status wf_report_csv(char **out, wf_context *cx, const wf_comparison *c) {
    wf_str s = {0};
    wf_str_add(
        &s, cx,
        "label,model,family,dataset,train_images,test_images,seeds,accuracy,accuracy_sd,loss,"
        "loss_sd,macro_f1,macro_f1_sd,parameters,madds,ms_per_step,s_per_epoch,epochs,total_s,"
        "total_s_sd,worst_class,worst_f1,best_class,best_f1,claim,claim_accuracy,"
        "accuracy_minus_claim,claim_macro_f1,macro_f1_minus_claim,claim_loss,"
        "loss_minus_claim\r\n");
    for (size_t i = 0; i < c->row_count; i++) add_row(&s, cx, &c->rows[i]);
    if (s.status == WF_OK) {
        *out = s.text;
        return WF_OK;
    }
    wf_status status = s.status;
    wf_str_reset(&s);
    return status;
}

static void add_pair(wf_str *s, wf_context *cx, const wf_comparison *c, const wf_report_pair *pair,
                     wf_pair_kind kind) {
    const wf_pair_test *t = wf__pair_test(pair, kind);
    const wf_report_row *a = &c->rows[pair->a], *b = &c->rows[pair->b];
    int is_images = kind == WF_PAIR_IMAGES;
    wf__csv_text(s, cx, a->label);
    wf__csv_text(s, cx, b->label);
    wf_str_add(s, cx, is_images ? "mcnemar," : "welch,");
    wf__csv_text(s, cx, is_images ? a->runs[pair->run_a].summary.id : "");
    wf__csv_text(s, cx, is_images ? b->runs[pair->run_b].summary.id : "");
    const double figures[] = {t->difference, t->low, t->high, t->p, t->p_holm};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        wf__csv_figure(s, cx, figures[i], ",");
    const wf_mcnemar *m = &pair->mcnemar;
    if (t->is_tested && is_images)
        wf_str_addf(s, cx, "%lld,%lld,%lld,%lld,", (long long)m->both_right,
                    (long long)m->only_a_right, (long long)m->only_b_right,
                    (long long)m->both_wrong);
    else wf_str_add(s, cx, ",,,,");
    const wf_t_test *w = &pair->welch;
    const double sizes[] = {w->t, w->df, w->cohen_d, w->hedges_g};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        wf__csv_figure(s, cx, t->is_tested && !is_images ? sizes[i] : (double)NAN, ",");
    wf__csv_text(s, cx, t->sentence);
    wf_str_add(s, cx, t->is_shown ? "yes\r\n" : "no\r\n");
}

/* A figure of images with any number of labels; `test` is "bootstrap" and its key. */
static void add_set_difference(wf_str *s, wf_context *cx, const wf_comparison *c,
                               const wf_report_pair *pair, wf_headline h) {
    const wf_set_difference *d = &pair->sets[h];
    if (!isfinite(d->low)) return;
    wf__csv_text(s, cx, c->rows[pair->a].label);
    wf__csv_text(s, cx, c->rows[pair->b].label);
    wf_str_addf(s, cx, "bootstrap %s,,,", wf_headline_key(h));
    wf__csv_figure(s, cx, d->difference, ",");
    wf__csv_figure(s, cx, d->low, ",");
    wf__csv_figure(s, cx, d->high, ",,,,,,,,,,,,");
    wf_str_add(s, cx, d->low > 0 || d->high < 0 ? "yes\r\n" : "no\r\n");
}

wf_status wf_report_pairs_csv(char **out, wf_context *cx, const wf_comparison *c) {
    wf_str s = {0};
    wf_str_add(&s, cx,
               "a,b,test,run_a,run_b,difference,low,high,p,p_holm,both_right,only_a_right,"
               "only_b_right,both_wrong,t,df,cohen_d,hedges_g,in_words,shown\r\n");
    for (int kind = WF_PAIR_IMAGES; kind <= WF_PAIR_SEEDS; kind++)
        for (size_t i = 0; i < c->pair_count; i++)
            add_pair(&s, cx, c, &c->pairs[i], (wf_pair_kind)kind);
    for (size_t i = 0; i < c->pair_count; i++)
        for (int h = WF_HEADLINE_SUBSET_ACCURACY; c->pairs[i].has_sets && h < WF_HEADLINE_COUNT;
             h++)
            add_set_difference(&s, cx, c, &c->pairs[i], (wf_headline)h);
    if (s.status == WF_OK) {
        *out = s.text;
        return WF_OK;
    }
    wf_status status = s.status;
    wf_str_reset(&s);
    return status;
}
