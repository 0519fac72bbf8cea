#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* Each query looks at all places and takes a mean of what is there.
 *  weights = softmax over s of scale q_t . k_s,  dst_t = sum over s of weights_ts v_s
 *  query [N,T,D]  value [N,S,F] or a map [N,H,W,F], S = HW  key as value with D features; without
 *  one the values are the keys as well, D = F  scale [1], 1 without use_scale
 *  weights [N,T,S]  dst [N,T,F]
 * The factor 1 / sqrt(D) of Vaswani et al. is not in it, as it is not in Keras' layer. Products
 * stay float32 in bfloat16. */

typedef struct wf_attention_config {
    int32_t use_scale;
} wf_attention_config;

static const wf_field fields[] = {{"use_scale", WF_FIELD_BOOL,
                                   offsetof(wf_attention_config, use_scale), 0, 1, NULL, "false",
                                   "multiply the scores by a trained number, which begins as 1"},
                                  {0}};

static int64_t features_of(const wf_shape *s) { return s->dim[s->rank - 1]; }

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_attention_config *c = in->config;
    const wf_shape *query = in->inputs[0], *value = in->inputs[1];
    const wf_shape *key = in->inputs[in->n_inputs - 1];
    char text[2][96];
    WF_REQUIRE(query->rank == 2, WF_E_SHAPE,
               "layer %s: the query has rank %d, must be a sequence (steps, features)", in->layer,
               query->rank);
    WF_REQUIRE(value->rank == 2 || value->rank == 3, WF_E_SHAPE,
               "layer %s: the value has rank %d, must be a sequence (steps, features) or a map "
               "(height, width, features)",
               in->layer, value->rank);
    const int64_t places = wf_shape_size(value) / features_of(value);
    WF_REQUIRE(key->rank == value->rank && wf_shape_size(key) / features_of(key) == places &&
                   key->dim[0] == value->dim[0],
               WF_E_SHAPE,
               "layer %s: the key has shape %s, the value %s, must be at the same places",
               in->layer, wf_shape_text(text[0], sizeof text[0], key),
               wf_shape_text(text[1], sizeof text[1], value));
    WF_REQUIRE(
        features_of(key) == features_of(query), WF_E_SHAPE,
        "layer %s: the query has %lld features, the key %lld, must be as many | bring both to "
        "one width: time_distributed with dense for the query, conv2d with kernel_size 1 for a "
        "map",
        in->layer, (long long)features_of(query), (long long)features_of(key));
    in->output = (wf_shape){.rank = 2, .dim = {query->dim[0], features_of(value)}};
    in->madds = query->dim[0] * places * (features_of(query) + features_of(value));
    return c->use_scale ? wf_infer_vector(in, "scale", 1, WF_INIT_ONES, 1) : WF_OK;
}

typedef struct attention_args {
    wf_buffer query, value, key, dst;
    wf_buffer diff_query, diff_value, diff_key, diff_dst;
    wf_buffer weights;
    wf_buffer diff_scale;               /* each image's share of it */
    int scale;                          /* parameter entry; -1: none */
    int steps, places, width, features; /* T, S, D, F */
} attention_args;

/* dst [columns][rows] from src [rows][columns] */
static void transpose(float *dst, const float *src, int rows, int columns) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            dst[(ptrdiff_t)j * rows + i] = src[(ptrdiff_t)i * columns + j];
}

/* c [m][n] (+)= a [r][m]^T b [r][n] */
static void multiply(const wf_work *r, float *c, int m, int n, int rows, const float *a,
                     const float *b, int accumulate) {
    const wf_gemm_tn g = {.m = m,
                          .n = n,
                          .r = rows,
                          .r_outer = 1,
                          .images = 1,
                          .a = a,
                          .a_row = m,
                          .b = b,
                          .b_row = n,
                          .c = c,
                          .c_row = n,
                          .accumulate = accumulate};
    r->kernels->gemm_tn(&g);
}

static float scale_of(const wf_work *r, const attention_args *a) {
    return a->scale < 0 ? 1 : *wf_value(r, a->scale);
}

static void scale_all(float *x, ptrdiff_t n, float scale) {
    if (scale < 1 || scale > 1)
        for (ptrdiff_t i = 0; i < n; i++) x[i] *= scale;
}

/* Floats of a piece of scratch: whole vectors, and what a product may read past its end. */
static ptrdiff_t piece(int rows, int columns) {
    return ((ptrdiff_t)rows * columns + 15) / 16 * 16 + 32;
}

