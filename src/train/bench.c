/* How long a training step takes, or a call in inference. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "train/batches.h"
#include "train/bench.h"
#include "train/recipe.h"

enum { MAX_SAMPLES = 1 << 16, MAX_IMAGES = 16384, MAX_PIXEL_BYTES = 64 << 20, WARMUP_STEPS = 5 };

static wf_status make_images(wf__bench *b, wf_context *cx, const wf_graph *g, uint64_t seed) {
    const wf_shape *input = &g->nodes[0].shape;
    int64_t size = wf_shape_size(input), classes = wf_shape_size(&g->nodes[g->output].shape);
    int64_t count = MAX_PIXEL_BYTES / size;
    wf_rng rng;
    wf_rng_init(&rng, seed, WF_STREAM_TEST, 0);
    count = count > MAX_IMAGES ? MAX_IMAGES : count < 1 ? 1 : count;
    int is_image = input->rank == 3;
    b->own = (wf_images){.count = count,
                         .height = (int32_t)(is_image ? input->dim[0] : 1),
                         .width = (int32_t)(is_image ? input->dim[1] : size),
                         .channels = (int32_t)(is_image ? input->dim[2] : 1)};
    WF_TRY(wf_alloc(&b->own.pixels, cx, (size_t)count * (size_t)size, 1));
    WF_TRY(wf_alloc(&b->own.labels, cx, (size_t)count, sizeof *b->own.labels));
    for (int64_t i = 0; i < count * size; i++) b->own.pixels[i] = (uint8_t)wf_rng_u32(&rng);
    for (int64_t i = 0; i < count; i++)
        b->own.labels[i] = (int32_t)(i % (classes == 1 ? 2 : classes));
    const int32_t sequences = wf__sequence_classes(g, NULL);
    const int32_t told = sequences ? sequences : wf__number_classes(g, NULL);
    if (told) { /* sets of 1 label, of 2, and so on, up to as many as the model tells */
        const int64_t length = g->nodes[g->output].shape.dim[0];
        const int64_t room = sequences ? length - 1 : told, most = room < 1      ? 1
                                                                   : room < told ? room
                                                                                 : told;
        WF_TRY(wf_alloc(&b->own.label_sets, cx, (size_t)count, (size_t)told));
        b->own.n_labels = told;
        for (int64_t i = 0; i < count; i++)
            for (int64_t k = 0; k <= i % most; k++)
                b->own.label_sets[i * told + (i + k) % told] = 1;
    }
    b->images = &b->own;
    return WF_OK;
}

static wf_status prepare_images(wf__bench *b, wf_context *cx, const wf_graph *g,
                                const wf_bench_options *options) {
    b->images = options->images;
    if (!b->images) WF_TRY(make_images(b, cx, g, options->seed));
    WF_TRY(wf_normalization_create(&b->normalization, cx, WF_NORMALIZATION_UNIT, b->images, NULL,
                                   b->images->count));
    wf__rows rows = {
        .images = b->images, .n = b->images->count, .normalization = &b->normalization};
    WF_TRY(wf__rows_check(cx, g, &rows, options->is_inference ? NULL : &options->recipe->loss,
                          "timing"));
    WF_TRY(wf__targets_create(&b->targets, &rows, cx, g, &options->recipe->loss, NULL, 0));
    WF_TRY(wf_alloc(&b->order, cx, (size_t)b->images->count, sizeof *b->order));
    for (int64_t i = 0; i < b->images->count; i++) b->order[i] = (int32_t)i;
    wf_rng rng;
    wf_rng_init(&rng, options->seed, WF_STREAM_SHUFFLE, 0);
    wf_rng_shuffle(&rng, b->order, (size_t)b->images->count);
    return WF_OK;
}

