#include "kernels/kernels.h"

#include <string.h>

extern const wf_kernels wf__kernels_v2, wf__kernels_v3, wf__kernels_v4;

/* best first */
static const wf_kernels *const levels[] = {&wf__kernels_v4, &wf__kernels_v3, &wf__kernels_v2};

/* clang 14 knows no level names, so the features of each level are asked for one by one */
static int cpu_has(const wf_kernels *k) {
    int has_v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                 __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    int has_v4 = has_v3 && __builtin_cpu_supports("avx512f") &&
                 __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return k == &wf__kernels_v4 ? has_v4 : k == &wf__kernels_v3 ? has_v3 : 1;
}

static const wf_kernels *chosen;

void wf_kernels_use(const wf_kernels *kernels) { chosen = kernels; }

const wf_kernels *wf_kernels_best(void) {
    if (chosen) return chosen;
    size_t i = 0;
    while (!cpu_has(levels[i])) i++;
    return levels[i];
}

const wf_kernels *wf_kernels_find(const char *isa) {
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (!strcmp(levels[i]->isa, isa)) return cpu_has(levels[i]) ? levels[i] : NULL;
    return NULL;
}
