#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/page.h"
#include "cmd/sweep_parts.h"

static const wf_option options_table[] = {
    {"suite", 0, WF_OPTION_CHOICE, offsetof(wf_sweep_options, suite), "hidden-size|dropout", NULL,
     NULL, 0, 0, "what two of the reports say of units and of dropout, checked; needs no MODEL"},
    {"random", 0, WF_OPTION_INT, offsetof(wf_sweep_options, random), "N", NULL, NULL, 1,
     WF_MAX_TRIALS, "draw N combinations under the seed instead of trying all"},
    {"seeds", 0, WF_OPTION_INT, offsetof(wf_sweep_options, seeds), "N", "1", NULL, 1, 1000,
     "train each combination N times"},
    {"seed", 0, WF_OPTION_INT, offsetof(wf_sweep_options, seed), "N", "0", NULL, 0, 9e15,
     "the first seed"},
    {"monitor", 0, WF_OPTION_CHOICE, offsetof(wf_sweep_options, monitor), "val_accuracy|val_loss",
     "val_accuracy", NULL, 0, 0, "what the combinations are judged by"},
    {"no-final", 0, WF_OPTION_FLAG, offsetof(wf_sweep_options, no_final), NULL, NULL, NULL, 0, 0,
     "do not train the best combination in full"},
    {"output", 'o', WF_OPTION_TEXT, offsetof(wf_sweep_options, output), "DIR", NULL, NULL, 0, 0,
     "write <model>.md, .csv and .json here (default: sweep in the folder of runs)"},
    {"page", 0, WF_OPTION_TEXT, offsetof(wf_sweep_options, page), "FILE", NULL, NULL, 0, 0,
     "also write the result into this page, as a section that says what made it"},
    {"max-time", 0, WF_OPTION_TIME, offsetof(wf_sweep_options, max_time), "TIME", NULL, NULL, 0,
     1e9, "stop after 90s, 15m or 2h, save, and exit with 75; the same call goes on"},
    WF_JOBS_OPTION(wf_sweep_options, jobs),
    WF_EXPERIMENT_OPTIONS(wf_sweep_options, experiment),
    WF_RUNS_OPTION(wf_sweep_options, runs),
    WF_TENSORBOARD_OPTION(wf_sweep_options, tensorboard),
    WF_SESSION_OPTIONS(wf_sweep_options, session),
    {0}};

/* What the reports say about a setting. */
static const struct suite {
    const char *name, *model, *axis, *claim;
} suites[] = {
    {"hidden-size", "lstm-186", "layers.lstm.units=186,56,280",
     "Report 003 says of 56 and of 280 units in place of 186 that accuracy and speed \"did not "
     "change much\"."},
    {"dropout", "cnn-3conv-leaky", "layers.dropout*.rate=0.25,0",
     "Report 002 says that dropout took its loss from about .4 to about .2 and brought the curves "
     "of training and validation closer together. (Training loss is measured with dropout at work, "
     "validation loss without.)"},
    {"dropout", "gru-128", "layers.dropout*.rate=0.25,0", "The same for its recurrent network."}};

static wf_status sweep_model(wf_sweeping *all, const char *model, const char *claim,
                             const char *const *axes, size_t count) {
    wf_context *cx = &all->cli->cx;
    wf_one_sweep o = {.all = all, .model = model, .claim = claim};
    wf_status status = WF_OK;
    WF_TRY_OR(wf__sweep_begin(&o, axes, count));
    WF_TRY_OR(wf__sweep_try_all(&o));
    /* a trial that was stopped may still be the best: the test images are for that one */
    if (o.failure.code == WF_OK && !all->options->no_final && wf__sweep_train_best(&o) != WF_OK) {
        o.failure = *cx;
        wf_context_reset(cx);
    }
    WF_TRY_OR(wf__sweep_print(&o));
    WF_TRY_OR(wf__sweep_write(&o));
    status = o.failure.code;
    if (status != WF_OK) *cx = o.failure;
done:
    wf_str_reset(&o.final);
    wf_sweep_destroy(o.sweep);
    wf_free(o.varied);
    wf_trials_reset(&o.trials);
    return status;
}

static wf_status sweep_suite(wf_sweeping *all, const char *name) {
    const wf_texts *more = &all->options->experiment.set;
    wf_context *cx = &all->cli->cx;
    const char **axes = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf_alloc(&axes, cx, more->count + 1, sizeof *axes));
    for (size_t i = 0; i < more->count; i++) axes[i + 1] = more->items[i];
    for (size_t i = 0; i < sizeof suites / sizeof *suites && status == WF_OK; i++) {
        if (strcmp(suites[i].name, name) != 0) continue;
        axes[0] = suites[i].axis;
        status = sweep_model(all, suites[i].model, suites[i].claim, axes, more->count + 1);
    }
    wf_free(axes);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const wf_sweep_options *o = given;
    wf_context *cx = &cli->cx;
    char isa[16];
    wf_sweeping all = {.cli = cli, .options = o, .results = json_array()};
    wf_str title = {0};
    wf_status status;
    WF_REQUIRE_OR(!cli->operand_count != !o->suite, WF_E_ARG,
                  "weft sweep needs a model or a suite, not both | weft models lists the models");
    WF_TRY_OR(wf_session_prepare(&all.session, cli, &o->session));
    WF_TRY_OR(wf_store_open(&all.store, cx, o->runs));
    if (!isnan(o->max_time)) all.deadline_s = wf_clock_s() + o->max_time;
    if (o->suite) WF_TRY_OR(sweep_suite(&all, o->suite));
    else
        WF_TRY_OR(sweep_model(&all, cli->operands[0], NULL, o->experiment.set.items,
                              o->experiment.set.count));
    if (o->page) {
        const char *what = o->suite ? o->suite : wf_path_base(cli->operands[0]);
        wf_str_addf(&title, cx, "Sweep: %s", what);
        WF_TRY_OR(title.status);
        WF_TRY_OR(wf_page_write(cli, o->page, title.text, all.page.text, all.session.threads,
                                wf_isa_text(isa, all.session.kernels)));
    }
    cli->result = json_pack("{s:O}", "sweeps", all.results);
done:
    wf_str_reset(&title);
    wf_str_reset(&all.page);
    json_decref(all.results);
    wf_note_store(cli, all.store);
    wf_store_close(all.store);
    wf_session_reset(&all.session);
    return status;
}

const wf_command wf_command_sweep = {
    .name = "sweep",
    .summary = "Try settings of a model, judged on validation images only",
    .operands = "MODEL",
    .max_operands = 1,
    .description =
        "A --set with several values, PATH=A,B,C, is tried with each of them; of several such\n"
        "options every combination. With --random N the values are drawn, also from ranges:\n"
        "PATH=16..256, PATH=1e-4..1e-2:log. No trial sees the test images; the best is then\n"
        "trained with the model's own number of epochs and tested once. The same call goes on\n"
        "with what was interrupted.",
    .examples =
        "weft sweep lstm-186 --set layers.lstm.units=56,186,280 --epochs 5 --seeds 3\n"
        "weft sweep cnn-32 --random 20 --set training.optimizer.learning_rate=1e-4..1e-2:log\n"
        "weft sweep --suite dropout --seeds 3",
    .options_size = sizeof(wf_sweep_options),
    .options = options_table,
    .run = run,
};
