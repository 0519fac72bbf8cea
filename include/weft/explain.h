/* Looking inside: what in an image speaks for a class. */
#ifndef WEFT_EXPLAIN_H
#define WEFT_EXPLAIN_H

#include <stdint.h>

#include "weft/data.h"
#include "weft/graph.h"
#include "weft/status.h"
#include "weft/threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All of it is computed in float32, in inference mode: dropout off, batch normalization by its
 * moving statistics. The *score* of a class is the model's output for it before a softmax or
 * sigmoid that ends the model, else the output; of a model with a single output the score is that
 * of class 1, and its negative that of class 0. The same bits with any number of threads.
 * Threads: one caller per params and pool. */

/* ---- what can be asked ---- */

typedef struct wf_explain_ways {
    const char *cam_layer; /* the last convolution: the last layer that multiplies matrices and
                              whose output has height, width and channels; or the layer that is
                              its activation. NULL: none, hence no Grad-CAM */
    int is_recurrent;      /* some layer reads a sequence step by step */
} wf_explain_ways;

WF_API void wf_explain_ways_of(wf_explain_ways *out, const wf_params *params);

/* Zero-initialise; what is marked may stay 0. */
typedef struct wf_explain_options {
    const wf_images *images;
    int64_t index; /* of the image */
    wf_normalization normalization;
    int32_t class_index;
    const char *layer; /* Grad-CAM; 0: the last convolution */
    int32_t steps;     /* of integrated gradients, up to 4096; 0: 64 */
    uint8_t baseline;  /* every pixel's value in the image without content; 0: black */
} wf_explain_options;

/* ---- regions ---- */

typedef struct wf_cam {
    char *layer;
    int32_t height, width; /* of the layer's output */
    float *map;            /* [height][width], >= 0 */
    int32_t image_height, image_width;
    float *heat; /* [image_height][image_width]: `map`, bilinear between the centres */
} wf_cam;

/* Grad-CAM: map = max(0, sum_k a_k A_k), where A_k is channel k of the layer's output and a_k the
 * mean over all places of the gradient of the class' score with respect to A_k.
 * Errors: WF_E_ARG (no such layer or class; no convolution), WF_E_SHAPE (the layer's output has no
 * height, width and channels), those of wf_predict.
 * Source: Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74 */
WF_API wf_status wf_cam_create(wf_cam *out, wf_params *params, wf_context *cx, wf_pool *pool,
                               const wf_explain_options *options);
WF_API void wf_cam_reset(wf_cam *cam);

/* ---- pixels and rows ---- */

typedef struct wf_attribution {
    int32_t height, width, channels, steps;
    float *values;                /* [height][width][channels]: share of the score */
    double *rows;                 /* [height]: sums of `values` */
    double score, baseline_score; /* of the image, of the baseline */
    double sum;                   /* of all values */
    double error;                 /* sum - (score - baseline_score): 0 but for the finite steps */
} wf_attribution;

/* Integrated gradients: value_i = (x_i - b_i) int_0^1 d score(b + t (x - b)) / d x_i dt, with the
 * integral by Gauss and Legendre's rule of `steps` nodes; b is the baseline.
 * Errors: WF_E_ARG (no such class, steps), those of wf_predict.
 * Source: Sundararajan, Taly, Yan 2017, arXiv:1703.01365 */
WF_API wf_status wf_attribution_create(wf_attribution *out, wf_params *params, wf_context *cx,
                                       wf_pool *pool, const wf_explain_options *options);
WF_API void wf_attribution_reset(wf_attribution *attribution);

/* ---- step by step ---- */

typedef enum wf_reading {
    WF_READING_ROWS,    /* the layers that read, built for the first t rows alone */
    WF_READING_COLUMNS, /* the same with columns */
    WF_READING_FILLED   /* the image's rows behind the first t are the baseline's */
} wf_reading;

typedef struct wf_progression {
    wf_reading reading;
    char *layer;            /* whose output is read, a map; NULL: the image itself */
    int32_t lines, classes; /* rows (or columns) that are read: the steps */
    int32_t image_lines;    /* the image's rows (or columns) */
    float *outputs;         /* [lines][classes]: after 1, 2, ... lines; the last is the whole
                               image's */
    double *shares;         /* [lines]: of the score, what each line adds */
    double sum, error;      /* of the shares: as in wf_attribution */
} wf_progression;

/* How the outputs (probabilities) develop while the image is read, and what each step speaks for
 * the class. What is read is the image or, of convolutions and what else stands before the first
 * recurrent layer, the last output with height, width and channels that everything passes through:
 * their map. Where the same parameters make a model of the layers behind it for 1, 2, ... rows of
 * it, line t is that model's answer to the first t rows: of a layer that reads downwards, its state
 * after t steps passed on to the layers behind it; of a bidirectional one, both directions over
 * these t rows alone. Where they do not, but do for columns, it is read by columns. Where they do
 * for nothing (a dense layer over all rows), the image's rows that are not yet read are the
 * baseline's. The shares are integrated gradients, as above, of what is read: between what it is
 * for the baseline and for the image, summed over each line. So they too add up to the difference
 * of the scores.
 * Errors: WF_E_ARG (no such class, steps), those of wf_predict. */
WF_API wf_status wf_progression_create(wf_progression *out, wf_params *params, wf_context *cx,
                                       wf_pool *pool, const wf_explain_options *options);
/* The image's lines *out_first .. *out_last, from 0, that a line of a map stands for by its place.
 * The convolutions before it see somewhat further. */
WF_API void wf_progression_span(int32_t *out_first, int32_t *out_last,
                                const wf_progression *progression, int32_t line);
WF_API void wf_progression_reset(wf_progression *progression);

#ifdef __cplusplus
}
#endif
#endif
