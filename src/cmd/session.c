#include "cmd/session.h"

#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/thresholds.h"
#include "eval/looks.h"
#include "train/recipe.h"

wf_status wf_session_prepare(wf_session *out, wf_cli *cli, const wf_session_flags *flags) {
    *out = (wf_session){.cli = cli};
    wf_signals_install();
    out->threads = flags->threads == WF_UNSET ? wf_cpu_count() : (int)flags->threads;
    wf_status status = wf_kernels_choose(&out->kernels, &cli->cx, flags->isa);
    if (status == WF_OK) wf_kernels_use(out->kernels);
    if (status == WF_OK) status = wf_data_settings_init(&out->data, cli, &flags->data);
    if (status != WF_OK) wf_session_reset(out);
    return status;
}

wf_status wf_session_start(wf_session *s, int threads) {
    return wf_pool_create(&s->pool, &s->cli->cx, threads);
}

wf_status wf_session_init(wf_session *out, wf_cli *cli, const wf_session_flags *flags) {
    WF_TRY(wf_session_prepare(out, cli, flags));
    wf_status status = wf_session_start(out, out->threads);
    if (status != WF_OK) wf_session_reset(out);
    return status;
}

static void close_data(wf_session *s) {
    wf_dataset_destroy(s->dataset);
    wf_free(s->dataset_name);
    s->dataset = NULL;
    s->dataset_name = NULL;
}

void wf_session_reset(wf_session *s) {
    close_data(s);
    if (s->pool) wf_pool_destroy(s->pool);
    wf_data_settings_reset(&s->data);
    *s = (wf_session){0};
}

int wf_model_classes(const wf_model_spec *model) {
    const wf_graph *g = model->graph;
    const int told = wf_told_sets(g);
    return told ? told : (int)wf_shape_size(&g->nodes[g->output].shape);
}

