#include "train/ceilings.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "kernels/activation.h"

enum { MEMORY_BYTES = 256 << 20, PAGE = 4096, NUMBERS = 1024, CALIBRATIONS = 3 };
static const double least_s = 0.002; /* of one measurement, at least */

const char *wf_ceiling_key(wf_ceiling ceiling) {
    static const char *const keys[WF_CEILINGS] = {
        "float32_flop_per_s", "bfloat16_flop_per_s", "exp_per_s",       "tanh_per_s",
        "l1_bytes_per_s",     "l2_bytes_per_s",      "far_bytes_per_s", "memory_bytes_per_s"};
    return keys[ceiling];
}

/* Virtual machines do not always tell. */
size_t wf_cache_bytes(int level) {
    long bytes = sysconf(level == 1 ? _SC_LEVEL1_DCACHE_SIZE : _SC_LEVEL2_CACHE_SIZE);
    if (bytes > 0) return (size_t)bytes;
    return level == 1 ? 32 << 10 : 512 << 10;
}

/* ---- what the workers do ---- */

typedef struct measurement {
    const wf_ceiling_meter *meter;
    wf_ceiling ceiling;
    double amount; /* of one worker; all do the same */
} measurement;

static float *memory_of(const wf_ceiling_meter *m, wf_ceiling ceiling, int item) {
    return m->memory + m->bytes[ceiling] / sizeof(float) * (size_t)item;
}

/* y = f(x) over and over; the numbers lie in L1 */
static void evaluate(const wf_kernels *kernels, int is_tanh, int64_t repeats) {
    float x[NUMBERS], y[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) x[i] = (float)(i % 16) * 0.5f - 4;
    for (int64_t i = 0; i < repeats; i++) {
        if (is_tanh) kernels->activate(y, x, NUMBERS, WF_ACT_TANH, 0);
        else kernels->exponentials(y, x, NUMBERS);
    }
}

static void run_item(void *user, int item, int worker) {
    measurement *run = user;
    const wf_ceiling_meter *m = run->meter;
    const int64_t repeats = m->repeats[run->ceiling];
    double amount;
    (void)worker;
    switch (run->ceiling) {
    case WF_CEILING_FLOAT32: m->kernels->gemm_peak(&amount, repeats); break;
    case WF_CEILING_BFLOAT16: m->kernels->gemm_peak_bf16(&amount, repeats); break;
    case WF_CEILING_EXP:
    case WF_CEILING_TANH:
        evaluate(m->kernels, run->ceiling == WF_CEILING_TANH, repeats);
        amount = (double)NUMBERS * (double)repeats;
        break;
    default:
        for (int64_t i = 0; i < repeats; i++)
            m->kernels->read_all(memory_of(m, run->ceiling, item),
                                 m->bytes[run->ceiling] / sizeof(float));
        amount = (double)m->bytes[run->ceiling] * (double)repeats;
    }
    if (item == 0) run->amount = amount;
}

/* ---- measuring ---- */

static double measure(wf_ceiling_meter *m, wf_ceiling ceiling, double *seconds) {
    const int workers = wf_pool_size(m->pool);
    measurement run = {.meter = m, .ceiling = ceiling};
    const double began = wf_clock_s();
    wf_pool_run(m->pool, run_item, &run, workers);
    *seconds = wf_clock_s() - began;
    return run.amount * workers / *seconds;
}

/* What is over too soon tells little and is made longer; what only seemed long enough, because
 * another program was in the way, is found out the next time. */
double wf_ceiling_measure(wf_ceiling_meter *m, wf_ceiling ceiling) {
    for (;;) {
        double seconds;
        const double rate = measure(m, ceiling, &seconds);
        if (seconds >= least_s) return rate;
        m->repeats[ceiling] += m->repeats[ceiling] / 2 + 1;
    }
}

wf_status wf_ceiling_meter_init(wf_ceiling_meter *m, wf_context *cx, wf_pool *pool,
                                const wf_kernels *kernels, size_t far_bytes) {
    const size_t workers = (size_t)wf_pool_size(pool);
    *m = (wf_ceiling_meter){.kernels = kernels, .pool = pool};
    const size_t far = far_bytes < MEMORY_BYTES ? far_bytes : MEMORY_BYTES;
    const size_t parts[WF_CEILINGS] = {[WF_CEILING_L1] = wf_cache_bytes(1) / 2,
                                       [WF_CEILING_L2] = wf_cache_bytes(2) / 2,
                                       [WF_CEILING_FAR] = far / workers,
                                       [WF_CEILING_MEMORY] = MEMORY_BYTES / workers};
    size_t largest = 0;
    for (int i = WF_CEILING_L1; i < WF_CEILINGS; i++) {
        m->bytes[i] = (parts[i] + PAGE - 1) / PAGE * PAGE;
        if (m->bytes[i] > largest) largest = m->bytes[i];
    }
    m->bytes[WF_CEILING_MEMORY] = largest;              /* with very many workers that of L2 */
    WF_TRY(wf_alloc(&m->memory, cx, workers, largest)); /* and written, else all pages were one */
    for (int i = 0; i < WF_CEILINGS; i++) {
        m->repeats[i] = 1;
        for (int k = 0; k < CALIBRATIONS; k++) wf_ceiling_measure(m, (wf_ceiling)i);
    }
    return WF_OK;
}

void wf_ceiling_meter_reset(wf_ceiling_meter *m) { wf_free(m->memory); }
