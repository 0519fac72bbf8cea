#include "cmd/explained.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/classes.h"
#include "eval/explain.h"
#include "io/npy.h"
#include "report/explanation.h"

void wf_explained_reset(wf_explained *e) {
    wf_free(e->image);
    wf_free(e->stem);
    wf_free(e->probabilities);
    json_decref(e->top);
    wf_cam_reset(&e->cam);
    wf_attribution_reset(&e->attribution);
    wf_progression_reset(&e->progression);
    *e = (wf_explained){0};
}

const char *wf_reading_name(wf_reading reading) {
    static const char *const names[] = {"rows", "columns", "filled"};
    return names[reading];
}

static const char *name_of(const wf_explained *e, char buffer[32], int class) {
    return wf_class_name(buffer, e->names, class);
}

/* ---- text ---- */

enum { BAR = 12, MAP_WIDTH = 56 };

/* `share` of BAR characters, at least one where there is anything. */
static const char *bar(char buffer[BAR + 1], double share, char mark) {
    int n = (int)lround(fmin(share, 1) * BAR);
    if (n == 0 && share > 0.01) n = 1;
    memset(buffer, mark, (size_t)n);
    buffer[n] = 0;
    return buffer;
}

/* The heat in ten shades; a character is about twice as high as wide. */
static wf_status print_cam(const wf_explained *e) {
    static const char shades[] = " .:-=+*#%@";
    wf_cli *cli = e->cli;
    wf_context *cx = &cli->cx;
    const wf_cam *cam = &e->cam;
    const int w = cam->image_width < MAP_WIDTH ? cam->image_width : MAP_WIDTH;
    int h = (int)lround(0.5 * cam->image_height * w / cam->image_width);
    float *heat = NULL, hottest = 0;
    if (h < 1) h = 1;
    WF_TRY(wf_alloc(&heat, cx, (size_t)h * (size_t)w, sizeof *heat));
    wf__resize_bilinear(heat, h, w, cam->map, cam->height, cam->width);
    for (int i = 0; i < h * w; i++) hottest = fmaxf(hottest, heat[i]);
    wf_print(cli, "\nGrad-CAM of layer %s, %d x %d", cam->layer, cam->height, cam->width);
    if (hottest <= 0) wf_print(cli, ": no place speaks for the class");
    wf_print(cli, "\n");
    for (int y = 0; y < h && hottest > 0; y++) {
        char line[MAP_WIDTH + 1];
        for (int x = 0; x < w; x++) line[x] = shades[(int)fminf(9, 10 * heat[y * w + x] / hottest)];
        line[w] = 0;
        wf_print(cli, "  |%s|\n", line);
    }
    wf_free(heat);
    return WF_OK;
}

static const char *line_word(const wf_explained *e) {
    return e->ways.is_recurrent && e->progression.reading == WF_READING_COLUMNS ? "column" : "row";
}

/* What each line speaks for the class. */
static const double *shares_of(const wf_explained *e, int *out_count) {
    *out_count = e->ways.is_recurrent ? e->progression.lines : e->attribution.height;
    return e->ways.is_recurrent ? e->progression.shares : e->attribution.rows;
}

/* The figure and its bar. */
static wf_status add_figure(wf_table *t, wf_context *cx, const char *format, double value,
                            double share, char mark) {
    char figure[32], text[BAR + 1];
    snprintf(figure, sizeof figure, format, value);
    bar(text, share, mark);
    return wf_table_addf(t, cx, "%s%s%s", figure, *text ? " " : "", text);
}

static wf_status add_progress(wf_table *t, const wf_explained *e, int line) {
    const float *outputs = e->progression.outputs + (ptrdiff_t)line * e->progression.classes;
    const double p = (double)outputs[e->class_index];
    char name[32];
    int first;
    wf_class_rank(&first, outputs, e->classes, 1);
    WF_TRY(add_figure(t, &e->cli->cx, "%.4f", p, p, '#'));
    return wf_table_addf(t, &e->cli->cx, "%s %.4f", name_of(e, name, first),
                         (double)outputs[first]);
}

/* "3" of the image; of a map "3" and "9-12", the image's lines. */
static wf_status add_line(wf_table *t, const wf_explained *e, int line) {
    wf_context *cx = &e->cli->cx;
    int32_t first, last;
    WF_TRY(wf_table_addf(t, cx, "%d", line + 1));
    if (!e->progression.layer) return WF_OK;
    wf_progression_span(&first, &last, &e->progression, line);
    return wf_table_addf(t, cx, first < last ? "%d-%d" : "%d", (int)first + 1, (int)last + 1);
}

