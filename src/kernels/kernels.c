#include "kernels/kernels.h"

#include <cpuid.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern const wf_kernels wf__kernels_v2, wf__kernels_v3, wf__kernels_v4, wf__kernels_v4_bf16,
    wf__kernels_v4_amx;

/* clang 14 knows no level names, so the features of each level are asked for one by one */
static int has_v2(void) { return 1; }

static int has_v3(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

static int has_v4(void) {
    return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

static int has_v4_bf16(void) { return has_v4() && __builtin_cpu_supports("avx512bf16"); }

/* ---- AMX, which the compilers cannot be asked for and Linux gives on request only ---- */

enum { CPUID_OSXSAVE = 27, CPUID_AMX_BF16 = 22, CPUID_AMX_TILE = 24 }; /* of ecx; leaf 7: edx */
enum { XCR0_TILE_SHAPES = 17, XCR0_TILE_DATA = 18 };
enum { REQUEST_PERMISSION = 0x1023 }; /* ARCH_REQ_XCOMP_PERM of newer asm/prctl.h */

static int is_amx_permitted;

static void ask_for_amx(void) {
    const unsigned features = 1u << CPUID_AMX_BF16 | 1u << CPUID_AMX_TILE;
    const unsigned state = 1u << XCR0_TILE_SHAPES | 1u << XCR0_TILE_DATA;
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> CPUID_OSXSAVE & 1)) return;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & features) != features) return;
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    if ((a & state) != state) return;
    is_amx_permitted = syscall(SYS_arch_prctl, REQUEST_PERMISSION, XCR0_TILE_DATA) == 0;
}

static int has_v4_amx(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ask_for_amx);
    return is_amx_permitted && has_v4_bf16();
}

/* best first */
static const struct {
    const wf_kernels *kernels;
    int (*is_supported)(void);
} levels[] = {{&wf__kernels_v4_amx, has_v4_amx},
              {&wf__kernels_v4_bf16, has_v4_bf16},
              {&wf__kernels_v4, has_v4},
              {&wf__kernels_v3, has_v3},
              {&wf__kernels_v2, has_v2}};
enum { N_LEVELS = sizeof levels / sizeof *levels };

static const wf_kernels *chosen;

void wf_kernels_use(const wf_kernels *kernels) { chosen = kernels; }

const wf_kernels *wf_kernels_best(void) { return chosen ? chosen : wf_kernels_at(0); }

const wf_kernels *wf_kernels_at(int i) {
    for (int k = 0; k < N_LEVELS; k++)
        if (levels[k].is_supported() && i-- == 0) return levels[k].kernels;
    return NULL;
}

const wf_kernels *wf_kernels_find(const char *isa) {
    for (int k = 0; k < N_LEVELS; k++)
        if (!strcmp(levels[k].kernels->isa, isa))
            return levels[k].is_supported() ? levels[k].kernels : NULL;
    return NULL;
}
