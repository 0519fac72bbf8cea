/* Arrays that end where a page ends behind which nothing may be read or written, filled with what
 * no result may depend on; and bfloat16 pairs. For tests of kernels v4_amx. */
#ifndef WEFT_TESTS_FENCED_H
#define WEFT_TESTS_FENCED_H

#include <stddef.h>
#include <stdint.h>

typedef struct fenced {
    void *at; /* n elements of four bytes */
    long n;
    void *pages;
    size_t bytes;
} fenced;

/* All not-a-number, as floats and as pairs of bfloat16.  Aborts when there is no memory. */
fenced fenced_create(long n);
void fenced_destroy(fenced *f);

/* A random pair and the numbers in it. */
uint32_t random_pair(uint64_t seed, long i);
double low_of(uint32_t pair);
double high_of(uint32_t pair);

#endif
