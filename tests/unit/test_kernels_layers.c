/* Pools, random masks and recurrent steps of every level against loops in double. */
#include "base/rng.h"
#include "nn/layer.h"
#include "unit/kernels_fixture.h"

/* ---- pools ---- */

static const wf_pool2d pools[] = {
    {.n = 2, .h = 6, .w = 7, .oh = 3, .ow = 3, .kh = 2, .kw = 2, .sh = 2, .sw = 2},
    {.n = 3, .h = 5, .w = 5, .oh = 3, .ow = 3, .kh = 2, .kw = 2, .sh = 2, .sw = 2},
    {.n = 1, .h = 6, .w = 4, .oh = 3, .ow = 2, .kh = 2, .kw = 2, .sh = 2, .sw = 2},
    {.n = 2,
     .h = 7,
     .w = 6,
     .oh = 7,
     .ow = 6,
     .kh = 3,
     .kw = 3,
     .sh = 1,
     .sw = 1,
     .pad_top = 1,
     .pad_left = 1},
    {.n = 2,
     .h = 3,
     .w = 4,
     .oh = 1,
     .ow = 1,
     .kh = 5,
     .kw = 6,
     .sh = 5,
     .sw = 6,
     .pad_top = 1,
     .pad_left = 1},
    {.n = 2, .h = 9, .w = 8, .oh = 3, .ow = 2, .kh = 2, .kw = 1, .sh = 3, .sw = 5},
    {.n = 1, .h = 1, .w = 1, .oh = 1, .ow = 1, .kh = 1, .kw = 1, .sh = 1, .sw = 1}};

/* Element (image, y, x, c), or -1 beyond the edge. */
static long at(const wf_pool2d *p, int i, int y, int x, int c) {
    if (y < 0 || y >= p->h || x < 0 || x >= p->w) return -1;
    return (((long)i * p->h + y) * p->w + x) * p->c + c;
}

/* The window's elements that lie inside of the image. */
static int window(const wf_pool2d *p, long to, long elements[64]) {
    const int c = (int)(to % p->c), ox = (int)(to / p->c % p->ow);
    const int oy = (int)(to / p->c / p->ow % p->oh), i = (int)(to / p->c / p->ow / p->oh);
    int n = 0;
    for (int ky = 0; ky < p->kh; ky++)
        for (int kx = 0; kx < p->kw; kx++) {
            long e = at(p, i, oy * p->sh - p->pad_top + ky, ox * p->sw - p->pad_left + kx, c);
            if (e >= 0) elements[n++] = e;
        }
    return n;
}

static void check_pool(const wf_kernels *k, const wf_pool2d *p, float quantum) {
    const long in = (long)p->n * p->h * p->w * p->c, out = (long)p->n * p->oh * p->ow * p->c;
    float *x = array(in, 1), *dx = array(in, 2), *y = array(out, 3), *dy = array(out, 4);
    double *top = doubles(out), *mean = doubles(out), *dtop = doubles(in), *dmean = doubles(in);
    uint16_t *argmax = malloc((size_t)out * sizeof *argmax);
    CHECK(argmax);
    for (long i = 0; i < in; i++) x[i] = rintf(x[i] / quantum) * quantum;
    for (long i = 0; i < out; i++) {
        long elements[64] = {0}, best;
        const int n = window(p, i, elements);
        best = elements[0];
        for (int e = 0; e < n; e++) {
            if (x[elements[e]] > x[best]) best = elements[e];
            mean[i] += (double)x[elements[e]] / n;
            dmean[elements[e]] += (double)dy[i] / n;
        }
        top[i] = (double)x[best];
        dtop[best] += (double)dy[i];
    }
    k->max_pool(y, argmax, x, p);
    check_array(y, top, out, 1);
    k->max_pool_backward(dx, dy, argmax, p);
    check_array(dx, dtop, in, 9);
    k->average_pool(y, x, p);
    check_array(y, mean, out, 9);
    k->average_pool_backward(dx, dy, p);
    check_array(dx, dmean, in, 9);
    free(x), free(dx), free(y), free(dy), free(argmax);
    free(top), free(mean), free(dtop), free(dmean);
}

