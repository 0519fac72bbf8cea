/* What a model can be asked, its scores' gradients, Grad-CAM. */
#include "eval/explain.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "nn/plan.h"
#include "train/batches.h"

/* ---- what can be asked ---- */

static int is_image(const wf_node *node) { return node->shape.rank == 3; }

/* The only layer that reads node i, or -1. */
static int only_reader(const wf_graph *g, int i) {
    for (int k = i + 1; k < g->n_nodes && g->nodes[i].n_consumers == 1; k++)
        if (g->nodes[k].n_inputs == 1 && g->nodes[k].inputs[0] == i) return k;
    return -1;
}

/* The activation behind a convolution that is a layer of its own, at once or behind a
 * normalization; else the convolution. */
static int activation_of(const wf_graph *g, int convolution) {
    int found = convolution;
    for (int i = convolution; (i = only_reader(g, i)) >= 0;) {
        const wf_node *node = &g->nodes[i];
        if (!wf_shape_equal(&node->shape, &g->nodes[convolution].shape)) break;
        if (node->n_params == 0 && !(node->spec.class->flags & WF_LAYER_RANDOM)) found = i;
    }
    return found;
}

void wf_explain_ways_of(wf_explain_ways *out, const wf_params *params) {
    const wf_graph *g = params->graph;
    wf_explain_ways ways = {0};
    int last = -1;
    for (int i = 0; i < g->n_nodes; i++) {
        if (is_image(&g->nodes[i]) && g->nodes[i].madds > 0) last = i;
        ways.is_recurrent |= (g->nodes[i].spec.class->flags & WF_LAYER_STEPWISE) != 0;
    }
    if (last >= 0) ways.cam_layer = g->nodes[activation_of(g, last)].name;
    *out = ways;
}

wf_status wf__explain_check(wf_context *cx, const wf_graph *g, const wf_explain_options *options) {
    const int64_t count = options->images ? options->images->count : 0;
    WF_REQUIRE(options->index >= 0 && options->index < count, WF_E_ARG,
               "image %lld is to be explained, there are %lld | they are numbered from 0",
               (long long)options->index, (long long)count);
    const wf__rows rows = {
        .images = options->images, .n = 1, .normalization = &options->normalization};
    return wf__rows_check(cx, g, &rows, NULL, "given");
}

const uint8_t *wf__explain_pixels(const wf_explain_options *options) {
    const wf_images *images = options->images;
    return images->pixels + (size_t)options->index * (size_t)images->height *
                                (size_t)images->width * (size_t)images->channels;
}

wf_status wf__explain_ends(float **out, wf_params *params, wf_context *cx, wf_pool *pool,
                           const wf_explain_options *options, int node) {
    const wf_images *images = options->images;
    const wf_plan_options plan_options = {
        .mode = WF_PLAN_INFER, .batch_size = 2, .layer = params->graph->nodes[node].name};
    const size_t size = (size_t)wf_shape_size(&params->graph->nodes[node].shape),
                 image = (size_t)images->height * (size_t)images->width * (size_t)images->channels;
    uint8_t *pixels = NULL;
    float *ends = NULL;
    wf_plan *plan = NULL;
    wf_status status;
    WF_TRY_OR(wf_alloc(&ends, cx, 2 * size, sizeof *ends));
    WF_TRY_OR(wf_alloc(&pixels, cx, 2, image));
    memset(pixels, options->baseline, image);
    memcpy(pixels + image, wf__explain_pixels(options), image);
    WF_TRY_OR(wf_plan_create(&plan, cx, params->graph, params, pool, &plan_options));
    WF_TRY_OR(wf_plan_run(NULL, plan, cx,
                          &(wf_batch){.pixels = pixels,
                                      .scale = options->normalization.scale,
                                      .shift = options->normalization.shift,
                                      .n = 2}));
    memcpy(ends, wf_plan_output(plan), 2 * size * sizeof *ends);
    *out = ends;
    ends = NULL;
done:
    wf_plan_destroy(plan);
    wf_free(pixels);
    wf_free(ends);
    return status;
}

/* ---- scores and their gradients ---- */

void wf__asker_reset(wf__asker *a) {
    wf_plan_destroy(a->plan);
    wf_free(a->factors);
}

wf_status wf__asker_create(wf__asker *out, wf_params *params, wf_context *cx, wf_pool *pool,
                           int32_t class_index, const char *layer, int batch_size) {
    const wf_graph *g = params->graph;
    const int K = (int)wf_shape_size(&g->nodes[g->output].shape), n_classes = K == 1 ? 2 : K;
    wf__asker a = {.classes = K};
    wf_status status;
    WF_REQUIRE(class_index >= 0 && class_index < n_classes, WF_E_ARG,
               "class %d, model %s tells %d classes apart | they are numbered from 0", class_index,
               g->name, n_classes);
    WF_TRY_OR(wf_alloc(&a.factors, cx, (size_t)batch_size * (size_t)K, sizeof *a.factors));
    for (int i = 0; i < batch_size; i++)
        a.factors[i * K + (K == 1 ? 0 : class_index)] = K == 1 && class_index == 0 ? -1 : 1;
    const wf_plan_options plan_options = {
        .mode = WF_PLAN_GRADIENT, .batch_size = batch_size, .layer = layer};
    WF_TRY_OR(wf_plan_create(&a.plan, cx, g, params, pool, &plan_options));
    *out = a;
    a = (wf__asker){0};
done:
    wf__asker_reset(&a);
    return status;
}

