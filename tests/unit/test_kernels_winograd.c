/* Winograd's transforms of every level, against the matrices that follow from the points. */
#include "unit/kernels_fixture.h"

enum { POINTS = 36 };

/* ---- the matrices, by Toom and Cook ---- */

typedef struct matrices {
    double a[4][6], g[6][3], b[6][6]; /* A^T, G, B^T */
} matrices;

static const double points[5] = {0, 0.75, -0.75, 1.5, -1.5}; /* and infinity */

/* c <- c * (x - root) */
static void multiply_by_root(double c[6], int degree, double root) {
    c[degree + 1] = c[degree];
    for (int i = degree; i > 0; i--) c[i] = c[i - 1] - root * c[i];
    c[0] *= -root;
}

static matrices make_matrices(void) {
    matrices m = {.a[3][5] = 1, .g[5][2] = 1};
    for (int p = 0; p < 6; p++) {
        double norm = 1;
        int degree = 0;
        m.b[p][0] = 1;
        for (int q = 0; q < 5; q++) {
            if (q == p) continue;
            multiply_by_root(m.b[p], degree++, points[q]);
            if (p < 5) norm *= points[p] - points[q];
        }
        if (p == 5) break;
        for (int i = 0; i < 4; i++) m.a[i][p] = pow(points[p], i);
        for (int i = 0; i < 3; i++) m.g[p][i] = pow(points[p], i) / norm;
    }
    return m;
}

/* An element of left x right^T, x [n][n]. */
static double sandwich(const double *left, const double *x, const double *right, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) sum += left[i] * x[i * n + j] * right[j];
    return sum;
}

/* Four outputs of a filter of three taps, in six multiplications. */
TEST(the_matrices_make_a_convolution) {
    const matrices m = make_matrices();
    const double d[6] = {3, -1, 4, 1, -5, 9}, g[3] = {2, -6, 5};
    for (int i = 0; i < 4; i++) {
        double y = 0;
        for (int p = 0; p < 6; p++) {
            double window = 0, kernel = 0;
            for (int k = 0; k < 6; k++) window += m.b[p][k] * d[k];
            for (int k = 0; k < 3; k++) kernel += m.g[p][k] * g[k];
            y += m.a[i][p] * window * kernel;
        }
        CHECK_NEAR(y, d[i] * g[0] + d[i + 1] * g[1] + d[i + 2] * g[2], 1e-12);
    }
}

/* ---- tiles ---- */

typedef struct tile {
    int image, y, x, height, width;
} tile;

enum { MAX_TILES = 256 };

static int list_tiles(tile *to, const wf_winograd *g) {
    static const int heights[] = {3, 4, 4, 3}, widths[] = {4, 4, 3, 3};
    int n = 0;
    for (int form = 0; form < 4; form++)
        for (int image = 0; image < g->n_images; image++)
            for (int i = 0; i < g->tiles_h[heights[form] == 3]; i++)
                for (int j = 0; j < g->tiles_w[widths[form] == 3]; j++)
                    to[n++] = (tile){
                        .image = image,
                        .y = i * heights[form] + (heights[form] == 3 ? 4 * g->tiles_h[0] : 0),
                        .x = j * widths[form] + (widths[form] == 3 ? 4 * g->tiles_w[0] : 0),
                        .height = heights[form],
                        .width = widths[form]};
    CHECK(n <= MAX_TILES);
    return n;
}

static double pixel(const wf_winograd *g, const float *image, int n, int y, int x, int c) {
    if (y < 0 || y >= g->h || x < 0 || x >= g->w) return 0;
    return (double)image[((n * g->h + y) * g->w + x) * g->c + c];
}

/* Point (i, j) means something for the tile. */
static int is_valid(const tile *t, int point) {
    return (point / 6 < 5 || t->height == 4) && (point % 6 < 5 || t->width == 4);
}

