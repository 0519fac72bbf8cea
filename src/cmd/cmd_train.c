#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmd/session.h"
#include "cmd/ui.h"

typedef struct train_options {
    wf_experiment_flags experiment;
    wf_session_flags session;
    const char *name, *runs, *resume, *pretrained, *tensorboard, *ui, *maps;
    int64_t seed;
    double max_time, min_accuracy;
} train_options;

static const wf_option options_table[] = {
    WF_EXPERIMENT_OPTIONS(train_options, experiment),
    {"seed", 0, WF_OPTION_INT, offsetof(train_options, seed), "N", "0", NULL, 0, 9e15,
     "of the split, the first weights, the order and dropout"},
    {"splits", 0, WF_OPTION_TEXT, offsetof(train_options, experiment.splits), "FILE", NULL, NULL, 0,
     0, "splits.csv of another run: which images are for training, which for validation"},
    {"name", 'n', WF_OPTION_TEXT, offsetof(train_options, name), "NAME", NULL, NULL, 0, 0,
     "name of the run's folder (default: the model's)"},
    {"output", 'o', WF_OPTION_TEXT, offsetof(train_options, runs), "DIR", "runs", "WEFT_RUNS", 0, 0,
     "folder of the runs"},
    {"resume", 0, WF_OPTION_TEXT, offsetof(train_options, resume), "RUN", NULL, NULL, 0, 0,
     "go on with an interrupted run, as it was begun; only threads, --isa, --tensorboard, --maps "
     "and --max-time count"},
    {"pretrained", 0, WF_OPTION_TEXT, offsetof(train_options, pretrained), "RUN|FILE", NULL, NULL,
     0, 0,
     "begin with another run's weights, or those of a file (safetensors), where name and shape are "
     "the model's"},
    {"max-time", 0, WF_OPTION_TIME, offsetof(train_options, max_time), "TIME", NULL, NULL, 0, 1e9,
     "stop after 90s, 15m or 2h, save, and exit with 75"},
    {"min-accuracy", 0, WF_OPTION_REAL, offsetof(train_options, min_accuracy), "X", NULL, NULL, 0,
     1, "exit with 5 when the accuracy on the test images is lower"},
    {"maps", 0, WF_OPTION_CHOICE, offsetof(train_options, maps), "auto|all|none", "auto", NULL, 0,
     0,
     "a t-SNE map of the test images in the run's report, and what speaks for its mistakes; auto: "
     "after a minute of training"},
    WF_TENSORBOARD_OPTION(train_options, tensorboard),
    {"ui", 0, WF_OPTION_TEXT, offsetof(train_options, ui), "[=PORT]", NULL, NULL, 0, 0,
     "show the training in the browser, as weft ui does (default: port 9338, or a free one)"},
    WF_SESSION_OPTIONS(train_options, session),
    {0}};

/* The experiment of the run that is to go on; a MODEL beside it must be that run's. */
static wf_status read_resumed(wf_experiment *out, wf_cli *cli, const train_options *o) {
    wf_context *cx = &cli->cx;
    wf_store *store = NULL;
    wf_run *run = NULL;
    char *path = NULL;
    wf_status status;
    WF_TRY_OR(wf_store_open(&store, cx, o->runs));
    WF_TRY_OR(wf_run_open(&run, cx, store, o->resume));
    WF_TRY_OR(wf_run_file(&path, cx, run, "config.yaml"));
    WF_TRY_OR(wf_experiment_read(out, cli, path));
    if (cli->operand_count && strcmp(cli->operands[0], out->model->name)) {
        status = WF_FAIL(WF_E_ARG, "run %s is one of model %s, not of %s | leave the model out",
                         wf_run_id(run), out->model->name, cli->operands[0]);
        wf_experiment_reset(out);
    }
done:
    wf_free(path);
    wf_run_close(run);
    wf_note_store(cli, store);
    wf_store_close(store);
    return status;
}

