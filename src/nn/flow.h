/* Layers written as one line of YAML flow text, for building graphs in code and for settings given
 * on the command line. Model files are read by src/spec, which knows lines and columns. */
#ifndef WF_NN_FLOW_H
#define WF_NN_FLOW_H

#include "nn/graph.h"

/* A layer of class `name` from "units: 128, activation: relu"; `keys` NULL or "": all defaults.
 * Release with wf_fields_destroy(out->class->fields, out->config).
 * Errors: WF_E_ARG (unknown class, key or value; a required key is missing), WF_E_LIMIT,
 * WF_E_NOMEM. */
wf_status wf_flow_spec(wf_layer_spec *out, wf_context *cx, const char *owner, const char *name,
                       const char *keys);

/* A layer from "relu" or "{lstm: {units: 128}}".  Errors: as wf_flow_spec. */
wf_status wf_flow_layer(wf_layer_spec *out, wf_context *cx, const char *owner, const char *text);

/* wf_flow_spec and wf_graph_add in one: wf_graph_add_text(&node, g, cx, "dense", "units: 10",
 * NULL, &before, 1).  Errors: of both. */
wf_status wf_graph_add_text(int *out_node, wf_graph *g, wf_context *cx, const char *class_name,
                            const char *keys, const char *name, const int *inputs, int n_inputs);

#endif
