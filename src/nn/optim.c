#include "nn/optim.h"

#include <string.h>

#define WF_OPTIMIZER(name) extern const wf_optimizer_class wf_##name##_class;
#include "nn/optimizers.def"
#undef WF_OPTIMIZER

static const wf_optimizer_class *const classes[] = {
#define WF_OPTIMIZER(name) &wf_##name##_class,
#include "nn/optimizers.def"
#undef WF_OPTIMIZER
};

size_t wf_optimizer_count(void) { return sizeof classes / sizeof *classes; }

const wf_optimizer_class *wf_optimizer_at(size_t i) {
    return i < wf_optimizer_count() ? classes[i] : NULL;
}

const wf_optimizer_class *wf_optimizer_find(const char *name) {
    for (size_t i = 0; i < wf_optimizer_count(); i++)
        if (strcmp(classes[i]->name, name) == 0) return classes[i];
    return NULL;
}
