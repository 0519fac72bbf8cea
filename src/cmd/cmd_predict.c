#include <math.h>

#include "base/alloc.h"
#include "cmd/classes.h"
#include "cmd/session.h"
#include "eval/looks.h"
#include "eval/set_answers.h"

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
    int classes, top, is_multilabel;
    const double *thresholds; /* NULL: one half */
    wf_shape places;          /* of the values that attention looks at */
    int height, width;        /* of the model's input */
    int32_t views;
} answers;

/* What is said of one image. */
typedef struct answer {
    const float *probabilities; /* [classes] */
    const uint8_t *told;     /* [classes] the likeliest set, of a model that tells it as a whole */
    double log_p;            /* of that set */
    const float *looks;      /* [steps][places] of a model with attention; NULL: it has none */
    const int32_t *sequence; /* [steps] what each step told */
} answer;

static double threshold_of(const answers *a, int class) {
    return a->thresholds ? a->thresholds[class] : 0.5;
}

/* Where the step looked that told a label: the weights of all places, row by row, and the place of
 * the largest one in pixels of the model's input. */
static wf_status add_look(const answers *a, json_t *label, const answer *said, int class) {
    wf_context *cx = &a->cli->cx;
    const int64_t *places = a->places.dim;
    const int is_map = a->places.rank == 3, height = is_map ? (int)places[0] : 1;
    const int width = (int)places[is_map];
    int step = 0, best = 0;
    if (!said->looks) return WF_OK;
    while (said->sequence[step] != class) step++;
    const float *weights = said->looks + (ptrdiff_t)step * height * width;
    json_t *rows = json_array();
    for (int i = 0; i < height * width; i++) {
        if (i % width == 0) json_array_append_new(rows, json_array());
        json_array_append_new(json_array_get(rows, json_array_size(rows) - 1),
                              json_real((double)weights[i]));
        if (weights[i] > weights[best]) best = i;
    }
    WF_TRY(wf_json_put(label, cx, "attention", rows));
    if (!is_map) return WF_OK;
    const int x = (2 * (best % width) + 1) * a->width / (2 * width);
    const int y = (2 * (best / width) + 1) * a->height / (2 * height);
    wf_print(a->cli, " (%d, %d)", x, y);
    return wf_json_put(label, cx, "looked_at", json_pack("{s:i, s:i}", "x", x, "y", y));
}

/* The set of labels that are said to be there, the most probable first, and the probability of
 * just this set: as the model says, or were labels independent of each other, as other models have
 * learnt them. */
static wf_status add_set(const answers *a, const char *file, int64_t image, const answer *said) {
    wf_context *cx = &a->cli->cx;
    const float *probabilities = said->probabilities;
    json_t *labels = json_array();
    double of_set = 1;
    int *order = NULL;
    char buffer[32];
    wf_status status;
    WF_TRY_OR(wf_alloc(&order, cx, (size_t)a->classes, sizeof *order));
    wf_class_rank(order, probabilities, a->classes, a->classes);
    for (int i = 0; i < a->classes; i++) {
        const double p = (double)probabilities[order[i]];
        const int is_there = said->told ? said->told[order[i]] : p > threshold_of(a, order[i]);
        of_set *= is_there ? p : 1 - p;
        if (!is_there) continue;
        const char *name = wf_class_name(buffer, a->names, order[i]);
        wf_print(a->cli, "%s %s %.4f", json_array_size(labels) ? "," : "", name, p);
        json_t *label =
            json_pack("{s:i, s:s, s:f}", "class", order[i], "name", name, "probability", p);
        WF_TRY_OR(wf_json_append(labels, cx, label));
        WF_TRY_OR(add_look(a, label, said, order[i]));
        if (!said->told)
            WF_TRY_OR(wf_json_put(label, cx, "threshold", json_real(threshold_of(a, order[i]))));
    }
    if (!json_array_size(labels))
        wf_print(a->cli, " no label (most probable: %s %.4f)",
                 wf_class_name(buffer, a->names, order[0]), (double)probabilities[order[0]]);
    if (said->told) of_set = exp(said->log_p);
    wf_print(a->cli, " - set %.4f\n", of_set);
    json_t *all = json_array();
    for (int c = 0; c < a->classes; c++)
        json_array_append_new(all, json_real((double)probabilities[c]));
    status = wf_json_append(a->list, cx,
                            json_pack("{s:s, s:I, s:O, s:f, s:o}", "file", file, "image",
                                      (json_int_t)image, "labels", labels, "set_probability",
                                      of_set, "probabilities", all));
done:
    wf_free(order);
    json_decref(labels);
    return status;
}

