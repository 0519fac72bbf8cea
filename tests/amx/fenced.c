#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#endif
#include "amx/fenced.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "parity/product.h"

fenced fenced_create(long n) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (size_t)n * sizeof(uint32_t);
    const size_t inside = (bytes + page - 1) / page * page;
    fenced f = {.n = n, .bytes = inside + 2 * page};
    f.pages = mmap(NULL, f.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (f.pages == MAP_FAILED || mprotect(f.pages, page, PROT_NONE) != 0 ||
        mprotect((char *)f.pages + page + inside, page, PROT_NONE) != 0) {
        perror("fenced_create");
        abort();
    }
    f.at = (char *)f.pages + page + inside - bytes;
    memset((char *)f.pages + page, 0xFF, inside);
    return f;
}

void fenced_destroy(fenced *f) { munmap(f->pages, f->bytes); }

static double number_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

double low_of(uint32_t pair) { return number_of(pair << 16); }
double high_of(uint32_t pair) { return number_of(pair & 0xFFFF0000u); }

uint32_t random_pair(uint64_t seed, long i) {
    const float x[2] = {product_random(seed, 2 * i), product_random(seed, 2 * i + 1)};
    uint32_t bits[2];
    memcpy(bits, x, sizeof bits);
    return bits[0] >> 16 | (bits[1] & 0xFFFF0000u);
}