static const wf_winograd grids[] = {
    {.n_images = 1, .h = 4, .w = 4, .tiles_h = {1, 0}, .tiles_w = {1, 0}},
    {.n_images = 3, .h = 7, .w = 7, .tiles_h = {1, 1}, .tiles_w = {1, 1}, .top = 1, .left = 1},
    {.n_images = 2, .h = 5, .w = 14, .tiles_h = {0, 2}, .tiles_w = {2, 2}, .top = 2, .left = 1},
    {.n_images = 2, .h = 3, .w = 1, .tiles_h = {0, 1}, .tiles_w = {0, 1}, .left = 2},
    {.n_images = 1, .h = 9, .w = 8, .tiles_h = {0, 3}, .tiles_w = {2, 0}, .top = 1}};

static long image_floats(const wf_winograd *g) { return (long)g->n_images * g->h * g->w * g->c; }

/* Compares a transform from an image with the sandwich of `size` x `size` pixels. */
static void check_points(const wf_kernels *k, wf_winograd g, int is_source) {
    const matrices m = make_matrices();
    tile tiles[MAX_TILES];
    const int n = list_tiles(tiles, &g), size = is_source ? 6 : 4;
    g.row = (g.n_channels + 15) / 16 * 16;
    g.n_tiles = n - g.first_tile;
    g.plane = g.n_tiles * g.row + 16;
    float *image = array(image_floats(&g), 1), *zeros = array(g.row, 2);
    float *to = array(POINTS * g.plane, 3);
    for (long i = 0; i < g.row; i++) zeros[i] = 0;
    g.image = image, g.zeros = zeros, g.points = to;
    if (is_source) k->winograd_source(&g);
    else k->winograd_diff(&g);
    for (int t = g.first_tile; t < n; t++)
        for (int c = 0; c < g.n_channels; c++) {
            double d[36] = {0};
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++)
                    if (is_source || (i < tiles[t].height && j < tiles[t].width))
                        d[i * size + j] = pixel(&g, image, tiles[t].image, tiles[t].y + i - g.top,
                                                tiles[t].x + j - g.left, g.channel + c);
            for (int p = 0; p < POINTS; p++) {
                double column[2][4];
                for (int i = 0; i < 4; i++)
                    column[0][i] = m.a[i][p / 6], column[1][i] = m.a[i][p % 6];
                const double expected = is_source ? sandwich(m.b[p / 6], d, m.b[p % 6], 6)
                                                  : sandwich(column[0], d, column[1], 4);
                if (is_valid(&tiles[t], p))
                    CHECK_NEAR((double)to[p * g.plane + (t - g.first_tile) * g.row + c], expected,
                               2e-5);
            }
        }
    check_guard(to, POINTS * g.plane);
    free(image), free(zeros), free(to);
}

TEST(windows_and_gradients_at_the_points) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (size_t i = 0; i < sizeof grids / sizeof *grids; i++)
            for (int s = 0; s < SIZES; s++) {
                wf_winograd g = grids[i];
                g.c = g.n_channels = sizes[s];
                check_points(k, g, 1);
                if (sizes[s] > 32) g.channel = 32, g.n_channels -= 32;
                if (i > 0) g.first_tile = 1;
                check_points(k, g, 1);
                g.top = g.left = 0;
                check_points(k, g, 0);
            }
}

