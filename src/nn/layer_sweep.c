#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/rnn.h"

/* A recurrent layer reads each row of an image (horizontal), or each column (vertical), with the
 * same parameters: [N,H,W,C] -> [N,H,W,units], or without return_sequences [N,H,units] and
 * [N,W,units]. All lines are sequences of one batch, so that each time step is one product. */

typedef enum wf_sweep_axis { WF_SWEEP_HORIZONTAL, WF_SWEEP_VERTICAL } wf_sweep_axis;

typedef struct wf_sweep_config {
    wf_layer_spec layer;
    int32_t axis; /* wf_sweep_axis */
} wf_sweep_config;

static const wf_field fields[] = {
    {"layer", WF_FIELD_LAYER, offsetof(wf_sweep_config, layer), 0, 0, NULL, NULL,
     "the recurrent layer, for instance {lstm: {units: 48, return_sequences: true}}"},
    {"axis", WF_FIELD_CHOICE, offsetof(wf_sweep_config, axis), 0, 0, "horizontal|vertical", NULL,
     "horizontal: along each row, pixel by pixel; vertical: along each column"},
    {0}};

/* One line of the image. */
static wf_shape line_of(const wf_shape *image, int32_t axis) {
    return (wf_shape){.rank = 2,
                      .dim = {image->dim[axis == WF_SWEEP_VERTICAL ? 0 : 1], image->dim[2]}};
}

/* How many of them it has. */
static int64_t lines_of(const wf_shape *image, int32_t axis) {
    return image->dim[axis == WF_SWEEP_VERTICAL ? 1 : 0];
}

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_sweep_config *c = in->config;
    const wf_layer_class *class = c->layer.class;
    WF_REQUIRE((class->flags & WF_LAYER_STEPWISE) && class->infer != infer, WF_E_ARG,
               "layer %s: layer is %s, must be recurrent | use lstm, gru, simple_rnn or "
               "bidirectional",
               in->layer, class->name);
    WF_TRY(wf_infer_image(in));
    const wf_shape *image = in->inputs[0], line = line_of(image, c->axis);
    const int64_t lines = lines_of(image, c->axis);
    wf_infer one = *in;
    one.config = c->layer.config;
    one.inputs[0] = &line;
    WF_TRY(class->infer(&one));
    in->madds = lines * one.madds;
    const int is_all = one.output.rank == 2;
    const int64_t units = one.output.dim[is_all];
    in->output = is_all ? (wf_shape){.rank = 3, .dim = {image->dim[0], image->dim[1], units}}
                        : (wf_shape){.rank = 2, .dim = {lines, units}};
    return WF_OK;
}

static wf_status plan(wf_builder *b) {
    const wf_sweep_config *c = b->config;
    const wf_shape *image = b->src_shape[0], line = line_of(image, c->axis);
    const int width = (int)image->dim[1], is_vertical = c->axis == WF_SWEEP_VERTICAL;
    wf_builder inner = *b;
    wf_rnn_place place = wf_rnn_place_of(b);
    place.lines = (int)lines_of(image, c->axis);
    place.line = is_vertical ? 1 : width;
    place.step = is_vertical ? width : 1;
    inner.config = c->layer.config;
    inner.src_shape[0] = &line;
    inner.place = &place;
    return c->layer.class->plan(&inner);
}

/* [N,H,W,C] -> [T,N,lines,C] -> [T,N*lines,C], and back. */
static wf_status onnx(wf_onnx *x) {
    static const int64_t orders[][4] = {{2, 0, 1, 3}, {1, 0, 2, 3}};
    static const int64_t orders_back[][4] = {{1, 2, 0, 3}, {1, 0, 2, 3}};
    const wf_sweep_config *c = x->config;
    const wf_shape *image = wf_onnx_shape(x, 0), *dst = &x->node->shape;
    const int64_t lines = lines_of(image, c->axis), units = dst->dim[dst->rank - 1];
    wf_onnx_sequence sequence = {.shape = line_of(image, c->axis)};
    wf_onnx_name *y = &sequence.name;
    WF_TRY(wf_onnx_input(y, x, 0, WF_ONNX_WEFT));
    WF_TRY(wf_onnx_transpose(y, x, y, orders[c->axis], 4));
    WF_TRY(wf_onnx_reshape(y, x, y, (const int64_t[]){0, -1, image->dim[2]}, 3));
    x->config = c->layer.config;
    x->sequence = &sequence;
    WF_TRY(c->layer.class->onnx(x));
    x->sequence = NULL;
    *y = x->value->name[x->value->layout];
    if (dst->rank == 2) {
        WF_TRY(wf_onnx_reshape(y, x, y, (const int64_t[]){-1, lines, units}, 3));
    } else {
        WF_TRY(wf_onnx_reshape(y, x, y, (const int64_t[]){0, -1, lines, units}, 4));
        WF_TRY(wf_onnx_transpose(y, x, y, orders_back[c->axis], 4));
    }
    wf_onnx_output(x, y, WF_ONNX_WEFT);
    return WF_OK;
}

const wf_layer_class wf_sweep_class = {
    .name = "sweep",
    .summary = "a recurrent layer along every row or column of an image",
    .paper = "Visin et al. 2015, arXiv:1505.00393",
    .flags = WF_LAYER_STEPWISE | WF_LAYER_RANDOM,
    .min_inputs = 1,
    .max_inputs = 1,
    .config_size = sizeof(wf_sweep_config),
    .fields = fields,
    .infer = infer,
    .plan = plan,
    .onnx = onnx};
