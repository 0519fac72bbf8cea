#include "nn/graph.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "nn/fields.h"
#include "nn/rnn.h"

enum { MAX_NODES = 1000, MAX_NAME = WF_MAX_NAME, MAX_PARAMS = 16 * MAX_NODES };

static const int64_t max_floats = INT64_C(1) << 31;

wf_status wf_graph_create(wf_graph **out, wf_context *cx, const char *name) {
    wf_graph *g = NULL;
    WF_TRY(wf_alloc(&g, cx, 1, sizeof *g));
    g->output = -1;
    wf_status status = wf_strdup(&g->name, cx, name);
    if (status != WF_OK) wf_graph_destroy(g);
    else *out = g;
    return status;
}

static void node_reset(wf_node *node) {
    wf_free(node->name);
    if (node->spec.class) wf_fields_destroy(node->spec.class->fields, node->spec.config);
    *node = (wf_node){0};
}

void wf_graph_destroy(wf_graph *g) {
    if (!g) return;
    for (int i = 0; i < g->n_nodes; i++) node_reset(&g->nodes[i]);
    for (int i = 0; i < g->n_params; i++) wf_free(g->params[i].name);
    wf_free(g->nodes);
    wf_free(g->params);
    wf_free(g->name);
    wf_free(g);
}

int wf_graph_find(const wf_graph *g, const char *name) {
    for (int i = 0; i < g->n_nodes; i++)
        if (strcmp(g->nodes[i].name, name) == 0) return i;
    return -1;
}

wf_status wf_graph_require(int *out_node, const wf_graph *g, wf_context *cx, const char *name) {
    wf_str names = {0};
    const int node = wf_graph_find(g, name);
    for (int i = 0; i < g->n_nodes && node < 0; i++)
        wf_str_addf(&names, cx, "%s%s", i ? ", " : "", g->nodes[i].name);
    wf_status status = names.status;
    if (status == WF_OK && node < 0)
        status = WF_FAIL(WF_E_ARG, "model %s has no layer \"%.60s\" | its layers are %s", g->name,
                         name, names.text);
    wf_str_reset(&names);
    if (status == WF_OK) *out_node = node;
    return status;
}

/* Before a layer that only repeats what it gets. */
static int narrowest(const wf_graph *g, int node) {
    for (;;) {
        const wf_node *n = &g->nodes[node];
        if (n->n_inputs != 1 || n->n_params || n->madds) return node;
        if (wf_shape_size(&g->nodes[n->inputs[0]].shape) >= wf_shape_size(&n->shape)) return node;
        node = n->inputs[0];
    }
}

/* reads[i]: node i depends on labels, which come from the sources other than the images. */
static void find_readers(const wf_graph *g, unsigned char reads[MAX_NODES]) {
    for (int i = 0; i < g->n_nodes; i++) {
        const wf_node *node = &g->nodes[i];
        reads[i] = i > 0 && node->n_inputs == 0;
        for (int k = 0; k < node->n_inputs; k++) reads[i] |= reads[node->inputs[k]];
    }
}

/* Whether all that the readers take of the images goes through `node`. */
static int is_passage(const wf_graph *g, const unsigned char reads[MAX_NODES], int node) {
    unsigned char around[MAX_NODES] = {node != 0}; /* reached from the images, but not through it */
    for (int i = 1; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_inputs; k++) {
            const int from = g->nodes[i].inputs[k];
            if (i != node) around[i] |= around[from] && !reads[from];
            if (reads[i] && around[from] && !reads[from]) return 0;
        }
    return 1;
}

int wf_graph_trunk(const wf_graph *g) {
    unsigned char reads[MAX_NODES] = {0};
    int trunk = 0, takes = 0;
    find_readers(g, reads);
    if (!reads[g->output]) return -1;
    for (int i = 0; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_inputs; k++)
            takes |= reads[i] && !reads[g->nodes[i].inputs[k]];
    for (int i = 0; i < g->n_nodes && takes; i++)
        if (!reads[i] && is_passage(g, reads, i)) trunk = i;
    return narrowest(g, trunk);
}

/* Of a node that reads labels: whether step t of its output depends on no later step. */
static int looks_back_only(const wf_graph *g, const unsigned char reads[MAX_NODES], int node) {
    const wf_node *n = &g->nodes[node];
    const unsigned flags = n->spec.class->flags;
    if (n->n_inputs == 0) return 1;
    if (n->shape.rank < 2) return 0; /* [steps] became features */
    if (flags & WF_LAYER_RECURRENT) return wf_rnn_is_causal(n->spec.config);
    if (flags & WF_LAYER_LOOKS) return !reads[n->inputs[1]] && !reads[n->inputs[n->n_inputs - 1]];
    return (flags & (WF_LAYER_EACH_STEP | WF_LAYER_LAST_AXIS)) != 0;
}