/* Every pixel of the channels transformed is written, and none of the others. */
static void check_dst(const wf_kernels *k, wf_winograd g, int has_bias) {
    const matrices m = make_matrices();
    tile tiles[MAX_TILES];
    const long size = image_floats(&g);
    g.n_tiles = list_tiles(tiles, &g);
    g.row = (g.n_channels + 15) / 16 * 16;
    g.plane = g.n_tiles * g.row + 16;
    float *from = array(POINTS * g.plane, 1), *bias = array(g.c, 2), *to = array(size, 3);
    double *expected = doubles(size);
    for (long i = 0; i < size; i++) expected[i] = (double)to[i];
    g.points = from, g.dst = to, g.bias = has_bias ? bias : NULL;
    for (int t = 0; t < g.n_tiles; t++)
        for (int c = 0; c < g.n_channels; c++) {
            double x[POINTS];
            for (int p = 0; p < POINTS; p++) {
                float *at = &from[p * g.plane + t * g.row + c];
                x[p] = is_valid(&tiles[t], p) ? (double)*at : 0;
                if (!is_valid(&tiles[t], p)) *at = NAN;
            }
            for (int i = 0; i < tiles[t].height && tiles[t].y + i < g.h; i++)
                for (int j = 0; j < tiles[t].width && tiles[t].x + j < g.w; j++) {
                    const long row = (long)tiles[t].image * g.h + tiles[t].y + i;
                    const double y = sandwich(m.a[i], x, m.a[j], 6) +
                                     (has_bias ? (double)bias[g.channel + c] : 0);
                    expected[(row * g.w + tiles[t].x + j) * g.c + g.channel + c] =
                        fmax(y, y * (double)g.slope);
                }
        }
    k->winograd_dst(&g);
    check_array(to, expected, size, POINTS);
    free(from), free(bias), free(to), free(expected);
}

TEST(outputs_from_points) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (size_t i = 0; i < sizeof grids / sizeof *grids; i++)
            for (int s = 0; s < SIZES; s++) {
                wf_winograd g = grids[i];
                g.c = g.n_channels = sizes[s];
                g.slope = 1;
                check_dst(k, g, 0);
                if (sizes[s] > 32) g.channel = 32, g.n_channels -= 32;
                g.slope = s % 2 ? 0 : 0.25f;
                check_dst(k, g, 1);
            }
}

/* ---- kernels ---- */

TEST(kernels_at_the_points) {
    const matrices m = make_matrices();
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int n = k->nr; n <= 3 * k->nr; n += k->nr) {
            const long tap = n + 3, plane = n + 16;
            float *kernel = array(9 * tap, 1), *to = array(POINTS * plane, 2);
            k->winograd_kernel(to, plane, kernel, tap, n);
            for (int e = 0; e < n; e++) {
                double g[9];
                for (int t = 0; t < 9; t++) g[t] = (double)kernel[t * tap + e];
                for (int p = 0; p < POINTS; p++)
                    CHECK_NEAR((double)to[p * plane + e], sandwich(m.g[p / 6], g, m.g[p % 6], 3),
                               3e-6);
            }
            check_guard(to, POINTS * plane);
            free(kernel), free(to);
        }
}

TEST(kernel_gradients_from_points) {
    const matrices m = make_matrices();
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int s = 0; s < SIZES; s++) {
            const int n = sizes[s], rows = 1 + s % 3;
            const long kernel_row = n + s % 2, tap = kernel_row * rows + 5;
            const long points_row = (n + 15) / 16 * 16, plane = points_row * rows + 16;
            float *from = array(POINTS * plane, 1), *to = array(9 * tap, 2);
            double *expected = doubles(9 * tap);
            for (long i = 0; i < 9 * tap; i++) expected[i] = (double)to[i];
            for (int i = 0; i < rows; i++)
                for (int e = 0; e < n; e++) {
                    double u[POINTS];
                    for (int p = 0; p < POINTS; p++)
                        u[p] = (double)from[p * plane + i * points_row + e];
                    for (int t = 0; t < 9; t++) {
                        double column[2][6];
                        for (int p = 0; p < 6; p++)
                            column[0][p] = m.g[p][t / 3], column[1][p] = m.g[p][t % 3];
                        expected[t * tap + i * kernel_row + e] =
                            sandwich(column[0], u, column[1], 6);
                    }
                }
            k->winograd_kernel_gradient(to, tap, kernel_row, from, plane, points_row, rows, n);
            check_array(to, expected, 9 * tap, POINTS);
            free(from), free(to), free(expected);
        }
}

TEST_MAIN()
