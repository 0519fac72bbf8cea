#include "base/alloc.h"
#include "cmd/classes.h"
#include "cmd/session.h"

typedef struct predict_options {
    wf_session_flags session;
    const char *runs, *views;
    int64_t top;
} predict_options;

static const wf_option options_table[] = {{"top", 'k', WF_OPTION_INT,
                                           offsetof(predict_options, top), "K", "3", NULL, 1, 4096,
                                           "show the K most probable classes"},
                                          WF_VIEWS_OPTION(predict_options, views),
                                          WF_RUNS_OPTION(predict_options, runs),
                                          WF_SESSION_OPTIONS(predict_options, session),
                                          {0}};

typedef struct answers {
    wf_cli *cli;
    const json_t *names;
    json_t *list;
    int classes, top;
    int32_t views;
} answers;

static wf_status add_answer(const answers *a, const char *file, int64_t image, int64_t count,
                            const float *probabilities) {
    json_t *classes = NULL;
    if (count > 1) wf_print(a->cli, "%s[%lld]:", file, (long long)image);
    else wf_print(a->cli, "%s:", file);
    WF_TRY(wf_class_answer(&classes, a->cli, a->names, probabilities, a->classes, a->top));
    wf_print(a->cli, "\n");
    return wf_json_append(
        a->list, &a->cli->cx,
        json_pack("{s:s, s:I, s:o}", "file", file, "image", (json_int_t)image, "classes", classes));
}

static wf_status predict_file(const answers *a, wf_session *s, wf_trained *t, const char *file) {
    wf_cli *cli = s->cli;
    wf_context *cx = &cli->cx;
    wf_images images = {0};
    float *probabilities = NULL;
    wf_predict_result result;
    wf_status status;
    WF_TRY_OR(wf_session_read_images(&images, s, file, t->experiment.model));
    WF_TRY_OR(wf_alloc(&probabilities, cx, (size_t)images.count * (size_t)a->classes,
                       sizeof *probabilities));
    wf_predict_options options = {.images = &images,
                                  .normalization = t->normalization,
                                  .precision = t->experiment.precision,
                                  .views = a->views,
                                  .stop = wf_signals_flag()};
    WF_TRY_OR(wf_predict(&result, probabilities, t->params, cx, s->pool, &options));
    for (int64_t i = 0; i < images.count && status == WF_OK; i++)
        status = add_answer(a, file, i, images.count, probabilities + i * a->classes);
done:
    wf_free(probabilities);
    wf_images_reset(&images);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const predict_options *o = given;
    wf_session session = {0};
    wf_trained trained = {0};
    json_t *names = NULL, *list = json_array();
    wf_status status;
    WF_TRY_OR(wf_session_init(&session, cli, &o->session));
    WF_TRY_OR(wf_trained_open(&trained, &session, o->runs, cli->operands[0]));
    WF_TRY_OR(wf_trained_class_names(&names, &cli->cx, &trained));
    const wf_graph *g = trained.experiment.model->graph;
    int classes = (int)wf_shape_size(&g->nodes[g->output].shape);
    answers a = {cli,
                 names,
                 list,
                 classes,
                 o->top < classes ? (int)o->top : classes,
                 wf_views_find(o->views, trained.experiment.model)};
    for (int i = 1; i < cli->operand_count; i++)
        WF_TRY_OR(predict_file(&a, &session, &trained, cli->operands[i]));
    cli->result = json_pack("{s:s, s:O}", "run", trained.summary.id, "predictions", list);
    WF_TRY_OR(wf_views_json(cli->result, &cli->cx, a.views));
done:
    json_decref(list);
    json_decref(names);
    wf_trained_reset(&trained);
    wf_session_reset(&session);
    return status;
}

const wf_command wf_command_predict = {
    .name = "predict",
    .summary = "Say what is in images",
    .operands = "RUN FILE...",
    .min_operands = 2,
    .max_operands = 1 << 20,
    .description =
        "FILE is a PNG or JPEG image, or an IDX or CSV file of images. An image of another size\n"
        "or in other colours than the model's input is converted, and that is said. RUN is as\n"
        "in weft help evaluate.",
    .examples = "weft predict cnn-3conv-leaky shirt.png --top 2\n"
                "weft predict cnn-3conv-leaky shirt.png --tta flip",
    .options_size = sizeof(predict_options),
    .options = options_table,
    .run = run,
};
