/* What a model that tells sequences of labels says itself while it is trained. Two methods want it:
 *
 *   scheduled sampling (Bengio et al. 2015, arXiv:1506.03099): before a step, instead of the right
 *       label it is told one of its own with some probability, drawn by its probabilities from the
 *       labels not told before; what is right to say stays as it was
 *   order: free (predicted label alignment, Yazici et al. 2020, arXiv:1911.09996): it is told its
 *       own likeliest labels only. Of an image with n labels these are the first n steps. A label
 *       that is the image's is right where it was said; the image's others are right at the steps
 *       that are left, in the way for which the sum of -log p is the least
 *
 * Its own words are those of inference: no dropout, moving statistics, the image without
 * augmentation. They are a function of parameters, batch, seed and place in the epoch, so a run
 * has the same bits with any number of threads and after a resume. */
#ifndef WF_TRAIN_FREE_RUN_H
#define WF_TRAIN_FREE_RUN_H

#include "train/assignment.h"
#include "train/recipe.h"
#include "train/targets.h"
#include "train/teller.h"

typedef struct wf__free_run {
    wf__teller teller; /* rest NULL: nothing is to be done */
    const wf_scheduled_sampling *sampling;
    int is_free;
    int32_t epochs;
    uint64_t seed;
    int batch;                        /* images at a time */
    int32_t *told, *right;            /* [batch][length] */
    float *said;                      /* [batch][length][classes + 1] */
    double *costs;                    /* [length][length] */
    int32_t *labels, *steps, *places; /* [length]: of an image, what is not aligned yet */
    wf__assignment assignment;
} wf__free_run;

typedef struct wf__free_run_options {
    const wf_sequence_options *sequences; /* of the targets; must outlive it */
    const wf_recipe *recipe;              /* must outlive it */
    wf_precision precision;
    int batch;
} wf__free_run_options;

/* Makes nothing where neither method is wanted. Release with wf__free_run_reset.
 * Errors: WF_E_ARG (both are; the model tells no sequences), WF_E_NOMEM. */
wf_status wf__free_run_create(wf__free_run *out, wf_context *cx, wf_params *params, wf_pool *pool,
                              const wf__free_run_options *options);
void wf__free_run_reset(wf__free_run *f);

/* Before a training step: sets what its batch is told and what is right. Allocates nothing.
 * Errors: as wf_plan_run. */
wf_status wf__free_run_prepare(wf__free_run *f, wf_context *cx, wf_batch *batch);

/* Before validation with order: free, else nothing: brings each row's labels into the order in
 * which the model likes to tell them, the likeliest of those that are left first. `sequences`
 * [rows of the images][length].  Errors: as wf_plan_run. */
wf_status wf__free_run_arrange(wf__free_run *f, wf_context *cx, const wf__rows *rows,
                               int32_t *sequences);

#endif
