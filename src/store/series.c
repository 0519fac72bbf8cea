/* live.csv and norms.csv: how they are written, and kept short. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/internal.h"

static const struct {
    const char *file;
    size_t max_lines;
    int peak; /* the column whose peaks outlive thinning, -1: none */
} kinds[] = {{WF_RUN_LIVE_FILE, WF_LIVE_MAX_LINES, WF__LIVE_BATCH_LOSS},
             {WF_RUN_NORMS_FILE, WF_NORMS_MAX_LINES, -1}};

const char *wf__series_file(wf_series_kind kind) { return kinds[kind].file; }

size_t wf__line_length(const char *text) {
    const char *end = strchr(text, '\n');
    return end ? (size_t)(end - text) + 1 : 0;
}

/* The number in a line's column; NAN where there is none. */
static double cell_of(const char *line, int column) {
    const char *cell = line;
    char *end = NULL;
    for (; column > 0 && cell; column--) {
        cell = strpbrk(cell, ",\n");
        cell = cell && *cell == ',' ? cell + 1 : NULL;
    }
    if (!cell) return (double)NAN;
    double number = strtod(cell, &end);
    return end != cell && *end == ',' ? number : (double)NAN;
}

/* Which lines stay. */
typedef struct rule {
    double last_step;  /* later ones go */
    size_t thin_below; /* of every two lines before this one, one goes */
    int peak; /* the one with less in this column; -1, or where they are alike: the later one */
} rule;

/* Of two lines that follow each other. A loss that is no number is higher than any. */
static bool is_later_higher(const char *line, const char *next, int peak) {
    if (peak < 0) return false;
    const double a = cell_of(line, peak), b = cell_of(next, peak);
    return !isnan(a) && !(b <= a);
}

/* The header, and the whole lines that stay; *out_dropped says how many go. */
static wf_status filter(wf_str *out, size_t *out_lines, size_t *out_dropped, wf_context *cx,
                        const char *text, const rule *rule) {
    size_t n = wf__line_length(text), lines = 0, dropped = 0;
    bool later_stays = false;
    wf_str_add_bytes(out, cx, text, n);
    for (text += n; *text; text += n) {
        n = wf__line_length(text);
        if (!n) { /* the end of a write that failed */
            dropped++;
            break;
        }
        size_t number = lines + dropped;
        bool is_thinned = number < rule->thin_below, is_later = number % 2 != 0;
        if (is_thinned && !is_later) later_stays = is_later_higher(text, text + n, rule->peak);
        bool stays = cell_of(text, WF__SERIES_STEP) <= rule->last_step &&
                     (!is_thinned || is_later == later_stays);
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
        const rule thin = {.last_step = INFINITY,
                           .thin_below = (s->lines - s->lines / 4) & ~(size_t)1, /* whole pairs */
                           .peak = kinds[kind].peak};
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
