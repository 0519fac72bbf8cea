#include "eval/looks.h"

#include <string.h>

#include "nn/plan.h"
#include "train/batches.h"
#include "train/targets.h"

enum { BATCH = 100 };

/* Whether the labels look at the images there, one step after another. */
static int is_of_labels(const wf_graph *g, const wf_node *node) {
    return node->spec.class->flags & WF_LAYER_LOOKS && wf_graph_reads_labels(g, node->inputs[0]) &&
           !wf_graph_reads_labels(g, node->inputs[1]) &&
           node->shape.dim[0] == g->nodes[g->output].shape.dim[0];
}

int wf_looks_layer(const wf_graph *g) {
    for (int i = g->n_nodes - 1; i > 0 && wf__sequence_classes(g, NULL); i--)
        if (is_of_labels(g, &g->nodes[i])) return i;
    return -1;
}

wf_look_places wf_look_places_of(const wf_graph *g) {
    const int layer = wf_looks_layer(g);
    if (layer < 0) return (wf_look_places){0};
    const wf_shape *map = &g->nodes[g->nodes[layer].inputs[1]].shape;
    const int is_map = map->rank == 3;
    return (wf_look_places){.steps = (int32_t)g->nodes[g->output].shape.dim[0],
                            .height = is_map ? (int32_t)map->dim[0] : 1,
                            .width = (int32_t)map->dim[is_map],
                            .is_map = is_map};
}

wf_status wf_looks_fill(float *out, wf_context *cx, wf_params *params, wf_pool *pool,
                        const wf_predict_options *options, const int32_t *sequences) {
    const wf_graph *g = params->graph;
    const wf__rows rows = {.images = options->images,
                           .index = options->index,
                           .n = options->index ? options->n : options->images->count,
                           .normalization = &options->normalization};
    const int32_t steps = (int32_t)g->nodes[g->output].shape.dim[0];
    wf_plan_options plan_options = {.mode = WF_PLAN_INFER,
                                    .precision = options->precision,
                                    .batch_size = rows.n < BATCH ? (int)rows.n : BATCH,
                                    .layer = g->nodes[wf_looks_layer(g)].name};
    wf_plan *plan = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf__rows_check(cx, g, &rows, NULL, "given"));
    WF_TRY(wf_plan_create(&plan, cx, g, params, pool, &plan_options));
    const int64_t size = wf_plan_shown_size(plan);
    for (int64_t first = 0; first < rows.n && status == WF_OK; first += BATCH) {
        wf_batch batch =
            wf__rows_batch(&rows, first, rows.n - first < BATCH ? rows.n - first : BATCH);
        batch.sequences = sequences + first * steps;
        batch.sequence_length = steps;
        batch.hypotheses = 1; /* sequences stand in the batch's order */
        status = wf_plan_run(NULL, plan, cx, &batch);
        if (status == WF_OK)
            memcpy(out + first * size, wf_plan_shown(plan), (size_t)(batch.n * size) * sizeof *out);
    }
    wf_plan_destroy(plan);
    return status;
}
