#include "problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "parity/problem_parts.h"
#include "parity/product.h"

double *problem_doubles(problem *p, long n) {
    double *x = calloc((size_t)n + 1, sizeof *x);
    if (x == NULL || p->n_own == PROBLEM_MAX_OWN) abort();
    p->own[p->n_own++] = x;
    return x;
}

double *problem_draw(problem *p, long n, uint64_t seed, double scale) {
    double *x = problem_doubles(p, n);
    for (long i = 0; i < n; i++) {
        int exponent;
        double value = round((double)product_random(seed, i) * scale * 4096) / 4096;
        double fraction = frexp(value, &exponent);
        x[i] = ldexp(rint(ldexp(fraction, p->bits)), exponent - p->bits);
    }
    return x;
}

static problem_param *param(problem *p, const char *name, long size) {
    problem_param *e = &p->params[p->n_params++];
    if (p->n_params > PROBLEM_MAX_PARAMS) abort();
    snprintf(e->name, sizeof e->name, "%s", name);
    e->size = size;
    return e;
}

/* A matrix [rows][columns] whose products with normal numbers are normal. */
problem_param *problem_matrix(problem *p, const char *name, long rows, long columns) {
    problem_param *e = param(p, name, rows * columns);
    e->value =
        problem_draw(p, e->size, p->seed + 100 + (uint64_t)p->n_params, 1 / sqrt((double)rows));
    e->grad = problem_doubles(p, e->size);
    return e;
}

problem_param *problem_vector(problem *p, const char *name, long size) {
    problem_param *e = param(p, name, size);
    e->value = problem_draw(p, size, p->seed + 100 + (uint64_t)p->n_params, 0.3);
    e->grad = problem_doubles(p, size);
    return e;
}

/* Positive and away from 0. */
problem_param *problem_factors(problem *p, const char *name, long size) {
    problem_param *e = problem_vector(p, name, size);
    for (long i = 0; i < size; i++) e->value[i] = 0.5 + fmin(fabs(e->value[i]), 1);
    return e;
}

void problem_output(problem *p, int rank, const long *dims) {
    p->output.rank = rank;
    for (int i = 0; i < rank; i++) p->output.dim[i] = dims[i];
    p->y_size = p->n * (long)wf_shape_size(&p->output);
    p->y = problem_doubles(p, p->y_size);
    p->dy = problem_draw(p, p->y_size, p->seed + 99, 1);
}

/* ---- what problem.h offers ---- */

double *problem_mask(problem *p, long size, double rate, uint32_t stream) {
    const uint32_t keep = 65536 - (uint32_t)(rate * 65536 + 0.5);
    const uint32_t key[2] = {(uint32_t)p->seed, (uint32_t)(p->seed >> 32)};
    double *factor = problem_doubles(p, p->n * size);
    for (long j = 0; j < p->n; j++)
        for (long i = 0; i < size; i++) {
            const uint32_t counter[4] = {(uint32_t)(i / 8), (uint32_t)(p->position + j), p->epoch,
                                         WF_STREAM_LAYER + (uint32_t)p->node + stream};
            uint32_t words[4];
            wf_philox(words, counter, key);
            uint32_t number = words[i % 8 / 2] >> (i % 2 * 16) & 0xFFFF;
            factor[j * size + i] = number < keep ? 65536.0 / keep : 0;
        }
    return factor;
}

static void add_key(char *out, size_t size, const char *key, const char *value) {
    const bool is_list = strchr(value, ',') != NULL || strcmp(key, "target_shape") == 0;
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s: %s%s%s", used ? ", " : "", key, is_list ? "[" : "",
             value, is_list ? "]" : "");
}

void problem_keys(char *out, size_t size, const shapes_problem *line) {
    const char *inner = shapes_text(line, "layer", NULL);
    const char *merge = inner ? shapes_text(line, "merge_mode", NULL) : NULL;
    const char *axis = inner ? shapes_text(line, "axis", NULL) : NULL;
    char keys[300] = "", both[400];
    for (int i = 0; i < line->count; i++)
        if (shapes_is_config(line->items[i].key) && line->items[i].value != merge &&
            line->items[i].value != axis)
            add_key(keys, sizeof keys,
                    strcmp(line->items[i].key, "n_steps") ? line->items[i].key : "n",
                    line->items[i].value);
    snprintf(out, size, "%s", keys);
    if (!inner) return;
    snprintf(out, size, "layer: {%s: {%s}}", inner, keys);
    if (merge) add_key(out, size, "merge_mode", merge);
    if (!axis) return;
    snprintf(both, sizeof both, "%s", out);
    if (merge) snprintf(out, size, "layer: {bidirectional: {%s}}", both);
    add_key(out, size, "axis", axis);
}

static void create(problem *p, const shapes_problem *line, int bits, uint64_t attempt) {
    *p = (problem){.bits = bits,
                   .line = line,
                   .n = shapes_int(line, "n", 1),
                   .n_inputs = shapes_input_count(line),
                   .y_terms = 1,
                   .dx_terms = 1,
                   .grad_terms = 1,
                   .seed = 0x123456789abcdef0u + 1000 * (uint64_t)line->line + 17 * attempt,
                   .epoch = (uint32_t)line->line * 3,
                   .position = line->line % 3 ? 100 * line->line : INT64_C(0xFFFFFFFA)};
    p->node = p->n_inputs + 1;
    for (int i = 0; i < p->n_inputs; i++) {
        long dims[3];
        p->inputs[i].rank = shapes_input(line, i, dims);
        for (int k = 0; k < p->inputs[i].rank; k++) p->inputs[i].dim[k] = dims[k];
        p->x[i] =
            problem_draw(p, p->n * (long)wf_shape_size(&p->inputs[i]), p->seed + (uint64_t)i, 1);
        p->dx[i] = problem_doubles(p, p->n * (long)wf_shape_size(&p->inputs[i]));
    }
}

bool problem_create(problem *p, const shapes_problem *line, int bits) {
    problem_fn run = problem_layer(line->layer);
    if (!run) return false;
    for (uint64_t attempt = 0;; attempt++) {
        create(p, line, bits, attempt);
        run(p);
        if (!p->is_near_kink) return true;
        problem_reset(p);
    }
}

void problem_reset(problem *p) {
    while (p->n_own > 0) free(p->own[--p->n_own]);
}
