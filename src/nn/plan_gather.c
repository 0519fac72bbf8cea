/* The first step of a plan: rows of the data set become the input's values (or those of the layer
 * that the plan begins with), in training by way of the augmentation. */
#include <string.h>

#include "nn/plan_internal.h"

typedef struct gather_args {
    wf_buffer dst;
    int64_t size;
    int height, width, channels;
} gather_args;

/* A batch's pixels without a normalization are pixel / 255. */
static const float unit[WF_MAX_AUGMENT_CHANNELS] = {1.0f / 255, 1.0f / 255, 1.0f / 255, 1.0f / 255};
static const float zero[WF_MAX_AUGMENT_CHANNELS] = {0};

/* dst = row index[image] of the data set, as f32 */
static void load(float *dst, const wf_work *r, const gather_args *g, int image) {
    const wf_batch *batch = r->batch;
    const int64_t row = wf_work_row(r, image);
    if (batch->values) memcpy(dst, batch->values + row * g->size, (size_t)g->size * sizeof *dst);
    else if (batch->scale)
        r->kernels->pixels(dst, batch->pixels + row * g->size, (size_t)g->size, batch->scale,
                           batch->shift, g->channels);
    else r->kernels->pixels(dst, batch->pixels + row * g->size, (size_t)g->size, unit, zero, 1);
}

static wf_augment_image image_of(const wf_work *r, const gather_args *g) {
    const int has_scale = r->batch->scale != NULL;
    return (wf_augment_image){.values = wf_at(r, g->dst),
                              .height = g->height,
                              .width = g->width,
                              .channels = g->channels,
                              .scale = has_scale ? r->batch->scale : unit,
                              .shift = has_scale ? r->batch->shift : zero};
}

static void run_gather(const wf_work *r, const void *args) {
    const gather_args *g = args;
    const wf_view *view = &r->batch->view;
    wf_augment_image image = image_of(r, g);
    for (int i = r->n0; i < r->n0 + r->n; i++, image.values += g->size) {
        load(image.values, r, g, i);
        if (view->is_mirrored) wf__augment_mirror(&image);
        if (view->down || view->right) wf__augment_shift(&image, view->down, view->right, 0, 0);
    }
}

/* ---- augmentation ---- */

/* Whether step `step` is done to an image of the batch, and the numbers that it draws from. */
static int draw(wf_rng *rng, const wf_work *r, int step, int image) {
    return wf_augment_draw(rng, r->plan->options.augmentation, step, r->plan->options.seed,
                           r->batch->epoch, r->batch->position + image);
}

/* The other image of the batch that a mixing step mixes in; -1: none. */
static int draw_partner(wf_rng *rng, const wf_work *r, int step, int image) {
    if (!draw(rng, r, step, image) || r->batch->n < 2) return -1;
    const int partner = (int)wf_rng_below(rng, (uint64_t)r->batch->n - 1);
    return partner + (partner >= image);
}

/* Makes an image of the batch as steps [0, end) leave it. Partners are made in `spare`, one for
 * each step that mixes. */
static void render(const wf_augment_image *dst, const wf_work *r, const gather_args *g, int image,
                   int end, float *spare) {
    const wf_augmentation *pipeline = r->plan->options.augmentation;
    const int mix = wf_augmentation_mix(pipeline, end);
    wf_rng rng;
    if (mix < 0) {
        load(dst->values, r, g, image);
    } else {
        const wf_augment_step *step = &pipeline->steps[mix];
        const int partner = draw_partner(&rng, r, mix, image);
        render(dst, r, g, image, mix, spare);
        if (partner >= 0) {
            wf_augment_image other = *dst;
            other.values = spare;
            render(&other, r, g, partner, mix, spare + g->size);
            step->class->mix(dst, other.values, &rng, step->config);
        }
    }
    for (int i = mix + 1; i < end; i++)
        if (draw(&rng, r, i, image))
            pipeline->steps[i].class->apply(dst, &rng, pipeline->steps[i].config);
}

static void run_augmented(const wf_work *r, const void *args) {
    const gather_args *g = args;
    wf_augment_image image = image_of(r, g);
    for (int i = r->n0; i < r->n0 + r->n; i++, image.values += g->size)
        render(&image, r, g, i, r->plan->options.augmentation->n, r->scratch);
}

/* Adds what steps [0, end) make the image of, `share` of it in all. */
static void add_parts(wf__mixture *out, const wf_work *r, int image, int end, double share) {
    const wf_augmentation *pipeline = r->plan->options.augmentation;
    const wf_shape *shape = &r->plan->graph->nodes[0].shape;
    const int mix = wf_augmentation_mix(pipeline, end);
    wf_rng rng;
    if (mix < 0) {
        out->parts[out->n].image = image;
        out->parts[out->n++].share = share;
        return;
    }
    const wf_augment_image form = {
        .height = (int)shape->dim[0], .width = (int)shape->dim[1], .channels = (int)shape->dim[2]};
    const wf_augment_step *step = &pipeline->steps[mix];
    const int partner = draw_partner(&rng, r, mix, image);
    const double own = partner < 0 ? 1 : step->class->mix(&form, NULL, &rng, step->config);
    add_parts(out, r, image, mix, share * own);
    if (partner >= 0) add_parts(out, r, partner, mix, share * (1 - own));
}

int wf__plan_mixes(const wf_plan *plan) {
    const wf_augmentation *pipeline = plan->options.augmentation;
    return pipeline && wf_augmentation_mix(pipeline, pipeline->n) >= 0;
}

void wf__plan_mixture(wf__mixture *out, const wf_work *r, int image) {
    out->n = 0;
    add_parts(out, r, image, r->plan->options.augmentation->n, 1);
}

/* ---- the step ---- */

wf_status wf__plan_add_gather(wf_builder *b) {
    const wf_shape *shape = b->dst_shape;
    const wf_augmentation *pipeline = b->plan->options.augmentation;
    gather_args g = {.dst = b->dst,
                     .size = wf_shape_size(shape),
                     .height = (int)shape->dim[0],
                     .width = shape->rank > 1 ? (int)shape->dim[1] : 1,
                     .channels = (int)shape->dim[shape->rank - 1]};
    if (!pipeline || !pipeline->n)
        return wf_build_image_step(b, WF_FORWARD, run_gather, &g, sizeof g, WF_USES(g.dst));
    WF_TRY(wf_augmentation_check(b->cx, pipeline, shape));
    wf_build_scratch(b, WF_MAX_AUGMENT_MIXES * (size_t)g.size * sizeof(float));
    return wf_build_image_step(b, WF_FORWARD, run_augmented, &g, sizeof g, WF_USES(g.dst));
}
