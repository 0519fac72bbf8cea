#include "cmd/judged.h"

#include <math.h>

#include "weft/data.h"

static wf_status add_figure(wf_table *t, wf_context *cx, double value) {
    return isnan(value) ? wf_table_add(t, cx, "-") : wf_table_addf(t, cx, "%.4f", value);
}

/* ---- the whole ---- */

static wf_status add_headline(wf_table *t, wf_context *cx, const wf_evaluation *e, wf_headline h,
                              const char *name) {
    const wf_interval *interval = &e->intervals.of[h];
    WF_TRY(wf_table_add(t, cx, name ? name : wf_headline_name(h)));
    WF_TRY(add_figure(t, cx, wf_evaluation_headline(e, h)));
    if (isnan(interval->low)) return wf_table_add(t, cx, NULL);
    return wf_table_addf(t, cx, "%.4f to %.4f", interval->low, interval->high);
}

static wf_status add_named(wf_table *t, wf_context *cx, const char *name, double value) {
    WF_TRY(wf_table_add(t, cx, name));
    WF_TRY(add_figure(t, cx, value));
    return wf_table_add(t, cx, NULL);
}

/* Of one label per image. */
static wf_status add_class_figures(wf_table *t, wf_context *cx, const wf_evaluation *e) {
    for (int h = 0; h < WF_HEADLINE_SUBSET_ACCURACY; h++)
        WF_TRY(add_headline(t, cx, e, (wf_headline)h, NULL));
    WF_TRY(add_named(t, cx, "macro AUC", e->macro.auc));
    WF_TRY(add_named(t, cx, "macro average precision", e->macro.average_precision));
    WF_TRY(add_named(t, cx, "Brier score", e->brier));
    return add_named(t, cx, "expected calibration error", e->calibration_error.expected);
}

/* Of any number of labels: what they are called in the field, and what that means. */
static wf_status add_set_figures(wf_table *t, wf_context *cx, const wf_evaluation *e) {
    static const struct {
        wf_headline of;
        const char *name;
    } figures[] = {{WF_HEADLINE_SUBSET_ACCURACY, NULL},
                   {WF_HEADLINE_SET_LOG_LIKELIHOOD, "set log-likelihood, nats"},
                   {WF_HEADLINE_MAP, "mAP, macro average precision"},
                   {WF_HEADLINE_C_P, "C-P, macro precision"},
                   {WF_HEADLINE_C_R, "C-R, macro recall"},
                   {WF_HEADLINE_C_F1, "C-F1, macro F1"},
                   {WF_HEADLINE_O_P, "O-P, micro precision"},
                   {WF_HEADLINE_O_R, "O-R, micro recall"},
                   {WF_HEADLINE_O_F1, "O-F1, micro F1"},
                   {WF_HEADLINE_SMALL_RECALL, NULL},
                   {WF_HEADLINE_LOSS, "log loss, mean over labels"}};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (figures[i].of != WF_HEADLINE_SMALL_RECALL || e->small_count)
            WF_TRY(add_headline(t, cx, e, figures[i].of, figures[i].name));
    WF_TRY(add_named(t, cx, "subset accuracy, all from .5 on", e->accuracy_at_half));
    WF_TRY(add_named(t, cx, "F1 per image, mean", e->samples.f1));
    return add_named(t, cx, "Hamming loss", e->hamming_loss);
}

static wf_status add_headlines(wf_table *t, wf_context *cx, const wf_evaluation *e) {
    WF_TRY(wf_table_add(t, cx, "figure"));
    WF_TRY(wf_table_add(t, cx, "value"));
    if (e->intervals.resamples)
        WF_TRY(wf_table_addf(t, cx, "%g %% interval", 100 * e->intervals.level));
    else WF_TRY(wf_table_add(t, cx, NULL));
    return e->is_multilabel ? add_set_figures(t, cx, e) : add_class_figures(t, cx, e);
}

static wf_status print_headlines(wf_cli *cli, const wf_evaluation *e) {
    char number[32];
    wf_table table;
    wf_table_init(&table, 3, 1u << 1);
    wf_status status = add_headlines(&table, &cli->cx, e);
    if (status == WF_OK) wf_table_print(&table, cli);
    wf_table_reset(&table);
    if (e->intervals.resamples)
        wf_print(cli, "intervals: bootstrap, %s resamples of the images\n",
                 wf_thousands(number, e->intervals.resamples));
    if (e->small_count)
        wf_print(cli, "small objects: %s whose longer side has at most %d pixels\n",
                 wf_thousands(number, e->small_count), WF_SMALL_OBJECT);
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
