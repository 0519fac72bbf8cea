#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/audit.h"
#include "cmd/page.h"
#include "cmd/session.h"

typedef struct audit_options {
    wf_session_flags session;
    wf_texts from;
    const char *judged, *runs, *output, *page;
    double near;
} audit_options;

/* 0.03: in Fashion-MNIST's training part the distances to the nearest other image begin with a few
 * pairs of the same photograph and rise steeply behind it; docs/results.md has the figures. */
static const wf_option options_table[] = {
    {"run", 'r', WF_OPTION_LIST, offsetof(audit_options, from), "RUN", NULL, NULL, 0, 0,
     "ask this run (test labels), or all cross-validation folds and the latest run of this name"},
    {"judged", 0, WF_OPTION_TEXT, offsetof(audit_options, judged), "RUN", NULL, NULL, 0, 0,
     "show its accuracy without the test images that runs of other models flag (sensitivity only)"},
    {"near", 0, WF_OPTION_REAL, offsetof(audit_options, near), "D", "0.03", NULL, 0, 1,
     "near duplicates: root mean square difference up to this share of the full range"},
    {"output", 'o', WF_OPTION_TEXT, offsetof(audit_options, output), "DIR", NULL, NULL, 0, 0,
     "write the CSV files and pictures here (default: audit in the folder of runs)"},
    {"page", 0, WF_OPTION_TEXT, offsetof(audit_options, page), "FILE", NULL, NULL, 0, 0,
     "also write the result into this page, as a section that says what made it"},
    WF_RUNS_OPTION(audit_options, runs),
    WF_SESSION_OPTIONS(audit_options, session),
    {0}};

/* ---- labels ---- */

/* The judged run, and the name of its model. */
typedef struct judged {
    wf_run *run; /* NULL: none is judged */
    wf_run_summary summary;
} judged;

static wf_status open_judged(judged *out, wf_context *cx, wf_store *store, const char *reference) {
    if (!reference) return WF_OK;
    WF_TRY(wf_run_open(&out->run, cx, store, reference));
    WF_TRY(wf_run_read_summary(&out->summary, cx, out->run));
    WF_REQUIRE(out->summary.folds == 0 && isfinite(out->summary.accuracy), WF_E_ARG,
               "--judged %s: run %s was not tested on the test images | give a run that was",
               reference, out->summary.id);
    return WF_OK;
}

static wf_status look_at_labels(wf_audit *a, wf_cli *cli, const audit_options *o, wf_store *store) {
    wf_context *cx = &cli->cx;
    judged j = {0};
    wf_status status;
    WF_TRY_OR(open_judged(&j, cx, store, o->judged));
    for (size_t i = 0; i < o->from.count; i++)
        WF_TRY_OR(wf_opinions_add(&a->training, &a->test, cli, store, o->from.items[i],
                                  j.run ? j.summary.model : NULL));
    WF_TRY_OR(wf_opinions_errors(&a->training_errors, cx, &a->training));
    WF_TRY_OR(wf_opinions_errors(&a->test_errors, cx, &a->test));
    if (!j.run) goto done;
    WF_REQUIRE_OR(a->test_errors, WF_E_ARG,
                  "--judged %s: no run of another model than %s flags test images | a model cannot "
                  "say which of its own mistakes are errors of the labels: give --run with other "
                  "models",
                  o->judged, j.summary.model);
    WF_TRY_OR(wf_sensitivity_measure(a, cx, j.run));
done:
    wf_run_summary_reset(&j.summary);
    wf_run_close(j.run);
    return status;
}

/* ---- what comes of it ---- */

/* The folder `pictures` as seen from the folder of `page`: *out points into it, or is NULL where it
 * is not below that. */
static wf_status seen_from(const char **out, wf_context *cx, const char *pictures,
                           const char *page) {
    char *folder = NULL;
    WF_TRY(wf_path_folder(&folder, cx, page));
    size_t n = strlen(folder);
    *out = NULL;
    if (!strcmp(folder, ".")) *out = *pictures == '/' ? NULL : pictures;
    else if (!strncmp(pictures, folder, n) && pictures[n] == '/') *out = pictures + n + 1;
    wf_free(folder);
    return WF_OK;
}

