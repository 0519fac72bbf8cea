/* Counter-based random numbers: Philox 4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405).
 * A number is a function of (seed, stream, a, b, index); there is no state to save. */
#ifndef WF_BASE_RNG_H
#define WF_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* Streams keep users of one seed apart. Layers use WF_STREAM_LAYER + their index in the graph. */
enum {
    WF_STREAM_INIT = 1,
    WF_STREAM_SPLIT = 2,
    WF_STREAM_SHUFFLE = 3,
    WF_STREAM_LIMIT = 4,
    WF_STREAM_TEST = 5, /* made-up data of tests and timings */
    WF_STREAM_FOLDS = 6,
    WF_STREAM_TRIALS = 8, /* the settings of a random sweep */
    WF_STREAM_BOOTSTRAP = 9,
    WF_STREAM_TSNE = 16,      /* starts of PCA and t-SNE */
    WF_STREAM_EMBED = 17,     /* which images are embedded */
    WF_STREAM_REPORT = 18,    /* which images a report shows */
    WF_STREAM_COMPOSE = 20,   /* training canvases; + 1: test canvases */
    WF_STREAM_SEQUENCES = 22, /* random orders of labels */
    WF_STREAM_SAMPLING = 23,  /* labels of the model's own, told in training */
    WF_STREAM_AUGMENT = 500,  /* + the step's index in the pipeline */
    WF_STREAM_LAYER = 1000
};

/* One block of the cipher: out[4] from counter[4] and key[2]. */
void wf_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/* A sequence drawn from one counter; use it where numbers are needed one after another. */
typedef struct wf_rng {
    uint32_t counter[4], key[2], block[4];
    int used;
} wf_rng;

/* Starts the sequence (seed, stream, a); `a` is for instance an epoch or an entry's index. */
void wf_rng_init(wf_rng *r, uint64_t seed, uint32_t stream, uint32_t a);
/* The same of (seed, stream, a, b): `b` is for instance a position in the epoch `a`. */
void wf_rng_init_at(wf_rng *r, uint64_t seed, uint32_t stream, uint32_t a, uint32_t b);
uint32_t wf_rng_u32(wf_rng *r);
/* Uniform in [0, n), unbiased; n > 0. */
uint64_t wf_rng_below(wf_rng *r, uint64_t n);
/* Uniform in [0, 1), 53 bits. */
double wf_rng_uniform(wf_rng *r);
/* Standard normal (Box-Muller). */
double wf_rng_normal(wf_rng *r);
/* Fisher-Yates. */
void wf_rng_shuffle(wf_rng *r, int32_t *values, size_t n);

#endif
