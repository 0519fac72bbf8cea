#include "nn/loss.h"

#include <string.h>

#define WF_LOSS(name) extern const wf_loss_class wf_##name##_class;
#include "nn/losses.def"
#undef WF_LOSS

static const wf_loss_class *const classes[] = {
#define WF_LOSS(name) &wf_##name##_class,
#include "nn/losses.def"
#undef WF_LOSS
};

size_t wf_loss_count(void) { return sizeof classes / sizeof *classes; }

const wf_loss_class *wf_loss_at(size_t i) { return i < wf_loss_count() ? classes[i] : NULL; }

const wf_loss_class *wf_loss_find(const char *name) {
    for (size_t i = 0; i < wf_loss_count(); i++)
        if (strcmp(classes[i]->name, name) == 0) return classes[i];
    return NULL;
}
