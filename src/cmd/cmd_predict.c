#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "cmd/classes.h"
#include "cmd/session.h"
#include "eval/looks.h"
#include "eval/set_answers.h"

typedef struct predict_options {
    wf_session_flags session;
    const char *runs, *views;
    int64_t top, beam_width;
} predict_options;

static const wf_option options_table[] = {{"top", 'k', WF_OPTION_INT,
                                           offsetof(predict_options, top), "K", "3", NULL, 1, 4096,
                                           "show the K most probable classes, or sets of labels"},
                                          WF_VIEWS_OPTION(predict_options, views),
                                          WF_BEAM_OPTION(predict_options, beam_width),
                                          WF_RUNS_OPTION(predict_options, runs),
                                          WF_SESSION_OPTIONS(predict_options, session),
                                          {0}};

typedef struct answers {
    wf_cli *cli;
    const json_t *names;
    json_t *list;
    int classes, top, is_multilabel;
    const double *thresholds; /* NULL: one half */
    wf_look_places places;    /* that attention looks at; steps 0: it has none */
    int height, width;        /* of the model's input */
    wf_asking asking;
} answers;

/* What is said of one image. */
typedef struct answer {
    const float *probabilities; /* [classes] */
    /* of a model that tells sets as a whole, else NULL: the likeliest ones, the likeliest first */
    const uint8_t *sets; /* [n_sets][classes] */
    const double *log_p; /* [n_sets]; -INFINITY: there are no more */
    int32_t n_sets;
    const float *looks;      /* [steps][places] of a model with attention; NULL: it has none */
    const int32_t *sequence; /* [steps] what each step told of the likeliest set */
} answer;

/* ---- any number of labels ---- */

/* Where the step looked that told a label: the weights of all places, row by row, and the place of
 * the largest one in pixels of the model's input. */
static wf_status add_look(const answers *a, json_t *label, const answer *said, int class) {
    wf_context *cx = &a->cli->cx;
    const int height = a->places.height, width = a->places.width;
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
    if (!a->places.is_map) return WF_OK;
    const int x = (2 * (best % width) + 1) * a->width / (2 * width);
    const int y = (2 * (best / width) + 1) * a->height / (2 * height);
    wf_print(a->cli, " (%d, %d)", x, y);
    return wf_json_put(label, cx, "looked_at", json_pack("{s:i, s:i}", "x", x, "y", y));
}

/* The labels that are said to be there, the most probable first; *out_p: the probability of just
 * this set, were labels independent of each other. */
static wf_status add_labels(json_t *labels, double *out_p, const answers *a, const answer *said) {
    wf_context *cx = &a->cli->cx;
    int *order = NULL;
    char buffer[32];
    wf_status status;
    *out_p = 1;
    WF_TRY_OR(wf_alloc(&order, cx, (size_t)a->classes, sizeof *order));
    wf_class_rank(order, said->probabilities, a->classes, a->classes);
    for (int i = 0; i < a->classes; i++) {
        const double p = (double)said->probabilities[order[i]];
        const double threshold = wf_threshold_of(a->thresholds, order[i]);
        const int is_there = said->sets ? said->sets[order[i]] : p > threshold;
        *out_p *= is_there ? p : 1 - p;
        if (!is_there) continue;
        const char *name = wf_class_name(buffer, a->names, order[i]);
        wf_print(a->cli, "%s %s %.4f", json_array_size(labels) ? "," : "", name, p);
        json_t *label =
            json_pack("{s:i, s:s, s:f}", "class", order[i], "name", name, "probability", p);
        WF_TRY_OR(wf_json_append(labels, cx, label));
        WF_TRY_OR(add_look(a, label, said, order[i]));
        if (!said->sets) WF_TRY_OR(wf_json_put(label, cx, "threshold", json_real(threshold)));
    }
    if (!json_array_size(labels))
        wf_print(a->cli, " no label (most probable: %s %.4f)",
                 wf_class_name(buffer, a->names, order[0]), (double)said->probabilities[order[0]]);
    status = WF_OK;
done:
    wf_free(order);
    return status;
}

