/* The recurrent layers in ONNX. With D directions, gates permuted by gates.h:
 *   X [T,N,F]  W [D,G*H,F]  R [D,G*H,H]  B [D,2*G*H]: the bias of x W, then that of h R
 *   Y [T,D,N,H]  Y_h [D,N,H] */
#include <string.h>

#include "base/alloc.h"
#include "nn/onnx.h"
#include "nn/rnn.h"
#include "nn/steps.h"

/* What the three arrays share. */
typedef struct recurrent {
    wf_onnx *x;
    const wf_rnn_config *config;
    const wf_onnx_cell *cell;
    const wf_gates *gates;
    int arrays; /* parameters of one direction */
    int64_t T, F, H, D;
} recurrent;

static const float *array_of(const recurrent *r, int64_t direction, int i) {
    return wf_onnx_numbers(r->x, (int)direction * r->arrays + i);
}

/* to[direction][gate][unit][row] = kernel[row][gate][unit] */
static wf_status add_matrix(wf_onnx_name *out, const recurrent *r, const char *part, int array,
                            int64_t rows) {
    const int64_t H = r->H, G = r->gates->n;
    const wf_shape shape = {.rank = 3, .dim = {r->D, G * H, rows}};
    float *values = NULL, *to;
    WF_TRY(wf_alloc(&values, r->x->cx, (size_t)wf_shape_size(&shape), sizeof *values));
    to = values;
    for (int64_t d = 0; d < r->D; d++) {
        const float *from = array_of(r, d, array);
        for (int64_t g = 0; g < G; g++)
            for (int64_t unit = 0; unit < H; unit++)
                for (int64_t row = 0; row < rows; row++)
                    *to++ = from[row * G * H + r->gates->onnx[g] * H + unit];
    }
    wf_status status = wf_onnx_reals(out, r->x, part, &shape, values);
    wf_free(values);
    return status;
}

/* A bias of one row is that of x W, and that of h R is zero. */
static wf_status add_bias(wf_onnx_name *out, const recurrent *r) {
    const int64_t H = r->H, G = r->gates->n;
    const wf_shape shape = {.rank = 2, .dim = {r->D, 2 * G * H}};
    const int64_t rows = wf_onnx_entry(r->x, 2)->size / (G * H);
    float *values = NULL;
    WF_TRY(wf_alloc(&values, r->x->cx, (size_t)wf_shape_size(&shape), sizeof *values));
    for (int64_t d = 0; d < r->D; d++)
        for (int64_t i = 0; i < rows * G; i++)
            memcpy(values + (2 * d * G + i) * H,
                   array_of(r, d, 2) + (i / G * G + r->gates->onnx[i % G]) * H,
                   (size_t)H * sizeof *values);
    wf_status status = wf_onnx_reals(out, r->x, "B", &shape, values);
    wf_free(values);
    return status;
}

/* The activations of all directions, with their parameters in the order of their use. */
typedef struct activations {
    const char *names[6];
    float alpha[6], beta[6];
    int n, n_alpha, n_beta;
} activations;

static void add_activation(activations *a, int32_t kind) {
    static const char *const names[] = {
        [WF_ACT_LINEAR] = "Affine", [WF_ACT_RELU] = "Relu",       [WF_ACT_LEAKY_RELU] = "LeakyRelu",
        [WF_ACT_ELU] = "Elu",       [WF_ACT_SIGMOID] = "Sigmoid", [WF_ACT_TANH] = "Tanh"};
    a->names[a->n++] = names[kind];
    if (kind == WF_ACT_LINEAR) { /* alpha x + beta */
        a->alpha[a->n_alpha++] = 1;
        a->beta[a->n_beta++] = 0;
    }
    if (kind == WF_ACT_LEAKY_RELU || kind == WF_ACT_ELU)
        a->alpha[a->n_alpha++] = wf_activation_alpha((wf_activation)kind);
}

static void collect_activations(activations *a, const recurrent *r) {
    const wf_rnn_config *c = r->config;
    *a = (activations){0};
    for (int64_t d = 0; d < r->D; d++) {
        if (r->cell->has_gate_activation) add_activation(a, c->recurrent_activation);
        add_activation(a, c->activation);
        if (r->cell->has_output_activation) add_activation(a, c->activation);
    }
}

