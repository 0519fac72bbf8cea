#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/session.h"

typedef struct predict_options {
    wf_session_flags session;
    const char *runs;
    int64_t top;
} predict_options;

static const wf_option options_table[] = {{"top", 'k', WF_OPTION_INT,
                                           offsetof(predict_options, top), "K", "3", NULL, 1, 4096,
                                           "show the K most probable classes"},
                                          WF_RUNS_OPTION(predict_options, runs),
                                          WF_SESSION_OPTIONS(predict_options, session),
                                          {0}};

static const char *class_name(char buffer[32], const json_t *names, int class) {
    const char *name = json_string_value(json_array_get(names, (size_t) class));
    if (name) return name;
    snprintf(buffer, 32, "%d", class);
    return buffer;
}

/* The `k` most probable classes, the first of equals first. */
static void rank(int *out, const float *probabilities, int classes, int k) {
    for (int i = 0; i < k; i++) {
        int best = -1;
        for (int c = 0; c < classes; c++) {
            int is_taken = 0;
            for (int j = 0; j < i; j++) is_taken |= out[j] == c;
            if (!is_taken && (best < 0 || probabilities[c] > probabilities[best])) best = c;
        }
        out[i] = best;
    }
}

typedef struct answers {
    wf_cli *cli;
    const json_t *names;
    json_t *list;
    int classes, top;
} answers;

static wf_status add_answer(const answers *a, const char *file, int64_t image, int64_t count,
                            const float *probabilities) {
    wf_context *cx = &a->cli->cx;
    char buffer[32];
    int *order = NULL;
    WF_TRY(wf_alloc(&order, cx, (size_t)a->top, sizeof *order));
    rank(order, probabilities, a->classes, a->top);
    json_t *classes = json_array();
    wf_status status = wf_json_append(
        a->list, cx,
        json_pack("{s:s, s:I, s:o}", "file", file, "image", (json_int_t)image, "classes", classes));
    if (count > 1) wf_print(a->cli, "%s[%lld]:", file, (long long)image);
    else wf_print(a->cli, "%s:", file);
    for (int i = 0; i < a->top && status == WF_OK; i++) {
        const char *name = class_name(buffer, a->names, order[i]);
        double p = (double)probabilities[order[i]];
        wf_print(a->cli, "%s %s %.4f", i ? "," : "", name, p);
        status = wf_json_append(
            classes, cx,
            json_pack("{s:i, s:s, s:f}", "class", order[i], "name", name, "probability", p));
    }
    wf_print(a->cli, "\n");
    wf_free(order);
    return status;
}

static wf_status predict_file(const answers *a, wf_session *s, wf_trained *t, const char *file) {
    wf_cli *cli = s->cli;
    wf_context *cx = &cli->cx;
    wf_images images = {0};
    char *notes = NULL;
    float *probabilities = NULL;
    wf_predict_result result;
    const wf_shape *input = &t->experiment.model->graph->nodes[0].shape;
    s->data.options.height = (int32_t)input->dim[0];
    s->data.options.width = (int32_t)input->dim[1];
    s->data.options.channels = (int32_t)input->dim[2];
    wf_status status = wf_image_read(&images, &notes, cx, file, &s->data.options);
    if (status == WF_E_NOTFOUND || status == WF_E_ARG || status == WF_E_IO)
        cli->exit_code = WF_EXIT_DATA;
    WF_TRY_OR(status);
    if (*notes) wf_note(cli, "%s", notes);
    WF_TRY_OR(wf_alloc(&probabilities, cx, (size_t)images.count * (size_t)a->classes,
                       sizeof *probabilities));
    wf_predict_options options = {.images = &images,
                                  .normalization = t->normalization,
                                  .precision = t->experiment.precision,
                                  .stop = wf_signals_flag()};
    WF_TRY_OR(wf_predict(&result, probabilities, t->params, cx, s->pool, &options));
    for (int64_t i = 0; i < images.count && status == WF_OK; i++)
        status = add_answer(a, file, i, images.count, probabilities + i * a->classes);
done:
    wf_free(probabilities);
    wf_text_free(notes);
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
    answers a = {cli, names, list, classes, o->top < classes ? (int)o->top : classes};
    for (int i = 1; i < cli->operand_count; i++)
        WF_TRY_OR(predict_file(&a, &session, &trained, cli->operands[i]));
    cli->result = json_pack("{s:s, s:O}", "run", trained.summary.id, "predictions", list);
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
    .examples = "weft predict cnn-3conv-leaky shirt.png --top 2",
    .options_size = sizeof(predict_options),
    .options = options_table,
    .run = run,
};
