/* The table of this level's kernels. */
#include "kernels/isa.h"

#define WF_KERNEL(name, arguments) void WF_ISA_NAME(name) arguments;
#include "kernels/functions.def"
#undef WF_KERNEL

extern const wf_kernels WF_ISA_NAME(wf__kernels);
const wf_kernels WF_ISA_NAME(wf__kernels) = {
    .isa = WF_ISA_TEXT(WF_ISA),
    .nr = GEMM_NR,
#if defined(WF_HAS_AMX)
    .bf16_speedup = 8,
    .bf16_run = 32,
#elif defined(__AVX512BF16__)
    .bf16_speedup = 2,
    .bf16_run = 2,
#else
    .bf16_speedup = 1,
    .bf16_run = 2,
#endif
#define WF_KERNEL(name, arguments) .name = WF_ISA_NAME(name),
#include "kernels/functions.def"
#undef WF_KERNEL
};
