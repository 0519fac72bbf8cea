/* What a run says while it trains. */
#include "store/live.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "store/internal.h"

wf_status wf_run_live_begin(wf_context *cx, wf_run *run, int64_t step) {
    WF_REQUIRE(run->lock >= 0, WF_E_ARG, "run %s: was opened for reading", run->id);
    run->live_step = (double)step;
    for (int i = 0; i < WF__SERIES_COUNT; i++) wf__series_close(&run->series[i]);
    return WF_OK;
}

static void add_place(wf_str *line, wf_context *cx, double time, int64_t epoch, int64_t step) {
    wf_str_addf(line, cx, "%.3f,%lld,%lld", time, (long long)epoch, (long long)step);
}

/* Enough digits for a curve. */
static void add_figure(wf_str *line, wf_context *cx, double value) {
    if (isfinite(value)) wf_str_addf(line, cx, ",%.6g", value);
    else wf_str_add(line, cx, ",");
}

wf_status wf_run_record_live(wf_context *cx, wf_run *run, const wf_live_line *l) {
    wf_str line = {0};
    add_place(&line, cx, l->time, l->epoch, l->step);
    wf_str_addf(&line, cx, ",%lld", (long long)l->steps);
    const double figures[] = {l->loss, l->accuracy, l->batch_loss, l->learning_rate,
                              l->images_per_s};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) add_figure(&line, cx, figures[i]);
    wf_str_addf(&line, cx, ",%lld\n", (long long)l->memory_bytes);
    wf_status status = wf__series_add(cx, run, WF_SERIES_LIVE, WF_RUN_LIVE_HEADER, &line);
    wf_str_reset(&line);
    return status;
}

/* ---- norms ---- */

/* What would end the cell becomes an underscore. */
static void add_names(wf_str *header, wf_context *cx, const char *group, const char *const *names,
                      size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t from = header->length + 1;
        wf_str_addf(header, cx, ",%s/%s", group, names[i]);
        for (; from < header->length; from++)
            if (strchr(",\"\r\n", header->text[from])) header->text[from] = '_';
    }
}

wf_status wf_run_record_norms(wf_context *cx, wf_run *run, double time, int64_t epoch, int64_t step,
                              const char *const *names, const double *weights,
                              const double *gradients, size_t count) {
    wf_str header = {0}, line = {0};
    wf_str_add_bytes(&header, cx, WF_RUN_NORMS_HEADER, sizeof WF_RUN_NORMS_HEADER - 2);
    add_names(&header, cx, "weights", names, count);
    add_names(&header, cx, "gradients", names, count);
    wf_str_add(&header, cx, "\n");
    add_place(&line, cx, time, epoch, step);
    for (size_t i = 0; i < count; i++) add_figure(&line, cx, weights[i]);
    for (size_t i = 0; i < count; i++) add_figure(&line, cx, gradients[i]);
    wf_str_add(&line, cx, "\n");
    wf_status status = header.status;
    if (status == WF_OK) status = wf__series_add(cx, run, WF_SERIES_NORMS, header.text, &line);
    wf_str_reset(&header);
    wf_str_reset(&line);
    return status;
}

/* ---- stopping ---- */

wf_status wf_run_request_stop(wf_context *cx, const wf_run *run, bool saves, const char *who) {
    char *path = NULL;
    WF_REQUIRE(wf_run_is_written(run), WF_E_ARG,
               "run %s: no process trains it, so none can be stopped", run->id);
    json_t *wish = json_pack("{s:b, s:s}", "save", saves, "by", who);
    WF_REQUIRE(wish, WF_E_NOMEM, "out of memory: the request to stop run %s", run->id);
    wf_status status = wf_run_file(&path, cx, run, WF_RUN_STOP_FILE);
    if (status == WF_OK) status = wf_json_write(cx, path, wish);
    json_decref(wish);
    wf_free(path);
    return status;
}

/* A file that says nothing that can be read asks for what loses nothing. */
wf_stop wf_run_stop_requested(char who[64], const wf_run *run) {
    wf_context quiet = {0};
    char *path = NULL;
    json_t *wish = NULL;
    if (wf_run_file(&path, &quiet, run, WF_RUN_STOP_FILE) != WF_OK) return WF_STOP_NOT;
    bool is_asked = wf_path_exists(path);
    if (is_asked) wf_json_read(&wish, &quiet, path);
    const char *by = json_string_value(json_object_get(wish, "by"));
    who[0] = 0;
    if (by) strncat(who, by, 63);
    bool discards = json_is_false(json_object_get(wish, "save"));
    json_decref(wish);
    wf_free(path);
    return !is_asked ? WF_STOP_NOT : discards ? WF_STOP_DISCARDING : WF_STOP_SAVING;
}
