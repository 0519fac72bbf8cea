/* The AMX instructions of bfloat16 products in user space, for CPUs without them: a handler of
 * SIGILL decodes and executes LDTILECFG, STTILECFG, TILERELEASE, TILEZERO, TILELOADD, TILELOADDT1,
 * TILESTORED and TDPBF16PS on tiles of the thread, so that the machine code of the level v4_amx
 * runs on every CPU with AVX-512. What would fault on a CPU with AMX ends the process with a
 * message on standard error; reading or writing where nothing is ends it by SIGSEGV.
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2. */
#ifndef WEFT_TESTS_EMULATOR_H
#define WEFT_TESTS_EMULATOR_H

#include "kernels/kernels.h"

void amx_emulator_install(void);

/* What the thread executed since it last asked. */
typedef struct amx_counts {
    long configures, releases, zeros, loads, stores, products;
} amx_counts;
amx_counts amx_emulator_counts(void);

/* The kernels of the level v4_amx, emulated where the CPU has AVX512-BF16 alone; NULL when it has
 * not even that, and a line on standard output says so. */
const wf_kernels *amx_kernels(void);
int amx_is_emulated(void);

/* Declares the kernels, or leaves the test when the CPU cannot run them. */
#define AMX_KERNELS_OR_RETURN(kernels)                                                             \
    const wf_kernels *kernels = amx_kernels();                                                     \
    CHECK_INT(kernels != NULL, wf_kernels_find("v4_bf16") != NULL);                                \
    if (!kernels) return

#endif
