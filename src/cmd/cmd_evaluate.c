#include "base/alloc.h"
#include "base/files.h"
#include "cmd/curves_output.h"
#include "cmd/judged.h"
#include "cmd/session.h"
#include "eval/evaluation.h"

typedef struct evaluate_options {
    wf_session_flags session;
    const char *dataset, *runs, *precision, *curves, *views, *prior;
    int64_t resamples, beam_width;
} evaluate_options;

static const wf_option options_table[] = {
    {"dataset", 'd', WF_OPTION_TEXT, offsetof(evaluate_options, dataset), "DATASET", NULL, NULL, 0,
     0, "judge on the test part of this data set (default: the run's own)"},
    {"precision", 0, WF_OPTION_CHOICE, offsetof(evaluate_options, precision),
     "float32|bfloat16|auto", NULL, NULL, 0, 0,
     "factors of matrix products; auto: bfloat16 where the CPU has it (default: the run's own)"},
    {"resamples", 0, WF_OPTION_INT, offsetof(evaluate_options, resamples), "N", "2000", NULL, 0,
     1000000, "bootstrap resamples for the intervals of the figures, 0 for no intervals"},
    {"curves", 0, WF_OPTION_TEXT, offsetof(evaluate_options, curves), "DIR", NULL, NULL, 0, 0,
     "write roc.csv, pr.csv and calibration.csv into DIR"},
    {"prior", 0, WF_OPTION_TEXT, offsetof(evaluate_options, prior), "FILE", NULL, NULL, 0, 0,
     "decide by Bayes' rule with this exact distribution of label sets, the distribution.json of "
     "weft compose outfits; the run must be of independent labels"},
    WF_VIEWS_OPTION(evaluate_options, views),
    WF_BEAM_OPTION(evaluate_options, beam_width),
    WF_RUNS_OPTION(evaluate_options, runs),
    WF_SESSION_OPTIONS(evaluate_options, session),
    {0}};

/* A run that was trained where labels depend on each other has learned some of it: with the
 * distribution it would count twice. What the run's data do not say is up to the caller. */
static wf_status read_prior(wf_prior **out, wf_context *cx, const wf_trained *t, const char *path) {
    char *own_path = NULL;
    wf_prior *own = NULL, *prior = NULL;
    wf_status status;
    WF_TRY_OR(wf_prior_read(&prior, cx, path));
    WF_TRY_OR(wf_path_join(&own_path, cx, t->experiment.dataset, WF_PRIOR_FILE));
    if (wf_path_exists(own_path)) WF_TRY_OR(wf_prior_read(&own, cx, own_path));
    WF_REQUIRE_OR(!own || own->dependence == 0, WF_E_ARG,
                  "--prior: run %s was trained on labels of dependence %g, must be 0 | what one "
                  "label says about another would count twice",
                  t->summary.id, own->dependence);
    *out = prior;
    prior = NULL;
done:
    wf_prior_destroy(prior);
    wf_prior_destroy(own);
    wf_free(own_path);
    return status;
}

static wf_status judge(wf_session *s, wf_trained *t, const wf_prior *prior,
                       const evaluate_options *o) {
    wf_cli *cli = s->cli;
    wf_context *cx = &cli->cx;
    const wf_asking asking = {.prior = prior,
                              .params = t->params,
                              .precision = t->experiment.precision,
                              .normalization = &t->normalization,
                              .views = wf_views_find(o->views, t->experiment.model),
                              .beam_width = (int32_t)o->beam_width};
    wf_evaluation *evaluation = NULL;
    float *probabilities = NULL;
    json_t *json = NULL;
    s->data.options.only_test = 1;
    WF_TRY(wf_trained_open_data(s, t, o->dataset));
    const wf_images *test = &s->dataset->test;
    WF_REQUIRE(test->count > 0, WF_E_DATA, "data set %s has no test images", s->dataset->name);
    WF_TRY(wf_session_judge(&evaluation, &probabilities, s, &asking, test, s->dataset->class_names,
                            t->thresholds));
    wf_status status = wf_session_bootstrap(evaluation, s, o->resamples);
    if (status == WF_OK && o->curves)
        status = wf_curves_write(cx, o->curves, test, probabilities, evaluation->class_count);
    wf_free(probabilities);
    wf_print(cli, "%s on the test images of %s\n", t->summary.id, s->dataset->name);
    if (asking.views)
        wf_print(cli, "means over %d views of each image (%s)\n", wf_test_view_count(asking.views),
                 wf_views_name(asking.views));
    if (prior) wf_print(cli, "sets by Bayes' rule with %s\n", o->prior);
    if (wf_tells_sequences(t->params->graph))
        wf_print(cli, "sets by beam search of width %d\n", (int)asking.beam_width);
    if (status == WF_OK) status = wf_evaluation_print(cli, evaluation);
    if (status == WF_OK) status = wf_evaluation_json(&json, cx, evaluation);
    if (status == WF_OK)
        cli->result =
            json_pack("{s:s, s:s, s:s, s:o}", "run", t->summary.id, "dataset", s->dataset->name,
                      "test_hash", s->dataset->test_sha256, "evaluation", json);
    if (status == WF_OK) status = wf_views_json(cli->result, cx, asking.views);
    if (status == WF_OK) status = wf_beam_json(cli->result, cx, &asking);
    if (status == WF_OK && prior)
        status = wf_json_put(cli->result, cx, "prior", json_string(o->prior));
    wf_evaluation_destroy(evaluation);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const evaluate_options *o = given;
    wf_session session = {0};
    wf_trained trained = {0};
    wf_prior *prior = NULL;
    wf_status status;
    WF_TRY_OR(wf_session_init(&session, cli, &o->session));
    WF_TRY_OR(wf_trained_open(&trained, &session, o->runs, cli->operands[0]));
    if (o->precision)
        WF_TRY_OR(wf_precision_find(&trained.experiment.precision, &cli->cx, o->precision));
    if (o->prior) WF_TRY_OR(read_prior(&prior, &cli->cx, &trained, o->prior));
    WF_TRY_OR(judge(&session, &trained, prior, o));
done:
    wf_prior_destroy(prior);
    wf_trained_reset(&trained);
    wf_session_reset(&session);
    return status;
}

const wf_command wf_command_evaluate = {
    .name = "evaluate",
    .summary = "Judge a trained model on test images",
    .operands = "RUN",
    .min_operands = 1,
    .max_operands = 1,
    .description =
        "RUN is a run's folder, its id (gru-128-2), or a name: then the latest finished run.\n"
        "Nothing is stored: what a run itself was tested with stays in its test.json.",
    .examples = "weft evaluate gru-128\nweft evaluate runs/gru-128-1 --dataset photos/\n"
                "weft evaluate gru-128 --tta flip,shift\n"
                "weft evaluate outfits-sigmoid -d outfits-1 --prior outfits-1/distribution.json\n"
                "weft evaluate outfits-cnn-rnn --beam-width 20\n"
                "weft evaluate gru-128 --resamples 10000 --curves curves",
    .options_size = sizeof(evaluate_options),
    .options = options_table,
    .run = run,
};
