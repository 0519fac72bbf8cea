#include "cmd/board.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "data/png.h"

/* ---- the folder ---- */

static wf_status open_below(wf_events **out, wf_context *cx, const wf_board *b, const char *name) {
    char *path = NULL;
    WF_TRY(wf_path_join(&path, cx, b->folder, name));
    wf_status status = wf_events_open(out, cx, path, b->first_epoch);
    wf_free(path);
    return status;
}

wf_status wf_board_open(wf_board *out, wf_context *cx, const char *folder, int64_t first_epoch) {
    *out = (wf_board){.first_epoch = first_epoch};
    WF_TRY(wf_strdup(&out->folder, cx, folder));
    WF_TRY(wf_events_open(&out->run, cx, folder, 0));
    return open_below(&out->train, cx, out, "train");
}

wf_status wf_board_flush(wf_board *b, wf_context *cx) {
    WF_TRY(wf_events_flush(b->run, cx));
    WF_TRY(wf_events_flush(b->train, cx));
    return b->validation ? wf_events_flush(b->validation, cx) : WF_OK;
}

wf_status wf_board_close(wf_board *b, wf_context *cx) {
    wf_events *writers[] = {b->run, b->train, b->validation};
    wf_status status = WF_OK;
    for (int i = 0; i < 3; i++) {
        const wf_status closed = wf_events_close(writers[i], cx);
        if (status == WF_OK) status = closed;
    }
    wf_free(b->folder);
    *b = (wf_board){0};
    return status;
}

/* ---- the experiment ---- */

/* As Markdown, every line indented: a block of code. */
static wf_status config_text(wf_str *out, wf_context *cx, const wf_experiment *e) {
    wf_str text = {0};
    wf_status status = wf_experiment_write(&text, cx, e);
    for (const char *line = text.text; status == WF_OK && line && *line;) {
        const size_t n = strcspn(line, "\n");
        wf_str_add(out, cx, "    ");
        wf_str_add_bytes(out, cx, line, n);
        wf_str_add(out, cx, "\n");
        line += n + (line[n] == '\n');
    }
    wf_str_reset(&text);
    return status != WF_OK ? status : out->status;
}

wf_status wf_board_experiment(wf_board *b, wf_context *cx, const wf_experiment *e, double time_s) {
    wf_hparam_list list = {0};
    wf_str text = {0};
    wf_status status;
    WF_TRY_OR(wf_hparam_list_create(&list, cx, e));
    WF_TRY_OR(wf_events_begin_session(b->run, cx, time_s, list.items, list.count));
    WF_TRY_OR(config_text(&text, cx, e));
    WF_TRY_OR(wf_events_text(b->run, cx, (wf_event_point){0, time_s}, "config", text.text));
done:
    wf_str_reset(&text);
    wf_hparam_list_reset(&list);
    return status;
}

/* ---- samples ---- */

enum { SAMPLE_CLASSES = 20, SAMPLE_COLUMNS = 10, SAMPLE_PIXELS = 1 << 22, SMALL_TILE = 64 };

/* As many rows and columns as one picture has room for. */
static wf_sheet sheet_of(const wf_images *images, int class_count) {
    const int h = images->height, w = images->width;
    int room = (int)(SAMPLE_PIXELS / ((int64_t)h * w));
    int rows = class_count < SAMPLE_CLASSES ? class_count : SAMPLE_CLASSES;
    if (room < 1) room = 1;
    if (rows > room) rows = room;
    const int columns = room / rows < SAMPLE_COLUMNS ? room / rows : SAMPLE_COLUMNS;
    return (wf_sheet){.columns = columns,
                      .count = rows * columns,
                      .tile_height = h,
                      .tile_width = w,
                      .channels = images->channels,
                      .scale = h <= SMALL_TILE && w <= SMALL_TILE ? 2 : 1};
}

static int is_of(const wf_images *images, int32_t row, int class) {
    if (images->label_sets) return images->label_sets[(int64_t)row * images->n_labels + class];
    return images->labels[row] == class;
}

/* The first images of each class. */
static void fill_sheet(wf_sheet *sheet, const wf_images *images, const int32_t *index, int64_t n) {
    const size_t size = (size_t)images->height * (size_t)images->width * (size_t)images->channels;
    int used[SAMPLE_CLASSES] = {0};
    const int rows = sheet->count / sheet->columns;
    for (int64_t at = 0; at < n * rows; at++) {
        const int64_t i = at / rows;
        const int row = (int)(at % rows);
        if (used[row] == sheet->columns || !is_of(images, index[i], row)) continue;
        wf_sheet_put(sheet, row * sheet->columns + used[row]++,
                     images->pixels + (size_t)index[i] * size, images->channels);
    }
}

