/* The list of layer classes, from layers.def. */
#include <string.h>

#include "base/str.h"
#include "nn/layer.h"

#define WF_LAYER(name) extern const wf_layer_class wf_##name##_class;
#include "nn/layers.def"
#undef WF_LAYER

static const wf_layer_class *const classes[] = {
#define WF_LAYER(name) &wf_##name##_class,
#include "nn/layers.def"
#undef WF_LAYER
};

enum { N_CLASSES = sizeof classes / sizeof classes[0] };

size_t wf_layer_count(void) { return N_CLASSES; }

const wf_layer_class *wf_layer_at(size_t i) { return i < N_CLASSES ? classes[i] : NULL; }

const wf_layer_class *wf_layer_find(const char *name) {
    for (size_t i = 0; i < N_CLASSES; i++)
        if (strcmp(classes[i]->name, name) == 0) return classes[i];
    return NULL;
}

wf_status wf_layer_require(const wf_layer_class **out, wf_context *cx, const char *owner,
                           const char *name) {
    const char *names[N_CLASSES];
    const wf_layer_class *found = wf_layer_find(name);
    for (size_t i = 0; i < N_CLASSES; i++) names[i] = classes[i]->name;
    const char *near = wf_str_nearest(name, names, N_CLASSES);
    WF_REQUIRE(found || !near, WF_E_ARG, "%s: unknown layer \"%.60s\" | did you mean %s?", owner,
               name, near);
    WF_REQUIRE(found, WF_E_ARG, "%s: unknown layer \"%.60s\" | `weft layers` lists them", owner,
               name);
    *out = found;
    return WF_OK;
}
