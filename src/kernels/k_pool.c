/* Pooling over channels-last images. Bytes: the source once, the result once. */
#include "kernels/isa.h"

typedef uint16_t vh __attribute__((vector_size(VL * 2), aligned(2), may_alias));

/* Clips a window that begins at `begin` to the image: [*from, *to). */
INLINE void clip(int begin, int length, int limit, int *from, int *to) {
    *from = begin < 0 ? 0 : begin;
    *to = begin + length > limit ? limit : begin + length;
}

void WF_ISA_NAME(max_pool)(float *dst, uint16_t *argmax, const float *src, const wf_pool2d *p) {
    for (int n = 0; n < p->n; n++) {
        const float *image = src + (ptrdiff_t)n * p->h * p->w * p->c;
        for (int oy = 0; oy < p->oh; oy++) {
            int y0, y1;
            clip(oy * p->sh - p->pad_top, p->kh, p->h, &y0, &y1);
            for (int ox = 0; ox < p->ow; ox++, dst += p->c, argmax += p->c) {
                int x0, x1, c = 0;
                clip(ox * p->sw - p->pad_left, p->kw, p->w, &x0, &x1);
                for (; c + VL <= p->c; c += VL) {
                    /* begins with a value of the window: NaN everywhere stays NaN */
                    vf best = load(image + ((ptrdiff_t)y0 * p->w + x0) * p->c + c);
                    vi at = {0};
                    for (int y = y0; y < y1; y++)
                        for (int x = x0; x < x1; x++) {
                            vf v = load(image + ((ptrdiff_t)y * p->w + x) * p->c + c);
                            vi wins = v > best;
                            vi here = (vi){0} + ((y - y0) * (x1 - x0) + (x - x0));
                            best = select_vf(wins, v, best);
                            at = (here & wins) | (at & ~wins);
                        }
                    store(dst + c, best);
                    *(vh *)(argmax + c) = __builtin_convertvector(at, vh);
                }
                for (; c < p->c; c++) {
                    float best = image[((ptrdiff_t)y0 * p->w + x0) * p->c + c];
                    int at = 0;
                    for (int y = y0; y < y1; y++)
                        for (int x = x0; x < x1; x++) {
                            float v = image[((ptrdiff_t)y * p->w + x) * p->c + c];
                            if (v > best) {
                                best = v;
                                at = (y - y0) * (x1 - x0) + (x - x0);
                            }
                        }
                    dst[c] = best;
                    argmax[c] = (uint16_t)at;
                }
            }
        }
    }
}

void WF_ISA_NAME(max_pool_backward)(float *diff_src, const float *diff_dst, const uint16_t *argmax,
                                    const wf_pool2d *p) {
    /* windows that do not overlap write each gradient once; only then nothing is added up */
    const int is_apart = p->sh >= p->kh && p->sw >= p->kw;
    const int is_covered = is_apart && p->sh == p->kh && p->sw == p->kw &&
                           p->oh * p->sh >= p->h + p->pad_top &&
                           p->ow * p->sw >= p->w + p->pad_left;
    for (int n = 0; n < p->n; n++) {
        float *image = diff_src + (ptrdiff_t)n * p->h * p->w * p->c;
        if (!is_covered) memset(image, 0, (size_t)p->h * (size_t)p->w * (size_t)p->c * 4);
        for (int oy = 0; oy < p->oh; oy++) {
            int y0, y1;
            clip(oy * p->sh - p->pad_top, p->kh, p->h, &y0, &y1);
            for (int ox = 0; ox < p->ow; ox++, diff_dst += p->c, argmax += p->c) {
                int x0, x1;
                clip(ox * p->sw - p->pad_left, p->kw, p->w, &x0, &x1);
                int here = 0;
                for (int y = y0; y < y1; y++)
                    for (int x = x0; x < x1; x++, here++) {
                        float *to = image + ((ptrdiff_t)y * p->w + x) * p->c;
                        int c = 0;
                        for (; c + VL <= p->c; c += VL) {
                            vi at = __builtin_convertvector(*(const vh *)(argmax + c), vi);
                            vf d = select_vf(at == here, load(diff_dst + c), (vf){0});
                            store(to + c, is_apart ? d : d + load(to + c));
                        }
                        for (; c < p->c; c++) {
                            float d = argmax[c] == here ? diff_dst[c] : 0;
                            to[c] = is_apart ? d : to[c] + d;
                        }
                    }
            }
        }
    }
}

/* The mean over the window's part inside the image, as Keras counts it. */
void WF_ISA_NAME(average_pool)(float *dst, const float *src, const wf_pool2d *p) {
    for (int n = 0; n < p->n; n++) {
        const float *image = src + (ptrdiff_t)n * p->h * p->w * p->c;
        for (int oy = 0; oy < p->oh; oy++) {
            int y0, y1;
            clip(oy * p->sh - p->pad_top, p->kh, p->h, &y0, &y1);
            for (int ox = 0; ox < p->ow; ox++, dst += p->c) {
                int x0, x1;
                clip(ox * p->sw - p->pad_left, p->kw, p->w, &x0, &x1);
                const float share = 1.0f / (float)((y1 - y0) * (x1 - x0));
                memset(dst, 0, (size_t)p->c * sizeof *dst);
                for (int y = y0; y < y1; y++)
                    for (int x = x0; x < x1; x++) {
                        const float *from = image + ((ptrdiff_t)y * p->w + x) * p->c;
                        for (int c = 0; c < p->c; c++) dst[c] += from[c];
                    }
                for (int c = 0; c < p->c; c++) dst[c] *= share;
            }
        }
    }
}

void WF_ISA_NAME(average_pool_backward)(float *diff_src, const float *diff_dst,
                                        const wf_pool2d *p) {
    for (int n = 0; n < p->n; n++) {
        float *image = diff_src + (ptrdiff_t)n * p->h * p->w * p->c;
        memset(image, 0, (size_t)p->h * (size_t)p->w * (size_t)p->c * 4);
        for (int oy = 0; oy < p->oh; oy++) {
            int y0, y1;
            clip(oy * p->sh - p->pad_top, p->kh, p->h, &y0, &y1);
            for (int ox = 0; ox < p->ow; ox++, diff_dst += p->c) {
                int x0, x1;
                clip(ox * p->sw - p->pad_left, p->kw, p->w, &x0, &x1);
                const float share = 1.0f / (float)((y1 - y0) * (x1 - x0));
                for (int y = y0; y < y1; y++)
                    for (int x = x0; x < x1; x++) {
                        float *to = image + ((ptrdiff_t)y * p->w + x) * p->c;
                        for (int c = 0; c < p->c; c++) to[c] += diff_dst[c] * share;
                    }
            }
        }
    }
}