wf_status wf_board_samples(wf_board *b, wf_context *cx, const wf_images *images,
                           const int32_t *index, int64_t n, char *const *class_names,
                           int class_count, double time_s) {
    wf_sheet sheet = sheet_of(images, class_count);
    wf_str png = {0}, text = {0};
    wf_status status;
    WF_TRY_OR(wf_sheet_create(&sheet, cx));
    fill_sheet(&sheet, images, index, n);
    WF_TRY_OR(wf_png_encode(&png, cx, (const uint8_t *)sheet.pixels, sheet.height, sheet.width,
                            sheet.channels));
    wf_str_add(&text, cx, "Training images before normalization, one row for each class:");
    for (int i = 0; i < sheet.count / sheet.columns; i++)
        wf_str_addf(&text, cx, "%s %s", i ? "," : "", class_names[i]);
    WF_TRY_OR(text.status);
    const wf_event_image image = {png.text,    png.length,     sheet.height,
                                  sheet.width, sheet.channels, text.text};
    WF_TRY_OR(wf_events_image(b->run, cx, (wf_event_point){0, time_s}, "samples", &image));
done:
    wf_sheet_reset(&sheet);
    wf_str_reset(&png);
    wf_str_reset(&text);
    return status;
}

/* ---- epochs ---- */

wf_status wf_board_epoch(wf_board *b, wf_context *cx, const wf_epoch_record *r, double time_s) {
    const wf_event_point at = {r->epoch, time_s};
    WF_TRY(wf_events_scalar(b->train, cx, at, "epoch_loss", r->loss));
    WF_TRY(wf_events_scalar(b->train, cx, at, "epoch_accuracy", r->accuracy));
    WF_TRY(wf_events_scalar(b->train, cx, at, "epoch_learning_rate", r->learning_rate));
    WF_TRY(wf_events_scalar(b->train, cx, at, "epoch_seconds", r->seconds));
    WF_TRY(wf_events_scalar(b->train, cx, at, "epoch_ms_per_step", r->ms_per_step));
    if (!isfinite(r->val_loss)) return WF_OK;
    if (!b->validation) WF_TRY(open_below(&b->validation, cx, b, "validation"));
    WF_TRY(wf_events_scalar(b->validation, cx, at, "epoch_loss", r->val_loss));
    return wf_events_scalar(b->validation, cx, at, "epoch_accuracy", r->val_accuracy);
}

static wf_status add_histogram(wf_board *b, wf_context *cx, wf_event_point at, const char *group,
                               const wf_param_entry *entry, const float *values) {
    wf_str tag = {0};
    wf_str_addf(&tag, cx, "%s/%s", group, entry->name);
    wf_status status = tag.status;
    if (status == WF_OK)
        status =
            wf_events_histogram(b->train, cx, at, tag.text, values + entry->offset, entry->size);
    wf_str_reset(&tag);
    return status;
}

wf_status wf_board_params(wf_board *b, wf_context *cx, const wf_params *params, int has_gradient,
                          wf_event_point at) {
    for (int i = 0; i < params->graph->n_params; i++) {
        const wf_param_entry *entry = &params->graph->params[i];
        if (!entry->is_trainable) continue;
        WF_TRY(add_histogram(b, cx, at, "weights", entry, params->value));
        if (has_gradient) WF_TRY(add_histogram(b, cx, at, "gradients", entry, params->gradient));
    }
    return WF_OK;
}

/* ---- judging ---- */

static wf_status add_figures(wf_board *b, wf_context *cx, const wf_evaluation *e, const char *group,
                             wf_event_point at) {
    const struct {
        const char *name;
        double value;
    } figures[] = {{"accuracy", e->accuracy}, {"loss", e->loss}, {"macro_f1", e->macro.f1}};
    char tag[64];
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        if (!isfinite(figures[i].value)) continue;
        snprintf(tag, sizeof tag, "%s/%s", group, figures[i].name);
        WF_TRY(wf_events_scalar(b->run, cx, at, tag, figures[i].value));
    }
    if (e->is_multilabel) return WF_OK;
    snprintf(tag, sizeof tag, "%s/confusion_matrix", group);
    return wf_board_confusion(b, cx, e, tag, at);
}

wf_status wf_board_judged(wf_board *b, wf_context *cx, const wf_run *run, int is_fold,
                          wf_event_point at) {
    wf_evaluation *e = NULL;
    char *text = NULL;
    size_t length = 0;
    wf_status status = is_fold ? wf_run_read_fold(&text, &length, cx, run)
                               : wf_run_read_test(&text, &length, cx, run);
    if (status == WF_E_NOTFOUND) {
        wf_context_reset(cx);
        return WF_OK;
    }
    if (status == WF_OK) status = wf_evaluation_from_json(&e, cx, text, length);
    if (status == WF_OK) status = add_figures(b, cx, e, is_fold ? "held_out" : "test", at);
    wf_evaluation_destroy(e);
    wf_free(text);
    return status;
}