static void run_forward(const wf_work *r, const void *args) {
    const attention_args *a = args;
    const int T = a->steps, S = a->places, D = a->width, F = a->features;
    const float *query = wf_at(r, a->query), *key = wf_at(r, a->key), *value = wf_at(r, a->value);
    float *weights = wf_at(r, a->weights), *dst = wf_at(r, a->dst);
    float *queries = r->scratch, *keys = queries + piece(D, T), *turned = keys + piece(D, S);
    for (int i = 0; i < r->n; i++) {
        /* scores [T][S] = q k^T */
        transpose(queries, query, T, D);
        transpose(keys, key, S, D);
        multiply(r, weights, T, S, D, queries, keys, 0);
        scale_all(weights, (ptrdiff_t)T * S, scale_of(r, a));
        r->kernels->softmax(weights, weights, (size_t)T, S);
        /* dst [T][F] = weights v */
        transpose(turned, weights, T, S);
        multiply(r, dst, T, F, S, turned, value, 0);
        query += (ptrdiff_t)T * D;
        key += (ptrdiff_t)S * D;
        value += (ptrdiff_t)S * F;
        weights += (ptrdiff_t)T * S;
        dst += (ptrdiff_t)T * F;
    }
}

/* Where an image's part of a gradient begins; NULL: nobody wants it. */
static float *gradient_at(const wf_work *r, wf_buffer buffer, ptrdiff_t offset) {
    return buffer == WF_NO_BUFFER ? NULL : (float *)wf_at(r, buffer) + offset;
}

static void run_backward(const wf_work *r, const void *args) {
    const attention_args *a = args;
    const int T = a->steps, S = a->places, D = a->width, F = a->features;
    const float scale = scale_of(r, a);
    float *diffs = r->scratch, *values = diffs + piece(F, T), *scores = values + piece(F, S);
    float *turned = scores + piece(T, S), *queries = turned + piece(S, T);
    for (int i = 0; i < r->n; i++) {
        const ptrdiff_t at_query = (ptrdiff_t)i * T * D, at_key = (ptrdiff_t)i * S * D;
        const ptrdiff_t at_value = (ptrdiff_t)i * S * F, at_dst = (ptrdiff_t)i * T * F;
        const float *query = (float *)wf_at(r, a->query) + at_query;
        const float *diff_dst = (float *)wf_at(r, a->diff_dst) + at_dst;
        const float *weights = (float *)wf_at(r, a->weights) + (ptrdiff_t)i * T * S;
        float *diff_query = gradient_at(r, a->diff_query, at_query);
        float *diff_value = gradient_at(r, a->diff_value, at_value);
        float *diff_key = gradient_at(r, a->diff_key, at_key);
        /* dv = weights^T dy; the keys' own is added where both are one input */
        if (diff_value) multiply(r, diff_value, S, F, T, weights, diff_dst, 0);
        /* dweights = dy v^T, dscores = weights (dweights - sum_s weights dweights) */
        transpose(diffs, diff_dst, T, F);
        transpose(values, (float *)wf_at(r, a->value) + at_value, S, F);
        multiply(r, scores, T, S, F, diffs, values, 0);
        r->kernels->softmax_backward(scores, scores, weights, (size_t)T, S);
        /* g = dscores k, dscale = sum q g, dq = scale g */
        if (diff_query || a->scale >= 0) {
            transpose(turned, scores, T, S);
            multiply(r, queries, T, D, S, turned, (float *)wf_at(r, a->key) + at_key, 0);
        }
        if (a->scale >= 0) {
            double sum = 0;
            for (ptrdiff_t k = 0; k < (ptrdiff_t)T * D; k++)
                sum += (double)query[k] * (double)queries[k];
            if (a->diff_scale != WF_NO_BUFFER) ((float *)wf_at(r, a->diff_scale))[i] = (float)sum;
        }
        for (ptrdiff_t k = 0; diff_query && k < (ptrdiff_t)T * D; k++)
            diff_query[k] = scale * queries[k];
        /* dk = scale dscores^T q */
        scale_all(scores, (ptrdiff_t)T * S, scale);
        if (diff_key) multiply(r, diff_key, S, D, T, scores, query, a->diff_key == a->diff_value);
    }
}

/* In the order of the batch. */
static void run_scale_gradient(const wf_work *r, const void *args) {
    const attention_args *a = args;
    const float *of_image = wf_at(r, a->diff_scale);
    double sum = 0;
    for (int i = 0; i < r->n; i++) sum += (double)of_image[i];
    *wf_gradient(r, a->scale) = (float)sum;
}

