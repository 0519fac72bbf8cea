#include "nn/onnx.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "nn/window.h"

/* ---- names and constants ---- */

wf_status wf_onnx_fresh(wf_onnx_name *out, wf_onnx *x, const char *part) {
    wf_context *cx = x->cx;
    int before = 0;
    WF_REQUIRE(x->n_parts < WF_ONNX_MAX_PARTS, WF_E_INTERNAL,
               "layer %s: more than %d operators and constants in ONNX", x->node->name,
               WF_ONNX_MAX_PARTS);
    for (int i = 0; i < x->n_parts; i++) before += strcmp(x->parts[i], part) == 0;
    x->parts[x->n_parts++] = part;
    if (before)
        snprintf(out->text, sizeof out->text, "%.63s/%.50s_%d", x->node->name, part, before);
    else snprintf(out->text, sizeof out->text, "%.63s/%.63s", x->node->name, part);
    return WF_OK;
}

wf_status wf_onnx_reals(wf_onnx_name *out, wf_onnx *x, const char *part, const wf_shape *shape,
                        const float *values) {
    WF_TRY(wf_onnx_fresh(out, x, part));
    return x->sink->add_reals(x->sink->user, x->cx, out->text, shape, values);
}

wf_status wf_onnx_real(wf_onnx_name *out, wf_onnx *x, const char *part, double value) {
    const float number = (float)value;
    return wf_onnx_reals(out, x, part, &(wf_shape){0}, &number);
}

wf_status wf_onnx_ints(wf_onnx_name *out, wf_onnx *x, const char *part, const int64_t *values,
                       int n) {
    WF_TRY(wf_onnx_fresh(out, x, part));
    return x->sink->add_ints(x->sink->user, x->cx, out->text, values, n);
}

const wf_param_entry *wf_onnx_entry(const wf_onnx *x, int i) {
    return &x->params->graph->params[x->node->first_param + i];
}

const float *wf_onnx_numbers(const wf_onnx *x, int i) {
    return x->params->value + wf_onnx_entry(x, i)->offset;
}

/* to[..., j, ...] = from[...], axis k of `to` being axis axes[k] of `from` */
static void permute(float *to, const wf_shape *to_shape, const float *from,
                    const wf_shape *from_shape, const int *axes) {
    int64_t stride[WF_MAX_RANK], at[WF_MAX_RANK] = {0}, size = 1, source = 0;
    for (int i = from_shape->rank - 1; i >= 0; i--) {
        for (int k = 0; k < to_shape->rank; k++)
            if (axes[k] == i) stride[k] = size;
        size *= from_shape->dim[i];
    }
    for (int64_t i = 0; i < size; i++) {
        to[i] = from[source];
        for (int k = to_shape->rank - 1; k >= 0; k--) { /* the next index, as an odometer counts */
            source += stride[k];
            if (++at[k] < to_shape->dim[k]) break;
            source -= stride[k] * to_shape->dim[k];
            at[k] = 0;
        }
    }
}

wf_status wf_onnx_param(wf_onnx_name *out, wf_onnx *x, int i, const int *axes) {
    const wf_param_entry *entry = wf_onnx_entry(x, i);
    const char *part = strchr(entry->name, '/') + 1;
    if (!axes) return wf_onnx_reals(out, x, part, &entry->shape, wf_onnx_numbers(x, i));
    wf_shape shape = entry->shape;
    float *values = NULL;
    for (int k = 0; k < shape.rank; k++) shape.dim[k] = entry->shape.dim[axes[k]];
    WF_TRY(wf_alloc(&values, x->cx, (size_t)entry->size, sizeof *values));
    permute(values, &shape, wf_onnx_numbers(x, i), &entry->shape, axes);
    wf_status status = wf_onnx_reals(out, x, part, &shape, values);
    wf_free(values);
    return status;
}

/* ---- operators ---- */

wf_status wf_onnx_apply(wf_onnx_name *out, wf_onnx *x, const char *type, const wf_onnx_name *inputs,
                        int n_inputs, const wf_onnx_attribute *attributes, int n_attributes) {
    wf_onnx_name name;
    WF_TRY(wf_onnx_fresh(&name, x, type));
    wf_onnx_operator op = {.type = type,
                           .name = name.text,
                           .outputs = {name.text},
                           .n_inputs = n_inputs,
                           .n_outputs = 1,
                           .n_attributes = n_attributes,
                           .attributes = attributes};
    for (int i = 0; i < n_inputs; i++) op.inputs[i] = inputs[i].text;
    WF_TRY(x->sink->add_operator(x->sink->user, x->cx, &op));
    *out = name;
    return WF_OK;
}

wf_status wf_onnx_unary(wf_onnx_name *out, wf_onnx *x, const char *type, const wf_onnx_name *a) {
    return wf_onnx_apply(out, x, type, a, 1, NULL, 0);
}

wf_status wf_onnx_binary(wf_onnx_name *out, wf_onnx *x, const char *type, const wf_onnx_name *a,
                         const wf_onnx_name *b) {
    const wf_onnx_name inputs[] = {*a, *b};
    return wf_onnx_apply(out, x, type, inputs, 2, NULL, 0);
}