TEST(pools) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
            for (int s = 0; s < SIZES; s++) {
                wf_pool2d p = pools[i];
                p.c = sizes[s];
                check_pool(k, &p, 0x1p-12f);
                check_pool(k, &p, 1); /* ties: the first element has the gradient */
            }
}

TEST(max_pool_of_infinities_and_what_is_no_number) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int c = 1; c <= 33; c += 16) {
            const wf_pool2d p = {1, 2, 2, c, 1, 1, 2, 2, 2, 2, 0, 0};
            float x[4 * 33], y[33], dx[4 * 33], dy[33];
            uint16_t argmax[33];
            for (int i = 0; i < 4 * c; i++) x[i] = -INFINITY;
            for (int i = 0; i < c; i++) dy[i] = 1;
            k->max_pool(y, argmax, x, &p);
            for (int i = 0; i < c; i++) CHECK(y[i] == -INFINITY);
            k->max_pool_backward(dx, dy, argmax, &p);
            for (int i = 0; i < 4 * c; i++) CHECK(dx[i] == (i < c));
            for (int i = 0; i < 4 * c; i++) x[i] = NAN;
            k->max_pool(y, argmax, x, &p);
            for (int i = 0; i < c; i++) CHECK(isnan(y[i]));
        }
}

/* ---- masks ---- */

static int expected_bit(const wf_mask_key *key, int64_t image, int i, uint32_t keep) {
    const uint32_t counter[4] = {(uint32_t)(i / 8), (uint32_t)(key->position + image), key->epoch,
                                 key->stream};
    const uint32_t seed[2] = {(uint32_t)key->seed, (uint32_t)(key->seed >> 32)};
    uint32_t words[4];
    wf_philox(words, counter, seed);
    return (words[i % 8 / 2] >> (i % 2 * 16) & 0xFFFF) < keep;
}

static const wf_mask_key keys[] = {{0, 0, 0, 0},
                                   {0x0123456789abcdef, 1003, 7, 47999},
                                   {UINT64_MAX, UINT32_MAX, UINT32_MAX, 0xFFFFFFFE}};

TEST(masks_are_those_of_the_scalar_cipher) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (size_t c = 0; c < sizeof keys / sizeof *keys; c++)
            for (int size = 1; size <= 300; size += size < 150 ? 1 : 37) {
                enum { N = 3 };
                const uint32_t keep = size % 5 ? 65536u - (uint32_t)size * 200 : 65536;
                const int bytes = (size + 7) / 8;
                uint8_t bits[N * 40 + 16];
                memset(bits, 0xA5, sizeof bits);
                k->mask(bits, N, size, keep, &keys[c]);
                for (int j = 0; j < N; j++)
                    for (int i = 0; i < size; i++)
                        CHECK_INT(bits[j * bytes + i / 8] >> (i % 8) & 1,
                                  expected_bit(&keys[c], j, i, keep));
                for (size_t i = (size_t)(N * bytes); i < sizeof bits; i++) CHECK(bits[i] == 0xA5);
                float *x = array(N * (long)size, 1), *y = array(N * (long)size, 2);
                k->mask_apply(y, x, bits, N, size, 1.25f);
                for (int i = 0; i < N * size; i++) {
                    const int kept = expected_bit(&keys[c], i / size, i % size, keep);
                    CHECK(y[i] == (kept ? x[i] * 1.25f : 0));
                }
                check_guard(y, N * (long)size);
                k->mask_apply(x, x, bits, N, size, 1.25f); /* in place */
                CHECK(memcmp(x, y, sizeof(float) * N * (size_t)size) == 0);
                free(x), free(y);
            }
}

/* What is dropped is 0, whatever it was. */
TEST(a_mask_drops_what_is_not_finite) {
    const wf_kernels *k;
    for (EACH_LEVEL(k)) {
        const uint8_t bits[5] = {0};
        float x[40], y[40];
        for (int i = 0; i < 40; i++) x[i] = i % 2 ? NAN : INFINITY;
        k->mask_apply(y, x, bits, 1, 37, 2);
        for (int i = 0; i < 37; i++) CHECK(y[i] == 0);
    }
}

