#include <string.h>

#include "base/alloc.h"
#include "nn/fields.h"
#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/steps.h"

/* dst[...] = embeddings[src[...]]; a number without a row gives zeros, as PyTorch's padding_idx
 * does.
 *  src [N,...] whole numbers  embeddings [input_dim,output_dim]  dst [N,...,output_dim] */

typedef struct wf_embedding_config {
    int32_t input_dim, output_dim, initializer;
} wf_embedding_config;

#define AT(member) offsetof(wf_embedding_config, member)
static const wf_field fields[] = {
    {"input_dim", WF_FIELD_INT, AT(input_dim), 1, 1 << 24, NULL, NULL,
     "size of the vocabulary; behind a label_input: its classes + 2"},
    {"output_dim", WF_FIELD_INT, AT(output_dim), 1, 1 << 24, NULL, NULL, "length of a vector"},
    {"embeddings_initializer", WF_FIELD_CHOICE, AT(initializer), 0, 0,
     WF_KERNEL_INITIALIZER_CHOICES "|uniform", "uniform", "start of the vectors"},
    {0}};

/* Whoever tells labels tells END and START as well, and all of them have a row. */
static wf_status check_tokens(const wf_infer *in, int input_dim) {
    wf_context *cx = in->cx;
    for (int i = 0; i < in->graph->n_nodes; i++) {
        const wf_node *node = &in->graph->nodes[i];
        const wf_field *classes = wf_fields_find(node->spec.class->fields, "classes");
        if (&node->shape != in->inputs[0] || node->n_inputs || !classes) continue;
        const int labels = *(const int32_t *)((const char *)node->spec.config + classes->offset);
        WF_REQUIRE(input_dim >= labels + 2, WF_E_ARG,
                   "layer %s: input_dim is %d, must be at least %d | layer %s tells %d labels, END "
                   "and START",
                   in->layer, input_dim, labels + 2, node->name, labels);
    }
    return WF_OK;
}

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_embedding_config *c = in->config;
    const wf_shape rows = {.rank = 2, .dim = {c->input_dim, c->output_dim}};
    WF_REQUIRE(in->inputs[0]->rank < WF_MAX_RANK, WF_E_SHAPE,
               "layer %s: input has rank %d, must be less than %d", in->layer, in->inputs[0]->rank,
               WF_MAX_RANK);
    WF_TRY(check_tokens(in, c->input_dim));
    in->output = *in->inputs[0];
    in->output.dim[in->output.rank++] = c->output_dim;
    return wf_infer_param(in, "embeddings", &rows, (wf_initializer)c->initializer, c->input_dim,
                          c->output_dim, 1);
}

typedef struct embedding_args {
    wf_buffer src, dst, diff_src, diff_dst;
    int param, tokens, rows, width, rows_per_tile;
} embedding_args;

/* The row of the vocabulary, -1: none. Not a number has none. */
static int row_of(const embedding_args *a, float token) {
    return token >= 0 && token < (float)a->rows ? (int)token : -1;
}

static void run_forward(const wf_work *r, const void *args) {
    const embedding_args *a = args;
    const size_t bytes = (size_t)a->width * sizeof(float);
    const float *src = wf_at(r, a->src), *value = wf_value(r, a->param);
    float *dst = wf_at(r, a->dst);
    for (int i = 0; i < r->n * a->tokens; i++, dst += a->width) {
        const int row = row_of(a, src[i]);
        if (row < 0) memset(dst, 0, bytes);
        else memcpy(dst, value + (ptrdiff_t)row * a->width, bytes);
    }
}

/* Whole numbers have no slope. */
static void run_backward(const wf_work *r, const void *args) {
    const embedding_args *a = args;
    memset(wf_at(r, a->diff_src), 0, (size_t)(r->n * a->tokens) * sizeof(float));
}

/* gradient[row] = sum of diff_dst over the tokens that are `row`, in the order of the batch; a tile
 * owns some rows. */
static void run_gradient(const wf_work *r, const void *args) {
    const embedding_args *a = args;
    const int first = r->tile * a->rows_per_tile;
    const int n = a->rows - first < a->rows_per_tile ? a->rows - first : a->rows_per_tile;
    const float *src = wf_at(r, a->src), *diff = wf_at(r, a->diff_dst);
    float *gradient = wf_gradient(r, a->param) + (ptrdiff_t)first * a->width;
    memset(gradient, 0, (size_t)n * (size_t)a->width * sizeof *gradient);
    for (int i = 0; i < r->n * a->tokens; i++, diff += a->width) {
        const int row = row_of(a, src[i]) - first;
        if (row < 0 || row >= n) continue;
        float *to = gradient + (ptrdiff_t)row * a->width;
        r->kernels->add(to, to, diff, (size_t)a->width);
    }
}