wf_status wf_onnx_transpose(wf_onnx_name *out, wf_onnx *x, const wf_onnx_name *a,
                            const int64_t *order, int n) {
    const wf_onnx_attribute perm = {.name = "perm", .kind = WF_ONNX_INTS, .ints = order, .n = n};
    return wf_onnx_apply(out, x, "Transpose", a, 1, &perm, 1);
}

wf_status wf_onnx_reshape(wf_onnx_name *out, wf_onnx *x, const wf_onnx_name *a, const int64_t *dims,
                          int n) {
    wf_onnx_name shape;
    WF_TRY(wf_onnx_ints(&shape, x, "shape", dims, n));
    return wf_onnx_binary(out, x, "Reshape", a, &shape);
}

/* ---- inputs and outputs of layers ---- */

const wf_shape *wf_onnx_shape(const wf_onnx *x, int i) {
    return &x->params->graph->nodes[x->node->inputs[i]].shape;
}

wf_status wf_onnx_graph_input(wf_onnx_name *out, wf_onnx *x, const char *description) {
    snprintf(out->text, sizeof out->text, "%.127s", x->node->name);
    return x->sink->add_input(x->sink->user, x->cx, out->text, &x->node->shape, description);
}

wf_onnx_layout wf_onnx_layout_of(const wf_onnx *x, int i) {
    return x->values[x->node->inputs[i]].layout;
}

int wf_onnx_channel_axis(int rank, wf_onnx_layout layout) {
    return rank == 3 && layout == WF_ONNX_FIRST ? 1 : rank;
}

/* An image of one channel, or of one pixel, has the same bytes in both layouts. */
static int is_same_in_both(const wf_shape *s) {
    return s->rank == 3 && (s->dim[2] == 1 || s->dim[0] * s->dim[1] == 1);
}

static wf_status convert(wf_onnx_name *out, wf_onnx *x, const wf_onnx_name *from,
                         const wf_shape *shape, wf_onnx_layout to) {
    static const int64_t images[WF_ONNX_LAYOUTS][4] = {{0, 2, 3, 1}, {0, 3, 1, 2}};
    static const int64_t sequences[] = {1, 0, 2};
    const int64_t h = shape->dim[0], w = shape->dim[1], c = shape->dim[2];
    if (shape->rank == 2) return wf_onnx_transpose(out, x, from, sequences, 3);
    if (!is_same_in_both(shape)) return wf_onnx_transpose(out, x, from, images[to], 4);
    const int64_t dims[WF_ONNX_LAYOUTS][4] = {{0, h, w, c}, {0, c, h, w}};
    return wf_onnx_reshape(out, x, from, dims[to], 4);
}

static wf_status take(wf_onnx_name *out, wf_onnx *x, wf_onnx_value *value, const wf_shape *shape,
                      wf_onnx_layout layout) {
    if (shape->rank != 2 && shape->rank != 3) layout = value->layout;
    if (!value->name[layout].text[0])
        WF_TRY(convert(&value->name[layout], x, &value->name[value->layout], shape, layout));
    *out = value->name[layout];
    return WF_OK;
}

wf_status wf_onnx_input(wf_onnx_name *out, wf_onnx *x, int i, wf_onnx_layout layout) {
    return take(out, x, &x->values[x->node->inputs[i]], wf_onnx_shape(x, i), layout);
}

wf_status wf_onnx_own(wf_onnx_name *out, wf_onnx *x, wf_onnx_layout layout) {
    return take(out, x, x->value, &x->node->shape, layout);
}

void wf_onnx_output(wf_onnx *x, const wf_onnx_name *name, wf_onnx_layout layout) {
    *x->value = (wf_onnx_value){.layout = layout};
    x->value->name[layout] = *name;
}

void wf_onnx_turn(wf_onnx *x, int index) {
    x->node = &x->params->graph->nodes[index];
    x->value = &x->values[index];
    x->config = x->node->spec.config;
    x->directions = 1;
    x->is_summed = 0;
    x->sequence = NULL;
    x->n_parts = 0;
}

wf_status wf_onnx_add_layer(wf_onnx *x, int index) {
    wf_context *cx = x->cx;
    wf_onnx_turn(x, index);
    const wf_layer_class *class = x->node->spec.class;
    WF_REQUIRE(class->onnx, WF_E_UNSUPPORTED, "layer %s: %s cannot be exported to ONNX",
               x->node->name, class->name);
    return class->onnx(x);
}

/* ---- slots that several layers share ---- */

wf_status wf_onnx_same(wf_onnx *x) {
    *x->value = x->values[x->node->inputs[0]];
    return WF_OK;
}

wf_status wf_onnx_reshaped(wf_onnx *x) {
    const wf_shape *shape = &x->node->shape, *src = wf_onnx_shape(x, 0);
    int64_t dims[WF_MAX_RANK + 1] = {0};
    wf_onnx_name y;
    if (wf_shape_equal(shape, src)) return wf_onnx_same(x);
    WF_TRY(wf_onnx_input(&y, x, 0, is_same_in_both(src) ? wf_onnx_layout_of(x, 0) : WF_ONNX_WEFT));
    for (int i = 0; i < shape->rank; i++) dims[i + 1] = shape->dim[i];
    WF_TRY(wf_onnx_reshape(&y, x, &y, dims, shape->rank + 1));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}

