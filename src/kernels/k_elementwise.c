/* Random masks, sums, conversions: everything that passes once over memory. */
#include "kernels/isa.h"

/* ---- Philox 4x32-10 on VL counters at once (the scalar one is base/rng.c) ---- */

typedef uint64_t vq __attribute__((vector_size(VL * 4)));

/* 32 x 32 -> 64 bits of the even lanes */
INLINE vq mul_even(vq a, vq b) {
#if defined(__AVX512F__)
    return (vq)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (vq)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#else
    return (vq)_mm_mul_epu32((__m128i)a, (__m128i)b);
#endif
}

INLINE void mul_wide(vu *high, vu *low, vu x, uint32_t factor) {
    const vq by = (vq){0} + factor, lower = (vq){0} + 0xFFFFFFFFu;
    vq even = mul_even((vq)x, by), odd = mul_even((vq)x >> 32, by);
    *low = (vu)((even & lower) | (odd << 32));
    *high = (vu)((even >> 32) | (odd & ~lower));
}

/* words: in the counters, out the random numbers */
INLINE void philox(vu words[4], uint64_t seed) {
    vu c0 = words[0], c1 = words[1], c2 = words[2], c3 = words[3];
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    UNROLL for (int round = 0; round < 10; round++) {
        vu high0, low0, high1, low1;
        mul_wide(&high0, &low0, c0, 0xD2511F53u);
        mul_wide(&high1, &low1, c2, 0xCD9E8D57u);
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

INLINE vu lane_numbers(void) {
    vu lanes;
    for (int i = 0; i < VL; i++) ((uint32_t *)&lanes)[i] = (uint32_t)i;
    return lanes;
}

/* Byte l of the result, one per lane, has bit k set when the k-th 16-bit number is below keep. */
INLINE vu mask_bytes(vu c0, uint32_t position, uint32_t epoch, uint32_t stream, uint64_t seed,
                     uint32_t keep) {
    vu words[4] = {c0, (vu){0} + position, (vu){0} + epoch, (vu){0} + stream};
    philox(words, seed);
    vu bits = {0};
    UNROLL for (uint32_t k = 0; k < 4; k++) {
        bits |= (vu)((words[k] & 0xFFFFu) < keep) & (1u << (2 * k));
        bits |= (vu)((words[k] >> 16) < keep) & (2u << (2 * k));
    }
    return bits;
}

void WF_ISA_NAME(mask)(uint8_t *bits, int n, int size, uint32_t keep, const wf_mask_key *key) {
    typedef uint8_t vb __attribute__((vector_size(VL), aligned(1), may_alias));
    const vu lanes = lane_numbers();
    const int bytes = (size + 7) / 8;
    for (int j = 0; j < n; j++) {
        uint32_t position = (uint32_t)(key->position + j);
        for (int i = 0; i < bytes; i += VL) {
            vu lane_bits =
                mask_bytes(lanes + (uint32_t)i, position, key->epoch, key->stream, key->seed, keep);
            vb packed = __builtin_convertvector(lane_bits, vb);
            if (i + VL <= bytes) *(vb *)(bits + i) = packed;
            else memcpy(bits + i, &packed, (size_t)(bytes - i));
        }
        bits += bytes;
    }
}

void WF_ISA_NAME(mask_apply)(float *dst, const float *src, const uint8_t *bits, int n, int size,
                             float scale) {
    const int bytes = (size + 7) / 8;
    vi lane_bit;
    for (int i = 0; i < VL; i++)
        ((int32_t *)&lane_bit)[i] = 1 << (i % 8 + (VL == 16 ? i / 8 * 8 : 0));
    for (int j = 0; j < n; j++, bits += bytes, src += size, dst += size) {
        int i = 0;
        for (; i + VL <= size; i += VL) {
            int word = bits[i / 8];
            if (VL == 16) word |= bits[i / 8 + 1] << 8;
            if (VL == 4) word >>= i % 8;
            vi is_kept = (((vi){0} + word) & lane_bit) != 0;
            store(dst + i, select_vf(is_kept, load(src + i) * scale, (vf){0}));
        }
        for (; i < size; i++) dst[i] = bits[i / 8] >> (i % 8) & 1 ? src[i] * scale : 0;
    }
}

void WF_ISA_NAME(resample)(uint16_t *times, uint32_t n, uint64_t seed, uint32_t stream,
                           uint32_t sample) {
    const vu lanes = lane_numbers();
    const uint32_t vl = VL, draws = 4 * VL;
    uint32_t drawn[4 * VL];
    memset(times, 0, n * sizeof *times);
    for (uint32_t done = 0, block = 0; done < n; done += draws, block += vl) {
        vu words[4] = {lanes + block, (vu){0}, (vu){0} + sample, (vu){0} + stream};
        philox(words, seed);
        UNROLL for (int k = 0; k < 4; k++) {
            vu high, low;
            mul_wide(&high, &low, words[k], n);
            memcpy(drawn + k * VL, &high, sizeof high);
        }
        if (n - done >= draws) {
            for (uint32_t i = 0; i < draws; i++) times[drawn[i]]++;
            continue;
        }
        for (uint32_t i = 0; i < draws; i++) /* word i / vl of the block in lane i % vl */
            if (i % vl * 4 + i / vl < n - done) times[drawn[i]]++;
    }
}

/* ---- plain passes ---- */

void WF_ISA_NAME(read_all)(const float *x, size_t n) {
    for (; n >= 8 * VL; n -= 8 * VL, x += 8 * VL) UNROLL for (int i = 0; i < 8; i++) {
            vf v = load(x + i * VL);
            TOUCH(v);
        }
    for (; n > 0; n--, x++) {
        vf v = splat(*x);
        TOUCH(v);
    }
}

void WF_ISA_NAME(add)(float *dst, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) dst[i] = a[i] + b[i];
}

void WF_ISA_NAME(scale_rows)(float *dst, const float *src, size_t rows, int n, const float *scale,
                             const float *shift) {
    for (size_t i = 0; i < rows; i++, src += n, dst += n)
        for (int j = 0; j < n; j++) dst[j] = src[j] * scale[j] + shift[j];
}

void WF_ISA_NAME(pixels)(float *dst, const uint8_t *src, size_t n, const float *scale,
                         const float *shift, int c) {
    if (c == 1) {
        const float s = scale[0], t = shift[0];
        for (size_t i = 0; i < n; i++) dst[i] = (float)src[i] * s + t;
        return;
    }
    for (size_t i = 0; i < n; i += (size_t)c)
        for (int j = 0; j < c; j++)
            dst[i + (size_t)j] = (float)src[i + (size_t)j] * scale[j] + shift[j];
}

/* ---- batch normalisation's sums over the rows of a shard ---- */

void WF_ISA_NAME(column_moments)(float *mean, float *m2, const float *x, int rows, int n) {
    const float share = 1.0f / (float)rows;
    for (int j = 0; j < n; j++) mean[j] = m2[j] = 0;
    /* chunks of rows keep the sums short and the columns in L1 */
    for (int i0 = 0; i0 < rows; i0 += 64) {
        const int end = i0 + 64 < rows ? i0 + 64 : rows;
        for (int j = 0; j < n; j += VL) {
            const int width = n - j < VL ? n - j : VL;
            vf sum = {0};
            for (int i = i0; i < end; i++) {
                const float *from = x + (ptrdiff_t)i * n + j;
                sum += width == VL ? load(from) : load_part(from, width);
            }
            store_part(mean + j, sum * share + load_part(mean + j, width), width);
        }
    }
    for (int i0 = 0; i0 < rows; i0 += 64) {
        const int end = i0 + 64 < rows ? i0 + 64 : rows;
        for (int j = 0; j < n; j += VL) {
            const int width = n - j < VL ? n - j : VL;
            vf sum = {0}, center = load_part(mean + j, width);
            for (int i = i0; i < end; i++) {
                const float *from = x + (ptrdiff_t)i * n + j;
                vf d = (width == VL ? load(from) : load_part(from, width)) - center;
                sum += d * d;
            }
            store_part(m2 + j, sum + load_part(m2 + j, width), width);
        }
    }
}

void WF_ISA_NAME(column_dots)(float *out_a, float *out_b, const float *dy, const float *x,
                              const float *mean, int rows, int n) {
    for (int j = 0; j < n; j++) out_a[j] = out_b[j] = 0;
    for (int i0 = 0; i0 < rows; i0 += 64) {
        const int end = i0 + 64 < rows ? i0 + 64 : rows;
        for (int j = 0; j < n; j += VL) {
            const int width = n - j < VL ? n - j : VL;
            vf a = {0}, b = {0}, center = load_part(mean + j, width);
            for (int i = i0; i < end; i++) {
                const ptrdiff_t at = (ptrdiff_t)i * n + j;
                vf d = width == VL ? load(dy + at) : load_part(dy + at, width);
                vf v = width == VL ? load(x + at) : load_part(x + at, width);
                a += d;
                b += d * (v - center);
            }
            store_part(out_a + j, a + load_part(out_a + j, width), width);
            store_part(out_b + j, b + load_part(out_b + j, width), width);
        }
    }
}

void WF_ISA_NAME(normalize_backward)(float *dx, const float *dy, const float *x, const float *mean,
                                     const float *a, const float *b, const float *c, int rows,
                                     int n) {
    for (int i = 0; i < rows; i++, dx += n, dy += n, x += n)
        for (int j = 0; j < n; j++) dx[j] = dy[j] * a[j] + (x[j] - mean[j]) * b[j] + c[j];
}
