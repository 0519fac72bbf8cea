#include "base/rng.h"

#include <math.h>
#include <string.h>

void wf_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void wf_rng_init(wf_rng *r, uint64_t seed, uint32_t stream, uint32_t a) {
    wf_rng_init_at(r, seed, stream, a, 0);
}

void wf_rng_init_at(wf_rng *r, uint64_t seed, uint32_t stream, uint32_t a, uint32_t b) {
    *r = (wf_rng){
        .counter = {0, b, a, stream}, .key = {(uint32_t)seed, (uint32_t)(seed >> 32)}, .used = 4};
}

uint32_t wf_rng_u32(wf_rng *r) {
    if (r->used == 4) {
        wf_philox(r->block, r->counter, r->key);
        if (++r->counter[0] == 0) r->counter[1]++;
        r->used = 0;
    }
    return r->block[r->used++];
}

static uint64_t rng_u64(wf_rng *r) {
    uint64_t high = wf_rng_u32(r);
    return high << 32 | wf_rng_u32(r);
}

uint64_t wf_rng_below(wf_rng *r, uint64_t n) {
    uint64_t limit = UINT64_MAX - UINT64_MAX % n, x;
    do x = rng_u64(r);
    while (x >= limit);
    return x % n;
}

double wf_rng_uniform(wf_rng *r) { return (double)(rng_u64(r) >> 11) * 0x1p-53; }

double wf_rng_normal(wf_rng *r) {
    double u = 1.0 - wf_rng_uniform(r), v = wf_rng_uniform(r);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

void wf_rng_shuffle(wf_rng *r, int32_t *values, size_t n) {
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)wf_rng_below(r, i);
        int32_t t = values[i - 1];
        values[i - 1] = values[j];
        values[j] = t;
    }
}