/* Phi as the error function, 0.5 x (1 + erf(x / sqrt 2)), or as 0.5 x (1 + tanh(sqrt(2 / pi) (x +
 * 0.044715 x^3))): the operator Gelu is younger than the opset. */
static wf_status gelu(wf_onnx_name *a, wf_onnx *x, int is_approximate) {
    wf_onnx_name half, one, scale, cubic, t = *a, y;
    WF_TRY(wf_onnx_real(&half, x, "half", 0.5));
    WF_TRY(wf_onnx_real(&one, x, "one", 1));
    if (is_approximate) {
        WF_TRY(wf_onnx_real(&cubic, x, "cubic", 0.044715));
        WF_TRY(wf_onnx_binary(&t, x, "Mul", a, a));
        WF_TRY(wf_onnx_binary(&t, x, "Mul", &t, a));
        WF_TRY(wf_onnx_binary(&t, x, "Mul", &t, &cubic));
        WF_TRY(wf_onnx_binary(&t, x, "Add", &t, a));
    }
    WF_TRY(wf_onnx_real(&scale, x, "scale", sqrt(is_approximate ? 2 / M_PI : 0.5)));
    WF_TRY(wf_onnx_binary(&t, x, "Mul", &t, &scale));
    WF_TRY(wf_onnx_unary(&t, x, is_approximate ? "Tanh" : "Erf", &t));
    WF_TRY(wf_onnx_binary(&t, x, "Add", &t, &one));
    WF_TRY(wf_onnx_binary(&y, x, "Mul", a, &half));
    return wf_onnx_binary(a, x, "Mul", &y, &t);
}

wf_status wf_onnx_activate(wf_onnx_name *a, wf_onnx *x, wf_activation kind, double alpha,
                           int channel_axis) {
    static const char *const types[] = {[WF_ACT_RELU] = "Relu", [WF_ACT_LEAKY_RELU] = "LeakyRelu",
                                        [WF_ACT_ELU] = "Elu",   [WF_ACT_SIGMOID] = "Sigmoid",
                                        [WF_ACT_TANH] = "Tanh", [WF_ACT_SOFTMAX] = "Softmax"};
    const wf_onnx_attribute slope = {.name = "alpha", .kind = WF_ONNX_REAL, .f = alpha};
    const wf_onnx_attribute axis = {.name = "axis", .kind = WF_ONNX_INT, .i = channel_axis};
    if (kind == WF_ACT_LINEAR) return WF_OK;
    if (kind == WF_ACT_GELU) return gelu(a, x, alpha > 0);
    if (kind == WF_ACT_LEAKY_RELU && !(alpha > 0)) kind = WF_ACT_RELU;
    const int has_slope = kind == WF_ACT_LEAKY_RELU || kind == WF_ACT_ELU;
    const int has_axis = kind == WF_ACT_SOFTMAX;
    return wf_onnx_apply(a, x, types[kind], a, 1, has_axis ? &axis : &slope, has_slope || has_axis);
}

wf_status wf_onnx_activation_layer(wf_onnx *x, wf_activation kind, double alpha) {
    const wf_onnx_layout layout = wf_onnx_layout_of(x, 0);
    wf_onnx_name y;
    WF_TRY(wf_onnx_input(&y, x, 0, layout));
    WF_TRY(wf_onnx_activate(&y, x, kind, alpha, wf_onnx_channel_axis(x->node->shape.rank, layout)));
    wf_onnx_output(x, &y, layout);
    return WF_OK;
}

void wf_onnx_window_init(wf_onnx_window *w, const wf_onnx *x, const int32_t kernel[2],
                         const int32_t strides[2], const int32_t dilation_rate[2], int padding) {
    const wf_shape *src = wf_onnx_shape(x, 0);
    for (int axis = 0; axis < 2; axis++) {
        const int64_t in = src->dim[axis];
        w->kernel[axis] = kernel[axis];
        w->strides[axis] = strides[axis];
        w->dilations[axis] = dilation_rate[axis];
        w->pads[axis] =
            wf_window_pad(in, kernel[axis], strides[axis], dilation_rate[axis], padding);
        w->pads[axis + 2] =
            wf_window_pads(in, kernel[axis], strides[axis], dilation_rate[axis], padding) -
            w->pads[axis];
    }
    const wf_onnx_attribute attributes[] = {
        {.name = "kernel_shape", .kind = WF_ONNX_INTS, .ints = w->kernel, .n = 2},
        {.name = "strides", .kind = WF_ONNX_INTS, .ints = w->strides, .n = 2},
        {.name = "pads", .kind = WF_ONNX_INTS, .ints = w->pads, .n = 4},
        {.name = "dilations", .kind = WF_ONNX_INTS, .ints = w->dilations, .n = 2}};
    memcpy(w->attributes, attributes, sizeof attributes);
}
