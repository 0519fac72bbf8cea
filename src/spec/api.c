/* The public face of models. */
#include "weft/graph.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "nn/flow.h"
#include "spec/summary.h"

wf_status wf_model_open(wf_model **out, wf_context *cx, const char *name_or_path,
                        const char *const *folders, size_t n_folders) {
    char *path = NULL;
    WF_TRY(wf_model_find(&path, cx, name_or_path, folders, n_folders));
    wf_status status = wf_model_spec_read(out, cx, path);
    wf_free(path);
    return status;
}

wf_status wf_model_parse(wf_model **out, wf_context *cx, const char *text) {
    return wf_model_spec_parse(out, cx, text, strlen(text), "model");
}

void wf_model_destroy(wf_model *model) { wf_model_spec_destroy(model); }

wf_status wf_model_create(wf_model **out, wf_context *cx, const char *name, const int32_t *input,
                          int rank) {
    wf_model *model = NULL;
    wf_str keys = {0};
    int node = 0;
    wf_status status;
    WF_REQUIRE(rank >= 1 && rank <= WF_MAX_RANK, WF_E_ARG,
               "model %.64s: the input has rank %d, must be 1 to %d", name, rank, WF_MAX_RANK);
    for (int i = 0; i < rank; i++) wf_str_addf(&keys, cx, "%s%d", i ? ", " : "shape: [", input[i]);
    wf_str_add(&keys, cx, "]");
    status = keys.status;
    if (status == WF_OK) status = wf_model_spec_create(&model, cx, name);
    if (status == WF_OK)
        status = wf_graph_add_text(&node, model->graph, cx, "input", keys.text, "input", NULL, 0);
    wf_str_reset(&keys);
    if (status != WF_OK) wf_model_destroy(model);
    else *out = model;
    return status;
}

wf_status wf_model_add(wf_model *model, wf_context *cx, const char *type, const char *keys,
                       const char *name, const char *const *inputs, size_t n_inputs) {
    wf_graph *g = model->graph;
    int nodes[WF_MAX_INPUTS] = {g->n_nodes - 1}, node = 0;
    WF_REQUIRE(n_inputs <= WF_MAX_INPUTS, WF_E_LIMIT, "model %s: %zu inputs, must be at most %d",
               model->name, n_inputs, WF_MAX_INPUTS);
    for (size_t i = 0; i < n_inputs; i++) {
        nodes[i] = wf_graph_find(g, inputs[i]);
        WF_REQUIRE(nodes[i] >= 0, WF_E_ARG, "model %s has no layer \"%.60s\"", model->name,
                   inputs[i]);
    }
    const wf_layer_class *class = wf_layer_find(type);
    const int is_source = class && class->max_inputs == 0;
    return wf_graph_add_text(&node, g, cx, type, keys, name, nodes,
                             n_inputs ? (int)n_inputs : !is_source);
}

wf_status wf_model_finish(wf_model *model, wf_context *cx) {
    return wf_graph_finish(model->graph, cx);
}

wf_status wf_model_set(wf_model *model, wf_context *cx, const char *assignment) {
    return wf_model_spec_set(model, cx, assignment);
}

/* Hands the string's memory over, or frees it. */
static wf_status give_text(char **out, wf_str *text, wf_status status) {
    if (status != WF_OK) wf_str_reset(text);
    else *out = text->text;
    return status;
}

wf_status wf_model_text(char **out, wf_context *cx, const wf_model *model) {
    wf_str text = {0};
    return give_text(out, &text, wf_model_spec_write(&text, cx, model));
}

wf_status wf_model_summary(char **out, wf_context *cx, const wf_model *model) {
    wf_str text = {0};
    return give_text(out, &text, wf_summary_text(&text, cx, model));
}

void wf_model_get(wf_model_info *out, const wf_model *model) {
    const wf_summary_totals t = wf_summary_total(model->graph);
    *out = (wf_model_info){.name = model->name,
                           .source = model->source,
                           .description = model->description,
                           .family = wf_family_name(model->family),
                           .n_layers = model->graph->n_nodes,
                           .n_params = model->graph->n_params,
                           .total_params = t.params,
                           .trainable_params = t.trainable,
                           .multiply_adds = t.madds};
}

wf_status wf_model_layer(wf_layer_info *out, wf_context *cx, const wf_model *model, int index) {
    const wf_graph *g = model->graph;
    WF_REQUIRE(index >= 0 && index < g->n_nodes, WF_E_ARG,
               "model %s: layer number %d, must be 0 to %d", model->name, index, g->n_nodes - 1);
    const wf_node *node = &g->nodes[index];
    *out = (wf_layer_info){.name = node->name,
                           .type = node->spec.class->name,
                           .n_inputs = node->n_inputs,
                           .inputs = node->inputs,
                           .rank = node->shape.rank,
                           .shape = node->shape.dim,
                           .first_param = node->first_param,
                           .n_params = node->n_params,
                           .multiply_adds = node->madds};
    return WF_OK;
}

wf_status wf_model_param(wf_param_info *out, wf_context *cx, const wf_model *model, int index) {
    const wf_graph *g = model->graph;
    WF_REQUIRE(index >= 0 && index < g->n_params, WF_E_ARG,
               "model %s: parameter number %d, must be 0 to %d", model->name, index,
               g->n_params - 1);
    const wf_param_entry *entry = &g->params[index];
    *out = (wf_param_info){.name = entry->name,
                           .layer = entry->node,
                           .rank = entry->shape.rank,
                           .shape = entry->shape.dim,
                           .size = entry->size,
                           .offset = entry->offset,
                           .is_trainable = entry->is_trainable};
    return WF_OK;
}

wf_status wf_model_features(const char **out, wf_context *cx, const wf_model *model) {
    const wf_graph *g = model->graph;
    WF_REQUIRE(g->is_finished, WF_E_ARG, "model %s is not finished | call wf_model_finish first",
               model->name);
    *out = g->nodes[wf_graph_features(g)].name;
    return WF_OK;
}

wf_status wf_model_params(wf_params **out, wf_context *cx, const wf_model *model, uint64_t seed) {
    WF_REQUIRE(model->graph->is_finished, WF_E_ARG,
               "model %s is not finished | call wf_model_finish first", model->name);
    return wf_params_create(out, cx, model->graph, seed);
}

const wf_recipe *wf_model_recipe(const wf_model *model) { return model->recipe; }
