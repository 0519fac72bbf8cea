#include <string.h>

#include "base/alloc.h"
#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* Scores of all sets of K labels, for labels that depend on one another in pairs. With s the set
 * whose number has bit k for label k,
 *  dst[s] = sum_k s_k src_k + sum_{i<j} s_i s_j W_ij
 *  src [N,K]  interactions [K(K-1)/2]: W_01, W_02, ..., W_12, ...  dst [N,2^K]
 * There is nothing to multiply: additions, two for each set.
 * Behind it stands a softmax, and the loss knows the set's number: so the model is an exact random
 * field, its likeliest set an argmax, and a label's probability a sum. */

enum { MOST_LABELS = 12 };

static const wf_field fields[] = {{0}};

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const int64_t K = in->inputs[0]->dim[0];
    const wf_shape pairs = {.rank = 1, .dim = {K * (K - 1) / 2}};
    char text[96];
    WF_REQUIRE(in->inputs[0]->rank == 1 && K >= 2 && K <= MOST_LABELS, WF_E_SHAPE,
               "layer %s: input has shape %s, must be a score for each of 2 to %d labels | there "
               "are 2^K sets of K labels",
               in->layer, wf_shape_text(text, sizeof text, in->inputs[0]), MOST_LABELS);
    in->output = (wf_shape){.rank = 1, .dim = {INT64_C(1) << K}};
    return wf_infer_param(in, "interactions", &pairs, WF_INIT_ZEROS, K, K, 1);
}

typedef struct label_sets_args {
    wf_buffer src, dst, diff_src, diff_dst;
    wf_buffer pairs; /* [2^K]: what a set's pairs add to its score */
    int param, labels, sets;
} label_sets_args;

/* Of W_ij, i < j. */
static int pair_at(int labels, int i, int j) { return i * (2 * labels - i - 1) / 2 + j - i - 1; }

/* The set without its lowest label, and that label's pairs with the others. */
static void add_pairs(float *out, const float *w, int labels) {
    out[0] = 0;
    for (int s = 1; s < 1 << labels; s++) {
        const int rest = s & (s - 1), lowest = __builtin_ctz((unsigned)s);
        out[s] = out[rest];
        for (int q = rest; q; q &= q - 1)
            out[s] += w[pair_at(labels, lowest, __builtin_ctz((unsigned)q))];
    }
}

static void run_refresh(const wf_work *r, const void *args) {
    const label_sets_args *a = args;
    add_pairs(wf_at(r, a->pairs), wf_value(r, a->param), a->labels);
}

static void run_forward(const wf_work *r, const void *args) {
    const label_sets_args *a = args;
    const float *src = wf_at(r, a->src), *pairs = wf_at(r, a->pairs);
    float *dst = wf_at(r, a->dst);
    for (int i = 0; i < r->n; i++, src += a->labels, dst += a->sets) {
        dst[0] = 0;
        for (int k = 0; k < a->labels; k++)
            for (int s = 0; s < 1 << k; s++) dst[(1 << k) + s] = dst[s] + src[k];
        r->kernels->add(dst, dst, pairs, (size_t)a->sets);
    }
}

/* out[k] = sum of x[s] over the sets with label k. Overwrites x: from the last label on, the upper
 * half has the sets with it; it is added to the lower one, and then folded to one number. */
static void marginals(const wf_kernels *kernels, float *out, float *x, int labels) {
    for (int k = labels - 1; k >= 0; k--) {
        size_t half = (size_t)1 << k;
        float *with = x + half;
        kernels->add(x, x, with, half);
        for (; half > 1; half /= 2) kernels->add(with, with, with + half / 2, half / 2);
        out[k] = with[0];
    }
}

static void run_backward(const wf_work *r, const void *args) {
    const label_sets_args *a = args;
    const float *diff_dst = wf_at(r, a->diff_dst);
    float *diff_src = wf_at(r, a->diff_src);
    for (int i = 0; i < r->n; i++) {
        memcpy(r->scratch, diff_dst + (ptrdiff_t)i * a->sets, (size_t)a->sets * sizeof(float));
        marginals(r->kernels, diff_src + (ptrdiff_t)i * a->labels, r->scratch, a->labels);
    }
}

