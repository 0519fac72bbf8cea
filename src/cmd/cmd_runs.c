#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/settings.h"
#include "store/store.h"

typedef struct runs_options {
    const char *runs;
    int only_names;
} runs_options;

static const wf_option options_table[] = {WF_RUNS_OPTION(runs_options, runs),
                                          {"names", 0, WF_OPTION_FLAG,
                                           offsetof(runs_options, only_names), NULL, NULL, NULL, 0,
                                           0, "print the names only"},
                                          {0}};

static wf_status add_summary_json(json_t *list, wf_context *cx, const wf_run_summary *s) {
    json_t *run = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", s->id, "path",
                            s->path, "model", s->model, "dataset", s->dataset, "status",
                            wf_run_status_name((wf_run_status)s->status), "started", s->started,
                            "ended", s->ended, "data_hash", s->data_hash);
    WF_TRY(wf_json_append(list, cx, run));
    const struct {
        const char *key;
        int64_t value;
    } counts[] = {{"seed", s->seed},
                  {"epochs", s->epochs},
                  {"epochs_planned", s->epochs_planned},
                  {"batch_size", s->batch_size},
                  {"threads", s->threads},
                  {"train_images", s->train_count},
                  {"validation_images", s->validation_count},
                  {"test_images", s->test_count},
                  {"parameters", s->parameters}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        WF_TRY(wf_json_put(run, cx, counts[i].key, json_integer(counts[i].value)));
    const struct {
        const char *key;
        double value;
    } figures[] = {{"ms_per_step", s->ms_per_step},
                   {"s_per_epoch", s->s_per_epoch},
                   {"total_s", s->total_s},
                   {"val_loss", s->val_loss},
                   {"val_accuracy", s->val_accuracy},
                   {"accuracy", s->accuracy},
                   {"loss", s->loss},
                   {"macro_f1", s->macro_f1}};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        WF_TRY(wf_json_put(run, cx, figures[i].key, wf_json_real(figures[i].value)));
    return WF_OK;
}

static wf_status add_figure(wf_table *t, wf_context *cx, const char *format, double value) {
    char text[32] = "-";
    if (isfinite(value)) snprintf(text, sizeof text, format, value);
    return wf_table_add(t, cx, text);
}

static wf_status add_row(wf_table *t, wf_context *cx, const wf_run_summary *s) {
    WF_TRY(wf_table_add(t, cx, s->id));
    WF_TRY(wf_table_add(t, cx, wf_run_status_name((wf_run_status)s->status)));
    WF_TRY(wf_table_addf(t, cx, "%lld/%lld", (long long)s->epochs, (long long)s->epochs_planned));
    WF_TRY(wf_table_addf(t, cx, "%lld", (long long)s->seed));
    WF_TRY(add_figure(t, cx, "%.4f", s->val_accuracy));
    WF_TRY(add_figure(t, cx, "%.4f", s->accuracy));
    WF_TRY(add_figure(t, cx, "%.4f", s->loss));
    WF_TRY(add_figure(t, cx, "%.1f s", s->total_s));
    return wf_table_add(t, cx, s->started);
}

static wf_status list_runs(wf_cli *cli, const runs_options *o, wf_store *store,
                           const char *filter) {
    static const char *const head[] = {"run",      "status",    "epochs", "seed",   "val acc",
                                       "test acc", "test loss", "time",   "started"};
    wf_context *cx = &cli->cx;
    wf_run_list list = {0};
    wf_table table;
    WF_TRY(wf_store_list(&list, cx, store, filter));
    wf_table_init(&table, 9, 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7);
    json_t *runs = json_array();
    wf_status status = WF_OK;
    for (size_t i = 0; i < sizeof head / sizeof *head && status == WF_OK; i++)
        status = wf_table_add(&table, cx, head[i]);
    for (size_t i = 0; i < list.count && status == WF_OK; i++) {
        status = add_summary_json(runs, cx, &list.runs[i]);
        if (status == WF_OK) status = add_row(&table, cx, &list.runs[i]);
        if (o->only_names) wf_print(cli, "%s\n", list.runs[i].id);
    }
    if (status == WF_OK && !o->only_names) {
        if (list.count) wf_table_print(&table, cli);
        else
            wf_print(cli, "No runs%s%s in %s.\n", filter ? " of " : "", filter ? filter : "",
                     o->runs);
    }
    if (status == WF_OK) cli->result = json_pack("{s:O}", "runs", runs);
    json_decref(runs);
    wf_table_reset(&table);
    wf_run_list_reset(&list);
    return status;
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
        for (int k = 0; k < 4 && status == WF_OK; k++)
            status = add_figure(&t, cx, "%.4f", figures[k]);
        if (status == WF_OK) status = wf_table_addf(&t, cx, "%.3g", e->learning_rate);
        if (status == WF_OK) status = wf_table_addf(&t, cx, "%.1f", e->seconds);
        if (status == WF_OK) status = wf_table_addf(&t, cx, "%.1f", e->ms_per_step);
    }
    if (status == WF_OK && metrics->count) wf_table_print(&t, cli);
    wf_table_reset(&t);
    return status;
}

