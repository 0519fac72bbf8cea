/* Each struct is attached to the model before anything is put into it, so that after a failure the
 * model can be destroyed as it is. */
#include "export/onnx_proto.h"

#include <onnx.pb-c.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/version.h"
#include "weft/export.h"

struct wf_onnx_model {
    Onnx__ModelProto *proto;
    wf_onnx_sink sink;
};

/* ---- structs and lists ---- */

/* *out is a zeroed message; its type's descriptor says how large it is. */
static wf_status new_message(void *out, wf_context *cx, const ProtobufCMessageDescriptor *type) {
    void *message = NULL;
    WF_TRY(wf_alloc(&message, cx, type->sizeof_message, 1));
    protobuf_c_message_init(type, message);
    *(void **)out = message;
    return WF_OK;
}

/* Makes room for one more pointer; the lists hold a power of two. */
static wf_status grow(void *list, wf_context *cx, size_t n) {
    const int is_full = (n & (n - 1)) == 0;
    return is_full ? wf_realloc(list, cx, n, n ? 2 * n : 1, sizeof(void *)) : WF_OK;
}

/* Appends a new message to the list of `n` pointers. */
static wf_status append(void *out, void ***list, size_t *n, wf_context *cx,
                        const ProtobufCMessageDescriptor *type) {
    WF_TRY(grow(list, cx, *n));
    WF_TRY(new_message(&(*list)[*n], cx, type));
    *(void **)out = (*list)[(*n)++];
    return WF_OK;
}
#define APPEND(out, list, n, type) append((out), (void ***)(void *)&(list), &(n), cx, &(type))

static wf_status append_text(char ***list, size_t *n, wf_context *cx, const char *text) {
    WF_TRY(grow(list, cx, *n));
    WF_TRY(wf_strdup(&(*list)[*n], cx, text));
    ++*n;
    return WF_OK;
}

static wf_status copy_bytes(ProtobufCBinaryData *out, wf_context *cx, const void *from,
                            size_t size) {
    WF_TRY(wf_alloc(&out->data, cx, size ? size : 1, 1));
    memcpy(out->data, from, size);
    out->len = size;
    return WF_OK;
}

static wf_status copy_numbers(void *out, size_t *out_n, wf_context *cx, const void *from, int n,
                              size_t size) {
    void *copy = NULL;
    WF_TRY(wf_alloc(&copy, cx, (size_t)n, size));
    memcpy(copy, from, (size_t)n * size);
    *(void **)out = copy;
    *out_n = (size_t)n;
    return WF_OK;
}

/* ---- the model ---- */

static wf_status fill(wf_onnx_model *m, wf_context *cx, const char *name, const char *description) {
    Onnx__ModelProto *proto = m->proto;
    Onnx__OperatorSetIdProto *opset = NULL;
    proto->has_ir_version = 1;
    proto->ir_version = WF_ONNX_IR_VERSION;
    WF_TRY(APPEND(&opset, proto->opset_import, proto->n_opset_import,
                  onnx__operator_set_id_proto__descriptor));
    WF_TRY(wf_strdup(&opset->domain, cx, "")); /* ONNX's own */
    opset->has_version = 1;
    opset->version = WF_ONNX_OPSET;
    WF_TRY(wf_strdup(&proto->producer_name, cx, "weft"));
    WF_TRY(wf_strdup(&proto->producer_version, cx, WF_VERSION));
    if (description) WF_TRY(wf_strdup(&proto->doc_string, cx, description));
    WF_TRY(new_message(&proto->graph, cx, &onnx__graph_proto__descriptor));
    return wf_strdup(&proto->graph->name, cx, name);
}

static wf_status add_operator(void *user, wf_context *cx, const wf_onnx_operator *op);
static wf_status add_reals(void *user, wf_context *cx, const char *name, const wf_shape *shape,
                           const float *values);
static wf_status add_ints(void *user, wf_context *cx, const char *name, const int64_t *values,
                          int n);
static wf_status add_input(void *user, wf_context *cx, const char *name, const wf_shape *shape,
                           const char *description);

wf_status wf_onnx_model_create(wf_onnx_model **out, wf_context *cx, const char *name,
                               const char *description) {
    wf_onnx_model *m = NULL;
    wf_status status;
    WF_TRY(wf_alloc(&m, cx, 1, sizeof *m));
    m->sink = (wf_onnx_sink){m, add_operator, add_reals, add_ints, add_input};
    WF_TRY_OR(new_message(&m->proto, cx, &onnx__model_proto__descriptor));
    WF_TRY_OR(fill(m, cx, name, description));
    *out = m;
    return WF_OK;
done:
    wf_onnx_model_destroy(m);
    return status;
}

static void free_of_protobuf(void *unused, void *pointer) {
    (void)unused;
    wf_free(pointer);
}

