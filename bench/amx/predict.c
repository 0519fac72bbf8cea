/* What the products of models in models/ should cost on AMX tiles: the tile instructions are
 * counted by the tests' emulator, their cycles on Sapphire Rapids are the published ones. A
 * prediction, for machines without AMX; weft bench measures. */
#include <stdio.h>
#include <stdlib.h>

#include "amx/emulator.h"

enum {
    PRODUCT = 16, /* TDPBF16PS */
    LOAD = 8,     /* TILELOADD, behind the products */
    STORE = 16,   /* TILESTORED, not hidden */
    CONFIGURE = 200,
    TRANSPOSE = 40, /* of 16 x 16 elements: 80 shuffles and blends for two ports */
    PUT = 2,        /* 16 sums into C */
    FLOP = 1024     /* per cycle, at most */
};

static void *zeros(long n) {
    void *x = calloc((size_t)n + 64, 4);
    if (!x) abort();
    return x;
}

static long at_most(long a, long b) { return a < b ? a : b; }
static long tiles(long n) { return (n + 15) / 16; }

static void print(const char *name, double flop, long vector_cycles) {
    const amx_counts c = amx_emulator_counts();
    const long products = PRODUCT * c.products, loads = LOAD * c.loads;
    const long cycles = CONFIGURE * c.configures + (products > loads ? products : loads) +
                        STORE * c.stores + vector_cycles;
    if (c.products == 0) printf("| %s | on AVX512-BF16 | | | | |\n", name);
    else
        printf("| %s | %ld | %ld | %ld | %ld | %.0f %% |\n", name, c.products, c.loads, c.stores,
               cycles, 100 * flop / FLOP / (double)cycles);
}

/* m rows and k pairs, in lines of images where there are several */
static void predict(const wf_kernels *kernels, const char *name, wf_gemm g, long a_size) {
    const long depth = (long)g.k * g.k_outer, columns = (g.n + 31) / 32 * 32;
    const double flop = 4.0 * g.m * g.m_outer * g.n * (double)depth;
    void *a = zeros(a_size), *b = zeros(columns * depth), *c = zeros((long)g.m * g.m_outer * g.n);
    g.a = a, g.b = b, g.c = c;
    g.c_row = g.n;
    g.c_rows = (ptrdiff_t)g.m * g.n;
    g.slope = 0;
    kernels->gemm_bf16(&g);
    print(name, flop, 0); /* the vectors work beside the tiles */
    free(a), free(b), free(c);
}

static void predict_plain(const wf_kernels *kernels, const char *name, int m, int k, int n) {
    predict(kernels, name,
            (wf_gemm){.m = m, .m_outer = 1, .k = k, .k_outer = 1, .n = n, .a_row = k}, (long)m * k);
}

/* side x side windows of 3 x 3 pixels of c channels */
static void predict_windows(const wf_kernels *kernels, const char *name, int side, int c, int n) {
    const int line = (side + 2) * c / 2;
    predict(kernels, name,
            (wf_gemm){.m = side,
                      .m_outer = side,
                      .k = 3 * c / 2,
                      .k_outer = 3,
                      .n = n,
                      .a_row = c / 2,
                      .a_rows = line,
                      .a_outer = line},
            (long)line * (side + 2));
}

static void predict_tn(const wf_kernels *kernels, const char *name, wf_gemm_tn g, double flop,
                       int calls) {
    const long pairs = (long)g.r * g.r_outer * g.images, steps = (pairs + 15) / 16;
    const long on_a = tiles(g.m), on_b = tiles(g.n);
    const long turned = g.m < 32 ? on_a * steps : at_most(on_a * steps, on_b * (steps + on_a));
    void *a = zeros(g.images * g.a_image + g.r_outer * g.a_outer + g.r * g.a_row + g.m);
    void *b = zeros(pairs * g.n), *c = zeros((long)g.m * g.n);
    g.a = a, g.b = b, g.c = c;
    g.b_row = g.n;
    g.b_outer = g.r * g.b_row;
    g.b_image = g.r_outer * g.b_outer;
    g.c_row = g.n;
    g.accumulate = 1;
    for (int i = 0; i < calls; i++) kernels->gemm_tn_bf16(&g);
    print(name, flop, calls * (TRANSPOSE * turned + PUT * (long)g.m * on_b));
    free(a), free(b), free(c);
}

static void predict_plain_tn(const wf_kernels *kernels, const char *name, int m, int n, int r) {
    predict_tn(kernels, name,
               (wf_gemm_tn){.m = m, .n = n, .r = r, .r_outer = 1, .images = 1, .a_row = m},
               4.0 * m * n * r, 1);
}

/* The gradient of a kernel of 3 x 3, one call for each of its rows. */
static void predict_gradient(const wf_kernels *kernels, const char *name, int side, int c, int n,
                             int images) {
    const int pairs = (side + 1) / 2, line = (side + 2) * c;
    predict_tn(kernels, name,
               (wf_gemm_tn){.m = 3 * c,
                            .n = n,
                            .r = pairs,
                            .r_outer = side,
                            .images = images,
                            .a_row = 2 * c,
                            .a_outer = line,
                            .a_image = (ptrdiff_t)line * (side + 2)},
               2.0 * 9 * c * n * side * side * images, 3);
}

int main(void) {
    const wf_kernels *k = amx_kernels();
    if (!k) return EXIT_FAILURE;
    if (!amx_is_emulated()) {
        printf("this CPU has AMX: weft bench --roofline measures what is predicted here\n");
        return EXIT_FAILURE;
    }
    printf("| product | TDPBF16PS | TILELOADD | TILESTORED | cycles | of the most |\n"
           "|---|---|---|---|---|---|\n");
    predict_windows(k, "conv 32 to 64 on 14x14, an image", 14, 32, 64);
    predict_windows(k, "its gradient of the input", 14, 64, 32);
    predict_gradient(k, "its gradient of the kernel, 3 images", 14, 32, 64, 3);
    predict_windows(k, "conv 64 to 128 on 7x7, an image", 7, 64, 128);
    predict_windows(k, "its gradient of the input", 7, 128, 64);
    predict_gradient(k, "its gradient of the kernel, 5 images", 7, 64, 128, 5);
    predict_windows(k, "conv 32 to 32 on 24x24, an image", 24, 32, 32);
    predict_gradient(k, "its gradient of the kernel, an image", 24, 32, 32, 1);
    predict_plain(k, "lstm-186, a step of 32 images: x W", 32, 16, 744);
    predict_plain(k, "h U", 32, 96, 744);
    predict_plain(k, "dg U^T", 32, 384, 186);
    predict_plain_tn(k, "gradient of U, 64 columns, 32 images", 186, 64, 448);
    predict_plain_tn(k, "gradient of W, 64 columns, 32 images", 28, 64, 448);
    predict_plain(k, "dense 2048 to 128, 32 images", 32, 1024, 128);
    predict_plain(k, "dense, a panel of 2048 x 32, 256 images", 256, 1024, 32);
    predict_plain_tn(k, "dense, gradient of 224 x 512, 256 images", 224, 512, 128);
    return EXIT_SUCCESS;
}
