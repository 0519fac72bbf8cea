/* What this machine and this build are. */
#ifndef WF_CMD_MACHINE_H
#define WF_CMD_MACHINE_H

#include <stdint.h>

#include "base/status.h"
#include "kernels/kernels.h"

/* "Intel(R) Xeon(R) Platinum 8488C"; never NULL.  Threads: one caller. */
const char *wf_cpu_name(void);

typedef struct wf_cpu_feature {
    const char *name;
    int is_there;
} wf_cpu_feature;
/* The i-th feature that matters to kernels of neural networks; the name is NULL behind the last. */
wf_cpu_feature wf_cpu_feature_at(int i);

/* Libraries as they are linked now; the name is NULL behind the last. */
typedef struct wf_library {
    const char *name, *version, *purpose;
} wf_library;
wf_library wf_library_at(int i);
/* "jansson 2.14, libfyaml 0.7.12, ..." */
const char *wf_library_line(void);

/* Resident memory of this process; 0: unknown. */
int64_t wf_resident_bytes(void);

/* The kernels of a level (NULL: the best).
 * Errors: WF_E_UNSUPPORTED. */
wf_status wf_kernels_choose(const wf_kernels **out, wf_context *cx, const char *isa);
/* "x86-64-v3". Returns `buffer`. */
const char *wf_isa_text(char buffer[16], const wf_kernels *kernels);

#endif
