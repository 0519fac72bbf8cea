/* weft's matrix kernel against oneDNN on the convolutions and products of the models: f32, one
 * thread, turn by turn. Prints GFLOP/s of both, the median over rounds, and their ratio.
 *
 *   make -C bench/onednn run       (installs nothing; needs Debian's libdnnl-dev)
 *
 * oneDNN may choose its own blocked layouts, which is its best case: reorders are not counted. */
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/kernels.h"

void omp_set_num_threads(int n); /* oneDNN takes the count when it makes a primitive */

enum { ROUNDS = 9 };

typedef struct problem {
    const char *name;
    int n, h, c, o, k; /* images of h x h x c, o filters k x k, padding same; k 1, h 1: a product */
} problem;

static const problem problems[] = {
    {"cnn-3conv-leaky conv 1", 16, 28, 1, 32, 3},  {"cnn-3conv-leaky conv 2", 16, 14, 32, 64, 3},
    {"cnn-3conv-leaky conv 3", 16, 7, 64, 128, 3}, {"cnn-2conv-bn conv 2", 16, 26, 32, 32, 3},
    {"lstm-186 one step", 32, 1, 186, 744, 1},     {"gru-128 one step", 32, 1, 128, 384, 1},
    {"dense 2048 x 128", 128, 1, 2048, 128, 1}};

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(dnnl_status_t status, const char *what) {
    if (status == dnnl_success) return;
    fprintf(stderr, "oneDNN: %s failed with status %d\n", what, (int)status);
    exit(1);
}

static float *floats(size_t n) {
    float *p = aligned_alloc(64, (n * sizeof *p + 4095) / 64 * 64 + 4096);
    for (size_t i = 0; i < n; i++) p[i] = (float)((i * 7919) % 97) / 97.0f - 0.5f;
    return p;
}

/* ---- oneDNN ---- */

typedef struct peer {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t args[8];
    int n_args;
    dnnl_stream_t stream;
} peer;

static dnnl_memory_t memory_of(dnnl_engine_t engine, const_dnnl_primitive_desc_t pd,
                               dnnl_query_t what, int index) {
    const dnnl_memory_desc_t *desc = dnnl_primitive_desc_query_md(pd, what, index);
    dnnl_memory_t memory;
    check(dnnl_memory_create(&memory, desc, engine, floats(dnnl_memory_desc_get_size(desc) / 4)),
          "memory");
    return memory;
}

static void add_argument(peer *p, int which, dnnl_memory_t memory) {
    p->args[p->n_args++] = (dnnl_exec_arg_t){which, memory};
}

enum { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS };

static peer peer_create(dnnl_engine_t engine, const problem *q, int pass) {
    const dnnl_dims_t src = {q->n, q->c, q->h, q->h}, weights = {q->o, q->c, q->k, q->k},
                      dst = {q->n, q->o, q->h, q->h}, strides = {1, 1}, pad = {q->k / 2, q->k / 2};
    dnnl_memory_desc_t s, w, d;
    check(dnnl_memory_desc_init_by_tag(&s, 4, src, dnnl_f32, dnnl_format_tag_any), "src");
    check(dnnl_memory_desc_init_by_tag(&w, 4, weights, dnnl_f32, dnnl_format_tag_any), "weights");
    check(dnnl_memory_desc_init_by_tag(&d, 4, dst, dnnl_f32, dnnl_format_tag_any), "dst");
    dnnl_convolution_desc_t forward, desc;
    check(dnnl_convolution_forward_desc_init(&forward, dnnl_forward_training,
                                             dnnl_convolution_direct, &s, &w, NULL, &d, strides,
                                             pad, pad),
          "forward");
    dnnl_primitive_desc_t hint, pd;
    check(dnnl_primitive_desc_create(&hint, &forward, NULL, engine, NULL), "forward");
    pd = hint;
    if (pass == BACKWARD_DATA)
        check(dnnl_convolution_backward_data_desc_init(&desc, dnnl_convolution_direct, &s, &w, &d,
                                                       strides, pad, pad),
              "backward data");
    if (pass == BACKWARD_WEIGHTS)
        check(dnnl_convolution_backward_weights_desc_init(&desc, dnnl_convolution_direct, &s, &w,
                                                          NULL, &d, strides, pad, pad),
              "backward weights");
    if (pass != FORWARD)
        check(dnnl_primitive_desc_create(&pd, &desc, NULL, engine, hint), "backward");
    peer p = {0};
    check(dnnl_primitive_create(&p.primitive, pd), "primitive");
    check(dnnl_stream_create(&p.stream, engine, dnnl_stream_default_flags), "stream");
    if (pass == FORWARD) {
        add_argument(&p, DNNL_ARG_SRC, memory_of(engine, pd, dnnl_query_src_md, 0));
        add_argument(&p, DNNL_ARG_WEIGHTS, memory_of(engine, pd, dnnl_query_weights_md, 0));
        add_argument(&p, DNNL_ARG_DST, memory_of(engine, pd, dnnl_query_dst_md, 0));
    } else {
        add_argument(&p, DNNL_ARG_DIFF_DST, memory_of(engine, pd, dnnl_query_diff_dst_md, 0));
        if (pass == BACKWARD_DATA) {
            add_argument(&p, DNNL_ARG_WEIGHTS, memory_of(engine, pd, dnnl_query_weights_md, 0));
            add_argument(&p, DNNL_ARG_DIFF_SRC, memory_of(engine, pd, dnnl_query_diff_src_md, 0));
        } else {
            add_argument(&p, DNNL_ARG_SRC, memory_of(engine, pd, dnnl_query_src_md, 0));
            add_argument(&p, DNNL_ARG_DIFF_WEIGHTS,
                         memory_of(engine, pd, dnnl_query_diff_weights_md, 0));
        }
    }
    return p;
}

