#include "eval/beam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* A sequence under construction, or one that is over. */
typedef struct candidate {
    double log_p;
    int32_t from, next; /* hypothesis that it continues, and with what */
} candidate;

/* A set that was found; its labels are bits, so that equal sets have equal bytes. */
typedef struct found {
    double log_p;
    uint8_t *bits;
    double best;       /* of the likeliest of its orders so far, */
    int32_t *sequence; /* and that one */
} found;

typedef struct search {
    const wf_beam_options *options;
    int32_t *sequences;    /* [images][width][length] */
    int32_t *from;         /* [images][width]: what each continues of the step before */
    int32_t *before;       /* [width][length]: one image's, before a step */
    double *log_p;         /* [images][width]; -INFINITY: no hypothesis */
    float *next;           /* [images][width][classes+1] */
    candidate *candidates; /* [width * (classes+1)] */
    found *found;          /* [images][room] */
    int32_t *n_found;      /* [images] */
    uint8_t *bits;         /* [images][room][set_bytes] */
    int32_t *orders;       /* [images][room][length] */
    size_t room, set_bytes;
} search;

static wf_status check_options(wf_context *cx, const wf_beam_options *o) {
    WF_REQUIRE(o->classes >= 1 && o->length >= 1 && o->images >= 1 && o->sets >= 1, WF_E_ARG,
               "beam search: %d classes, %d steps, %d images, %d sets, each must be at least 1",
               o->classes, o->length, o->images, o->sets);
    WF_REQUIRE(o->width >= 1 && o->width <= 1 << 20, WF_E_ARG,
               "beam search: the width is %d, must be 1 to %d", o->width, 1 << 20);
    return WF_OK;
}

static wf_status allocate(search *s, wf_context *cx) {
    const wf_beam_options *o = s->options;
    const size_t images = (size_t)o->images, width = (size_t)o->width, steps = (size_t)o->length;
    const size_t next = (size_t)o->classes + 1, rows = images * width;
    s->room = width * steps; /* a step finds no more than are followed */
    s->set_bytes = ((size_t)o->classes + 7) / 8;
    WF_TRY(wf_alloc(&s->sequences, cx, rows * steps, sizeof *s->sequences));
    WF_TRY(wf_alloc(&s->from, cx, rows, sizeof *s->from));
    WF_TRY(wf_alloc(&s->before, cx, width * steps, sizeof *s->before));
    WF_TRY(wf_alloc(&s->log_p, cx, rows, sizeof *s->log_p));
    WF_TRY(wf_alloc(&s->next, cx, rows * next, sizeof *s->next));
    WF_TRY(wf_alloc(&s->candidates, cx, width * next, sizeof *s->candidates));
    WF_TRY(wf_alloc(&s->found, cx, images * s->room, sizeof *s->found));
    WF_TRY(wf_alloc(&s->n_found, cx, images, sizeof *s->n_found));
    WF_TRY(wf_alloc(&s->bits, cx, images * s->room, s->set_bytes));
    WF_TRY(wf_alloc(&s->orders, cx, images * s->room * steps, sizeof *s->orders));
    for (size_t i = 0; i < rows * steps; i++) s->sequences[i] = -1;
    for (size_t i = 0; i < rows; i++) s->from[i] = (int32_t)i;
    for (size_t i = 0; i < rows; i++) s->log_p[i] = i % width ? -INFINITY : 0;
    return WF_OK;
}

static void release(search *s) {
    wf_free(s->sequences);
    wf_free(s->from);
    wf_free(s->before);
    wf_free(s->log_p);
    wf_free(s->next);
    wf_free(s->candidates);
    wf_free(s->found);
    wf_free(s->n_found);
    wf_free(s->bits);
    wf_free(s->orders);
}

/* ---- what may come next ---- */

static int is_told(const int32_t *sequence, int32_t step, int32_t label) {
    for (int32_t t = 0; t < step; t++)
        if (sequence[t] == label) return 1;
    return 0;
}

static int is_legal(const int32_t *sequence, int32_t step, int32_t next, int32_t classes,
                    int32_t length) {
    return next == classes || (step < length - 1 && !is_told(sequence, step, next));
}

/* Whether the search follows it: of one set only, labels that are in it and END behind the last. */
static int is_wanted(const wf_beam_options *o, int32_t image, int32_t step, int32_t next) {
    const uint8_t *set = o->only ? o->only + (ptrdiff_t)image * o->classes : NULL;
    int32_t n = 0;
    if (!set) return 1;
    if (next < o->classes) return set[next];
    for (int32_t k = 0; k < o->classes; k++) n += set[k];
    return step == n;
}

/* The sum of what is legal: what makes it 1 again. */
static double legal_sum(const float *p, const int32_t *sequence, int32_t step, int32_t classes,
                        int32_t length) {
    double sum = 0;
    for (int32_t k = 0; k <= classes; k++)
        if (is_legal(sequence, step, k, classes, length)) sum += (double)p[k];
    return sum;
}

/* The likeliest first; of equals the one that was listed first. */
static int compare_candidates(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->log_p > y->log_p || x->log_p < y->log_p) return x->log_p > y->log_p ? -1 : 1;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x->next < y->next ? -1 : x->next > y->next;
}