/* The share that is kept, of all bits and of each of the eight, and neighbours are independent. */
TEST(masks_keep_their_share) {
    enum { N = 64, SIZE = 4096 };
    static uint8_t bits[N * SIZE / 8];
    const wf_kernels *k = wf_kernels_at(0);
    static const double rates[] = {0.1, 0.25, 0.5, 0.9};
    for (int r = 0; r < 4; r++) {
        const double keep = 1 - rates[r], all = (double)N * SIZE;
        long kept[8] = {0}, pairs = 0, whole = 0;
        k->mask(bits, N, SIZE, 65536 - (uint32_t)(rates[r] * 65536 + 0.5), &keys[1]);
        for (int i = 0; i < N * SIZE; i++) {
            const int bit = bits[i / 8] >> (i % 8) & 1;
            const int next = i % 8 < 7 ? bits[i / 8] >> (i % 8 + 1) & 1 : 0;
            kept[i % 8] += bit;
            pairs += bit && next;
        }
        for (int b = 0; b < 8; b++) {
            whole += kept[b];
            CHECK_NEAR((double)kept[b] / (all / 8), keep, 5 * sqrt(keep * (1 - keep) / (all / 8)));
        }
        CHECK_NEAR((double)whole / all, keep, 5 * sqrt(keep * (1 - keep) / all));
        CHECK_NEAR((double)pairs / (all * 7 / 8), keep * keep, 5 * sqrt(keep / all));
    }
}

/* ---- recurrent steps ---- */

static double apply(int kind, double x) {
    switch (kind) {
    case WF_ACT_RELU: return x > 0 ? x : 0;
    case WF_ACT_LEAKY_RELU: return x > 0 ? x : 0.2 * x;
    case WF_ACT_ELU: return x > 0 ? x : expm1(x);
    case WF_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case WF_ACT_TANH: return tanh(x);
    default: return x;
    }
}

static double slope(int kind, double y) {
    switch (kind) {
    case WF_ACT_RELU: return y > 0;
    case WF_ACT_LEAKY_RELU: return y > 0 ? 1 : 0.2;
    case WF_ACT_ELU: return y > 0 ? 1 : y + 1;
    case WF_ACT_SIGMOID: return y * (1 - y);
    case WF_ACT_TANH: return 1 - y * y;
    default: return 1;
    }
}

static const int pairs[][2] = {{WF_ACT_TANH, WF_ACT_SIGMOID},
                               {WF_ACT_RELU, WF_ACT_SIGMOID},
                               {WF_ACT_ELU, WF_ACT_TANH},
                               {WF_ACT_LINEAR, WF_ACT_SIGMOID},
                               {WF_ACT_LEAKY_RELU, WF_ACT_SIGMOID}};

