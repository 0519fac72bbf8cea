/* Winograd's F(4x4, 3x3): a tile of 4 x 4 outputs of a 3 x 3 convolution takes 36 products for each
 * pair of channels instead of 144.
 *
 *   Y  = A^T [(G g G^T) * (B^T d B)] A        d: the 6 x 6 window of the tile
 *   dg = G^T [(B^T d B) * (A dY A^T)] G       summed over tiles
 *
 * The element-wise products * over channels are 36 matrix products (k_gemm.c); here are the
 * transforms before and behind them. Scheme: Lavin and Gray 2015, arXiv:1509.09308.
 *
 * The matrices interpolate at 0, a, -a, b, -b and infinity. Lavin's a = 1, b = 2 lose three times
 * as much to rounding as a = 3/4, b = 3/2 (bench/winograd-points); why points matter: Barabasz et
 * al. 2018, arXiv:1803.10986.
 *
 *         | aabb    0   -s    0   1  0 |        | 1  1   1   1   1  0 |
 *         | 0    -abb  -bb    a   1  0 |        | 0  a  -a   b  -b  0 |
 *   B^T = | 0     abb  -bb   -a   1  0 |  A^T = | 0 aa  aa  bb  bb  0 |    s = aa + bb
 *         | 0    -baa  -aa    b   1  0 |        | 0 aaa -aaa bbb -bbb 1 |
 *         | 0     baa  -aa   -b   1  0 |
 *         | 0    aabb    0   -s   0  1 |   G: rows [1 p pp] / product of (p - other points)
 *
 * Additions and multiplications, tile and channel: source 144, dst 120, diff 100; kernel and its
 * gradient about 90 for each pair of channels. Bytes: 36 floats and the image's.
 *
 * Point infinity has a part in the last of the four outputs only. So tiles of three outputs make do
 * with five points, and an edge is cut into tiles of 4 and 3: 7 = 4 + 3, 14 = 4 + 4 + 3 + 3. */
#include "kernels/isa.h"

#define POINT_A 0.75f
#define POINT_B 1.5f
#define AA (POINT_A * POINT_A)
#define BB (POINT_B * POINT_B)
#define G_ZERO (1 / (AA * BB))
#define G_A (1 / (2 * AA * (AA - BB)))
#define G_B (1 / (2 * BB * (BB - AA)))

/* ---- in one dimension ---- */

/* to = B^T d */
INLINE void source_1d(vf to[6], const vf d[6]) {
    const vf even_a = d[4] - BB * d[2], odd_a = POINT_A * (d[3] - BB * d[1]);
    const vf even_b = d[4] - AA * d[2], odd_b = POINT_B * (d[3] - AA * d[1]);
    to[0] = (AA * BB) * d[0] + (d[4] - (AA + BB) * d[2]);
    to[1] = even_a + odd_a;
    to[2] = even_a - odd_a;
    to[3] = even_b + odd_b;
    to[4] = even_b - odd_b;
    to[5] = (AA * BB) * d[1] + (d[5] - (AA + BB) * d[3]);
}

/* to = A^T m */
INLINE void dst_1d(vf to[4], const vf m[6]) {
    const vf even_a = m[1] + m[2], odd_a = m[1] - m[2];
    const vf even_b = m[3] + m[4], odd_b = m[3] - m[4];
    to[0] = m[0] + even_a + even_b;
    to[1] = POINT_A * odd_a + POINT_B * odd_b;
    to[2] = AA * even_a + BB * even_b;
    to[3] = (AA * POINT_A) * odd_a + ((BB * POINT_B) * odd_b + m[5]);
}

/* to = A y */
INLINE void diff_1d(vf to[6], const vf y[4]) {
    const vf even_a = y[0] + AA * y[2], odd_a = POINT_A * (y[1] + AA * y[3]);
    const vf even_b = y[0] + BB * y[2], odd_b = POINT_B * (y[1] + BB * y[3]);
    to[0] = y[0];
    to[1] = even_a + odd_a;
    to[2] = even_a - odd_a;
    to[3] = even_b + odd_b;
    to[4] = even_b - odd_b;
    to[5] = y[3];
}

/* to = G g */
INLINE void kernel_1d(vf to[6], const vf g[3]) {
    const vf even_a = G_A * g[0] + (G_A * AA) * g[2], odd_a = (G_A * POINT_A) * g[1];
    const vf even_b = G_B * g[0] + (G_B * BB) * g[2], odd_b = (G_B * POINT_B) * g[1];
    to[0] = G_ZERO * g[0];
    to[1] = even_a + odd_a;
    to[2] = even_a - odd_a;
    to[3] = even_b + odd_b;
    to[4] = even_b - odd_b;
    to[5] = g[2];
}