int wf_graph_is_causal(const wf_graph *g, int node) {
    unsigned char reads[MAX_NODES] = {0};
    find_readers(g, reads);
    for (int i = 0; i < g->n_nodes && reads[node]; i++)
        if (reads[i] && !looks_back_only(g, reads, i)) return 0;
    return reads[node];
}

int wf_graph_reads_labels(const wf_graph *g, int node) {
    unsigned char reads[MAX_NODES] = {0};
    find_readers(g, reads);
    return reads[node];
}

int wf_graph_features(const wf_graph *g) {
    unsigned char reads[MAX_NODES] = {0};
    int last = -1;
    find_readers(g, reads);
    const int is_told = reads[g->output]; /* labels, one after another */
    for (int i = 0; i < g->n_nodes; i++) {
        const int is_of_image = !reads[i] && g->nodes[i].shape.rank == 1;
        if (g->nodes[i].madds > 0 && (!is_told || is_of_image)) last = i;
    }
    if (last < 0 && is_told) return wf_graph_trunk(g);
    return g->nodes[last < 0 ? g->output : last].inputs[0];
}

/* ---- adding a node ---- */

/* Letters, digits, - and _: a name stands in paths such as "conv2d_1/kernel" and
 * "layers.conv2d_1.filters". */
static wf_status check_name(const wf_graph *g, wf_context *cx, const char *name) {
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t n = strlen(name);
    WF_REQUIRE(n >= 1 && n < MAX_NAME && strspn(name, legal) == n, WF_E_ARG,
               "layer name \"%.80s\" must be 1 to %d letters, digits, - or _", name, MAX_NAME - 1);
    WF_REQUIRE(wf_graph_find(g, name) < 0, WF_E_ARG,
               "layer name \"%s\" is taken | every layer needs its own name", name);
    return WF_OK;
}

/* Keras' automatic name: the class, then class_1, class_2; numbers that were given by hand are
 * skipped. */
static void automatic_name(char out[MAX_NAME], const wf_graph *g, const wf_layer_class *class) {
    int number = 0;
    for (int i = 0; i < g->n_nodes; i++) number += g->nodes[i].spec.class == class;
    for (;; number++) {
        if (number) snprintf(out, MAX_NAME, "%.48s_%d", class->name, number);
        else snprintf(out, MAX_NAME, "%.48s", class->name);
        if (wf_graph_find(g, out) < 0) return;
    }
}

static wf_status check_inputs(const wf_graph *g, wf_context *cx, const wf_layer_class *class,
                              const char *name, const int *inputs, int n_inputs) {
    WF_REQUIRE((g->n_nodes == 0) == ((class->flags & WF_LAYER_IMAGES) != 0), WF_E_ARG,
               "layer %s: the input must be the first layer, and the only one of its kind", name);
    WF_REQUIRE(n_inputs >= class->min_inputs && n_inputs <= class->max_inputs, WF_E_ARG,
               "layer %s: it has %d inputs, %s takes %d to %d | give inputs: [name, name]", name,
               n_inputs, class->name, class->min_inputs, class->max_inputs);
    for (int i = 0; i < n_inputs; i++)
        WF_REQUIRE(inputs[i] >= 0 && inputs[i] < g->n_nodes, WF_E_ARG,
                   "layer %s: input %d is layer number %d, must be 0 to %d", name, i, inputs[i],
                   g->n_nodes - 1);
    return WF_OK;
}

static wf_status grow_nodes(wf_graph *g, wf_context *cx) {
    WF_REQUIRE(g->n_nodes < MAX_NODES, WF_E_LIMIT, "model %s: more than %d layers", g->name,
               MAX_NODES);
    if (g->n_nodes < g->capacity) return WF_OK;
    int capacity = g->capacity ? 2 * g->capacity : 16;
    WF_TRY(wf_realloc(&g->nodes, cx, (size_t)g->capacity, (size_t)capacity, sizeof *g->nodes));
    g->capacity = capacity;
    return WF_OK;
}

static wf_status infer(wf_graph *g, wf_context *cx, wf_node *node) {
    wf_infer in = {.cx = cx,
                   .graph = g,
                   .node = g->n_nodes,
                   .layer = node->name,
                   .prefix = "",
                   .config = node->spec.config,
                   .n_inputs = node->n_inputs};
    char owner[MAX_NAME + 16];
    for (int i = 0; i < node->n_inputs; i++) in.inputs[i] = &g->nodes[node->inputs[i]].shape;
    snprintf(owner, sizeof owner, "layer %s", node->name);
    WF_TRY(wf_fields_check(cx, owner, node->spec.class->fields, node->spec.config));
    WF_TRY(node->spec.class->infer(&in));
    WF_TRY(wf_shape_check(cx, &in.output, owner));
    node->shape = in.output;
    node->madds = in.madds;
    node->trains_another = in.trains_another;
    node->n_params = g->n_params - node->first_param;
    return WF_OK;
}

