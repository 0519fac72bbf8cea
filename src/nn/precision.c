#include <string.h>

#include "base/status.h"
#include "kernels/kernels.h"
#include "weft/graph.h"

static const char *const names[] = {[WF_FLOAT32] = "float32", [WF_BFLOAT16] = "bfloat16"};

const char *wf_precision_name(wf_precision precision) { return names[precision]; }

wf_status wf_precision_find(wf_precision *out, wf_context *cx, const char *name) {
    for (int i = WF_FLOAT32; i <= WF_BFLOAT16; i++)
        if (!strcmp(name, names[i])) {
            *out = (wf_precision)i;
            return WF_OK;
        }
    WF_REQUIRE(!strcmp(name, "auto"), WF_E_ARG,
               "precision is \"%s\", must be float32, bfloat16 or auto", name);
    *out = wf_kernels_best()->bf16_speedup > 1 ? WF_BFLOAT16 : WF_FLOAT32;
    return WF_OK;
}
