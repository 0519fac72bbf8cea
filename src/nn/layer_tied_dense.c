#include <stdio.h>

#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/steps.h"

/* dst = activation(src * E^T + bias), E the first `units` rows of another layer's matrix: scores of
 * labels through the vectors that stand for them where they are read. The matrix is that layer's
 * parameter: there once in weights and optimizer, and its gradient is the sum of both uses.
 *  src [N,...,F]  E [rows >= units,F] of layer `to`  bias [units]  dst [N,...,units]
 * Products stay float32 in bfloat16, as those of all class scores. */

typedef struct wf_tied_dense_config {
    int32_t units, activation, use_bias;
    char to[WF_MAX_NAME];
} wf_tied_dense_config;

#define AT(member) offsetof(wf_tied_dense_config, member)
static const wf_field fields[] = {
    {"to", WF_FIELD_NAME, AT(to), 0, 0, NULL, NULL,
     "name of the embedding (or dense layer) whose matrix it uses, transposed"},
    {"units", WF_FIELD_INT, AT(units), 1, 1 << 24, NULL, NULL,
     "number of outputs: the matrix' first rows"},
    {"activation", WF_FIELD_CHOICE, AT(activation), 0, 0, WF_ACTIVATION_CHOICES, "linear",
     "applied to the result"},
    {"use_bias", WF_FIELD_BOOL, AT(use_bias), 0, 1, NULL, "false", "add a bias per unit"},
    {0}};

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_tied_dense_config *c = in->config;
    int owner;
    char text[96];
    WF_TRY(wf_graph_require(&owner, in->graph, cx, c->to));
    const wf_node *node = &in->graph->nodes[owner];
    WF_REQUIRE(node->n_params > 0 && node->spec.class->flags & WF_LAYER_LAST_AXIS, WF_E_ARG,
               "layer %s: to is %s, a layer of class %s, must be an embedding or a dense layer",
               in->layer, c->to, node->spec.class->name);
    const wf_param_entry *matrix = &in->graph->params[node->first_param];
    in->output = *in->inputs[0];
    int64_t *last = &in->output.dim[in->output.rank - 1];
    WF_REQUIRE(matrix->shape.rank == 2 && matrix->shape.dim[1] == *last &&
                   matrix->shape.dim[0] >= c->units && matrix->is_trainable,
               WF_E_SHAPE,
               "layer %s: %s has shape %s, must have %lld columns, as the input has features, and "
               "at least %d rows, its units",
               in->layer, matrix->name, wf_shape_text(text, sizeof text, &matrix->shape),
               (long long)*last, c->units);
    if (c->use_bias) WF_TRY(wf_infer_vector(in, "bias", c->units, WF_INIT_ZEROS, 1));
    in->madds = wf_shape_size(in->inputs[0]) * c->units;
    in->trains_another = 1;
    *last = c->units;
    return WF_OK;
}

enum { GRADIENT_ROWS = 112 }; /* of one tile */

typedef struct tied_args {
    wf_buffer src, dst, diff_src, diff_dst, packed, packed_transposed;
    int matrix, bias; /* parameter entries; bias -1: none */
    int rows, inputs, units;
    float slope;
} tied_args;

static void run_forward(const wf_work *r, const void *args) {
    const tied_args *a = args;
    const wf_gemm g = {.m = r->n * a->rows,
                       .m_outer = 1,
                       .n = a->units,
                       .k = a->inputs,
                       .k_outer = 1,
                       .a = wf_at(r, a->src),
                       .a_row = a->inputs,
                       .b = wf_at(r, a->packed),
                       .c = wf_at(r, a->dst),
                       .c_row = a->units,
                       .bias = a->bias < 0 ? NULL : wf_value(r, a->bias),
                       .slope = a->slope};
    r->kernels->gemm(&g);
}

/* diff_src = diff_dst * E */
static void run_backward(const wf_work *r, const void *args) {
    const tied_args *a = args;
    const wf_gemm g = {.m = r->n * a->rows,
                       .m_outer = 1,
                       .n = a->inputs,
                       .k = a->units,
                       .k_outer = 1,
                       .a = wf_at(r, a->diff_dst),
                       .a_row = a->units,
                       .b = wf_at(r, a->packed_transposed),
                       .c = wf_at(r, a->diff_src),
                       .c_row = a->inputs,
                       .slope = 1};
    r->kernels->gemm(&g);
}

/* E's gradient += diff_dst^T * src over the whole batch */
static void run_gradient(const wf_work *r, const void *args) {
    const tied_args *a = args;
    const int first = r->tile * GRADIENT_ROWS;
    const wf_gemm_tn g = {.m = a->units - first < GRADIENT_ROWS ? a->units - first : GRADIENT_ROWS,
                          .n = a->inputs,
                          .r = r->n * a->rows,
                          .r_outer = 1,
                          .images = 1,
                          .a = (float *)wf_at(r, a->diff_dst) + first,
                          .a_row = a->units,
                          .b = wf_at(r, a->src),
                          .b_row = a->inputs,
                          .c = wf_gradient(r, a->matrix) + (ptrdiff_t)first * a->inputs,
                          .c_row = a->inputs,
                          .accumulate = 1};
    r->kernels->gemm_tn(&g);
}

static void run_bias_gradient(const wf_work *r, const void *args) {
    const tied_args *a = args;
    r->kernels->column_sums(wf_gradient(r, a->bias), wf_at(r, a->diff_dst), r->n * a->rows,
                            a->units, a->units, 0);
}