/* to = G^T u */
INLINE void kernel_gradient_1d(vf to[3], const vf u[6]) {
    const vf even_a = u[1] + u[2], odd_a = u[1] - u[2];
    const vf even_b = u[3] + u[4], odd_b = u[3] - u[4];
    to[0] = G_ZERO * u[0] + (G_A * even_a + G_B * even_b);
    to[1] = (G_A * POINT_A) * odd_a + (G_B * POINT_B) * odd_b;
    to[2] = (G_A * AA) * even_a + ((G_B * BB) * even_b + u[5]);
}

/* ---- from and to images ---- */

typedef struct place {
    int y, x, height, width; /* of the tile in the grid of outputs */
    ptrdiff_t image;         /* number */
} place;

/* The tiles of all images, those of one form after another: see wf_winograd. */
INLINE place place_of(const wf_winograd *g, int tile) {
    static const int low[] = {1, 0, 0, 1}, narrow[] = {0, 0, 1, 1};
    int form = 0, count;
    for (;; form++, tile -= count * g->n_images) {
        count = g->tiles_h[low[form]] * g->tiles_w[narrow[form]];
        if (tile < count * g->n_images) break;
    }
    const int t = tile % count, row = t / g->tiles_w[narrow[form]];
    const int column = t % g->tiles_w[narrow[form]];
    return (place){.y = low[form] ? 4 * g->tiles_h[0] + 3 * row : 4 * row,
                   .x = narrow[form] ? 4 * g->tiles_w[0] + 3 * column : 4 * column,
                   .height = 4 - low[form],
                   .width = 4 - narrow[form],
                   .image = tile / count};
}

/* Addresses of size x size pixels' first channel, from (y, x) on; g->zeros for those that lie
 * outside of the image, or not above `below` or not left of `right`. */
INLINE void find_pixels(const float **pixel, const int size, const wf_winograd *g, ptrdiff_t image,
                        int y, int x, int below, int right) {
    const float *first = g->image + image * g->h * g->w * g->c + g->channel;
    if (below > g->h) below = g->h;
    if (right > g->w) right = g->w;
    for (int i = y; i < y + size; i++)
        for (int j = x; j < x + size; j++)
            *pixel++ = i >= 0 && i < below && j >= 0 && j < right
                           ? first + ((ptrdiff_t)i * g->w + j) * g->c
                           : g->zeros;
}

void WF_ISA_NAME(winograd_source)(const wf_winograd *g) {
    const float *pixel[36];
    for (int t = 0; t < g->n_tiles; t++) {
        const place at = place_of(g, g->first_tile + t);
        find_pixels(pixel, 6, g, at.image, at.y - g->top, at.x - g->left, g->h, g->w);
        for (int c = 0; c < g->n_channels; c += VL) {
            vf half[6][6]; /* B^T d, by columns */
            UNROLL for (int j = 0; j < 6; j++) {
                vf d[6];
                UNROLL for (int i = 0; i < 6; i++) d[i] = load(pixel[6 * i + j] + c);
                source_1d(half[j], d);
            }
            float *to = g->points + t * g->row + c;
            UNROLL for (int i = 0; i < 6; i++) {
                vf line[6], v[6];
                UNROLL for (int j = 0; j < 6; j++) line[j] = half[j][i];
                source_1d(v, line);
                UNROLL for (int j = 0; j < 6; j++) store(to + (6 * i + j) * g->plane, v[j]);
            }
        }
    }
}

void WF_ISA_NAME(winograd_diff)(const wf_winograd *g) {
    const float *pixel[16];
    for (int t = 0; t < g->n_tiles; t++) {
        const place at = place_of(g, g->first_tile + t);
        find_pixels(pixel, 4, g, at.image, at.y, at.x, at.y + at.height, at.x + at.width);
        for (int c = 0; c < g->n_channels; c += VL) {
            vf half[4][6]; /* A dY, by columns */
            UNROLL for (int j = 0; j < 4; j++) {
                vf d[4];
                UNROLL for (int i = 0; i < 4; i++) d[i] = load(pixel[4 * i + j] + c);
                diff_1d(half[j], d);
            }
            float *to = g->points + t * g->row + c;
            UNROLL for (int i = 0; i < 6; i++) {
                vf line[4], w[6];
                UNROLL for (int j = 0; j < 4; j++) line[j] = half[j][i];
                diff_1d(w, line);
                UNROLL for (int j = 0; j < 6; j++) store(to + (6 * i + j) * g->plane, w[j]);
            }
        }
    }
}