static wf_status write_page(wf_session *s, const wf_audit *a, const char *page,
                            const char *folder) {
    wf_context *cx = &s->cli->cx;
    wf_str body = {0}, title = {0};
    const char *pictures = NULL;
    char isa[16];
    wf_str_addf(&title, cx, "Audit of %s", a->dataset->name);
    wf_status status = title.status;
    if (status == WF_OK) status = seen_from(&pictures, cx, folder, page);
    if (status == WF_OK) status = wf_audit_markdown(&body, cx, a, pictures);
    if (status == WF_OK)
        status = wf_page_write(s->cli, page, title.text, body.text, wf_pool_size(s->pool),
                               wf_isa_text(isa, s->kernels));
    wf_str_reset(&title);
    wf_str_reset(&body);
    return status;
}

static wf_status show(wf_session *s, const wf_audit *a, const audit_options *o) {
    wf_cli *cli = s->cli;
    wf_context *cx = &cli->cx;
    char *folder = NULL;
    if (o->output) WF_TRY(wf_strdup(&folder, cx, o->output));
    else WF_TRY(wf_path_join(&folder, cx, o->runs, "audit"));
    wf_status status;
    WF_TRY_OR(wf_audit_print(cli, a));
    WF_TRY_OR(wf_audit_write(cx, a, folder));
    if (o->page) WF_TRY_OR(write_page(s, a, o->page, folder));
    wf_print(cli, "\nlists and pictures: %s\n", folder);
    WF_TRY_OR(wf_audit_json(&cli->result, cx, a));
    WF_TRY_OR(wf_json_put(cli->result, cx, "folder", json_string(folder)));
done:
    wf_free(folder);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    enum { MAX_SIDE = 256 }; /* of photos: more tells neither copies nor labels apart */
    const audit_options *o = given;
    wf_context *cx = &cli->cx;
    wf_session session = {0};
    wf_dataset *dataset = NULL;
    wf_store *store = NULL;
    wf_audit a = {0};
    wf_status status;
    WF_TRY_OR(wf_session_init(&session, cli, &o->session));
    session.data.options.as_first = 1;
    session.data.options.max_side = MAX_SIDE;
    WF_TRY_OR(wf_store_open(&store, cx, o->runs));
    WF_TRY_OR(wf_data_open(&dataset, cli, cli->operands[0], &session.data));
    a.dataset = dataset;
    WF_TRY_OR(wf_opinions_init(&a.training, cx, dataset, WF_PART_TRAIN));
    WF_TRY_OR(wf_opinions_init(&a.test, cx, dataset, WF_PART_TEST));
    WF_TRY_OR(
        wf_duplicates_find(&a.duplicates, cx, session.pool, dataset, o->near, wf_signals_flag()));
    WF_TRY_OR(look_at_labels(&a, cli, o, store));
    WF_TRY_OR(show(&session, &a, o));
done:
    wf_free(a.sensitivity.run);
    wf_label_errors_destroy(a.training_errors);
    wf_label_errors_destroy(a.test_errors);
    wf_opinions_reset(&a.training);
    wf_opinions_reset(&a.test);
    wf_duplicates_destroy(a.duplicates);
    wf_dataset_destroy(dataset);
    wf_store_close(store);
    wf_session_reset(&session);
    return status;
}

const wf_command wf_command_audit = {
    .name = "audit",
    .summary = "Look for duplicates and label errors in a data set",
    .operands = "DATA",
    .min_operands = 1,
    .max_operands = 1,
    .description =
        "DATA is a name that weft datasets lists, or a path. Every image is compared with every\n"
        "other one, within and across training, validation and test part. With --run, labels that\n"
        "trained models find unlikely are listed by confident learning: those of training images\n"
        "from the folds of a cross-validation (weft cv), which hold each image out once, those of\n"
        "test images from ordinary runs. Several runs are averaged. Where images have any number "
        "of\n"
        "labels, each is asked about by itself. Nothing is changed or removed.",
    .examples = "weft audit fashion-mnist\n"
                "weft audit fashion-mnist --run cnn-1conv --page docs/results.md -o docs/audit\n"
                "weft audit fashion-mnist --run cnn-2conv --run gru-128 --judged cnn-3conv-leaky\n"
                "weft audit photos/ --near 0.05",
    .options_size = sizeof(audit_options),
    .options = options_table,
    .run = run,
};