/* All legal ways on from an image's hypotheses, sorted. */
static size_t list_candidates(search *s, int32_t image, int32_t step) {
    const wf_beam_options *o = s->options;
    size_t n = 0;
    for (int32_t h = 0; h < o->width; h++) {
        const size_t row = (size_t)image * (size_t)o->width + (size_t)h;
        const int32_t *sequence = s->sequences + row * (size_t)o->length;
        const float *p = s->next + row * ((size_t)o->classes + 1);
        if (!(s->log_p[row] > -INFINITY)) continue;
        const double base =
            s->log_p[row] - log(legal_sum(p, sequence, step, o->classes, o->length));
        for (int32_t k = 0; k <= o->classes; k++)
            if (p[k] > 0 && is_legal(sequence, step, k, o->classes, o->length) &&
                is_wanted(o, image, step, k))
                s->candidates[n++] = (candidate){base + log((double)p[k]), h, k};
    }
    qsort(s->candidates, n, sizeof *s->candidates, compare_candidates);
    return n;
}

/* ---- what was found ---- */

/* log(exp(a) + exp(b)) */
static double log_sum(double a, double b) {
    const double high = a > b ? a : b, low = a > b ? b : a;
    return high + log1p(exp(low - high));
}

static void add_found(search *s, int32_t image, const int32_t *sequence, double log_p) {
    found *all = s->found + (size_t)image * s->room;
    const size_t n = (size_t)s->n_found[image], at = (size_t)image * s->room + n;
    const size_t length = (size_t)s->options->length;
    uint8_t *bits = s->bits + at * s->set_bytes;
    memset(bits, 0, s->set_bytes);
    for (int32_t t = 0; t < s->options->length && sequence[t] >= 0; t++)
        bits[sequence[t] / 8] |= (uint8_t)(1 << sequence[t] % 8);
    for (size_t i = 0; i < n; i++)
        if (memcmp(all[i].bits, bits, s->set_bytes) == 0) {
            all[i].log_p = log_sum(all[i].log_p, log_p);
            if (log_p <= all[i].best) return;
            all[i].best = log_p;
            memcpy(all[i].sequence, sequence, length * sizeof *sequence);
            return;
        }
    all[n] = (found){log_p, bits, log_p, s->orders + at * length};
    memcpy(all[n].sequence, sequence, length * sizeof *sequence);
    s->n_found[image]++;
}

/* ---- a step ---- */

static void advance(search *s, int32_t image, int32_t step) {
    const wf_beam_options *o = s->options;
    const size_t length = (size_t)o->length, first = (size_t)image * (size_t)o->width;
    const size_t n = list_candidates(s, image, step);
    int32_t *sequences = s->sequences + first * length;
    double *log_p = s->log_p + first;
    memcpy(s->before, sequences, (size_t)o->width * length * sizeof *sequences);
    for (int32_t h = 0; h < o->width; h++) log_p[h] = -INFINITY;
    for (size_t i = 0, live = 0; i < n && i < (size_t)o->width; i++) {
        const candidate *c = &s->candidates[i];
        const int32_t *before = s->before + (size_t)c->from * length;
        if (c->next == o->classes) {
            add_found(s, image, before, c->log_p);
            continue;
        }
        memcpy(sequences + live * length, before, length * sizeof *before);
        sequences[live * length + (size_t)step] = c->next;
        s->from[first + live] = (int32_t)first + c->from;
        log_p[live++] = c->log_p;
    }
}

static int is_over(const search *s) {
    const size_t rows = (size_t)s->options->images * (size_t)s->options->width;
    for (size_t i = 0; i < rows; i++)
        if (s->log_p[i] > -INFINITY) return 0;
    return 1;
}

/* ---- the answer ---- */

/* The likeliest first; of equals the one that was found first. */
static int compare_found(const void *a, const void *b) {
    const found *x = a, *y = b;
    if (x->log_p > y->log_p || x->log_p < y->log_p) return x->log_p > y->log_p ? -1 : 1;
    return x->bits < y->bits ? -1 : x->bits > y->bits; /* which stand in that order */
}

/* The labels of a found set in order, then END. */
static void copy_order(int32_t *out, const int32_t *labels, const wf_beam_options *o) {
    int32_t at = 0;
    for (; labels && labels[at] >= 0; at++) out[at] = labels[at];
    if (labels) out[at++] = o->classes;
    while (at < o->length) out[at++] = -1;
}

static void hand_over(const wf_beam_result *out, search *s, int32_t image) {
    const wf_beam_options *o = s->options;
    const size_t classes = (size_t)o->classes, n = (size_t)s->n_found[image];
    found *all = s->found + (size_t)image * s->room;
    qsort(all, n, sizeof *all, compare_found);
    for (size_t i = 0; i < (size_t)o->sets; i++) {
        const size_t at = (size_t)image * (size_t)o->sets + i;
        if (out->log_probabilities) out->log_probabilities[at] = i < n ? all[i].log_p : -INFINITY;
        if (out->sequences)
            copy_order(out->sequences + at * (size_t)o->length, i < n ? all[i].sequence : NULL, o);
        for (size_t k = 0; k < classes && out->sets; k++)
            out->sets[at * classes + k] = i < n && (all[i].bits[k / 8] >> k % 8 & 1);
    }
    for (size_t k = 0; k < classes && out->labels; k++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            if (all[i].bits[k / 8] >> k % 8 & 1) sum += exp(all[i].log_p);
        out->labels[(size_t)image * classes + k] = (float)fmin(sum, 1);
    }
}

wf_status wf_beam_search(const wf_beam_result *out, wf_context *cx, const wf_beam_options *options,
                         wf_beam_fn next, void *user) {
    search s = {.options = options};
    wf_status status;
    WF_TRY(check_options(cx, options));
    WF_TRY_OR(allocate(&s, cx));
    for (int32_t step = 0; step < options->length && !is_over(&s); step++) {
        WF_TRY_OR(next(user, cx, s.next, s.sequences, step, step ? s.from : NULL));
        for (int32_t i = 0; i < options->images; i++) advance(&s, i, step);
    }
    for (int32_t i = 0; i < options->images; i++) hand_over(out, &s, i);
done:
    release(&s);
    return status;
}