static void print_summary(const wf_cli *cli, const wf_run_summary *s) {
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
        wf_print(cli, "  test      accuracy %.4f, loss %.4f, macro-F1 %.4f\n", s->accuracy, s->loss,
                 s->macro_f1);
    if (*s->worst_class)
        wf_print(cli, "  classes   worst %s (F1 %.3f), best %s (F1 %.3f)\n", s->worst_class,
                 s->worst_f1, s->best_class, s->best_f1);
    if (*s->claim_text) wf_print(cli, "  claimed   %s\n", s->claim_text);
    wf_print(cli, "  folder    %s\n", s->path);
}

static wf_status add_epochs_json(json_t *list, wf_context *cx, const wf_run_metrics *metrics) {
    for (size_t i = 0; i < metrics->count; i++) {
        const wf_epoch_record *e = &metrics->epochs[i];
        WF_TRY(wf_json_append(
            list, cx,
            json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "epoch", e->epoch, "loss",
                      wf_json_real(e->loss), "accuracy", wf_json_real(e->accuracy), "val_loss",
                      wf_json_real(e->val_loss), "val_accuracy", wf_json_real(e->val_accuracy),
                      "learning_rate", wf_json_real(e->learning_rate), "seconds",
                      wf_json_real(e->seconds), "ms_per_step", wf_json_real(e->ms_per_step))));
    }
    return WF_OK;
}

static wf_status show_run(wf_cli *cli, wf_store *store, const char *reference) {
    wf_context *cx = &cli->cx;
    wf_status status = WF_OK;
    wf_run *run = NULL;
    wf_run_summary summary = {0};
    wf_run_metrics metrics = {0};
    json_t *list = json_array(), *epochs = json_array();
    WF_TRY_OR(wf_run_open(&run, cx, store, reference));
    WF_TRY_OR(wf_run_read_summary(&summary, cx, run));
    WF_TRY_OR(wf_run_read_metrics(&metrics, cx, run));
    WF_TRY_OR(add_summary_json(list, cx, &summary));
    WF_TRY_OR(add_epochs_json(epochs, cx, &metrics));
    print_summary(cli, &summary);
    WF_TRY_OR(print_epochs(cli, &metrics));
    cli->result = json_pack("{s:O, s:O}", "run", json_array_get(list, 0), "epochs", epochs);
done:
    json_decref(epochs);
    json_decref(list);
    wf_run_metrics_reset(&metrics);
    wf_run_summary_reset(&summary);
    wf_run_close(run);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const runs_options *o = given;
    wf_context *cx = &cli->cx;
    const char *verb = cli->operand_count ? cli->operands[0] : "list";
    const char *object = cli->operand_count > 1 ? cli->operands[1] : NULL;
    int is_show = !strcmp(verb, "show");
    WF_REQUIRE(is_show || !strcmp(verb, "list"), WF_E_ARG,
               "weft runs cannot \"%s\" | it can list and show", verb);
    WF_REQUIRE(object || !is_show, WF_E_ARG, "weft runs show needs a run | weft runs lists them");
    wf_store *store = NULL;
    WF_TRY(wf_store_open(&store, cx, o->runs));
    wf_status status = is_show ? show_run(cli, store, object) : list_runs(cli, o, store, object);
    wf_note_store(cli, store);
    wf_store_close(store);
    return status;
}

const wf_command wf_command_runs = {
    .name = "runs",
    .summary = "List the runs, or show one",
    .operands = "[list [NAME] | show RUN]",
    .max_operands = 2,
    .description =
        "NAME is a model's or a run's name; RUN is a run's folder, its id (gru-128-2), or a\n"
        "name: then the latest finished run of that name.",
    .examples = "weft runs\nweft runs show gru-128-1",
    .options_size = sizeof(runs_options),
    .options = options_table,
    .run = run,
};
