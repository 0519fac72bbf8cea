#include <math.h>

#include "base/alloc.h"
#include "train/batches.h"
#include "train/recipe.h"
#include "train/targets.h"

wf_status wf_predict(wf_predict_result *out, float *out_outputs, wf_params *params, wf_context *cx,
                     wf_pool *pool, const wf_predict_options *options) {
    const wf_graph *g = params->graph;
    wf__rows rows = {.images = options->images,
                     .index = options->index,
                     .n = options->index || !options->images ? options->n : options->images->count,
                     .normalization = &options->normalization,
                     .views = options->views};
    int has_loss = options->recipe != NULL;
    int batch_size = options->batch_size > 0 ? options->batch_size : WF_EVALUATE_BATCH;
    wf_plan *plan = NULL;
    wf_predict_result result = {0};
    WF_REQUIRE(!options->views || !has_loss, WF_E_ARG,
               "test-time augmentation makes means of outputs, which have no loss");
    WF_TRY(wf__rows_check(cx, g, &rows, has_loss ? &options->recipe->loss : NULL, "given"));
    WF_REQUIRE(!(options->views & WF_TEST_SHIFT) ||
                   (rows.images->height > 1 && rows.images->width > 1),
               WF_E_ARG, "test-time augmentation shifts images by a pixel, theirs are %d x %d",
               (int)rows.images->height, (int)rows.images->width);
    WF_REQUIRE(!options->views || g->nodes[0].shape.rank == 3, WF_E_ARG,
               "test-time augmentation needs rows and columns | write input: [height, width, "
               "channels]");
    if (batch_size > rows.n) batch_size = (int)rows.n;
    wf_plan_options plan_options = {.mode = has_loss ? WF_PLAN_EVALUATE : WF_PLAN_INFER,
                                    .precision = options->precision,
                                    .batch_size = batch_size,
                                    .loss = has_loss ? &options->recipe->loss : NULL,
                                    .layer = options->layer};
    wf__targets targets = {0};
    if (has_loss)
        WF_TRY(wf__targets_create(&targets, &rows, cx, g, &options->recipe->loss, NULL, 0));
    wf_status status = wf_plan_create(&plan, cx, g, params, pool, &plan_options);
    if (status == WF_OK)
        status = wf__rows_evaluate(&result, out_outputs, cx, plan, &rows, batch_size, has_loss,
                                   options->stop);
    wf_plan_destroy(plan);
    wf__targets_reset(&targets);
    if (status == WF_OK) *out = result;
    return status;
}
