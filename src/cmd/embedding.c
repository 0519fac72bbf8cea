#include "cmd/embedding.h"

#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

/* ---- which images ---- */

/* The parts that are chosen from, one behind the other. */
typedef struct source {
    const wf_images *parts[2];
    int64_t count;
} source;

static source find_source(const wf_dataset *d, const char *part) {
    source s = {0};
    int n = 0;
    if (strcmp(part, "test") != 0) s.parts[n++] = &d->train;
    if (strcmp(part, "train") != 0) s.parts[n++] = &d->test;
    for (int i = 0; i < n; i++) s.count += s.parts[i]->count;
    return s;
}

wf_status wf_embedding_draw(int32_t **out, wf_context *cx, int64_t count, int64_t n,
                            uint64_t seed) {
    int32_t *rows = NULL;
    unsigned char *is_drawn = NULL;
    wf_rng r;
    wf_status status;
    WF_TRY_OR(wf_alloc(&rows, cx, (size_t)count, sizeof *rows));
    WF_TRY_OR(wf_alloc(&is_drawn, cx, (size_t)count, 1));
    for (int64_t i = 0; i < count; i++) rows[i] = (int32_t)i;
    wf_rng_init(&r, seed, WF_STREAM_EMBED, 0);
    if (n < count) wf_rng_shuffle(&r, rows, (size_t)count);
    for (int64_t i = 0; i < n && i < count; i++) is_drawn[rows[i]] = 1;
    for (int64_t i = 0, at = 0; i < count; i++)
        if (is_drawn[i]) rows[at++] = (int32_t)i;
    *out = rows;
    rows = NULL;
done:
    wf_free(rows);
    wf_free(is_drawn);
    return status;
}

static wf_status choose(wf_embedding *e, wf_context *cx, const wf_dataset *d,
                        const wf_embedding_choice *choice) {
    const source from = find_source(d, choice->part);
    WF_REQUIRE(from.count > 0, WF_E_DATA, "data set %s has no %s images", d->name, choice->part);
    const int64_t n = choice->limit > 0 && choice->limit < from.count ? choice->limit : from.count;
    const wf_images *first = from.parts[0];
    const size_t size = (size_t)first->height * (size_t)first->width * (size_t)first->channels;
    const size_t labels = (size_t)first->n_labels;
    wf_images *to = &e->images;
    *to = (wf_images){
        .count = n, .height = first->height, .width = first->width, .channels = first->channels};
    WF_TRY(wf_embedding_draw(&e->index, cx, from.count, n, choice->seed));
    WF_TRY(wf_alloc(&to->pixels, cx, (size_t)n, size));
    if (labels) WF_TRY(wf_alloc(&to->label_sets, cx, (size_t)n, labels));
    else WF_TRY(wf_alloc(&to->labels, cx, (size_t)n, sizeof *to->labels));
    to->n_labels = first->n_labels;
    for (int64_t i = 0; i < n; i++) {
        const int is_second = e->index[i] >= first->count;
        const wf_images *part = from.parts[is_second];
        const int64_t row = e->index[i] - (is_second ? first->count : 0);
        memcpy(to->pixels + (size_t)i * size, part->pixels + (size_t)row * size, size);
        if (labels)
            memcpy(to->label_sets + (size_t)i * labels, part->label_sets + (size_t)row * labels,
                   labels);
        else to->labels[i] = part->labels[row];
    }
    return WF_OK;
}

/* ---- what the model says ---- */

static wf_status predict(wf_embedding *e, wf_session *s, const wf_trained *t) {
    wf_context *cx = &s->cli->cx;
    const int64_t n = e->images.count;
    const int classes = s->dataset->n_classes, is_of_sets = e->images.n_labels > 0;
    const wf_asking asking = {.params = t->params,
                              .precision = t->experiment.precision,
                              .normalization = &t->normalization,
                              .views = t->experiment.model->recipe->test_views};
    wf_set_answers answers = {0};
    float *probabilities = NULL;
    wf_status status;
    if (is_of_sets) WF_TRY_OR(wf_alloc(&e->told, cx, (size_t)n, (size_t)classes));
    answers.sets = e->told;
    WF_TRY_OR(wf_session_probabilities(&probabilities, &answers, s, &asking, &e->images, NULL, n));
    if (!is_of_sets) WF_TRY_OR(wf_predicted_classes(&e->predicted, cx, probabilities, n, classes));
    else if (!wf_told_sets(t->params->graph))
        for (int64_t i = 0; i < n * classes; i++)
            e->told[i] =
                (double)probabilities[i] > wf_threshold_of(t->thresholds, (int)(i % classes));
done:
    wf_free(probabilities);
    return status;
}

