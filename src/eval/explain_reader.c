/* Which part of a model reads step by step, and that part as a model of its own. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/explain.h"
#include "nn/fields.h"

/* The layers behind node `from`, behind an input of the form of its output, whose axis `axis` has
 * `extent` lines. */
static wf_status rebuild(wf_graph **out, wf_context *cx, const wf_graph *g, int from, int axis,
                         int64_t extent) {
    const wf_node *input = &g->nodes[0];
    const wf_layer_class *class = input->spec.class;
    const wf_shape *shape = &g->nodes[from].shape;
    wf_graph *part = NULL;
    void *config = NULL;
    char text[96] = "[";
    wf_status status;
    for (int i = 0, n = 1; i < shape->rank; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%lld", i ? ", " : "",
                      (long long)(i == axis ? extent : shape->dim[i]));
    strcat(text, "]");
    WF_TRY_OR(wf_graph_create(&part, cx, g->name));
    WF_TRY_OR(wf_fields_copy(&config, cx, class->fields, class->config_size, input->spec.config));
    WF_TRY_OR(wf_fields_set(cx, input->name, class->fields, config, "shape", text));
    for (int i = from; i < g->n_nodes; i++) {
        const wf_node *node = i == from ? input : &g->nodes[i];
        const wf_layer_spec spec = {node->spec.class, i == from ? config : node->spec.config};
        int inputs[WF_MAX_INPUTS], added;
        for (int k = 0; k < node->n_inputs; k++) inputs[k] = node->inputs[k] - from;
        WF_TRY_OR(wf_graph_add(&added, part, cx, &spec, node->name, inputs, node->n_inputs));
    }
    WF_TRY_OR(wf_graph_finish(part, cx));
    *out = part;
    part = NULL;
done:
    wf_free(config);
    wf_graph_destroy(part);
    return status;
}

/* g's parameters behind node `from` begin here. */
static int first_param(const wf_graph *g, int from) { return g->nodes[from + 1].first_param; }

static int has_same_params(const wf_graph *part, const wf_graph *g, int from) {
    const int first = first_param(g, from);
    if (part->n_params != g->n_params - first) return 0;
    for (int i = 0; i < part->n_params; i++)
        if (!wf_shape_equal(&part->params[i].shape, &g->params[first + i].shape)) return 0;
    return 1;
}

static void destroy_parts(wf_graph **parts, int64_t n) {
    for (int64_t t = 0; parts && t < n; t++) wf_graph_destroy(parts[t]);
    wf_free(parts);
}

/* parts[t - 1] is for t lines, t = 1 .. lines; NULL where some number of lines makes no model, or
 * one with other parameters.  Errors: WF_E_NOMEM. */
static wf_status build_parts(wf_graph ***out, wf_context *cx, const wf_graph *g, int from,
                             int axis) {
    const int64_t lines = g->nodes[from].shape.dim[axis];
    wf_graph **parts = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf_alloc(&parts, cx, (size_t)lines, sizeof *parts));
    for (int64_t t = 1; t <= lines && status == WF_OK; t++) {
        wf_context refused = {0}; /* that there is no such model is an answer */
        status = rebuild(&parts[t - 1], &refused, g, from, axis, t);
        if (status == WF_OK && !has_same_params(parts[t - 1], g, from)) status = WF_E_SHAPE;
    }
    if (status == WF_OK) {
        *out = parts;
        return WF_OK;
    }
    destroy_parts(parts, lines);
    WF_REQUIRE(status != WF_E_NOMEM, WF_E_NOMEM, "model %s for parts of an image: out of memory",
               g->name);
    return WF_OK;
}

/* The last node that may be read: the first layer with a state stands behind it. */
static int last_candidate(const wf_graph *g) {
    for (int i = 1; i < g->n_nodes; i++)
        if (g->nodes[i].spec.class->flags & WF_LAYER_STEPWISE) return i - 1;
    return 0;
}

/* Whatever leads from the input to the output passes through node i. */
static int is_passed(const wf_graph *g, int i) {
    for (int k = i + 1; k < g->n_nodes; k++)
        for (int j = 0; j < g->nodes[k].n_inputs; j++)
            if (g->nodes[k].inputs[j] < i) return 0;
    return 1;
}

/* Sets node, reading and parts.  Errors: WF_E_NOMEM. */
static wf_status choose(wf__reader *r, wf_context *cx, const wf_graph *g) {
    for (int i = last_candidate(g); i >= 0; i--) {
        const wf_shape *shape = &g->nodes[i].shape;
        for (int axis = 0; axis < 2 && shape->rank == 3 && is_passed(g, i); axis++) {
            if (shape->dim[axis] < 2) continue;
            WF_TRY(build_parts(&r->parts, cx, g, i, axis));
            if (!r->parts) continue;
            r->node = i;
            r->reading = axis == 0 ? WF_READING_ROWS : WF_READING_COLUMNS;
            r->lines = (int)shape->dim[axis];
            return WF_OK;
        }
    }
    r->reading = WF_READING_FILLED;
    r->lines = (int)g->nodes[0].shape.dim[0];
    return WF_OK;
}

wf_status wf__reader_create(wf__reader *out, wf_params *params, wf_context *cx) {
    const wf_graph *g = params->graph;
    wf__reader r = {0};
    wf_status status;
    WF_TRY_OR(choose(&r, cx, g));
    if (r.parts) {
        const wf_graph *part = r.parts[r.lines - 1];
        const wf_param_entry *from = g->params + first_param(g, r.node);
        r.params = (wf_params){.graph = part, .generation = 1};
        WF_TRY_OR(wf_alloc(&r.params.value, cx, (size_t)part->total_size, sizeof *r.params.value));
        for (int i = 0; i < part->n_params; i++)
            memcpy(r.params.value + part->params[i].offset, params->value + from[i].offset,
                   (size_t)from[i].size * sizeof(float));
    } else {
        r.params = *params;
    }
    *out = r;
    r = (wf__reader){0};
done:
    wf__reader_reset(&r);
    return status;
}

void wf__reader_reset(wf__reader *r) {
    if (r->parts) wf_free(r->params.value);
    destroy_parts(r->parts, r->lines);
    *r = (wf__reader){0};
}