/* dW_ij = sum of diff_dst over the batch and the sets with both labels: the marginals of the lower
 * labels within the sets with label j. */
static void run_gradient(const wf_work *r, const void *args) {
    const label_sets_args *a = args;
    float *sum = r->scratch, *with = sum + a->sets, *w = wf_gradient(r, a->param);
    float of_one[MOST_LABELS];
    r->kernels->column_sums(sum, wf_at(r, a->diff_dst), r->n, a->sets, a->sets, 0);
    for (int j = a->labels - 1; j > 0; j--) {
        const size_t half = (size_t)1 << j;
        memcpy(with, sum + half, half * sizeof *with);
        r->kernels->add(sum, sum, with, half);
        marginals(r->kernels, of_one, with, j);
        for (int i = 0; i < j; i++) w[pair_at(a->labels, i, j)] = of_one[i];
    }
}

static wf_status plan(wf_builder *b) {
    label_sets_args a = {.src = b->src[0],
                         .dst = b->dst,
                         .diff_src = b->diff_src[0],
                         .diff_dst = b->diff_dst,
                         .param = b->param,
                         .labels = (int)b->src_shape[0]->dim[0]};
    a.sets = 1 << a.labels;
    const size_t bytes = (size_t)a.sets * sizeof(float);
    WF_TRY(wf_build_fixed(&a.pairs, b, bytes));
    WF_TRY(wf_build_tile_step(b, WF_REFRESH, 1, run_refresh, &a, sizeof a, NULL, 0));
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a, WF_USES(a.src, a.dst)));
    if (a.diff_dst == WF_NO_BUFFER) return WF_OK;
    wf_build_scratch(b, 2 * bytes);
    if (a.diff_src != WF_NO_BUFFER)
        WF_TRY(wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a,
                                   WF_USES(a.diff_src, a.diff_dst)));
    if (!b->is_training) return WF_OK;
    return wf_build_tile_step(b, WF_WGRAD, 1, run_gradient, &a, sizeof a, WF_USES(a.diff_dst));
}

/* src times the matrix of all sets, and what the pairs add. */
static wf_status onnx(wf_onnx *x) {
    const int labels = (int)wf_onnx_shape(x, 0)->dim[0], sets = 1 << labels;
    const wf_shape matrix = {.rank = 2, .dim = {labels, sets}}, row = {.rank = 1, .dim = {sets}};
    wf_onnx_name y, constant;
    float *values = NULL;
    wf_status status;
    WF_TRY(wf_alloc(&values, x->cx, (size_t)labels * (size_t)sets, sizeof *values));
    for (int k = 0; k < labels; k++)
        for (int s = 0; s < sets; s++) values[k * sets + s] = (float)(s >> k & 1);
    WF_TRY_OR(wf_onnx_input(&y, x, 0, WF_ONNX_WEFT));
    WF_TRY_OR(wf_onnx_reals(&constant, x, "sets", &matrix, values));
    WF_TRY_OR(wf_onnx_binary(&y, x, "MatMul", &y, &constant));
    add_pairs(values, wf_onnx_numbers(x, 0), labels);
    WF_TRY_OR(wf_onnx_reals(&constant, x, "interactions", &row, values));
    WF_TRY_OR(wf_onnx_binary(&y, x, "Add", &y, &constant));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
done:
    wf_free(values);
    return status;
}

const wf_layer_class wf_label_sets_class = {
    .name = "label_sets",
    .summary = "scores of all sets of labels that depend in pairs",
    .paper = "Ghamrawi and McCallum 2005, doi:10.1145/1099554.1099591",
    .flags = WF_LAYER_SETS,
    .min_inputs = 1,
    .max_inputs = 1,
    .fields = fields,
    .infer = infer,
    .plan = plan,
    .onnx = onnx};