static void peer_run(const peer *p) {
    check(dnnl_primitive_execute(p->primitive, p->stream, p->n_args, p->args), "execute");
    check(dnnl_stream_wait(p->stream), "wait");
}

/* ---- weft: the same products as the convolution layer makes them, image by image ---- */

typedef struct ours {
    const wf_kernels *kernels;
    problem q;
    float *src, *weights, *dst; /* src is padded already */
} ours;

static void ours_run(const ours *u, int pass) {
    const problem *q = &u->q;
    const int wide = q->h + q->k - 1;
    /* backward data is a forward pass with the channels exchanged */
    const int c = pass == BACKWARD_DATA ? q->o : q->c, o = pass == BACKWARD_DATA ? q->c : q->o;
    const ptrdiff_t line = (ptrdiff_t)wide * c;
    if (q->h == 1) {
        if (pass == BACKWARD_WEIGHTS)
            u->kernels->gemm_tn(&(wf_gemm_tn){.m = c,
                                              .n = o,
                                              .r = q->n,
                                              .r_outer = 1,
                                              .a = u->src,
                                              .a_row = c,
                                              .b = u->dst,
                                              .b_row = o,
                                              .c = u->weights,
                                              .c_row = o});
        else
            u->kernels->gemm(&(wf_gemm){.m = q->n,
                                        .m_outer = 1,
                                        .n = o,
                                        .k = c,
                                        .k_outer = 1,
                                        .a = u->src,
                                        .a_row = c,
                                        .b = u->weights,
                                        .c = u->dst,
                                        .c_row = o,
                                        .slope = 1});
        return;
    }
    for (int i = 0; i < q->n; i++) {
        const float *src = u->src + i * wide * line;
        float *dst = u->dst + (ptrdiff_t)i * q->h * q->h * o;
        if (pass != BACKWARD_WEIGHTS) {
            u->kernels->gemm(&(wf_gemm){.m = q->h,
                                        .m_outer = q->h,
                                        .n = o,
                                        .k = q->k * c,
                                        .k_outer = q->k,
                                        .a = src,
                                        .a_row = c,
                                        .a_rows = line,
                                        .a_outer = line,
                                        .b = u->weights,
                                        .c = dst,
                                        .c_row = o,
                                        .c_rows = (ptrdiff_t)q->h * o,
                                        .slope = 1});
            continue;
        }
        for (int ky = 0; ky < q->k; ky++)
            u->kernels->gemm_tn(&(wf_gemm_tn){.m = q->k * c,
                                              .n = o,
                                              .r = q->h,
                                              .r_outer = q->h,
                                              .a = src + ky * line,
                                              .a_row = c,
                                              .a_outer = line,
                                              .b = dst,
                                              .b_row = o,
                                              .b_outer = (ptrdiff_t)q->h * o,
                                              .c = u->weights + (ptrdiff_t)ky * q->k * c * o,
                                              .c_row = o,
                                              .accumulate = i > 0});
    }
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void) {
    static const char *const passes[] = {"forward", "backward data", "backward weights"};
    omp_set_num_threads(1);
    dnnl_engine_t engine;
    check(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine");
    printf("%-24s%-18s%10s%10s%8s\n", "problem", "pass", "oneDNN", "weft", "ratio");
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        for (int pass = FORWARD; pass <= BACKWARD_WEIGHTS; pass++) {
            const problem *q = &problems[i];
            const size_t wide = (size_t)(q->h + q->k), images = (size_t)q->n * wide * wide;
            const size_t widest = (size_t)(q->c > q->o ? q->c : q->o) + 32;
            if (pass == BACKWARD_DATA && q->c == 1) continue; /* nobody asks for it */
            peer p = peer_create(engine, q, pass);
            ours u = {wf_kernels_best(), *q, floats(images * widest),
                      floats(widest * widest * (size_t)(q->k * q->k)), floats(images * widest)};
            const double flop = 2.0 * q->n * q->h * q->h * q->c * q->o * q->k * q->k;
            double theirs[ROUNDS], mine[ROUNDS], ratios[ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                const int repeats = (int)(4e8 / flop) + 1;
                double t = seconds();
                for (int k = 0; k < repeats; k++) peer_run(&p);
                theirs[round] = flop * repeats / (seconds() - t) / 1e9;
                t = seconds();
                for (int k = 0; k < repeats; k++) ours_run(&u, pass);
                mine[round] = flop * repeats / (seconds() - t) / 1e9;
                ratios[round] = mine[round] / theirs[round];
            }
            qsort(theirs, ROUNDS, sizeof *theirs, compare);
            qsort(mine, ROUNDS, sizeof *mine, compare);
            qsort(ratios, ROUNDS, sizeof *ratios, compare);
            printf("%-24s%-18s%10.0f%10.0f%8.2f\n", q->name, passes[pass], theirs[ROUNDS / 2],
                   mine[ROUNDS / 2], ratios[ROUNDS / 2]);
        }
    return 0;
}