wf_status wf__ask(wf__asker *a, wf_context *cx, wf_batch batch) {
    batch.targets = a->factors;
    return wf_plan_run(NULL, a->plan, cx, &batch);
}

double wf__asker_score(const wf__asker *a, int i) {
    const float *scores = wf_plan_scores(a->plan) + (ptrdiff_t)i * a->classes;
    double sum = 0;
    for (int k = 0; k < a->classes; k++)
        if (a->factors[k] != 0) sum += (double)a->factors[k] * (double)scores[k];
    return sum;
}

/* ---- Grad-CAM ---- */

void wf__resize_bilinear(float *dst, int h, int w, const float *src, int src_h, int src_w) {
    for (int y = 0; y < h; y++) {
        const double v = fmin(fmax((y + 0.5) * src_h / h - 0.5, 0), src_h - 1);
        const int y0 = (int)v, y1 = y0 + 1 < src_h ? y0 + 1 : y0;
        for (int x = 0; x < w; x++) {
            const double u = fmin(fmax((x + 0.5) * src_w / w - 0.5, 0), src_w - 1);
            const int x0 = (int)u, x1 = x0 + 1 < src_w ? x0 + 1 : x0;
            const double right = u - x0, low = v - y0;
            const double upper =
                (1 - right) * (double)src[y0 * src_w + x0] + right * (double)src[y0 * src_w + x1];
            const double lower =
                (1 - right) * (double)src[y1 * src_w + x0] + right * (double)src[y1 * src_w + x1];
            dst[y * w + x] = (float)((1 - low) * upper + low * lower);
        }
    }
}

/* map[i] = max(0, sum_k a_k values[i][k]),  a_k = mean over i of gradient[i][k] */
static void weigh_channels(float *map, const float *values, const float *gradient, int64_t places,
                           int64_t channels, double *weights) {
    memset(weights, 0, (size_t)channels * sizeof *weights);
    for (int64_t i = 0; i < places; i++)
        for (int64_t k = 0; k < channels; k++)
            weights[k] += (double)gradient[i * channels + k] / (double)places;
    for (int64_t i = 0; i < places; i++) {
        double sum = 0;
        for (int64_t k = 0; k < channels; k++) sum += weights[k] * (double)values[i * channels + k];
        map[i] = sum > 0 ? (float)sum : 0;
    }
}

wf_status wf_cam_create(wf_cam *out, wf_params *params, wf_context *cx, wf_pool *pool,
                        const wf_explain_options *options) {
    const wf_graph *g = params->graph;
    const wf_images *images = options->images;
    const char *layer = options->layer;
    wf_explain_ways ways;
    wf_cam cam = {0};
    wf__asker a = {0};
    double *weights = NULL;
    char text[96];
    int node;
    wf_status status;
    wf_explain_ways_of(&ways, params);
    WF_REQUIRE(layer || ways.cam_layer, WF_E_ARG,
               "model %s has no convolution for Grad-CAM to look at", g->name);
    if (!layer) layer = ways.cam_layer;
    WF_TRY(wf_graph_require(&node, g, cx, layer));
    const wf_shape *shape = &g->nodes[node].shape;
    WF_REQUIRE(is_image(&g->nodes[node]), WF_E_SHAPE,
               "layer %s: the output is %s, Grad-CAM needs height, width and channels | %s%s",
               layer, wf_shape_text(text, sizeof text, shape),
               ways.cam_layer ? "the last convolution is " : "no layer here convolves",
               ways.cam_layer ? ways.cam_layer : "");
    WF_TRY(wf__explain_check(cx, g, options));
    WF_TRY(wf__asker_create(&a, params, cx, pool, options->class_index, layer, 1));
    cam.height = (int32_t)shape->dim[0];
    cam.width = (int32_t)shape->dim[1];
    cam.image_height = images->height;
    cam.image_width = images->width;
    WF_TRY_OR(wf_strdup(&cam.layer, cx, layer));
    WF_TRY_OR(wf_alloc(&cam.map, cx, (size_t)(shape->dim[0] * shape->dim[1]), sizeof *cam.map));
    WF_TRY_OR(
        wf_alloc(&cam.heat, cx, (size_t)images->height * (size_t)images->width, sizeof *cam.heat));
    WF_TRY_OR(wf_alloc(&weights, cx, (size_t)shape->dim[2], sizeof *weights));
    WF_TRY_OR(wf__ask(&a, cx,
                      (wf_batch){.pixels = wf__explain_pixels(options),
                                 .scale = options->normalization.scale,
                                 .shift = options->normalization.shift,
                                 .n = 1}));
    weigh_channels(cam.map, wf_plan_layer_values(a.plan), wf_plan_layer_gradient(a.plan),
                   shape->dim[0] * shape->dim[1], shape->dim[2], weights);
    wf__resize_bilinear(cam.heat, images->height, images->width, cam.map, cam.height, cam.width);
    *out = cam;
    cam = (wf_cam){0};
done:
    wf_free(weights);
    wf__asker_reset(&a);
    wf_cam_reset(&cam);
    return status;
}

void wf_cam_reset(wf_cam *cam) {
    wf_free(cam->layer);
    wf_free(cam->map);
    wf_free(cam->heat);
    *cam = (wf_cam){0};
}