static void drop_params(wf_graph *g, int n) {
    while (g->n_params > n) {
        wf_param_entry *last = &g->params[--g->n_params];
        g->total_size -= last->size;
        if (last->is_trainable) g->trainable_size -= last->size;
        wf_free(last->name);
        *last = (wf_param_entry){0};
    }
}

wf_status wf_graph_add(int *out_node, wf_graph *g, wf_context *cx, const wf_layer_spec *spec,
                       const char *name, const int *inputs, int n_inputs) {
    char own_name[MAX_NAME];
    int n_params = g->n_params;
    wf_status status;
    wf_node node = {.spec.class = spec->class, .n_inputs = n_inputs, .first_param = n_params};
    WF_REQUIRE(!g->is_finished, WF_E_ARG, "model %s is finished, no layer can be added", g->name);
    if (!name) {
        automatic_name(own_name, g, spec->class);
        name = own_name;
    }
    WF_TRY(check_name(g, cx, name));
    WF_TRY(check_inputs(g, cx, spec->class, name, inputs, n_inputs));
    WF_TRY(grow_nodes(g, cx));
    for (int i = 0; i < n_inputs; i++) node.inputs[i] = inputs[i];
    WF_TRY_OR(wf_strdup(&node.name, cx, name));
    WF_TRY_OR(wf_fields_copy(&node.spec.config, cx, spec->class->fields, spec->class->config_size,
                             spec->config));
    WF_TRY_OR(infer(g, cx, &node));
    for (int i = 0; i < n_inputs; i++) g->nodes[inputs[i]].n_consumers++;
    g->nodes[g->n_nodes] = node;
    *out_node = g->n_nodes++;
    return WF_OK;
done:
    drop_params(g, n_params);
    node_reset(&node);
    return status;
}

wf_status wf_infer_param(wf_infer *in, const char *name, const wf_shape *shape,
                         wf_initializer initializer, int64_t fan_in, int64_t fan_out,
                         int is_trainable) {
    wf_graph *g = in->graph;
    wf_context *cx = in->cx;
    char full[3 * MAX_NAME];
    snprintf(full, sizeof full, "%.63s/%.63s%.63s", in->layer, in->prefix, name);
    WF_TRY(wf_shape_check(cx, shape, full));
    WF_REQUIRE(g->n_params < MAX_PARAMS, WF_E_LIMIT, "%s: more than %d parameter arrays", full,
               MAX_PARAMS);
    WF_REQUIRE(g->total_size + wf_shape_size(shape) <= max_floats, WF_E_LIMIT,
               "%s: the model has more than 2^31 parameters | use fewer units or filters", full);
    if (g->n_params == g->params_capacity) {
        int capacity = g->params_capacity ? 2 * g->params_capacity : 16;
        WF_TRY(
            wf_realloc(&g->params, cx, (size_t)g->n_params, (size_t)capacity, sizeof *g->params));
        g->params_capacity = capacity;
    }
    wf_param_entry entry = {.node = in->node,
                            .shape = *shape,
                            .size = wf_shape_size(shape),
                            .is_trainable = is_trainable != 0,
                            .initializer = initializer,
                            .fan_in = fan_in,
                            .fan_out = fan_out};
    WF_TRY(wf_strdup(&entry.name, cx, full));
    g->params[g->n_params++] = entry;
    g->total_size += entry.size;
    if (is_trainable) g->trainable_size += entry.size;
    return WF_OK;
}

/* ---- closing ---- */

wf_status wf_graph_finish(wf_graph *g, wf_context *cx) {
    int output = -1;
    WF_REQUIRE(g->n_nodes >= 2, WF_E_ARG, "model %s: it has no layer behind the input", g->name);
    for (int i = 0; i < g->n_nodes; i++) {
        if (g->nodes[i].n_consumers) continue;
        WF_REQUIRE(
            output < 0, WF_E_ARG,
            "model %s: layers %s and %s both lead nowhere, a model has one output | join them "
            "with add or concatenate, or name them in another layer's inputs",
            g->name, g->nodes[output].name, g->nodes[i].name);
        output = i;
    }
    int64_t trainable = 0, fixed = g->trainable_size;
    for (int i = 0; i < g->n_params; i++) {
        wf_param_entry *entry = &g->params[i];
        int64_t *next = entry->is_trainable ? &trainable : &fixed;
        entry->offset = *next;
        *next += entry->size;
    }
    g->output = output;
    g->is_finished = 1;
    return WF_OK;
}

int wf_graph_ends_in(const wf_graph *g, const char *activation) {
    const wf_layer_spec *last = &g->nodes[g->output].spec;
    const wf_field *field = wf_fields_find(last->class->fields, "activation");
    wf_context quiet = {0};
    wf_str text = {0};
    if (!strcmp(last->class->name, activation)) return 1;
    if (!field) return 0;
    wf_fields_write(&text, &quiet, field, last->config);
    int is_it = text.text && !strcmp(text.text, activation);
    wf_str_reset(&text);
    return is_it;
}
