/* live.csv and norms.csv: how they are read while they grow. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "store/internal.h"

void wf_series_reset(wf_series *s) {
    for (size_t i = 0; i < s->column_count; i++) wf_free(s->columns[i]);
    wf_free(s->columns);
    wf_free(s->cells);
    *s = (wf_series){0};
}

static wf_status read_header(wf_series *out, wf_context *cx, const char *line, size_t length) {
    size_t count = 1;
    for (size_t i = 0; i < length; i++) count += line[i] == ',';
    WF_TRY(wf_alloc(&out->columns, cx, count, sizeof *out->columns));
    while (out->column_count < count) {
        size_t n = strcspn(line, ",\n");
        char **cell = &out->columns[out->column_count];
        WF_TRY(wf_alloc(cell, cx, n + 1, 1));
        memcpy(*cell, line, n);
        out->column_count++;
        line += n + 1;
    }
    return WF_OK;
}

/* Whole lines of `text` from `line` on; returns where the next one begins. */
static wf_status read_rows(wf_series *out, wf_context *cx, const char **inout_line) {
    size_t most = 0, bytes = 0; /* a row has a byte for each column at least */
    for (const char *c = *inout_line; *c; c++, bytes++) most += *c == '\n';
    if (most > bytes / out->column_count) most = bytes / out->column_count;
    /* one more, for a row that turns out to be too short */
    WF_TRY(wf_alloc(&out->cells, cx, (most + 1) * out->column_count, sizeof(double)));
    for (size_t n; (n = wf__line_length(*inout_line)); *inout_line += n) {
        double *row = out->cells + out->row_count * out->column_count;
        bool is_bad = wf__cells_read(row, (int)out->column_count, *inout_line, *inout_line + n);
        out->row_count += !is_bad && isfinite(row[WF__SERIES_STEP]);
    }
    return WF_OK;
}

static double step_of(const wf_series *s, size_t row) {
    return s->cells[row * s->column_count + WF__SERIES_STEP];
}

/* The file was written again: goes on behind the line that was read last, if it is still there. */
static bool skip_known(wf_series *s, double step) {
    for (size_t i = s->row_count; i-- > 0;) {
        if (step_of(s, i) != step) continue;
        s->row_count -= i + 1;
        memmove(s->cells, s->cells + (i + 1) * s->column_count,
                s->row_count * s->column_count * sizeof *s->cells);
        return true;
    }
    return false;
}

wf_status wf__series_parse(wf_series *out, bool *out_is_anew, wf_context *cx, const char *text,
                           size_t size, uint64_t inode, wf_series_place *place) {
    size_t header = wf__line_length(text);
    bool goes_on =
        place->inode == inode && place->offset >= (int64_t)header && place->offset <= (int64_t)size;
    if (!header) return WF_OK; /* not yet */
    WF_TRY(read_header(out, cx, text, header - 1));
    if (out->column_count <= WF__SERIES_STEP) return WF_OK;
    const char *line = text + (goes_on ? (size_t)place->offset : header);
    WF_TRY(read_rows(out, cx, &line));
    *out_is_anew = !goes_on && !(place->inode && skip_known(out, place->step));
    *place = (wf_series_place){.inode = inode,
                               .offset = line - text,
                               .step = out->row_count ? step_of(out, out->row_count - 1)
                                       : *out_is_anew ? -1
                                                      : place->step};
    return WF_OK;
}

wf_status wf_run_read_series(wf_series *out, bool *out_is_anew, wf_context *cx, const wf_run *run,
                             wf_series_kind kind, wf_series_place *place) {
    wf_series_place own = {0}, moved = place ? *place : own;
    wf_series series = {0};
    bool is_anew = false;
    struct stat file;
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    wf__locale locale;
    wf_status status = WF_OK;
    WF_TRY(wf_run_file(&path, cx, run, wf__series_file(kind)));
    bool is_there = stat(path, &file) == 0;
    if (!is_there) {
        is_anew = moved.inode != 0;
        moved = (wf_series_place){0};
    } else if (moved.inode != file.st_ino || moved.offset != file.st_size) {
        WF_TRY_OR(wf_file_read(&text, &size, cx, path, WF__SERIES_MAX_BYTES));
        WF_TRY_OR(wf__locale_c(&locale, cx)); /* a decimal point is a point */
        status =
            wf__series_parse(&series, &is_anew, cx, (const char *)text, size, file.st_ino, &moved);
        wf__locale_reset(&locale);
        WF_TRY_OR(status);
    }
    if (!series.column_count) {
        const char *header = kind == WF_SERIES_LIVE ? WF_RUN_LIVE_HEADER : WF_RUN_NORMS_HEADER;
        WF_TRY_OR(read_header(&series, cx, header, strlen(header) - 1));
    }
    if (place) *place = moved;
    if (out_is_anew) *out_is_anew = is_anew;
    *out = series;
    series = (wf_series){0};
done:
    wf_series_reset(&series);
    wf_free(text);
    wf_free(path);
    return status;
}
