/* Reading a run: metrics.csv and test.json. */
#include <string.h>

#include "base/alloc.h"
#include "store/internal.h"

enum { COLUMNS = 8 };

void wf_run_metrics_reset(wf_run_metrics *metrics) {
    wf_free(metrics->epochs);
    *metrics = (wf_run_metrics){0};
}

static wf_status add_line(wf_run_metrics *m, wf_context *cx, const char *path, const char *line,
                          const char *end) {
    double c[COLUMNS];
    int bad = wf__cells_read(c, COLUMNS, line, end);
    WF_REQUIRE(!bad, WF_E_DATA, "%s: line %zu, column %d: expected a number and %d columns", path,
               m->count + 2, bad, COLUMNS);
    WF_REQUIRE(c[0] == (double)(m->count + 1), WF_E_DATA, "%s: line %zu: epoch is %g, expected %zu",
               path, m->count + 2, c[0], m->count + 1);
    m->epochs[m->count++] = (wf_epoch_record){
        .epoch = (int)c[0],
        .loss = c[1],
        .accuracy = c[2],
        .val_loss = c[3],
        .val_accuracy = c[4],
        .learning_rate = c[5],
        .seconds = c[6],
        .ms_per_step = c[7],
    };
    return WF_OK;
}

static wf_status parse_metrics(wf_run_metrics *out, wf_context *cx, const char *path,
                               const char *text) {
    static const char header[] = WF_RUN_METRICS_HEADER;
    size_t lines = 0;
    WF_REQUIRE(strncmp(text, header, sizeof header - 1) == 0, WF_E_DATA,
               "%s: line 1: expected the header %.*s", path, (int)sizeof header - 2, header);
    text += sizeof header - 1;
    for (const char *p = text; *p; p++) lines += *p == '\n';
    WF_REQUIRE(lines <= WF_RUN_MAX_EPOCHS, WF_E_LIMIT, "%s: %zu epochs, at most %d are read", path,
               lines, WF_RUN_MAX_EPOCHS);

    wf__locale locale;
    WF_TRY(wf__locale_c(&locale, cx)); /* a decimal point is a point */
    wf_run_metrics m = {0};
    wf_status status = wf_alloc(&m.epochs, cx, lines, sizeof *m.epochs);
    while (status == WF_OK && *text) {
        const char *end = strchr(text, '\n');
        end = end ? end + 1 : text + strlen(text);
        status = add_line(&m, cx, path, text, end);
        text = end;
    }
    wf__locale_reset(&locale);
    if (status != WF_OK) {
        wf_run_metrics_reset(&m);
        return status;
    }
    *out = m;
    return WF_OK;
}

wf_status wf_run_read_metrics(wf_run_metrics *out, wf_context *cx, const wf_run *run) {
    wf_status status = WF_OK;
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_run_file(&path, cx, run, WF_RUN_METRICS_FILE));
    if (!wf_path_exists(path)) {
        *out = (wf_run_metrics){0};
        goto done;
    }
    WF_TRY_OR(wf_file_read(&text, &size, cx, path, WF_RUN_MAX_BYTES));
    WF_TRY_OR(parse_metrics(out, cx, path, (const char *)text));
done:
    wf_free(text);
    wf_free(path);
    return status;
}

static wf_status read_judgement(char **out, size_t *out_length, wf_context *cx, const wf_run *run,
                                const char *name, const char *judged) {
    wf_status status = WF_OK;
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_run_file(&path, cx, run, name));
    WF_REQUIRE_OR(wf_path_exists(path), WF_E_NOTFOUND, "run %s: is not %s yet | weft evaluate %s",
                  run->id, judged, run->id);
    WF_TRY_OR(wf_file_read(&text, &size, cx, path, WF_RUN_MAX_BYTES));
    *out = (char *)text;
    *out_length = size;
done:
    wf_free(path);
    return status;
}

wf_status wf_run_read_test(char **out, size_t *out_length, wf_context *cx, const wf_run *run) {
    return read_judgement(out, out_length, cx, run, WF_RUN_TEST_FILE, "tested");
}

wf_status wf_run_read_fold(char **out, size_t *out_length, wf_context *cx, const wf_run *run) {
    return read_judgement(out, out_length, cx, run, WF_RUN_FOLD_FILE, "judged");
}