void wf_onnx_model_destroy(wf_onnx_model *m) {
    ProtobufCAllocator allocator = {.free = free_of_protobuf};
    if (!m) return;
    if (m->proto) protobuf_c_message_free_unpacked(&m->proto->base, &allocator);
    wf_free(m);
}

const wf_onnx_sink *wf_onnx_model_sink(const wf_onnx_model *m) { return &m->sink; }
int32_t wf_onnx_model_operators(const wf_onnx_model *m) { return (int32_t)m->proto->graph->n_node; }

wf_status wf_onnx_model_note(wf_onnx_model *m, wf_context *cx, const char *key, const char *value) {
    Onnx__StringStringEntryProto *entry = NULL;
    WF_TRY(APPEND(&entry, m->proto->metadata_props, m->proto->n_metadata_props,
                  onnx__string_string_entry_proto__descriptor));
    WF_TRY(wf_strdup(&entry->key, cx, key));
    return wf_strdup(&entry->value, cx, value);
}

/* ---- inputs and outputs ---- */

static wf_status fill_value(Onnx__ValueInfoProto *value, wf_context *cx, const char *name,
                            const wf_shape *shape) {
    Onnx__TypeProto__Tensor *tensor;
    WF_TRY(wf_strdup(&value->name, cx, name));
    WF_TRY(new_message(&value->type, cx, &onnx__type_proto__descriptor));
    WF_TRY(new_message(&value->type->tensor_type, cx, &onnx__type_proto__tensor__descriptor));
    value->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    tensor = value->type->tensor_type;
    tensor->has_elem_type = 1;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    WF_TRY(new_message(&tensor->shape, cx, &onnx__tensor_shape_proto__descriptor));
    for (int i = -1; i < shape->rank; i++) {
        Onnx__TensorShapeProto__Dimension *dim = NULL;
        WF_TRY(APPEND(&dim, tensor->shape->dim, tensor->shape->n_dim,
                      onnx__tensor_shape_proto__dimension__descriptor));
        if (i < 0) {
            WF_TRY(wf_strdup(&dim->dim_param, cx, "batch"));
            dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        } else {
            dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            dim->dim_value = shape->dim[i];
        }
    }
    return WF_OK;
}

wf_status wf_onnx_model_input(wf_onnx_model *m, wf_context *cx, const char *name,
                              const wf_shape *shape, const char *description) {
    Onnx__ValueInfoProto *value = NULL;
    WF_TRY(APPEND(&value, m->proto->graph->input, m->proto->graph->n_input,
                  onnx__value_info_proto__descriptor));
    WF_TRY(wf_strdup(&value->doc_string, cx, description));
    return fill_value(value, cx, name, shape);
}

wf_status wf_onnx_model_output(wf_onnx_model *m, wf_context *cx, const char *name,
                               const wf_shape *shape) {
    Onnx__ValueInfoProto *value = NULL;
    WF_TRY(APPEND(&value, m->proto->graph->output, m->proto->graph->n_output,
                  onnx__value_info_proto__descriptor));
    return fill_value(value, cx, name, shape);
}

wf_status wf_onnx_model_rename(int *out_is_found, wf_onnx_model *m, wf_context *cx,
                               const char *from, const char *to) {
    Onnx__GraphProto *graph = m->proto->graph;
    *out_is_found = 0;
    for (size_t i = 0; i < graph->n_node; i++)
        for (size_t k = 0; k < graph->node[i]->n_output; k++) {
            char **name = &graph->node[i]->output[k], *copy = NULL;
            if (strcmp(*name, from) != 0) continue;
            WF_TRY(wf_strdup(&copy, cx, to));
            wf_free(*name);
            *name = copy;
            *out_is_found = 1;
        }
    return WF_OK;
}

/* ---- operators and constants: the sink ---- */