static wf_status look(wf_embedding *e, wf_session *s, const wf_trained *t) {
    wf_context *cx = &s->cli->cx;
    wf_predict_result result;
    const wf_predict_options options = {.images = &e->images,
                                        .normalization = t->normalization,
                                        .precision = t->experiment.precision,
                                        .layer = e->layer,
                                        .stop = wf_signals_flag()};
    WF_TRY(wf_alloc(&e->features, cx, (size_t)e->images.count,
                    (size_t)e->width * sizeof *e->features));
    return wf_predict(&result, e->features, t->params, cx, s->pool, &options);
}

wf_status wf_embedding_create(wf_embedding *out, wf_session *s, const wf_trained *t,
                              const wf_embedding_choice *choice) {
    wf_context *cx = &s->cli->cx;
    const wf_graph *g = t->experiment.model->graph;
    wf_embedding e = {.run = t->summary.id};
    int node = wf_graph_features(g);
    if (choice->layer) WF_TRY(wf_graph_require(&node, g, cx, choice->layer));
    WF_REQUIRE(!wf_graph_reads_labels(g, node), WF_E_ARG,
               "layer %s depends on the labels that were told before, features are of an image "
               "alone | %s is the layer that is taken without --layer",
               g->nodes[node].name, g->nodes[wf_graph_features(g)].name);
    e.layer = g->nodes[node].name;
    e.width = wf_shape_size(&g->nodes[node].shape);
    wf_status status = choose(&e, cx, s->dataset, choice);
    if (status == WF_OK) status = predict(&e, s, t);
    if (status == WF_OK) status = look(&e, s, t);
    if (status == WF_OK) *out = e;
    else wf_embedding_reset(&e);
    return status;
}

/* ---- the map ---- */

int32_t wf_embedding_components(const wf_embedding *e, int64_t wanted) {
    enum { PCA_ABOVE = 256, PCA_FEATURES = 50 };
    const int64_t most = e->images.count < e->width ? e->images.count : e->width;
    if (wanted == WF_UNSET) wanted = e->width > PCA_ABOVE ? PCA_FEATURES : 0;
    return (int32_t)(wanted < most ? wanted : 0);
}

wf_status wf_embedding_map(wf_embedding *e, wf_tsne_result *out, wf_session *s,
                           const wf_tsne_options *options, int32_t components) {
    wf_context *cx = &s->cli->cx;
    const int64_t n = e->images.count;
    wf_tsne_options o = *options;
    wf_bar bar;
    float *reduced = NULL;
    wf_status status;
    wf_bar_init(&bar, s->cli);
    o.progress = wf_bar_data_progress;
    o.progress_user = &bar;
    if (components) {
        WF_TRY_OR(wf_alloc(&reduced, cx, (size_t)n, (size_t)components * sizeof *reduced));
        WF_TRY_OR(
            wf_pca(reduced, cx, s->pool, e->features, n, e->width, components, options->seed));
    }
    WF_TRY_OR(wf_alloc(&e->map, cx, (size_t)n, 2 * sizeof *e->map));
    WF_TRY_OR(wf_tsne(e->map, out, cx, s->pool, components ? reduced : e->features, n,
                      components ? components : e->width, &o));
done:
    wf_bar_end(&bar, NULL);
    wf_free(reduced);
    return status;
}

void wf_embedding_reset(wf_embedding *e) {
    wf_images_reset(&e->images);
    wf_free(e->index);
    wf_free(e->predicted);
    wf_free(e->told);
    wf_free(e->features);
    wf_free(e->map);
    *e = (wf_embedding){0};
}