static void check_lstm(const wf_kernels *k, int rows, int H, int act, int rec) {
    const long n = (long)rows * H;
    const ptrdiff_t h_row = H + 3;
    float *z = array(4 * n, 1), *c_prev = array(n, 2), *c = array(n, 3), *dh = array(n, 4);
    float *dc = array(n, 5), *h = array(rows * h_row, 6), *h_before = array(rows * h_row, 6);
    double *gates = doubles(4 * n), *dz = doubles(4 * n), *cell = doubles(n), *dcp = doubles(n);
    double *out = doubles(rows * h_row);
    for (long i = 0; i < rows * h_row; i++) out[i] = (double)h_before[i];
    for (long at_ = 0; at_ < n; at_++) {
        const long row = at_ / H, j = at_ % H, g0 = row * 4 * H + j;
        const double i = apply(rec, (double)z[g0]), f = apply(rec, (double)z[g0 + H]);
        const double g = apply(act, (double)z[g0 + 2 * H]), o = apply(rec, (double)z[g0 + 3 * H]);
        const double cp = (double)c_prev[at_], ct = f * cp + i * g, a = apply(act, ct);
        const double d = (double)dc[at_] + (double)dh[at_] * o * slope(act, a);
        gates[g0] = i, gates[g0 + H] = f, gates[g0 + 2 * H] = g, gates[g0 + 3 * H] = o;
        cell[at_] = ct;
        out[row * h_row + j] = o * a;
        dz[g0] = d * g * slope(rec, i);
        dz[g0 + H] = d * cp * slope(rec, f);
        dz[g0 + 2 * H] = d * i * slope(act, g);
        dz[g0 + 3 * H] = (double)dh[at_] * a * slope(rec, o);
        dcp[at_] = d * f;
    }
    wf_lstm_step s = {.rows = rows,
                      .units = H,
                      .activation = act,
                      .recurrent_activation = rec,
                      .gates = z,
                      .c_prev = c_prev,
                      .c = c,
                      .h = h,
                      .h_row = h_row,
                      .dh = dh,
                      .dc = dc};
    k->lstm_forward(&s);
    check_array(z, gates, 4 * n, 4);
    check_array(c, cell, n, 4);
    check_array(h, out, (long)(rows * h_row), 4);
    k->lstm_backward(&s);
    check_array(z, dz, 4 * n, 100);
    check_array(dc, dcp, n, 16);
    free(z), free(c_prev), free(c), free(dh), free(dc), free(h), free(h_before);
    free(gates), free(dz), free(cell), free(dcp), free(out);
}

static void check_gru(const wf_kernels *k, int rows, int H, int act, int rec) {
    const long n = (long)rows * H;
    const ptrdiff_t h_row = H + 2;
    float *x = array(3 * n, 1), *u = array(3 * n, 2), *dh = array(n, 3);
    float *h_prev = array(rows * h_row, 4), *h = array(rows * h_row, 5);
    double *gates = doubles(3 * n), *dx = doubles(3 * n), *du = doubles(3 * n);
    double *dhp = doubles(n), *out = doubles(rows * h_row);
    for (long i = 0; i < rows * h_row; i++) out[i] = (double)h[i];
    for (long i = 0; i < n; i++) {
        const long row = i / H, j = i % H, g0 = row * 3 * H + j;
        const double z = apply(rec, (double)x[g0] + (double)u[g0]);
        const double r = apply(rec, (double)x[g0 + H] + (double)u[g0 + H]);
        const double hh = (double)u[g0 + 2 * H], g = apply(act, (double)x[g0 + 2 * H] + r * hh);
        const double hp = (double)h_prev[row * h_row + j], d = (double)dh[i];
        gates[g0] = z, gates[g0 + H] = r, gates[g0 + 2 * H] = g;
        out[row * h_row + j] = z * hp + (1 - z) * g;
        dx[g0] = du[g0] = d * (hp - g) * slope(rec, z);
        dx[g0 + 2 * H] = d * (1 - z) * slope(act, g);
        dx[g0 + H] = du[g0 + H] = dx[g0 + 2 * H] * hh * slope(rec, r);
        du[g0 + 2 * H] = dx[g0 + 2 * H] * r;
        dhp[i] = d * z;
    }
    wf_gru_step s = {.rows = rows,
                     .units = H,
                     .activation = act,
                     .recurrent_activation = rec,
                     .x_gates = x,
                     .h_gates = u,
                     .h_prev = h_prev,
                     .h_prev_row = h_row,
                     .h = h,
                     .h_row = h_row,
                     .dh = dh};
    k->gru_forward(&s);
    check_array(x, gates, 3 * n, 4);
    check_array(h, out, (long)(rows * h_row), 16);
    k->gru_backward(&s);
    check_array(x, dx, 3 * n, 100);
    check_array(u, du, 3 * n, 100);
    check_array(dh, dhp, n, 16);
    free(x), free(u), free(dh), free(h_prev), free(h);
    free(gates), free(dx), free(du), free(dhp), free(out);
}

TEST(recurrent_steps) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++)
            for (int s = 0; s < SIZES; s++) {
                check_lstm(k, 1 + s % 4, sizes[s], pairs[p][0], pairs[p][1]);
                check_gru(k, 1 + s % 4, sizes[s], pairs[p][0], pairs[p][1]);
            }
}

TEST_MAIN()