static wf_status make_result(wf_cli *cli, const wf_run *run, const wf_run_summary *s) {
    wf_context *cx = &cli->cx;
    json_t *test = NULL;
    char *text = NULL;
    size_t size = 0;
    cli->result =
        json_pack("{s:{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o}}", "run", "id", s->id, "path",
                  s->path, "model", s->model, "dataset", s->dataset, "seed", (json_int_t)s->seed,
                  "epochs", (json_int_t)s->epochs, "parameters", (json_int_t)s->parameters,
                  "ms_per_step", wf_json_real(s->ms_per_step), "total_s", wf_json_real(s->total_s));
    const char *key = s->folds ? "held_out" : "test";
    if (!isfinite(s->accuracy)) return wf_json_put(cli->result, cx, key, json_null());
    if (s->folds) WF_TRY(wf_run_read_fold(&text, &size, cx, run));
    else WF_TRY(wf_run_read_test(&text, &size, cx, run));
    wf_status status = wf_json_parse(&test, cx, text, size, s->id, size + 1);
    if (status == WF_OK) status = wf_json_put(cli->result, cx, key, test);
    wf_free(text);
    return status;
}

static int is_multilabel(const json_t *result) {
    return json_is_true(json_object_get(json_object_get(result, "test"), "multilabel"));
}

static wf_status show_run(wf_cli *cli, const char *path, double min_accuracy) {
    wf_context *cx = &cli->cx;
    wf_run *run = NULL;
    wf_run_summary s = {0};
    char accuracy[32], loss[32], f1[32];
    wf_status status;
    WF_TRY_OR(wf_run_open(&run, cx, NULL, path));
    WF_TRY_OR(wf_run_read_summary(&s, cx, run));
    WF_TRY_OR(make_result(cli, run, &s));
    if (isfinite(s.accuracy)) {
        wf_print(cli, "%s: %saccuracy %s - loss %s - macro-F1 %s\n", s.folds ? "held out" : "test",
                 is_multilabel(cli->result) ? "subset " : "", wf_double_text(accuracy, s.accuracy),
                 wf_double_text(loss, s.loss), wf_double_text(f1, s.macro_f1));
        wf_print(cli, "best class %s (F1 %.4f), worst %s (F1 %.4f)\n", s.best_class, s.best_f1,
                 s.worst_class, s.worst_f1);
    }
    if (isfinite(s.accuracy) && !s.folds) wf_print(cli, "report: %s/report.html\n", path);
    else wf_print(cli, "run: %s\n", path);
    WF_REQUIRE_OR(isnan(min_accuracy) || s.accuracy >= min_accuracy, WF_E_GATE,
                  "run %s: accuracy on the test images is %s, must be at least %g", s.id,
                  wf_double_text(accuracy, s.accuracy), min_accuracy);
done:
    wf_run_summary_reset(&s);
    wf_run_close(run);
    return status;
}

/* ---- --ui ---- */

static wf_status start_page(wf_ui *ui, wf_cli *cli, const train_options *o) {
    wf_context *cx = &cli->cx;
    const char *wanted = *o->ui ? o->ui : getenv("WEFT_PORT");
    const char *token = getenv("WEFT_TOKEN");
    const int is_given = wanted && *wanted;
    char *end = NULL;
    long port = is_given ? strtol(wanted, &end, 10) : WF_SERVER_PORT;
    WF_REQUIRE(!is_given || (!*end && port >= 0 && port <= 65535), WF_E_ARG,
               "%s=%s: must be a port, 0 to 65535 | --ui takes %d, or a free one",
               *o->ui ? "--ui" : "WEFT_PORT", wanted, WF_SERVER_PORT);
    *ui = (wf_ui){.runs = o->runs,
                  .port = (int)port,
                  .token = token && *token ? token : NULL,
                  .data_dir = o->session.data.data_dir,
                  .is_offline = o->session.data.is_offline};
    wf_status status = wf_ui_start(ui, cx);
    if (status != WF_E_IO || *o->ui) return status;
    wf_context_reset(cx);
    ui->port = 0;
    return wf_ui_start(ui, cx);
}

