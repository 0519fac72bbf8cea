/* live.csv and norms.csv: how they are written, and kept short. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/internal.h"

static const struct {
    const char *file;
    size_t max_lines;
} kinds[] = {{WF_RUN_LIVE_FILE, WF_LIVE_MAX_LINES}, {WF_RUN_NORMS_FILE, WF_NORMS_MAX_LINES}};

const char *wf__series_file(wf_series_kind kind) { return kinds[kind].file; }

size_t wf__line_length(const char *text) {
    const char *end = strchr(text, '\n');
    return end ? (size_t)(end - text) + 1 : 0;
}

/* Of a line that begins as all do: time, epoch, step; else NAN. */
static double step_of(const char *line) {
    const char *cell = line;
    char *end = NULL;
    for (int column = 0; column < WF__SERIES_STEP && cell; column++) {
        cell = strpbrk(cell, ",\n");
        cell = cell && *cell == ',' ? cell + 1 : NULL;
    }
    if (!cell) return (double)NAN;
    double step = strtod(cell, &end);
    return end != cell && *end == ',' ? step : (double)NAN;
}

/* Which lines stay. */
typedef struct rule {
    double last_step;  /* later ones go */
    size_t thin_below; /* of the lines before this one, every other goes */
} rule;

/* The header, and the whole lines that stay; *out_dropped says how many go. */
static wf_status filter(wf_str *out, size_t *out_lines, size_t *out_dropped, wf_context *cx,
                        const char *text, const rule *rule) {
    size_t n = wf__line_length(text), lines = 0, dropped = 0;
    wf_str_add_bytes(out, cx, text, n);
    for (text += n; *text; text += n) {
        n = wf__line_length(text);
        if (!n) { /* the end of a write that failed */
            dropped++;
            break;
        }
        size_t number = lines + dropped;
        bool stays =
            step_of(text) <= rule->last_step && (number >= rule->thin_below || number % 2 == 0);
        if (stays) wf_str_add_bytes(out, cx, text, n);
        lines += stays;
        dropped += !stays;
    }
    *out_lines = lines;
    *out_dropped = dropped;
    return out->status;
}

/* Drops what `rule` says from the file; another header than `header` drops all. */
static wf_status rewrite(wf_context *cx, wf__series *s, const char *path, const char *header,
                         const rule *rule) {
    uint8_t *text = NULL;
    size_t size = 0, dropped = 0;
    wf_str kept = {0};
    wf_status status = WF_OK;
    s->lines = 0;
    if (!wf_path_exists(path)) return wf_file_write(cx, path, header, strlen(header));
    WF_TRY(wf_file_read(&text, &size, cx, path, WF__SERIES_MAX_BYTES));
    if (strncmp((const char *)text, header, strlen(header)) != 0) {
        status = wf_file_write(cx, path, header, strlen(header));
        goto done;
    }
    WF_TRY_OR(filter(&kept, &s->lines, &dropped, cx, (const char *)text, rule));
    if (dropped) WF_TRY_OR(wf_file_write(cx, path, kept.text, kept.length));
done:
    wf_str_reset(&kept);
    wf_free(text);
    return status;
}

static wf_status reopen(wf_context *cx, wf_run *run, wf__series *s, wf_series_kind kind,
                        const char *header, const rule *rule) {
    char *path = NULL;
    wf_context ignored = {0};
    wf_append_close(s->file, &ignored);
    s->file = NULL;
    WF_TRY(wf_run_file(&path, cx, run, kinds[kind].file));
    wf_status status = rewrite(cx, s, path, header, rule);
    if (status == WF_OK) status = wf_append_open(&s->file, cx, path);
    wf_free(path);
    return status;
}

wf_status wf__series_add(wf_context *cx, wf_run *run, wf_series_kind kind, const char *header,
                         const wf_str *line) {
    wf__series *s = &run->series[kind];
    WF_TRY(line->status);
    WF_REQUIRE(run->lock >= 0, WF_E_ARG, "run %s: was opened for reading", run->id);
    if (!s->file)
        WF_TRY(reopen(cx, run, s, kind, header, &(const rule){.last_step = run->live_step}));
    if (s->lines >= kinds[kind].max_lines) {
        const rule thin = {.last_step = INFINITY, .thin_below = s->lines - s->lines / 4};
        WF_TRY(reopen(cx, run, s, kind, header, &thin));
    }
    WF_TRY(wf_append_add(s->file, cx, line->text, line->length));
    s->lines++;
    return WF_OK;
}

void wf__series_close(wf__series *s) {
    wf_append_close(s->file, NULL);
    *s = (wf__series){0};
}