/* The pixels of a tile that lie in the image, of `rest` channels from c on. */
INLINE void store_tile(const wf_winograd *g, const place *at, int c, int rest, vf half[6][4]) {
    float *to = g->dst + ((at->image * g->h + at->y) * g->w + at->x) * g->c + g->channel + c;
    const int rows = at->height < g->h - at->y ? at->height : g->h - at->y;
    const int columns = at->width < g->w - at->x ? at->width : g->w - at->x;
    vf bias = {0};
    if (g->bias)
        bias =
            rest >= VL ? load(g->bias + g->channel + c) : load_part(g->bias + g->channel + c, rest);
    UNROLL for (int i = 0; i < 4; i++) {
        if (i >= rows) return;
        vf line[6], y[4];
        UNROLL for (int j = 0; j < 6; j++) line[j] = half[j][i];
        dst_1d(y, line);
        UNROLL for (int j = 0; j < 4; j++) {
            if (j >= columns) break;
            vf value = y[j] + bias;
            value = max_vf(value, value * g->slope);
            float *pixel = to + ((ptrdiff_t)i * g->w + j) * g->c;
            if (rest >= VL) store(pixel, value);
            else store_part(pixel, value, rest);
        }
    }
}

void WF_ISA_NAME(winograd_dst)(const wf_winograd *g) {
    for (int t = 0; t < g->n_tiles; t++) {
        const place at = place_of(g, g->first_tile + t);
        for (int c = 0; c < g->n_channels; c += VL) {
            const float *from = g->points + t * g->row + c;
            vf half[6][4]; /* A^T M, by columns */
            UNROLL for (int j = 0; j < 6; j++) {
                vf m[6];
                UNROLL for (int i = 0; i < 6; i++) m[i] = load(from + (6 * i + j) * g->plane);
                dst_1d(half[j], m);
            }
            store_tile(g, &at, c, g->n_channels - c, half);
        }
    }
}

/* ---- kernels ---- */

void WF_ISA_NAME(winograd_kernel)(float *points, ptrdiff_t plane, const float *kernel,
                                  ptrdiff_t tap, int n) {
    for (int e = 0; e < n; e += VL) {
        vf half[3][6]; /* G g, by columns */
        UNROLL for (int j = 0; j < 3; j++) {
            vf g[3];
            UNROLL for (int i = 0; i < 3; i++) g[i] = load(kernel + (3 * i + j) * tap + e);
            kernel_1d(half[j], g);
        }
        UNROLL for (int i = 0; i < 6; i++) {
            vf line[3], u[6];
            UNROLL for (int j = 0; j < 3; j++) line[j] = half[j][i];
            kernel_1d(u, line);
            UNROLL for (int j = 0; j < 6; j++) store(points + (6 * i + j) * plane + e, u[j]);
        }
    }
}

INLINE void kernel_gradient_row(float *kernel, ptrdiff_t tap, const float *points, ptrdiff_t plane,
                                int n) {
    for (int e = 0; e < n; e += VL) {
        vf half[6][3]; /* G^T dU, by columns */
        UNROLL for (int j = 0; j < 6; j++) {
            vf u[6];
            UNROLL for (int i = 0; i < 6; i++) u[i] = load(points + (6 * i + j) * plane + e);
            kernel_gradient_1d(half[j], u);
        }
        UNROLL for (int i = 0; i < 3; i++) {
            vf line[6], g[3];
            UNROLL for (int j = 0; j < 6; j++) line[j] = half[j][i];
            kernel_gradient_1d(g, line);
            UNROLL for (int j = 0; j < 3; j++) {
                float *to = kernel + (3 * i + j) * tap + e;
                if (n - e >= VL) store(to, g[j]);
                else store_part(to, g[j], n - e);
            }
        }
    }
}

void WF_ISA_NAME(winograd_kernel_gradient)(float *kernel, ptrdiff_t tap, ptrdiff_t kernel_row,
                                           const float *points, ptrdiff_t plane,
                                           ptrdiff_t points_row, int rows, int n) {
    for (int i = 0; i < rows; i++)
        kernel_gradient_row(kernel + i * kernel_row, tap, points + i * points_row, plane, n);
}