/* One of the likeliest sets, in the order of the classes. */
static wf_status add_likely_set(json_t *list, const answers *a, const answer *said, int32_t at) {
    wf_context *cx = &a->cli->cx;
    const uint8_t *set = said->sets + (ptrdiff_t)at * a->classes;
    const double p = exp(said->log_p[at]);
    json_t *labels = json_array();
    const char *between = "";
    char buffer[32];
    if (at) wf_print(a->cli, "  %d. ", (int)at + 1);
    WF_TRY(wf_json_append(list, cx, json_pack("{s:o, s:f}", "labels", labels, "probability", p)));
    for (int k = 0; k < a->classes; k++) {
        if (!set[k]) continue;
        const char *name = wf_class_name(buffer, a->names, k);
        if (at) wf_print(a->cli, "%s%s", between, name);
        between = ", ";
        WF_TRY(wf_json_append(labels, cx, json_string(name)));
    }
    if (at) wf_print(a->cli, "%s - set %.4f\n", *between ? "" : "no label", p);
    return WF_OK;
}

/* The first line has the likeliest set with its labels' probabilities, each further one a set. */
static wf_status add_set(const answers *a, const char *file, int64_t image, const answer *said) {
    wf_context *cx = &a->cli->cx;
    json_t *labels = json_array(), *all = json_array(), *sets = json_array();
    double of_set = 0;
    wf_status status;
    WF_TRY_OR(add_labels(labels, &of_set, a, said));
    if (said->sets) of_set = exp(said->log_p[0]);
    wf_print(a->cli, " - set %.4f\n", of_set);
    for (int32_t i = 0; i < said->n_sets && said->log_p[i] > -INFINITY; i++)
        WF_TRY_OR(add_likely_set(sets, a, said, i));
    for (int c = 0; c < a->classes; c++)
        WF_TRY_OR(wf_json_append(all, cx, json_real((double)said->probabilities[c])));
    json_t *one = json_pack("{s:s, s:I, s:O, s:f, s:O}", "file", file, "image", (json_int_t)image,
                            "labels", labels, "set_probability", of_set, "probabilities", all);
    WF_TRY_OR(wf_json_append(a->list, cx, one));
    if (said->sets) WF_TRY_OR(wf_json_put(one, cx, "sets", json_incref(sets)));
done:
    json_decref(labels);
    json_decref(all);
    json_decref(sets);
    return status;
}

/* ---- one file ---- */

