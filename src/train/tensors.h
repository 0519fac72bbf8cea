/* Parameter arrays as tensors of a file, one per entry: for weights files and checkpoints. */
#ifndef WF_TRAIN_TENSORS_H
#define WF_TRAIN_TENSORS_H

#include "io/safetensors.h"
#include "nn/graph.h"

/* One flat array, stored as "<prefix><entry's name>" for every entry. */
typedef struct wf__tensor_set {
    const char *prefix;
    float *values;
    int trainable_only; /* moments exist for trainable entries only */
} wf__tensor_set;

typedef struct wf__tensor_list {
    wf_tensor *tensors; /* [capacity]; n are in use */
    size_t n, capacity;
    char *names; /* what tensors[].name points to */
} wf__tensor_list;

/* The list of all sets' tensors, with room for `extra` more that the caller adds.
 * Errors: WF_E_NOMEM. */
wf_status wf__tensor_list_create(wf__tensor_list *out, wf_context *cx, const wf_graph *g,
                                 const wf__tensor_set *sets, int n_sets, size_t extra);
void wf__tensor_list_reset(wf__tensor_list *list);

/* Whether `file` holds all of the set's entries in the graph's shapes.
 * Errors: WF_E_MODEL naming the entry, what was found and what was expected. */
wf_status wf__tensor_set_check(wf_context *cx, const wf_safetensors *file, const char *path,
                               const wf_graph *g, const wf__tensor_set *set);
/* Copies the entries into set->values; the set must have passed the check. */
void wf__tensor_set_read(const wf__tensor_set *set, const wf_safetensors *file, const wf_graph *g);

#endif
