#include "cmd/judged.h"

#include <math.h>

static wf_status add_figure(wf_table *t, wf_context *cx, double value) {
    return isnan(value) ? wf_table_add(t, cx, "-") : wf_table_addf(t, cx, "%.4f", value);
}

/* ---- the whole ---- */

static wf_status add_headline(wf_table *t, wf_context *cx, const wf_evaluation *e, wf_headline h) {
    const wf_interval *interval = &e->intervals.of[h];
    int is_subset = e->is_multilabel && h == WF_HEADLINE_ACCURACY;
    if (e->is_multilabel && isnan(wf_evaluation_headline(e, h))) return WF_OK; /* of one class */
    WF_TRY(wf_table_add(t, cx, is_subset ? "subset accuracy" : wf_headline_name(h)));
    WF_TRY(add_figure(t, cx, wf_evaluation_headline(e, h)));
    if (isnan(interval->low)) return wf_table_add(t, cx, NULL);
    return wf_table_addf(t, cx, "%.4f to %.4f", interval->low, interval->high);
}

typedef struct named {
    const char *name;
    double value;
} named;

static wf_status add_headlines(wf_table *t, wf_context *cx, const wf_evaluation *e) {
    const named one[] = {{"macro AUC", e->macro.auc},
                         {"macro average precision", e->macro.average_precision},
                         {"Brier score", e->brier},
                         {"expected calibration error", e->calibration_error.expected}};
    const named several[] = {{"subset accuracy, all from .5 on", e->accuracy_at_half},
                             {"C-P, macro precision", e->macro.precision},
                             {"C-R, macro recall", e->macro.recall},
                             {"O-P, micro precision", e->micro.precision},
                             {"O-R, micro recall", e->micro.recall},
                             {"O-F1, micro F1", e->micro.f1},
                             {"F1 per image, mean", e->samples.f1},
                             {"mAP, macro average precision", e->macro.average_precision},
                             {"Hamming loss", e->hamming_loss}};
    const named *others = e->is_multilabel ? several : one;
    const size_t other_count =
        e->is_multilabel ? sizeof several / sizeof *several : sizeof one / sizeof *one;
    WF_TRY(wf_table_add(t, cx, "figure"));
    WF_TRY(wf_table_add(t, cx, "value"));
    if (e->intervals.resamples)
        WF_TRY(wf_table_addf(t, cx, "%g %% interval", 100 * e->intervals.level));
    else WF_TRY(wf_table_add(t, cx, NULL));
    for (int h = 0; h < WF_HEADLINE_COUNT; h++) WF_TRY(add_headline(t, cx, e, (wf_headline)h));
    for (size_t i = 0; i < other_count; i++) {
        WF_TRY(wf_table_add(t, cx, others[i].name));
        WF_TRY(add_figure(t, cx, others[i].value));
        WF_TRY(wf_table_add(t, cx, NULL));
    }
    return WF_OK;
}

static wf_status print_headlines(wf_cli *cli, const wf_evaluation *e) {
    char resamples[32];
    wf_table table;
    wf_table_init(&table, 3, 1u << 1);
    wf_status status = add_headlines(&table, &cli->cx, e);
    if (status == WF_OK) wf_table_print(&table, cli);
    wf_table_reset(&table);
    if (e->intervals.resamples)
        wf_print(cli, "intervals: bootstrap, %s resamples of the images\n",
                 wf_thousands(resamples, e->intervals.resamples));
    wf_print(cli, "\n");
    return status;
}

/* ---- its classes ---- */

static wf_status add_score(wf_table *t, wf_context *cx, const char *name, const wf_class_score *s) {
    const double figures[] = {s->precision, s->recall, s->f1, s->auc, s->average_precision};
    WF_TRY(wf_table_add(t, cx, name));
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        WF_TRY(add_figure(t, cx, figures[i]));
    return wf_table_addf(t, cx, "%lld", (long long)s->support);
}

/* Any number of labels: above which probability it is said to be there. */
static wf_status add_threshold(wf_table *t, wf_context *cx, const wf_evaluation *e, int class) {
    if (!e->is_multilabel) return WF_OK;
    return class < 0 ? wf_table_add(t, cx, NULL) : add_figure(t, cx, e->thresholds[class]);
}

static wf_status add_scores(wf_table *t, wf_context *cx, const wf_evaluation *e) {
    static const char *const head[] = {"class", "precision", "recall", "F1",
                                       "AUC",   "AP",        "images", "threshold"};
    const struct {
        const char *name;
        const wf_class_score *score;
    } averages[] = {{"macro", &e->macro}, {"micro", &e->micro}, {"weighted", &e->weighted}};
    for (int i = 0; i < t->columns; i++) WF_TRY(wf_table_add(t, cx, head[i]));
    for (int k = 0; k < e->class_count; k++) {
        WF_TRY(add_score(t, cx, e->class_names[k], &e->classes[k]));
        WF_TRY(add_threshold(t, cx, e, k));
    }
    for (size_t i = 0; i < sizeof averages / sizeof *averages; i++) {
        WF_TRY(add_score(t, cx, averages[i].name, averages[i].score));
        WF_TRY(add_threshold(t, cx, e, -1));
    }
    return WF_OK;
}

static void print_confusion(const wf_cli *cli, const wf_evaluation *e) {
    int is_narrow = e->class_count <= 20;
    if (!is_narrow || e->is_multilabel) return;
    wf_print(cli, "\nConfusion (rows: true class, columns: predicted class)\n");
    for (int i = 0; i < e->class_count; i++) {
        wf_print(cli, "%4d ", i);
        for (int k = 0; k < e->class_count; k++)
            wf_print(cli, "%6lld", (long long)e->confusion[i * e->class_count + k]);
        wf_print(cli, "  %s\n", e->class_names[i]);
    }
}

wf_status wf_evaluation_print(wf_cli *cli, const wf_evaluation *e) {
    char accuracy[32], loss[32];
    wf_table table;
    wf_print(cli, "%saccuracy %s - loss %s on %lld images", e->is_multilabel ? "subset " : "",
             wf_double_text(accuracy, e->accuracy), wf_double_text(loss, e->loss),
             (long long)e->count);
    for (int k = 3; k <= 5 && k <= e->class_count && !e->is_multilabel; k += 2)
        wf_print(cli, " - top-%d %.4f", k, e->top_k[k - 1]);
    wf_print(cli, "\n\n");
    WF_TRY(print_headlines(cli, e));
    wf_table_init(&table, e->is_multilabel ? 8 : 7, 0xfeu);
    wf_status status = add_scores(&table, &cli->cx, e);
    if (status == WF_OK) wf_table_print(&table, cli);
    wf_table_reset(&table);
    if (e->pair_count) wf_print(cli, "\nMost confused\n");
    for (int i = 0; i < e->pair_count && i < 5; i++) {
        const wf_confused_pair *p = &e->pairs[i];
        wf_print(cli, "%5lld  %s taken for %s (%.1f %% of it)\n", (long long)p->count,
                 e->class_names[p->truth], e->class_names[p->predicted], 100 * p->share);
    }
    print_confusion(cli, e);
    return status;
}