static wf_status add_said(const answers *a, const char *file, int64_t image, int64_t count,
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

/* A file's name may have bytes that neither a terminal nor a document takes. */
static wf_status add_answer(const answers *a, const char *file, int64_t image, int64_t count,
                            const answer *said) {
    char *clean = NULL;
    WF_TRY(wf_utf8_clean(&clean, &a->cli->cx, file));
    wf_status status = add_said(a, clean, image, count, said);
    wf_free(clean);
    return status;
}

/* Room for the likeliest sets of n images; none where the model does not tell sets as a whole. */
static wf_status alloc_sets(wf_set_answers *out, wf_context *cx, const answers *a, int64_t n) {
    const size_t sets =
        (size_t)(a->classes < 12 && a->top > 1 << a->classes ? 1 << a->classes : a->top);
    if (!wf_told_sets(a->asking.params->graph)) return WF_OK;
    out->n_sets = (int32_t)sets;
    WF_TRY(wf_alloc(&out->sets, cx, (size_t)n * sets, (size_t)a->classes));
    WF_TRY(wf_alloc(&out->log_p, cx, (size_t)n * sets, sizeof *out->log_p));
    const size_t steps = (size_t)a->places.steps;
    return steps ? wf_alloc(&out->sequences, cx, (size_t)n * sets, steps * sizeof *out->sequences)
                 : WF_OK;
}

/* Where each step of the likeliest set looked: *out [n][steps][places], to be freed with wf_free;
 * NULL without attention. The sequences of these sets come first in `sets`. */
static wf_status look(float **out, const answers *a, wf_session *s, const wf_set_answers *sets,
                      const wf_images *images) {
    const int64_t steps = a->places.steps;
    if (!sets->sequences) return WF_OK;
    for (int64_t i = 1; i < images->count; i++) /* forwards, over those that are not wanted */
        memmove(sets->sequences + i * steps, sets->sequences + i * sets->n_sets * steps,
                (size_t)steps * sizeof *sets->sequences);
    return wf_session_looks(out, s, &a->asking, images, NULL, images->count, sets->sequences);
}

static wf_status predict_file(const answers *a, wf_session *s, wf_trained *t, const char *file) {
    wf_images images = {0};
    wf_set_answers sets = {0};
    float *probabilities = NULL, *looks = NULL;
    wf_status status;
    WF_TRY_OR(wf_session_read_images(&images, s, file, t->experiment.model));
    WF_TRY_OR(alloc_sets(&sets, &s->cli->cx, a, images.count));
    WF_TRY_OR(wf_session_probabilities(&probabilities, &sets, s, &a->asking, &images, NULL,
                                       images.count));
    WF_TRY_OR(look(&looks, a, s, &sets, &images));
    for (int64_t i = 0; i < images.count; i++) {
        const int64_t at = i * sets.n_sets, steps = a->places.steps;
        const int64_t looks_of_one = steps * a->places.height * a->places.width;
        const answer said = {
            probabilities + i * a->classes,          sets.sets ? sets.sets + at * a->classes : NULL,
            sets.log_p ? sets.log_p + at : NULL,     sets.n_sets,
            looks ? looks + i * looks_of_one : NULL, looks ? sets.sequences + i * steps : NULL};
        WF_TRY_OR(add_answer(a, file, i, images.count, &said));
    }
done:
    wf_free(sets.sets);
    wf_free(sets.log_p);
    wf_free(sets.sequences);
    wf_free(looks);
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
                 .is_multilabel = wf_model_is_multilabel(trained.experiment.model),
                 .thresholds = trained.thresholds,
                 .asking = {.params = trained.params,
                            .precision = trained.experiment.precision,
                            .normalization = &trained.normalization,
                            .views = wf_views_find(o->views, trained.experiment.model),
                            .beam_width = (int32_t)o->beam_width}};
    const wf_graph *g = trained.params->graph;
    a.height = (int)g->nodes[0].shape.dim[0];
    a.width = (int)g->nodes[0].shape.dim[1];
    a.places = wf_look_places_of(g);
    a.top = a.is_multilabel || o->top < classes ? (int)o->top : classes;
    for (int i = 1; i < cli->operand_count; i++)
        WF_TRY_OR(predict_file(&a, &session, &trained, cli->operands[i]));
    cli->result = json_pack("{s:s, s:O}", "run", trained.summary.id, "predictions", list);
    WF_TRY_OR(wf_views_json(cli->result, &cli->cx, a.asking.views));
    WF_TRY_OR(wf_beam_json(cli->result, &cli->cx, &a.asking));
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
        "probability of that set, were labels independent; --top is then not used. A model that\n"
        "tells sets of labels as a whole names the likeliest ones with their probabilities, and\n"
        "of the first how probable each of its labels is; with attention also at which pixel\n"
        "(x, y) of the model's input each of them looked most, and --json has the weights of all\n"
        "places.",
    .examples = "weft predict cnn-3conv-leaky shirt.png --top 2\n"
                "weft predict cnn-3conv-leaky shirt.png --tta flip\n"
                "weft predict outfits-cnn-rnn canvas.png --top 5 --beam-width 10",
    .options_size = sizeof(predict_options),
    .options = options_table,
    .run = run,
};