static wf_status plan(wf_builder *b) {
    const wf_embedding_config *c = b->config;
    enum { TILES = 16 };
    const embedding_args a = {.src = b->src[0],
                              .dst = b->dst,
                              .diff_src = b->diff_src[0],
                              .diff_dst = b->diff_dst,
                              .param = b->param,
                              .tokens = (int)wf_shape_size(b->src_shape[0]),
                              .rows = c->input_dim,
                              .width = c->output_dim,
                              .rows_per_tile = (c->input_dim + TILES - 1) / TILES};
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a, WF_USES(a.src, a.dst)));
    if (a.diff_src != WF_NO_BUFFER)
        WF_TRY(
            wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a, WF_USES(a.diff_src)));
    if (!b->is_training) return WF_OK;
    return wf_build_tile_step(b, WF_WGRAD, (a.rows + a.rows_per_tile - 1) / a.rows_per_tile,
                              run_gradient, &a, sizeof a, WF_USES(a.src, a.diff_dst));
}

static wf_status onnx_zeros(wf_onnx_name *out, wf_onnx *x) {
    const wf_shape shape = {.rank = 2, .dim = {1, wf_onnx_entry(x, 0)->shape.dim[1]}};
    float *zeros = NULL;
    WF_TRY(wf_alloc(&zeros, x->cx, (size_t)shape.dim[1], sizeof *zeros));
    wf_status status = wf_onnx_reals(out, x, "no_token", &shape, zeros);
    wf_free(zeros);
    return status;
}

/* What has no row becomes -1: not (x >= 0 and x < rows). */
static wf_status onnx_tokens(wf_onnx_name *y, wf_onnx *x, double rows) {
    wf_onnx_name zero, end, none, below, beyond[2], inside[2], chosen[3];
    WF_TRY(wf_onnx_real(&zero, x, "first_token", 0));
    WF_TRY(wf_onnx_real(&end, x, "end_token", rows));
    WF_TRY(wf_onnx_real(&none, x, "none", -1));
    WF_TRY(wf_onnx_binary(&below, x, "Less", y, &zero));
    WF_TRY(wf_onnx_apply(&inside[0], x, "Not", &below, 1, NULL, 0));
    beyond[0] = *y;
    beyond[1] = end;
    WF_TRY(wf_onnx_apply(&inside[1], x, "Less", beyond, 2, NULL, 0));
    WF_TRY(wf_onnx_apply(&chosen[0], x, "And", inside, 2, NULL, 0));
    chosen[1] = *y;
    chosen[2] = none;
    return wf_onnx_apply(y, x, "Where", chosen, 3, NULL, 0);
}

/* Behind the rows stands one of zeros, which Gather finds at -1. */
static wf_status onnx(wf_onnx *x) {
    enum { INT64 = 7 }; /* onnx.TensorProto.INT64 */
    const wf_onnx_attribute to = {.name = "to", .kind = WF_ONNX_INT, .i = INT64};
    const wf_onnx_attribute axis = {.name = "axis", .kind = WF_ONNX_INT};
    wf_onnx_name rows[2], inputs[2], y;
    WF_TRY(wf_onnx_input(&y, x, 0, WF_ONNX_WEFT));
    WF_TRY(onnx_tokens(&y, x, (double)wf_onnx_entry(x, 0)->shape.dim[0]));
    WF_TRY(wf_onnx_param(&rows[0], x, 0, NULL));
    WF_TRY(onnx_zeros(&rows[1], x));
    WF_TRY(wf_onnx_apply(&inputs[0], x, "Concat", rows, 2, &axis, 1));
    WF_TRY(wf_onnx_apply(&inputs[1], x, "Cast", &y, 1, &to, 1));
    WF_TRY(wf_onnx_apply(&y, x, "Gather", inputs, 2, &axis, 1));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}

const wf_layer_class wf_embedding_class = {.name = "embedding",
                                           .summary = "a trained vector for each whole number",
                                           .paper = "Bengio et al. 2003, JMLR 3",
                                           .flags = WF_LAYER_LAST_AXIS,
                                           .min_inputs = 1,
                                           .max_inputs = 1,
                                           .config_size = sizeof(wf_embedding_config),
                                           .fields = fields,
                                           .infer = infer,
                                           .plan = plan,
                                           .onnx = onnx};