static wf_status add_head(wf_table *t, const wf_explained *e) {
    wf_context *cx = &e->cli->cx;
    char buffer[32];
    const char *name = name_of(e, buffer, e->class_index);
    if (e->progression.layer) WF_TRY(wf_table_add(t, cx, "step"));
    WF_TRY(wf_table_addf(t, cx, "%s%s", line_word(e), e->progression.layer ? "s" : ""));
    if (e->ways.is_recurrent) {
        WF_TRY(wf_table_addf(t, cx, "p(%s)", name));
        WF_TRY(wf_table_add(t, cx, "most probable"));
    }
    return wf_table_addf(t, cx, "speaks for %s", name);
}

static wf_status add_lines(wf_table *t, const wf_explained *e) {
    wf_context *cx = &e->cli->cx;
    double largest = 0;
    int count;
    const double *shares = shares_of(e, &count);
    for (int i = 0; i < count; i++) largest = fmax(largest, fabs(shares[i]));
    WF_TRY(add_head(t, e));
    for (int i = 0; i < count; i++) {
        const double share = largest > 0 ? fabs(shares[i]) / largest : 0;
        WF_TRY(add_line(t, e, i));
        if (e->ways.is_recurrent) WF_TRY(add_progress(t, e, i));
        WF_TRY(add_figure(t, cx, "%+.4f", shares[i], share, shares[i] < 0 ? '-' : '+'));
    }
    return WF_OK;
}

static wf_status print_lines(const wf_explained *e) {
    wf_table t;
    wf_table_init(&t, e->progression.layer ? 5 : e->ways.is_recurrent ? 4 : 2, 1);
    wf_status status = add_lines(&t, e);
    wf_print(e->cli, "\n");
    if (status == WF_OK) wf_table_print(&t, e->cli);
    wf_table_reset(&t);
    return status;
}

static void print_reading(const wf_explained *e) {
    const wf_progression *p = &e->progression;
    char name[32];
    if (!e->ways.is_recurrent) return;
    wf_print(e->cli, "p(%s): ", name_of(e, name, e->class_index));
    if (p->reading == WF_READING_FILLED)
        wf_print(e->cli, "of the image whose rows below that one are %s\n",
                 e->baseline ? "white" : "black");
    else if (!p->layer) wf_print(e->cli, "of the %ss up to that one, read alone\n", line_word(e));
    else
        wf_print(e->cli,
                 "of the steps up to that one, read alone. A step is a %s of layer %s's map and "
                 "sees\nsomewhat more of the image than the %ss that are named.\n",
                 line_word(e), p->layer, line_word(e));
}

wf_status wf_explained_print(const wf_explained *e) {
    const wf_attribution *a = &e->attribution;
    const char *ground = e->baseline ? "white" : "black";
    char name[32];
    wf_print(e->cli, "explained  %s: score %.4f, of a %s image %.4f\n",
             name_of(e, name, e->class_index), a->score, ground, a->baseline_score);
    if (e->cam.map) WF_TRY(print_cam(e));
    if (e->ways.is_recurrent || !e->cam.map) WF_TRY(print_lines(e));
    else wf_print(e->cli, "\n");
    print_reading(e);
    wf_print(e->cli, "Integrated gradients of %d steps from a %s image add up to %+.4f", a->steps,
             ground, a->sum);
    if (e->progression.layer) wf_print(e->cli, ", those of the map to %+.4f", e->progression.sum);
    wf_print(e->cli, "; the score's difference is %+.4f.\n", a->score - a->baseline_score);
    return WF_OK;
}

/* ---- JSON ---- */

static json_t *reals(const double *values, int n) {
    json_t *list = json_array();
    for (int i = 0; i < n; i++) json_array_append_new(list, wf_json_real(values[i]));
    return list;
}

/* [rows][columns] */
static json_t *matrix(const float *values, int rows, int columns) {
    json_t *list = json_array();
    for (int y = 0; y < rows; y++) {
        json_t *row = json_array();
        for (int x = 0; x < columns; x++)
            json_array_append_new(row, wf_json_real((double)values[y * columns + x]));
        json_array_append_new(list, row);
    }
    return list;
}

