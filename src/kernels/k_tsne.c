/* t-SNE's forces between points of the plane. */
#include "kernels/isa.h"

/* Vectors of points that are kept in registers: x, y and three sums each. */
enum { HELD = WF_TSNE_POINTS / VL < 2 ? 1 : 2 };

/* 10 operations and a division per pair. */
void WF_ISA_NAME(tsne_repulsion)(const wf_tsne_repulsion *r) {
    for (int first = 0; first < WF_TSNE_POINTS; first += HELD * VL) {
        vf x[HELD], y[HELD], z[HELD], force_x[HELD], force_y[HELD];
        UNROLL for (int v = 0; v < HELD; v++) {
            const int at = first + v * VL;
            x[v] = load(r->x + at);
            y[v] = load(r->y + at);
            z[v] = load(r->z + at);
            force_x[v] = load(r->force_x + at);
            force_y[v] = load(r->force_y + at);
        }
        for (int j = 0; j < r->n; j++) {
            const vf from_x = splat(r->from_x[j]), from_y = splat(r->from_y[j]),
                     weight = splat(r->weight[j]);
            UNROLL for (int v = 0; v < HELD; v++) {
                const vf dx = x[v] - from_x, dy = y[v] - from_y;
                const vf q = 1.0f / (dx * dx + (dy * dy + 1.0f)), pull = weight * q;
                z[v] += pull;
                force_x[v] += pull * q * dx;
                force_y[v] += pull * q * dy;
            }
        }
        UNROLL for (int v = 0; v < HELD; v++) {
            const int at = first + v * VL;
            store(r->z + at, z[v]);
            store(r->force_x + at, force_x[v]);
            store(r->force_y + at, force_y[v]);
        }
    }
}

/* The points of VL indices as x and y. A point is loaded as one double; the order in which they are
 * put together is the one that comes right when 128-bit lanes are shuffled on their own. */
INLINE void load_points(vf *x, vf *y, const float *map, const int32_t *index) {
    typedef double vd __attribute__((vector_size(VL * 4)));
    typedef double point __attribute__((aligned(4), may_alias));
    const point *points = (const point *)map;
    vd a, b;
    UNROLL for (int i = 0; i < VL / 2; i++) {
        const int from = i / 2 * 4 + i % 2;
        a[i] = points[index[from]];
        b[i] = points[index[from + 2]];
    }
#if defined(__AVX512F__)
    *x = (vf)_mm512_shuffle_ps((__m512)a, (__m512)b, 0x88);
    *y = (vf)_mm512_shuffle_ps((__m512)a, (__m512)b, 0xDD);
#elif defined(__AVX2__)
    *x = (vf)_mm256_shuffle_ps((__m256)a, (__m256)b, 0x88);
    *y = (vf)_mm256_shuffle_ps((__m256)a, (__m256)b, 0xDD);
#else
    *x = (vf)_mm_shuffle_ps((__m128)a, (__m128)b, 0x88);
    *y = (vf)_mm_shuffle_ps((__m128)a, (__m128)b, 0xDD);
#endif
}

INLINE float sum_lanes(vf v) {
    float lanes[VL], sum = 0;
    store(lanes, v);
    for (int i = 0; i < VL; i++) sum += lanes[i];
    return sum;
}

void WF_ISA_NAME(tsne_attraction)(float *force, const float *map, const float *point,
                                  const int32_t *index, const float *p, int n) {
    const vf x = splat(point[0]), y = splat(point[1]);
    vf force_x = {0}, force_y = {0};
    for (int j = 0; j < n; j += VL) {
        int32_t last[VL] = {0};
        vf other_x, other_y, weight;
        if (j + VL <= n) {
            load_points(&other_x, &other_y, map, index + j);
            weight = load(p + j);
        } else {
            memcpy(last, index + j, (size_t)(n - j) * sizeof *last);
            load_points(&other_x, &other_y, map, last);
            weight = load_part(p + j, n - j);
        }
        const vf dx = x - other_x, dy = y - other_y;
        const vf pull = weight / (dx * dx + (dy * dy + 1.0f));
        force_x += pull * dx;
        force_y += pull * dy;
    }
    force[0] = sum_lanes(force_x);
    force[1] = sum_lanes(force_y);
}
