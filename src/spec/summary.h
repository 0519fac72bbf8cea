/* What `weft summary` shows: Keras' table plus multiply-adds and bytes per layer.
 *
 * Multiply-adds are those of convolutions and matrix products for one image, biases and activations
 * not counted. Bytes are those of a layer's output for one image in float32. */
#ifndef WF_SPEC_SUMMARY_H
#define WF_SPEC_SUMMARY_H

#include <jansson.h>

#include "spec/model.h"

typedef struct wf_summary_totals {
    int64_t params, trainable, non_trainable; /* numbers, not bytes */
    int64_t madds, output_bytes;              /* per image */
} wf_summary_totals;

wf_summary_totals wf_summary_total(const wf_graph *g);

/* Appends the table as text.  Errors: WF_E_NOMEM. */
wf_status wf_summary_text(wf_str *out, wf_context *cx, const wf_model_spec *spec);
/* {"name", "family", "source", "description", "claim", "layers": [{"name", "type", "inputs",
 * "output_shape", "params", "trainable_params", "multiply_adds", "output_bytes", "settings": {key:
 * text}, "parameters": [{"name", "shape", "trainable"}]}], "total": {...}}; release with
 * json_decref.  Errors: WF_E_NOMEM. */
wf_status wf_summary_json(json_t **out, wf_context *cx, const wf_model_spec *spec);

#endif
