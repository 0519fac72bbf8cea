/* Reads the committed answers of float64 PyTorch: cases.json and cases.bin, made by generate.py,
 * which describes them. For tests: whatever is wrong with the files aborts with a message. */
#ifndef WEFT_TESTS_GOLDEN_H
#define WEFT_TESTS_GOLDEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct golden golden;

typedef struct golden_case {
    const golden *owner;
    const char *name; /* "conv2d_3" */
    const char *kind; /* "layer", "loss", "optimizer", "network" */
    const char *type; /* "conv2d"; of a network: the model's name */
    const json_t *config;
    const json_t *arrays;
} golden_case;

typedef struct golden_array {
    const char *type; /* "f32", "f64", "i32" */
    int rank;
    long shape[8], size;
    double tolerance; /* absolute, for float32 results; 0 for inputs */
    const void *data;
} golden_array;

/* `folder` holds both files. */
golden *golden_open(const char *folder);
void golden_close(golden *g);

size_t golden_count(const golden *g);
golden_case golden_at(const golden *g, size_t i);
/* Aborts when there is none. */
golden_case golden_find(const golden *g, const char *name);

/* False when the case has no such array. */
bool golden_get(golden_array *out, const golden_case *c, const char *name);
/* The i-th array's name, in the order of the file, or NULL behind the last. */
const char *golden_name(const golden_case *c, size_t i);
/* The data of an array that must exist with that type. `size` may be NULL. */
const float *golden_f32(const golden_case *c, const char *name, long *size);
const double *golden_f64(const golden_case *c, const char *name, long *size);
const int32_t *golden_i32(const golden_case *c, const char *name, long *size);
/* A copy as doubles, or NULL when there is no such array; free it. */
double *golden_doubles(const golden_case *c, const char *name);

/* Configuration values with their default; a number stands for a pair of equal ones. */
long golden_int(const json_t *config, const char *key, long otherwise);
double golden_real(const json_t *config, const char *key, double otherwise);
bool golden_bool(const json_t *config, const char *key, bool otherwise);
const char *golden_text(const json_t *config, const char *key, const char *otherwise);
void golden_pair(const json_t *config, const char *key, long otherwise, long out[2]);

#endif
