/* Canvases of several garments, with labels that depend on each other as much as one wishes. */
#ifndef WEFT_COMPOSE_H
#define WEFT_COMPOSE_H

#include "weft/data.h"
#include "weft/threads.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WF_OUTFIT_CLASSES = 10, /* Fashion-MNIST's */
    WF_OUTFIT_SETS = 1 << WF_OUTFIT_CLASSES,
    WF_OUTFIT_SIDE = 64, /* pixels of a canvas, high and wide */
    WF_OUTFIT_LEAST = 2, /* labels of a canvas, but for what `outside` lets through */
    WF_OUTFIT_MOST = 5,
    WF_OUTFIT_MAX_COUNT = 1000000 /* canvases of a part */
};

/* Which labels go together: with x in {0, 1}^10,
 *   P(x) = w(x) exp(sum_i fields[i] x_i + dependence sum_{i<j} interactions[i][j] x_i x_j) / Z,
 * w(x) = 1 where 2 to 5 labels are set, else `outside`. */
typedef struct wf_outfits {
    double dependence;                   /* 0 to 2 */
    double marginals[WF_OUTFIT_CLASSES]; /* wanted: the same at every dependence */
    double fields[WF_OUTFIT_CLASSES];
    double interactions[WF_OUTFIT_CLASSES][WF_OUTFIT_CLASSES]; /* symmetric, at dependence 1 */
    double outside;                       /* max(0, 1 - 2 dependence): 0 from 0.5 on */
    double probabilities[WF_OUTFIT_SETS]; /* of the set that has class k where bit k is 1 */
    double pairs[WF_OUTFIT_CLASSES][WF_OUTFIT_CLASSES]; /* P(x_i = x_j = 1); [i][i]: P(x_i = 1) */
    double entropy;                                     /* of the label set, nats */
    double total_correlation; /* sum of the labels' entropies minus `entropy`, nats; 0 at 0 */
} wf_outfits;

/* The distribution at this dependence: fields are fitted over all 1024 sets until every marginal is
 * as wanted (to 1e-12). At 0 the labels are independent.
 * Errors: WF_E_ARG (dependence outside of 0 to 2).  Threads: any.  Cost: about 0.5 ms.
 * Source: iterative proportional fitting, Deming and Stephan 1940, doi:10.1214/aoms/1177731829 */
WF_API wf_status wf_outfits_create(wf_outfits *out, wf_context *cx, double dependence);

typedef struct wf_compose_options {
    double dependence;
    uint64_t seed;
    int64_t n_train, n_test; /* canvases, 1 to WF_OUTFIT_MAX_COUNT each */
    wf_progress_fn progress; /* may be NULL */
    void *progress_user;
} wf_compose_options;

/* Draws canvases [64][64] of garments [28][28][1] of 10 classes and writes them as the folder
 * `folder`, which must not exist or be empty; it appears whole or not at all. Training canvases are
 * made of garments->train, test canvases of garments->test. The folder holds
 *   train-images-idx3-ubyte, test-images-idx3-ubyte   the canvases
 *   train-labels.csv, test-labels.csv     image,labels: row from 0, class names joined by '|'
 *   train-objects.csv, test-objects.csv   image,label,x,y,width,height,visible,garment: front first
 *   classes.txt            a class name per line
 *   distribution.json      what wf_outfits holds, and what the set was made of
 *   canvases.png           the first training canvases, to look at
 * The same garments, options and binary give the same bytes, with any number of threads.
 * Errors: WF_E_ARG (a count, the dependence, the folder), WF_E_DATA (garments of another form, a
 * class without garments), WF_E_IO, WF_E_INTERRUPTED, WF_E_NOMEM.  Threads: one caller per pool. */
WF_API wf_status wf_compose_outfits(wf_context *cx, wf_pool *pool, const wf_dataset *garments,
                                    const wf_compose_options *options, const char *folder);

#ifdef __cplusplus
}
#endif
#endif