typedef struct shown {
    wf_cli *cli;
    const wf_ui *ui;
} shown;

/* The page of the run, as soon as there is one. */
static void show_page(void *user, const char *run) {
    const shown *s = user;
    wf_context quiet = {0};
    wf_str address = {0};
    if (wf_ui_address(&address, &quiet, s->ui, run) == WF_OK) {
        wf_print(s->cli, "page: %s\n", address.text);
        fflush(stdout);
        if (s->cli->is_json) wf_note(s->cli, "page: %s\n", address.text);
        if (isatty(STDERR_FILENO) && (getenv("DISPLAY") || getenv("WAYLAND_DISPLAY")))
            wf_ui_open(s->cli, address.text);
    }
    wf_str_reset(&address);
}

/* Whoever sits there may look on. */
static void keep_page(wf_cli *cli) {
    if (!isatty(STDERR_FILENO) || wf_signals_seen()) return;
    wf_note(cli, "The training has ended; the page stays until Ctrl-C.\n");
    fflush(stdout);
    wf_ui_wait();
}

static wf_status run(wf_cli *cli, const void *given) {
    const train_options *o = given;
    wf_context *cx = &cli->cx;
    wf_experiment experiment = {0};
    wf_session session = {0};
    wf_ui ui = {0};
    const shown shown = {cli, &ui};
    char *path = NULL;
    wf_status status;
    WF_REQUIRE(o->resume || cli->operand_count, WF_E_ARG,
               "weft train needs MODEL or --resume RUN | weft models lists the models");
    if (o->resume) WF_TRY(read_resumed(&experiment, cli, o));
    else WF_TRY(wf_experiment_create(&experiment, cli, cli->operands[0], &o->experiment, o->seed));
    if (o->pretrained && !o->resume)
        WF_TRY_OR(wf_experiment_pretrain(&experiment, cli, o->runs, o->pretrained));
    WF_TRY_OR(wf_session_init(&session, cli, &o->session));
    if (o->ui) WF_TRY_OR(start_page(&ui, cli, o));
    wf_run_settings settings = {.runs = o->runs,
                                .name = o->name,
                                .resume = o->resume,
                                .tensorboard = o->tensorboard,
                                .maps = o->maps,
                                .max_seconds = isnan(o->max_time) ? 0 : o->max_time,
                                .begun = o->ui ? show_page : NULL,
                                .begun_user = (void *)(uintptr_t)&shown};
    WF_TRY_OR(wf_session_train(&path, &session, &experiment, &settings));
    WF_TRY_OR(show_run(cli, path, o->min_accuracy));
done:
    if (ui.server && path) keep_page(cli);
    wf_ui_stop(&ui);
    wf_free(path);
    wf_session_reset(&session);
    wf_experiment_reset(&experiment);
    return status;
}

const wf_command wf_command_train = {
    .name = "train",
    .summary = "Train a model, then test it once",
    .operands = "[MODEL]",
    .max_operands = 1,
    .description =
        "MODEL is a name that weft models lists, or the path of a model file. The run's folder "
        "holds\n"
        "the configuration, the figures of every epoch, the weights, a checkpoint, and what the\n"
        "official test images say about the trained model; it is never overwritten. Ctrl-C "
        "finishes\n"
        "the step, saves and exits with 130; --resume goes on to the same bits.",
    .examples =
        "weft train gru-128 --epochs 3\n"
        "weft train my-model.yaml --dataset photos/ --set training.optimizer.learning_rate=0.01\n"
        "weft train cnn-16 --set 'training.augmentation=[random_flip, random_shift]'\n"
        "weft train cnn-16 --set training.ema.decay=0.99\n"
        "weft train outfits-cnn-rnn --dataset outfits --pretrained outfits-sigmoid\n"
        "weft train --resume runs/gru-128-1",
    .options_size = sizeof(train_options),
    .options = options_table,
    .run = run,
};