/* The key by which a layer says how many outputs it has; NULL: it has none. */
static const char *width_key(const wf_node *node) {
    static const char *const keys[] = {"units", "filters"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (wf_fields_find(node->spec.class->fields, keys[i])) return keys[i];
    return NULL;
}

static wf_status check_classes(const wf_session *s, const wf_model_spec *model) {
    wf_context *cx = &s->cli->cx;
    const wf_graph *g = model->graph;
    const wf_node *last = &g->nodes[g->output]; /* that says how many; an activation does not */
    int64_t outputs = wf_model_classes(model);
    while (last->n_inputs == 1 && !width_key(last)) last = &g->nodes[last->inputs[0]];
    WF_REQUIRE(outputs == s->dataset->n_classes || !wf_told_sets(g), WF_E_SHAPE,
               "model %s tells sets of %lld labels, data set %s has %d classes | change the layers "
               "that say so: label_input, embedding and the last one",
               model->name, (long long)outputs, s->dataset->name, (int)s->dataset->n_classes);
    WF_REQUIRE(outputs == s->dataset->n_classes, WF_E_SHAPE,
               "model %s has %lld outputs, data set %s has %d classes | change the last layer, as "
               "--set layers.%s.%s=%d does",
               model->name, (long long)outputs, s->dataset->name, (int)s->dataset->n_classes,
               last->name, width_key(last) ? width_key(last) : "KEY", (int)s->dataset->n_classes);
    return WF_OK;
}

int wf_model_is_multilabel(const wf_model_spec *model) {
    const wf_graph *g = model->graph;
    if (wf_told_sets(g)) return 1;
    return wf_graph_ends_in(g, "sigmoid") && wf_shape_size(&g->nodes[g->output].shape) > 1 &&
           !model->recipe->loss.class->is_exclusive;
}

int wf_model_needs_validation(const wf_model_spec *model) {
    int has_thresholds = wf_model_is_multilabel(model) && !wf_told_sets(model->graph);
    return has_thresholds || wf_recipe_needs_validation(model->recipe);
}

/* Images of any number of labels want outputs that are each for itself, others want outputs of
 * which one is chosen. */
static wf_status check_kind(const wf_session *s, const wf_model_spec *model) {
    wf_context *cx = &s->cli->cx;
    const wf_dataset *d = s->dataset;
    int is_each = wf_graph_ends_in(model->graph, "sigmoid") || wf_told_sets(model->graph);
    int is_of_sets = wf_model_is_multilabel(model);
    WF_REQUIRE(!d->is_multilabel || is_each, WF_E_SHAPE,
               "data set %s has any number of labels per image, model %s does not end in one "
               "probability for each | give the last layer activation: sigmoid, and loss: "
               "binary_crossentropy",
               d->name, model->name);
    WF_REQUIRE(!d->is_multilabel || is_of_sets, WF_E_ARG,
               "data set %s has any number of labels per image, loss %s of model %s is of classes "
               "that exclude each other | give loss: binary_crossentropy",
               d->name, model->recipe->loss.class->name, model->name);
    WF_REQUIRE(d->is_multilabel || !is_of_sets, WF_E_SHAPE,
               "data set %s has one label per image, model %s is for any number of them | give the "
               "last layer activation: softmax, and loss: sparse_categorical_crossentropy; or data "
               "such as weft compose outfits makes",
               d->name, model->name);
    return WF_OK;
}

wf_status wf_session_open_data(wf_session *s, const char *name, const wf_model_spec *model) {
    wf_context *cx = &s->cli->cx;
    const wf_shape *input = &model->graph->nodes[0].shape;
    WF_REQUIRE(input->rank == 3, WF_E_SHAPE,
               "model %s: the input has %d axes, an image has three | give input: [height, width, "
               "channels]",
               model->name, input->rank);
    int32_t h = (int32_t)input->dim[0], w = (int32_t)input->dim[1], c = (int32_t)input->dim[2];
    int is_same = s->dataset && !strcmp(s->dataset_name, name) && s->height == h && s->width == w &&
                  s->channels == c;
    if (!is_same) {
        close_data(s);
        s->data.options.height = s->height = h;
        s->data.options.width = s->width = w;
        s->data.options.channels = s->channels = c;
        WF_TRY(wf_strdup(&s->dataset_name, cx, name));
        WF_TRY(wf_data_open(&s->dataset, s->cli, name, &s->data));
    }
    WF_TRY(check_classes(s, model));
    return check_kind(s, model);
}

wf_status wf_session_read_images(wf_images *out, wf_session *s, const char *file,
                                 const wf_model_spec *model) {
    const int64_t *input = model->graph->nodes[0].shape.dim;
    char *notes = NULL;
    s->data.options.height = (int32_t)input[0];
    s->data.options.width = (int32_t)input[1];
    s->data.options.channels = (int32_t)input[2];
    wf_status status = wf_image_read(out, &notes, &s->cli->cx, file, &s->data.options);
    if (status == WF_E_NOTFOUND || status == WF_E_ARG || status == WF_E_IO)
        s->cli->exit_code = WF_EXIT_DATA;
    if (status == WF_OK && *notes) wf_note(s->cli, "%s", notes);
    wf_text_free(notes);
    return status;
}

wf_status wf_session_probabilities(float **out, const wf_set_answers *sets, wf_session *s,
                                   const wf_asking *asking, const wf_images *images,
                                   const int32_t *index, int64_t n) {
    wf_context *cx = &s->cli->cx;
    wf_params *params = asking->params;
    const wf_graph *g = params->graph;
    float *probabilities = NULL;
    wf_predict_result result;
    wf_predict_options options = {.images = images,
                                  .index = index,
                                  .n = n,
                                  .normalization = *asking->normalization,
                                  .precision = asking->precision,
                                  .views = asking->views,
                                  .stop = wf_signals_flag()};
    const size_t told = (size_t)wf_told_sets(g);
    size_t classes = told ? told : (size_t)wf_shape_size(&g->nodes[g->output].shape);
    WF_TRY(wf_alloc(&probabilities, cx, (size_t)n * classes, sizeof *probabilities));
    wf_set_answers answers = sets ? *sets : (wf_set_answers){0};
    answers.labels = probabilities;
    wf_status status =
        told ? wf_set_answers_fill(&answers, cx, params, s->pool, &options, asking->beam_width)
             : wf_predict(&result, probabilities, params, cx, s->pool, &options);
    if (status == WF_OK) *out = probabilities;
    else wf_free(probabilities);
    return status;
}

wf_status wf_session_looks(float **out, wf_session *s, const wf_asking *asking,
                           const wf_images *images, const int32_t *index, int64_t n,
                           const int32_t *sequences) {
    wf_context *cx = &s->cli->cx;
    const wf_look_places places = wf_look_places_of(asking->params->graph);
    const size_t size = (size_t)places.steps * (size_t)places.height * (size_t)places.width;
    const wf_predict_options options = {.images = images,
                                        .index = index,
                                        .n = n,
                                        .normalization = *asking->normalization,
                                        .precision = asking->precision,
                                        .stop = wf_signals_flag()};
    float *looks = NULL;
    WF_TRY(wf_alloc(&looks, cx, (size_t)n * size, sizeof *looks));
    wf_status status = wf_looks_fill(looks, cx, asking->params, s->pool, &options, sequences);
    if (status == WF_OK) *out = looks;
    else wf_free(looks);
    return status;
}

static wf_status judge_classes(wf_evaluation **out, float **out_probabilities, wf_session *s,
                               const wf_asking *asking, const wf_images *images,
                               const char *const *names) {
    const wf_graph *g = asking->params->graph;
    WF_TRY(
        wf_session_probabilities(out_probabilities, NULL, s, asking, images, NULL, images->count));
    return wf_evaluation_create(out, &s->cli->cx, images->labels, *out_probabilities, images->count,
                                (int)wf_shape_size(&g->nodes[g->output].shape), names);
}

/* Which objects are small; NULL where their sizes are not known. */
static wf_status small_objects(uint8_t **out, wf_context *cx, const wf_images *images) {
    const size_t n = (size_t)images->count * (size_t)images->n_labels;
    if (!images->object_sizes) return WF_OK;
    WF_TRY(wf_alloc(out, cx, n, 1));
    for (size_t i = 0; i < n; i++)
        (*out)[i] = images->object_sizes[i] > 0 && images->object_sizes[i] <= WF_SMALL_OBJECT;
    return WF_OK;
}

static wf_status check_prior(wf_context *cx, const wf_asking *asking, const wf_images *images,
                             const char *const *names) {
    const wf_prior *prior = asking->prior;
    if (!prior) return WF_OK;
    WF_REQUIRE(!wf_told_sets(asking->params->graph), WF_E_ARG,
               "model %s tells sets of labels as a whole, a distribution of sets is for "
               "probabilities of each label | leave it out",
               asking->params->graph->name);
    WF_REQUIRE(prior->labels == images->n_labels, WF_E_ARG,
               "the distribution is of %d labels, the data have %d", (int)prior->labels,
               (int)images->n_labels);
    for (int32_t k = 0; k < prior->labels; k++)
        WF_REQUIRE(!strcmp(prior->names[k], names[k]), WF_E_ARG,
                   "label %d is %s in the distribution and %s in the data, must be the same",
                   (int)k, prior->names[k], names[k]);
    return WF_OK;
}

static wf_status judge_sets(wf_evaluation **out, float **out_probabilities, wf_session *s,
                            const wf_asking *asking, const wf_images *images,
                            const char *const *names, const double *thresholds) {
    wf_context *cx = &s->cli->cx;
    const size_t n = (size_t)images->count;
    const int is_told = asking->prior || wf_told_sets(asking->params->graph);
    wf_set_answers answers = {.asked = images->label_sets};
    uint8_t *small = NULL;
    wf_status status;
    WF_TRY_OR(check_prior(cx, asking, images, names));
    WF_TRY_OR(small_objects(&small, cx, images));
    if (is_told) {
        WF_TRY_OR(wf_alloc(&answers.sets, cx, n, (size_t)images->n_labels));
        WF_TRY_OR(wf_alloc(&answers.asked_log_p, cx, n, sizeof *answers.asked_log_p));
    }
    WF_TRY_OR(wf_session_probabilities(out_probabilities, &answers, s, asking, images, NULL,
                                       images->count));
    answers.labels = *out_probabilities;
    if (asking->prior)
        WF_TRY_OR(wf_prior_decide(&answers, cx, asking->prior, answers.labels, images->count));
    const wf_judged_sets judged = {.count = images->count,
                                   .class_count = images->n_labels,
                                   .class_names = names,
                                   .targets = images->label_sets,
                                   .probabilities = *out_probabilities,
                                   .thresholds = thresholds,
                                   .told = answers.sets,
                                   .set_log_p = answers.asked_log_p,
                                   .small = small};
    WF_TRY_OR(wf_evaluation_create_sets(out, cx, &judged));
done:
    wf_free(answers.sets);
    wf_free(answers.asked_log_p);
    wf_free(small);
    return status;
}

wf_status wf_session_judge(wf_evaluation **out, float **out_probabilities, wf_session *s,
                           const wf_asking *asking, const wf_images *images,
                           char *const *class_names, const double *thresholds) {
    const char *const *names = (const char *const *)class_names;
    float *probabilities = NULL;
    wf_context *cx = &s->cli->cx;
    WF_REQUIRE(!asking->prior || images->label_sets, WF_E_ARG,
               "data set %s has one label per image, a prior is of sets of labels",
               s->dataset->name);
    wf_status status = images->label_sets
                           ? judge_sets(out, &probabilities, s, asking, images, names, thresholds)
                           : judge_classes(out, &probabilities, s, asking, images, names);
    if (status == WF_OK && out_probabilities) *out_probabilities = probabilities;
    else wf_free(probabilities);
    return status;
}

wf_status wf_beam_json(json_t *document, wf_context *cx, const wf_asking *asking) {
    if (!wf_tells_sequences(asking->params->graph)) return WF_OK;
    return wf_json_put(document, cx, "beam_width",
                       json_integer(asking->beam_width ? asking->beam_width : WF_BEAM_WIDTH));
}

static const char *const views_names[] = {"none", "flip", "shift", "flip,shift"};

const char *wf_views_name(int32_t views) { return views_names[views & 3]; }

int32_t wf_views_find(const char *word, const wf_model_spec *model) {
    for (int32_t i = 0; word && i < 4; i++)
        if (strcmp(word, views_names[i]) == 0) return i;
    return model->recipe->test_views;
}

wf_status wf_views_json(json_t *document, wf_context *cx, int32_t views) {
    if (!views) return WF_OK;
    return wf_json_put(document, cx, "test_time_augmentation",
                       json_pack("{s:s, s:i}", "averaged", wf_views_name(views), "views",
                                 wf_test_view_count(views)));
}

wf_status wf_session_bootstrap(wf_evaluation *e, wf_session *s, int64_t resamples) {
    const wf_bootstrap_options options = {.resamples = resamples, .level = 0.95};
    return resamples ? wf_evaluation_bootstrap(e, &s->cli->cx, s->pool, &options) : WF_OK;
}

wf_status wf_predicted_classes(int32_t **out, wf_context *cx, const float *probabilities,
                               int64_t count, int classes) {
    int32_t *predicted = NULL;
    WF_TRY(wf_alloc(&predicted, cx, (size_t)count, sizeof *predicted));
    for (int64_t i = 0; i < count; i++) {
        const float *row = probabilities + i * classes;
        for (int k = 1; k < classes; k++)
            if (row[k] > row[predicted[i]]) predicted[i] = k;
    }
    *out = predicted;
    return WF_OK;
}