/* *out is Y where all steps are wanted, else Y_h. */
static wf_status add_operator(wf_onnx_name *out, const recurrent *r, const wf_onnx_name inputs[4],
                              int n_inputs) {
    wf_onnx *x = r->x;
    wf_onnx_name y;
    activations a;
    collect_activations(&a, r);
    wf_onnx_attribute attributes[6] = {
        {.name = "hidden_size", .kind = WF_ONNX_INT, .i = r->H},
        {.name = "direction", .kind = WF_ONNX_TEXT, .text = r->D > 1 ? "bidirectional" : "forward"},
        {.name = "activations", .kind = WF_ONNX_TEXTS, .texts = a.names, .n = a.n}};
    int n = 3;
    if (a.n_alpha)
        attributes[n++] = (wf_onnx_attribute){
            .name = "activation_alpha", .kind = WF_ONNX_REALS, .reals = a.alpha, .n = a.n_alpha};
    if (a.n_beta)
        attributes[n++] = (wf_onnx_attribute){
            .name = "activation_beta", .kind = WF_ONNX_REALS, .reals = a.beta, .n = a.n_beta};
    if (r->cell->is_reset_after)
        attributes[n++] =
            (wf_onnx_attribute){.name = "linear_before_reset", .kind = WF_ONNX_INT, .i = 1};
    WF_TRY(wf_onnx_fresh(&y, x, r->cell->type));
    wf_onnx_operator op = {.type = r->cell->type,
                           .name = y.text,
                           .outputs = {r->config->return_sequences ? y.text : "", y.text},
                           .n_inputs = n_inputs,
                           .n_outputs = r->config->return_sequences ? 1 : 2,
                           .attributes = attributes,
                           .n_attributes = n};
    for (int i = 0; i < n_inputs; i++) op.inputs[i] = inputs[i].text;
    *out = y;
    return x->sink->add_operator(x->sink->user, x->cx, &op);
}

/* The axis of the directions disappears: dropped, summed up, or put before the units. */
static wf_status merge(wf_onnx_name *y, const recurrent *r) {
    static const int64_t of_all[] = {0, 2, 1, 3}, of_last[] = {1, 0, 2};
    const int is_all = r->config->return_sequences;
    wf_onnx_name axis;
    if (r->D == 1 || r->x->is_summed) {
        const wf_onnx_attribute keepdims = {.name = "keepdims", .kind = WF_ONNX_INT};
        WF_TRY(wf_onnx_ints(&axis, r->x, "axis", (const int64_t[]){is_all}, 1));
        if (r->D == 1) return wf_onnx_binary(y, r->x, "Squeeze", y, &axis);
        return wf_onnx_apply(y, r->x, "ReduceSum", (const wf_onnx_name[]){*y, axis}, 2, &keepdims,
                             1);
    }
    WF_TRY(wf_onnx_transpose(y, r->x, y, is_all ? of_all : of_last, 3 + is_all));
    return wf_onnx_reshape(y, r->x, y, (const int64_t[]){0, is_all ? 0 : 2 * r->H, 2 * r->H},
                           2 + is_all);
}

/* Reading from the last step on and writing in the order of reading, both directions alike. */
static wf_status reverse(wf_onnx_name *a, wf_onnx *x) {
    static const int64_t from[] = {-1}, to[] = {INT64_MIN}, axis[] = {0}, step[] = {-1};
    wf_onnx_name inputs[5] = {*a};
    WF_TRY(wf_onnx_ints(&inputs[1], x, "from", from, 1));
    WF_TRY(wf_onnx_ints(&inputs[2], x, "to", to, 1));
    WF_TRY(wf_onnx_ints(&inputs[3], x, "time", axis, 1));
    WF_TRY(wf_onnx_ints(&inputs[4], x, "step", step, 1));
    return wf_onnx_apply(a, x, "Slice", inputs, 5, NULL, 0);
}

wf_status wf_onnx_recurrent(wf_onnx *x, const wf_onnx_cell *cell) {
    const wf_rnn_config *c = x->config;
    const wf_shape *src = x->sequence ? &x->sequence->shape : wf_onnx_shape(x, 0);
    const recurrent r = {.x = x,
                         .config = c,
                         .cell = cell,
                         .gates = cell->gates,
                         .arrays = c->use_bias ? 3 : 2,
                         .T = src->dim[0],
                         .F = src->dim[1],
                         .H = c->units,
                         .D = x->directions};
    wf_onnx_name inputs[4], y;
    if (x->sequence) inputs[0] = x->sequence->name;
    else WF_TRY(wf_onnx_input(&inputs[0], x, 0, WF_ONNX_FIRST));
    if (c->go_backwards) WF_TRY(reverse(&inputs[0], x));
    WF_TRY(add_matrix(&inputs[1], &r, "W", 0, r.F));
    WF_TRY(add_matrix(&inputs[2], &r, "R", 1, r.H));
    if (c->use_bias) WF_TRY(add_bias(&inputs[3], &r));
    WF_TRY(add_operator(&y, &r, inputs, r.arrays + 1));
    WF_TRY(merge(&y, &r));
    wf_onnx_output(x, &y, c->return_sequences ? WF_ONNX_FIRST : WF_ONNX_WEFT);
    return WF_OK;
}