static wf_status add_answer(const answers *a, const char *file, int64_t image, int64_t count,
                            const answer *said) {
    json_t *classes = NULL;
    if (count > 1) wf_print(a->cli, "%s[%lld]:", file, (long long)image);
    else wf_print(a->cli, "%s:", file);
    if (a->is_multilabel) return add_set(a, file, image, said);
    WF_TRY(wf_class_answer(&classes, a->cli, a->names, said->probabilities, a->classes, a->top));
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
    float *looks = NULL;
    uint8_t *told = NULL;
    int32_t *sequences = NULL;
    double *log_p = NULL;
    wf_predict_result result;
    const wf_shape *output = &t->params->graph->nodes[t->params->graph->output].shape;
    const size_t steps = (size_t)output->dim[0];
    size_t places = 0;
    wf_status status;
    WF_TRY_OR(wf_session_read_images(&images, s, file, t->experiment.model));
    WF_TRY_OR(wf_alloc(&probabilities, cx, (size_t)images.count * (size_t)a->classes,
                       sizeof *probabilities));
    wf_predict_options options = {.images = &images,
                                  .normalization = t->normalization,
                                  .precision = t->experiment.precision,
                                  .views = a->views,
                                  .stop = wf_signals_flag()};
    const int is_told = wf_told_sets(t->params->graph) > 0;
    if (is_told) {
        WF_TRY_OR(wf_alloc(&told, cx, (size_t)images.count, (size_t)a->classes));
        WF_TRY_OR(wf_alloc(&log_p, cx, (size_t)images.count, sizeof *log_p));
        wf_set_answers answers = {.sets = told, .labels = probabilities, .log_p = log_p};
        if (a->places.rank) {
            places = (size_t)(wf_shape_size(&a->places) / a->places.dim[a->places.rank - 1]);
            WF_TRY_OR(wf_alloc(&sequences, cx, (size_t)images.count * steps, sizeof *sequences));
            WF_TRY_OR(wf_alloc(&looks, cx, (size_t)images.count * steps, places * sizeof *looks));
            answers.sequences = sequences;
        }
        WF_TRY_OR(wf_set_answers_fill(&answers, cx, t->params, s->pool, &options, 0));
        if (looks) WF_TRY_OR(wf_looks_fill(looks, cx, t->params, s->pool, &options, sequences));
    } else {
        WF_TRY_OR(wf_predict(&result, probabilities, t->params, cx, s->pool, &options));
    }
    for (int64_t i = 0; i < images.count && status == WF_OK; i++) {
        const answer said = {probabilities + i * a->classes, is_told ? told + i * a->classes : NULL,
                             is_told ? log_p[i] : 0,
                             looks ? looks + (size_t)i * steps * places : NULL,
                             looks ? sequences + (size_t)i * steps : NULL};
        status = add_answer(a, file, i, images.count, &said);
    }
done:
    wf_free(looks);
    wf_free(sequences);
    wf_free(told);
    wf_free(log_p);
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
    int classes = wf_model_classes(trained.experiment.model);
    answers a = {.cli = cli,
                 .names = names,
                 .list = list,
                 .classes = classes,
                 .top = o->top < classes ? (int)o->top : classes,
                 .is_multilabel = wf_model_is_multilabel(trained.experiment.model),
                 .thresholds = trained.thresholds,
                 .views = wf_views_find(o->views, trained.experiment.model)};
    const wf_graph *g = trained.params->graph;
    const int look = wf_looks_layer(g);
    a.height = (int)g->nodes[0].shape.dim[0];
    a.width = (int)g->nodes[0].shape.dim[1];
    if (look > 0) a.places = g->nodes[g->nodes[look].inputs[1]].shape;
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
        "in weft help evaluate. A model of any number of labels names those whose probability is\n"
        "above their threshold, which was chosen on the run's validation images, and the\n"
        "probability of that set, were labels independent; --top is then not used. With attention\n"
        "it says at which pixel (x, y) of the model's input each label looked most, and --json "
        "has\n"
        "the weights of all places.",
    .examples = "weft predict cnn-3conv-leaky shirt.png --top 2\n"
                "weft predict cnn-3conv-leaky shirt.png --tta flip",
    .options_size = sizeof(predict_options),
    .options = options_table,
    .run = run,
};