static wf_status plan_backward(wf_builder *b, attention_args *a, double flop) {
    const int T = a->steps, S = a->places, D = a->width, F = a->features;
    if (b->is_training && a->scale >= 0) WF_TRY(wf_build_buffer(&a->diff_scale, b, sizeof(float)));
    wf_build_scratch(b, (size_t)(piece(F, T) + piece(F, S) + 2 * piece(T, S) + piece(T, D)) *
                            sizeof(float));
    WF_TRY(wf_build_image_step(b, WF_BACKWARD, run_backward, a, sizeof *a,
                               WF_USES(a->query, a->value, a->key, a->weights, a->diff_query,
                                       a->diff_value, a->diff_key, a->diff_dst, a->diff_scale)));
    wf_build_cost(b, (wf_cost){.flop = 2 * flop});
    if (a->diff_scale == WF_NO_BUFFER) return WF_OK;
    return wf_build_tile_step(b, WF_WGRAD, 1, run_scale_gradient, a, sizeof *a,
                              WF_USES(a->diff_scale));
}

static wf_status plan(wf_builder *b) {
    const wf_attention_config *c = b->config;
    const int key = b->n_inputs - 1;
    attention_args a = {.query = b->src[0],
                        .value = b->src[1],
                        .key = b->src[key],
                        .dst = b->dst,
                        .diff_query = b->diff_src[0],
                        .diff_value = b->diff_src[1],
                        .diff_key = b->diff_src[key],
                        .diff_dst = b->diff_dst,
                        .diff_scale = WF_NO_BUFFER,
                        .scale = c->use_scale ? b->param : -1,
                        .steps = (int)b->dst_shape->dim[0],
                        .width = (int)features_of(b->src_shape[0]),
                        .features = (int)b->dst_shape->dim[1]};
    a.places = (int)(wf_shape_size(b->src_shape[1]) / a.features);
    const double flop = 2.0 * a.steps * a.places * (a.width + a.features);
    const size_t weights = (size_t)a.steps * (size_t)a.places;
    WF_TRY(wf_build_buffer(&a.weights, b, weights * sizeof(float)));
    wf_build_shown(b, a.weights, (int64_t)weights);
    wf_build_scratch(
        b, (size_t)(piece(a.width, a.steps) + piece(a.width, a.places) + piece(a.places, a.steps)) *
               sizeof(float));
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a,
                               WF_USES(a.query, a.value, a.key, a.weights, a.dst)));
    wf_build_cost(b, (wf_cost){.flop = flop, .exps = (double)weights});
    return a.diff_dst == WF_NO_BUFFER ? WF_OK : plan_backward(b, &a, flop);
}

/* An input as a sequence of places. */
static wf_status onnx_places(wf_onnx_name *out, wf_onnx *x, int input) {
    const wf_shape *shape = wf_onnx_shape(x, input);
    const int64_t dims[] = {0, wf_shape_size(shape) / features_of(shape), features_of(shape)};
    WF_TRY(wf_onnx_input(out, x, input, WF_ONNX_WEFT));
    return shape->rank == 2 ? WF_OK : wf_onnx_reshape(out, x, out, dims, 3);
}

static wf_status onnx(wf_onnx *x) {
    const wf_attention_config *c = x->config;
    const int64_t order[] = {0, 2, 1};
    wf_onnx_name y, key, value, scale;
    WF_TRY(wf_onnx_input(&y, x, 0, WF_ONNX_WEFT));
    WF_TRY(onnx_places(&value, x, 1));
    key = value;
    if (x->node->n_inputs > 2) WF_TRY(onnx_places(&key, x, 2));
    WF_TRY(wf_onnx_transpose(&key, x, &key, order, 3));
    WF_TRY(wf_onnx_binary(&y, x, "MatMul", &y, &key));
    if (c->use_scale) {
        WF_TRY(wf_onnx_param(&scale, x, 0, NULL));
        WF_TRY(wf_onnx_binary(&y, x, "Mul", &y, &scale));
    }
    WF_TRY(wf_onnx_activate(&y, x, WF_ACT_SOFTMAX, 0, 2));
    WF_TRY(wf_onnx_binary(&y, x, "MatMul", &y, &value));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}

const wf_layer_class wf_attention_class = {
    .name = "attention",
    .summary = "each step of a query takes a mean of the places of a map or sequence",
    .paper = "Luong et al. 2015, arXiv:1508.04025; Xu et al. 2015, arXiv:1502.03044",
    .flags = WF_LAYER_LOOKS,
    .min_inputs = 2,
    .max_inputs = 3,
    .config_size = sizeof(wf_attention_config),
    .fields = fields,
    .infer = infer,
    .plan = plan,
    .onnx = onnx};
