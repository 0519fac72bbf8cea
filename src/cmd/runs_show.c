/* weft runs show */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/runs.h"
#include "report/run_json.h"
#include "weft/eval.h"

static wf_status add_figure(wf_table *t, wf_context *cx, double value) {
    return isfinite(value) ? wf_table_addf(t, cx, "%.4f", value) : wf_table_add(t, cx, "-");
}

static wf_status print_epochs(wf_cli *cli, const wf_run_metrics *metrics) {
    static const char *const head[] = {"epoch",        "loss", "accuracy", "val_loss",
                                       "val_accuracy", "rate", "s",        "ms/step"};
    wf_context *cx = &cli->cx;
    wf_table t;
    wf_table_init(&t, 8, 0xff);
    wf_status status = WF_OK;
    for (size_t i = 0; i < sizeof head / sizeof *head && status == WF_OK; i++)
        status = wf_table_add(&t, cx, head[i]);
    for (size_t i = 0; i < metrics->count && status == WF_OK; i++) {
        const wf_epoch_record *e = &metrics->epochs[i];
        const double figures[] = {e->loss, e->accuracy, e->val_loss, e->val_accuracy};
        status = wf_table_addf(&t, cx, "%d", e->epoch);
        for (int k = 0; k < 4 && status == WF_OK; k++) status = add_figure(&t, cx, figures[k]);
        if (status == WF_OK) status = wf_table_addf(&t, cx, "%.3g", e->learning_rate);
        if (status == WF_OK) status = wf_table_addf(&t, cx, "%.1f", e->seconds);
        if (status == WF_OK) status = wf_table_addf(&t, cx, "%.1f", e->ms_per_step);
    }
    if (status == WF_OK && metrics->count) wf_table_print(&t, cli);
    wf_table_reset(&t);
    return status;
}

static double figure_of(const wf_run_figures *f, const char *name) {
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->items[i].name, name)) return f->items[i].value;
    return NAN;
}

/* Of images with any number of labels; elsewhere there are no such figures. */
static void print_sets(const wf_cli *cli, const wf_run_figures *f) {
    static const wf_headline figures[] = {WF_HEADLINE_SUBSET_ACCURACY,
                                          WF_HEADLINE_SET_LOG_LIKELIHOOD,
                                          WF_HEADLINE_MAP,
                                          WF_HEADLINE_C_F1,
                                          WF_HEADLINE_O_F1,
                                          WF_HEADLINE_SMALL_RECALL};
    const char *before = "  sets      ";
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        const double value = figure_of(f, wf_headline_key(figures[i]));
        if (isnan(value)) continue;
        wf_print(cli, "%s%s %.4f", before, wf_headline_name(figures[i]), value);
        before = ", ";
    }
    if (*before == ',') wf_print(cli, "\n");
}

static void print_summary(const wf_cli *cli, const wf_run_summary *s, const wf_run_figures *f) {
    char n[32];
    wf_print(cli, "%s (%s)\n", s->id, wf_run_status_name((wf_run_status)s->status));
    wf_print(cli, "  model     %s, %s parameters\n", s->model, wf_thousands(n, s->parameters));
    wf_print(cli, "  data      %s: %lld train, %lld validation, %lld test\n", s->dataset,
             (long long)s->train_count, (long long)s->validation_count, (long long)s->test_count);
    wf_print(cli, "  recipe    seed %lld, batch %lld, %lld of %lld epochs\n", (long long)s->seed,
             (long long)s->batch_size, (long long)s->epochs, (long long)s->epochs_planned);
    wf_print(cli, "  machine   %s, %s, %lld threads\n", s->cpu, s->isa, (long long)s->threads);
    wf_print(cli, "  started   %s%s%s\n", s->started, *s->ended ? ", ended " : "", s->ended);
    if (isfinite(s->accuracy))
        wf_print(cli, "  %-8s  accuracy %.4f, loss %.4f, macro-F1 %.4f\n", s->part, s->accuracy,
                 s->loss, s->macro_f1);
    print_sets(cli, f);
    if (*s->worst_class)
        wf_print(cli, "  classes   worst %s (F1 %.3f), best %s (F1 %.3f)\n", s->worst_class,
                 s->worst_f1, s->best_class, s->best_f1);
    if (s->folds)
        wf_print(cli, "  fold      %lld of %lld, repeat %lld\n", (long long)s->fold + 1,
                 (long long)s->folds, (long long)s->repeat + 1);
    if (*s->reason) wf_print(cli, "  ended by  %s\n", s->reason);
    if (strcmp(s->tags, "{}") != 0) wf_print(cli, "  tags      %s\n", s->tags);
    if (*s->claim_text) wf_print(cli, "  claimed   %s\n", s->claim_text);
    wf_print(cli, "  folder    %s\n", s->path);
}

wf_status wf_runs_show(const wf_runs_call *c) {
    wf_context *cx = &c->cli->cx;
    wf_run *run = NULL;
    wf_run_summary summary = {0};
    wf_run_metrics metrics = {0};
    wf_run_figures figures = {0};
    wf_status status;
    WF_TRY_OR(wf_run_open(&run, cx, c->store, c->operands[0]));
    WF_TRY_OR(wf_run_read_summary(&summary, cx, run));
    WF_TRY_OR(wf_run_read_metrics(&metrics, cx, run));
    WF_TRY_OR(wf_run_read_figures(&figures, cx, run));
    print_summary(c->cli, &summary, &figures);
    WF_TRY_OR(print_epochs(c->cli, &metrics));
    WF_TRY_OR(wf_run_document(&c->cli->result, cx, run));
done:
    wf_run_figures_reset(&figures);
    wf_run_metrics_reset(&metrics);
    wf_run_summary_reset(&summary);
    wf_run_close(run);
    return status;
}