/* Both products' right factors: E^T as [inputs][units], E as [units][inputs]. */
static wf_status pack(wf_buffer *out, wf_builder *b, const tied_args *a, int is_transposed) {
    wf_pack p = {.dst = WF_NO_BUFFER,
                 .param = a->matrix,
                 .taps = 1,
                 .rows = is_transposed ? a->inputs : a->units,
                 .n = is_transposed ? a->units : a->inputs,
                 .rs = is_transposed ? 1 : a->inputs,
                 .cs = is_transposed ? a->inputs : 1};
    WF_TRY(wf_build_pack(&p, b));
    *out = p.dst;
    return WF_OK;
}

static wf_status plan_backward(wf_builder *b, tied_args *a) {
    const wf_cost cost = {.flop = 2.0 * a->rows * a->inputs * a->units,
                          .bytes = 4.0 * a->inputs * a->units};
    if (a->diff_src != WF_NO_BUFFER) {
        WF_TRY(pack(&a->packed_transposed, b, a, 0));
        WF_TRY(wf_build_shard_step(b, WF_BACKWARD, run_backward, a, sizeof *a,
                                   WF_USES(a->diff_src, a->diff_dst)));
        wf_build_cost(b, cost);
    }
    if (!b->is_training) return WF_OK;
    WF_TRY(wf_build_tile_step(b, WF_WGRAD_SHARED, (a->units + GRADIENT_ROWS - 1) / GRADIENT_ROWS,
                              run_gradient, a, sizeof *a, WF_USES(a->src, a->diff_dst)));
    wf_build_cost(b, cost);
    if (a->bias < 0) return WF_OK;
    return wf_build_tile_step(b, WF_WGRAD, 1, run_bias_gradient, a, sizeof *a,
                              WF_USES(a->diff_dst));
}

static int matrix_of(const wf_graph *g, const wf_tied_dense_config *c) {
    return g->nodes[wf_graph_find(g, c->to)].first_param;
}

static wf_status plan(wf_builder *b) {
    const wf_tied_dense_config *c = b->config;
    const wf_activation kind = (wf_activation)c->activation;
    const float slope = wf_activation_slope(kind);
    tied_args a = {.src = b->src[0],
                   .dst = b->dst,
                   .diff_src = b->diff_src[0],
                   .diff_dst = b->diff_dst,
                   .matrix = matrix_of(b->graph, c),
                   .bias = c->use_bias ? b->param : -1,
                   .inputs = (int)b->src_shape[0]->dim[b->src_shape[0]->rank - 1],
                   .units = c->units,
                   .slope = slope < 0 ? 1 : slope};
    a.rows = (int)(wf_shape_size(b->src_shape[0]) / a.inputs);
    wf_buffer saved;
    WF_TRY(pack(&a.packed, b, &a, 1));
    WF_TRY(wf_build_shard_step(b, WF_FORWARD, run_forward, &a, sizeof a, WF_USES(a.src, a.dst)));
    wf_build_cost(
        b, (wf_cost){.flop = 2.0 * a.rows * a.inputs * a.units, .bytes = 4.0 * a.inputs * a.units});
    WF_TRY(wf_build_activation(&saved, b, kind));
    if (a.diff_dst == WF_NO_BUFFER) return WF_OK;
    WF_TRY(wf_build_activation_backward(b, kind, saved));
    return plan_backward(b, &a);
}

/* The matrix is the other layer's constant. */
static wf_status onnx(wf_onnx *x) {
    const wf_tied_dense_config *c = x->config;
    const wf_graph *g = x->params->graph;
    const int64_t zero = 0, units = c->units, order[] = {1, 0};
    const wf_activation kind = (wf_activation)c->activation;
    wf_onnx_name rows[3], src, y, bias;
    snprintf(rows[0].text, sizeof rows[0].text, "%.127s", g->params[matrix_of(g, c)].name);
    WF_TRY(wf_onnx_input(&src, x, 0, WF_ONNX_WEFT));
    WF_TRY(wf_onnx_ints(&rows[1], x, "first", &zero, 1));
    WF_TRY(wf_onnx_ints(&rows[2], x, "end", &units, 1));
    WF_TRY(wf_onnx_apply(&y, x, "Slice", rows, 3, NULL, 0));
    WF_TRY(wf_onnx_transpose(&y, x, &y, order, 2));
    WF_TRY(wf_onnx_binary(&y, x, "MatMul", &src, &y));
    if (c->use_bias) {
        WF_TRY(wf_onnx_param(&bias, x, 0, NULL));
        WF_TRY(wf_onnx_binary(&y, x, "Add", &y, &bias));
    }
    WF_TRY(wf_onnx_activate(&y, x, kind, (double)wf_activation_alpha(kind), x->node->shape.rank));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}

const wf_layer_class wf_tied_dense_class = {
    .name = "tied_dense",
    .summary = "matrix product with another layer's matrix, transposed",
    .paper = "Press and Wolf 2017, arXiv:1608.05859; Wang et al. 2016, arXiv:1604.04573",
    .flags = WF_LAYER_LAST_AXIS,
    .min_inputs = 1,
    .max_inputs = 1,
    .config_size = sizeof(wf_tied_dense_config),
    .fields = fields,
    .infer = infer,
    .plan = plan,
    .onnx = onnx};