wf_status wf__bench_run(wf__bench *b, wf_context *cx) {
    WF_REQUIRE(!b->stop || !*b->stop, WF_E_INTERRUPTED, "stopped before there was a time to show");
    if (b->position + b->batch_size > b->images->count) {
        b->position = 0;
        b->epoch++;
    }
    wf__rows rows = {.images = b->images,
                     .index = b->order,
                     .n = b->images->count,
                     .normalization = &b->normalization,
                     .sequences = b->targets.sequences,
                     .sequence_length = b->targets.options.length,
                     .numbers = b->targets.numbers};
    wf_batch batch = wf__rows_batch(&rows, b->position, b->batch_size);
    batch.epoch = b->epoch;
    batch.learning_rate = b->learning_rate;
    b->position += b->batch_size;
    wf_batch_result result;
    return wf_plan_run(&result, b->plan, cx, &batch);
}

wf_status wf__bench_init(wf__bench *b, wf_params *params, wf_context *cx, wf_pool *pool,
                         const wf_bench_options *options) {
    const wf_recipe *recipe = options->recipe;
    b->stop = options->stop;
    b->batch_size = options->batch_size > 0 ? options->batch_size : recipe->batch_size;
    wf_plan_options plan_options = {.mode = WF_PLAN_INFER,
                                    .precision = options->precision,
                                    .batch_size = b->batch_size,
                                    .seed = options->seed};
    if (!options->is_inference) {
        plan_options.mode = WF_PLAN_TRAIN;
        plan_options.loss = &recipe->loss;
        plan_options.optimizer = &recipe->optimizer;
        plan_options.augmentation = &recipe->augmentation;
        if (recipe->ema.is_on) WF_TRY(wf_params_copy(&b->average, cx, params));
        plan_options.average =
            (wf_weight_average){b->average, recipe->ema.decay, recipe->ema.warmup};
        b->learning_rate = ((const wf_optim_common *)recipe->optimizer.config)->learning_rate;
    }
    WF_TRY(prepare_images(b, cx, params->graph, options));
    WF_REQUIRE(b->batch_size <= b->images->count, WF_E_ARG,
               "a batch of %d needs %d images, have %ld", b->batch_size, b->batch_size,
               (long)b->images->count);
    WF_TRY(wf_plan_create(&b->plan, cx, params->graph, params, pool, &plan_options));
    int warmup = options->warmup_steps > 0 ? options->warmup_steps : WARMUP_STEPS;
    for (int i = 0; i < warmup; i++) WF_TRY(wf__bench_run(b, cx));
    return WF_OK;
}

void wf__bench_reset(wf__bench *b) {
    wf_plan_destroy(b->plan);
    wf_params_destroy(b->average);
    wf_free(b->order);
    wf_free(b->own.pixels);
    wf_free(b->own.labels);
    wf_free(b->own.label_sets);
    wf__targets_reset(&b->targets);
}

/* ---- whole steps ---- */

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static wf_bench_result summarise(const wf__bench *b, double *ms, int64_t n) {
    qsort(ms, (size_t)n, sizeof *ms, compare);
    double median = (ms[(n - 1) / 2] + ms[n / 2]) / 2;
    return (wf_bench_result){.steps = n,
                             .median_ms = median,
                             .min_ms = ms[0],
                             .p90_ms = ms[n * 9 / 10],
                             .images_per_s = 1e3 * b->batch_size / median,
                             .plan_bytes = wf_plan_memory_bytes(b->plan)};
}

wf_status wf_bench_step(wf_bench_result *out, wf_params *params, wf_context *cx, wf_pool *pool,
                        const wf_bench_options *options) {
    wf__bench b = {0};
    double *ms = NULL;
    int64_t n = 0;
    wf_status status;
    WF_TRY_OR(wf_alloc(&ms, cx, MAX_SAMPLES, sizeof *ms));
    WF_TRY_OR(wf__bench_init(&b, params, cx, pool, options));
    double began = wf_clock_s(), before = began, now = began;
    do {
        WF_TRY_OR(wf__bench_run(&b, cx));
        now = wf_clock_s();
        ms[n++] = 1e3 * (now - before);
        before = now;
    } while (now - began < options->seconds && n < MAX_SAMPLES);
    *out = summarise(&b, ms, n);
done:
    wf__bench_reset(&b);
    wf_free(ms);
    return status;
}