static wf_status add_ways(json_t *d, const wf_explained *e) {
    wf_context *cx = &e->cli->cx;
    const wf_attribution *a = &e->attribution;
    const wf_progression *p = &e->progression;
    if (e->cam.map)
        WF_TRY(wf_json_put(d, cx, "grad_cam",
                           json_pack("{s:s, s:i, s:i, s:o}", "layer", e->cam.layer, "height",
                                     e->cam.height, "width", e->cam.width, "map",
                                     matrix(e->cam.map, e->cam.height, e->cam.width))));
    WF_TRY(wf_json_put(d, cx, "integrated_gradients",
                       json_pack("{s:i, s:i, s:o, s:o, s:o}", "steps", a->steps, "baseline",
                                 e->baseline, "sum", wf_json_real(a->sum), "error",
                                 wf_json_real(a->error), "rows", reals(a->rows, a->height))));
    if (!e->ways.is_recurrent) return WF_OK;
    return wf_json_put(d, cx, "progression",
                       json_pack("{s:s, s:s?, s:i, s:o, s:o, s:o, s:o}", "reading",
                                 wf_reading_name(p->reading), "layer", p->layer, "image_lines",
                                 p->image_lines, "lines", reals(p->shares, p->lines), "sum",
                                 wf_json_real(p->sum), "error", wf_json_real(p->error), "outputs",
                                 matrix(p->outputs, p->lines, p->classes)));
}

wf_status wf_explained_json(json_t **out, const wf_explained *e) {
    wf_context *cx = &e->cli->cx;
    char name[32];
    json_t *d =
        json_pack("{s:s, s:s, s:o, s:O, s:i, s:s, s:o, s:o}", "run", e->run, "image", e->image,
                  "label", e->label < 0 ? json_null() : json_integer(e->label), "predictions",
                  e->top, "class", e->class_index, "name", name_of(e, name, e->class_index),
                  "score", wf_json_real(e->attribution.score), "baseline_score",
                  wf_json_real(e->attribution.baseline_score));
    WF_REQUIRE(d, WF_E_NOMEM, "out of memory for the explanation, or a text is not UTF-8");
    const wf_status status = add_ways(d, e);
    if (status == WF_OK) *out = d;
    else json_decref(d);
    return status;
}

/* ---- files ---- */

static wf_status write_bytes(wf_context *cx, const char *folder, const char *name, wf_str *bytes) {
    char *path = NULL;
    wf_status status = wf_path_join(&path, cx, folder, name);
    if (status == WF_OK) status = wf_file_write(cx, path, bytes->text, bytes->length);
    wf_str_reset(bytes);
    wf_free(path);
    return status;
}

static wf_status write_array(wf_context *cx, const char *folder, const char *name,
                             const wf_tensor *tensor) {
    char *path = NULL;
    WF_TRY(wf_path_join(&path, cx, folder, name));
    wf_status status = wf_npy_write(cx, path, tensor);
    wf_free(path);
    return status;
}

static wf_status write_chart(const wf_explained *e, const char *folder) {
    wf_context *cx = &e->cli->cx;
    const char **names = NULL;
    char(*buffers)[32] = NULL;
    wf_str svg = {0};
    wf_status status;
    WF_TRY_OR(wf_alloc(&names, cx, (size_t)e->classes, sizeof *names));
    WF_TRY_OR(wf_alloc(&buffers, cx, (size_t)e->classes, sizeof *buffers));
    for (int k = 0; k < e->classes; k++) names[k] = name_of(e, buffers[k], k);
    const wf_progression_chart chart = {&e->progression, e->class_index, names};
    WF_TRY_OR(wf_progression_svg(&svg, cx, &chart));
    WF_TRY_OR(write_bytes(cx, folder, "progression.svg", &svg));
done:
    wf_free(buffers);
    wf_free(names);
    return status;
}

wf_status wf_explained_write(const wf_explained *e, const char *folder, const json_t *document) {
    wf_context *cx = &e->cli->cx;
    const wf_attribution *a = &e->attribution;
    const wf_tensor attributions = {
        .shape = {3, {a->height, a->width, a->channels}}, .dtype = WF_DTYPE_F32, .data = a->values};
    const wf_tensor heat = {.shape = {2, {e->cam.image_height, e->cam.image_width}},
                            .dtype = WF_DTYPE_F32,
                            .data = e->cam.heat};
    wf_str text = {0};
    WF_TRY(wf_dir_create(cx, folder));
    WF_TRY(wf_heatmap_png(&text, cx, e->pixels, e->cam.map ? &e->cam : NULL, a));
    WF_TRY(write_bytes(cx, folder, "heatmap.png", &text));
    WF_TRY(write_array(cx, folder, "attributions.npy", &attributions));
    if (e->cam.map) WF_TRY(write_array(cx, folder, "gradcam.npy", &heat));
    if (e->ways.is_recurrent) WF_TRY(write_chart(e, folder));
    wf_status status = wf_json_text(&text, cx, document, WF_JSON_PRETTY);
    if (status == WF_OK) return write_bytes(cx, folder, "explain.json", &text);
    wf_str_reset(&text);
    return status;
}