static wf_status fill_attribute(Onnx__AttributeProto *to, wf_context *cx,
                                const wf_onnx_attribute *from) {
    static const Onnx__AttributeProto__AttributeType types[] = {
        [WF_ONNX_INT] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT,
        [WF_ONNX_INTS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS,
        [WF_ONNX_REAL] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT,
        [WF_ONNX_REALS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS,
        [WF_ONNX_TEXT] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING,
        [WF_ONNX_TEXTS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS};
    WF_TRY(wf_strdup(&to->name, cx, from->name));
    to->has_type = 1;
    to->type = types[from->kind];
    switch (from->kind) {
    case WF_ONNX_INT:
        to->has_i = 1;
        to->i = from->i;
        break;
    case WF_ONNX_REAL:
        to->has_f = 1;
        to->f = (float)from->f;
        break;
    case WF_ONNX_TEXT: to->has_s = 1; return copy_bytes(&to->s, cx, from->text, strlen(from->text));
    case WF_ONNX_INTS:
        return copy_numbers(&to->ints, &to->n_ints, cx, from->ints, from->n, sizeof *to->ints);
    case WF_ONNX_REALS:
        return copy_numbers(&to->floats, &to->n_floats, cx, from->reals, from->n,
                            sizeof *to->floats);
    case WF_ONNX_TEXTS:
        WF_TRY(wf_alloc(&to->strings, cx, (size_t)from->n, sizeof *to->strings));
        for (int i = 0; i < from->n; i++, to->n_strings++)
            WF_TRY(copy_bytes(&to->strings[i], cx, from->texts[i], strlen(from->texts[i])));
        break;
    }
    return WF_OK;
}

static wf_status add_input(void *user, wf_context *cx, const char *name, const wf_shape *shape,
                           const char *description) {
    return wf_onnx_model_input(user, cx, name, shape, description);
}

static wf_status add_operator(void *user, wf_context *cx, const wf_onnx_operator *op) {
    Onnx__GraphProto *graph = ((wf_onnx_model *)user)->proto->graph;
    Onnx__NodeProto *node = NULL;
    WF_TRY(APPEND(&node, graph->node, graph->n_node, onnx__node_proto__descriptor));
    WF_TRY(wf_strdup(&node->op_type, cx, op->type));
    WF_TRY(wf_strdup(&node->name, cx, op->name));
    for (int i = 0; i < op->n_inputs; i++)
        WF_TRY(append_text(&node->input, &node->n_input, cx, op->inputs[i]));
    for (int i = 0; i < op->n_outputs; i++)
        WF_TRY(append_text(&node->output, &node->n_output, cx, op->outputs[i]));
    for (int i = 0; i < op->n_attributes; i++) {
        Onnx__AttributeProto *attribute = NULL;
        WF_TRY(APPEND(&attribute, node->attribute, node->n_attribute,
                      onnx__attribute_proto__descriptor));
        WF_TRY(fill_attribute(attribute, cx, &op->attributes[i]));
    }
    return WF_OK;
}

/* raw_data is little-endian, as the only machines that weft runs on. */
static wf_status add_tensor(wf_onnx_model *m, wf_context *cx, const char *name, int32_t type,
                            const wf_shape *shape, const void *values, size_t bytes) {
    Onnx__GraphProto *graph = m->proto->graph;
    Onnx__TensorProto *tensor = NULL;
    WF_TRY(
        APPEND(&tensor, graph->initializer, graph->n_initializer, onnx__tensor_proto__descriptor));
    WF_TRY(wf_strdup(&tensor->name, cx, name));
    if (shape->rank)
        WF_TRY(copy_numbers(&tensor->dims, &tensor->n_dims, cx, shape->dim, shape->rank,
                            sizeof *tensor->dims));
    tensor->has_data_type = 1;
    tensor->data_type = type;
    WF_TRY(copy_bytes(&tensor->raw_data, cx, values, bytes));
    tensor->has_raw_data = 1;
    return WF_OK;
}

static wf_status add_reals(void *user, wf_context *cx, const char *name, const wf_shape *shape,
                           const float *values) {
    return add_tensor(user, cx, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, shape, values,
                      (size_t)wf_shape_size(shape) * sizeof *values);
}

static wf_status add_ints(void *user, wf_context *cx, const char *name, const int64_t *values,
                          int n) {
    const wf_shape shape = {.rank = 1, .dim = {n}};
    return add_tensor(user, cx, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, &shape, values,
                      (size_t)n * sizeof *values);
}

/* ---- writing ---- */

/* protobuf-c hands its bytes to a buffer that cannot fail, hence the status. */
typedef struct file_buffer {
    ProtobufCBuffer base;
    wf_writer *writer;
    wf_context *cx;
    wf_status status;
} file_buffer;

static void append_to_file(ProtobufCBuffer *base, size_t size, const uint8_t *data) {
    file_buffer *b = (file_buffer *)base;
    if (b->status == WF_OK) b->status = wf_writer_add(b->writer, b->cx, data, size);
}

wf_status wf_onnx_model_write(int64_t *out_bytes, const wf_onnx_model *m, wf_context *cx,
                              const char *path) {
    const ProtobufCMessage *message = &m->proto->base;
    const size_t bytes = protobuf_c_message_get_packed_size(message);
    WF_REQUIRE(bytes <= INT32_MAX, WF_E_LIMIT,
               "%s: model %s takes %zu bytes, an ONNX file has at most %d | use fewer units or "
               "filters",
               path, m->proto->graph->name, bytes, INT32_MAX);
    file_buffer buffer = {.base.append = append_to_file, .cx = cx};
    WF_TRY(wf_writer_open(&buffer.writer, cx, path));
    protobuf_c_message_pack_to_buffer(message, &buffer.base);
    if (buffer.status != WF_OK) {
        wf_writer_abort(buffer.writer);
        return buffer.status;
    }
    WF_TRY(wf_writer_commit(buffer.writer, cx));
    *out_bytes = (int64_t)bytes;
    return WF_OK;
}
