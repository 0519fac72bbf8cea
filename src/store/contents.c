/* What a run's files hold. Damaged and absent parts stay unknown. */
#include "base/alloc.h"
#include "store/internal.h"

void wf__contents_reset(wf__contents *c) {
    json_decref(c->description);
    json_decref(c->judgement);
    json_decref(c->tags);
    wf_run_metrics_reset(&c->metrics);
    *c = (wf__contents){0};
}

/* A damaged or absent file leaves its part unknown; a lack of memory must not look like that. */
static wf_status forgive(wf_context *cx, const wf_context *quiet, wf_status status) {
    if (status != WF_E_NOMEM) return WF_OK;
    if (cx) *cx = *quiet;
    return status;
}

/* The object in a file of the run; *out stays NULL when there is none or it is damaged. */
static wf_status read_object(json_t **out, wf_context *cx, const wf_run *run, const char *name) {
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    wf_context quiet = {0};
    WF_TRY(wf_run_file(&path, cx, run, name));
    wf_status status = wf_file_read(&text, &size, &quiet, path, WF_RUN_MAX_BYTES);
    if (status == WF_OK)
        status = wf_json_parse(out, &quiet, (const char *)text, size, path, WF_RUN_MAX_BYTES);
    wf_free(text);
    wf_free(path);
    return forgive(cx, &quiet, status);
}

static wf_status read_judgement(wf__contents *c, wf_context *cx, const wf_run *run) {
    c->is_fold = json_object_get(c->description, "fold") != NULL;
    return read_object(&c->judgement, cx, run, c->is_fold ? WF_RUN_FOLD_FILE : WF_RUN_TEST_FILE);
}

static wf_status read_epochs(wf_run_metrics *out, wf_context *cx, const wf_run *run) {
    wf_context quiet = {0};
    return forgive(cx, &quiet, wf_run_read_metrics(out, &quiet, run));
}

wf_status wf__contents_read(wf__contents *out, wf_context *cx, const wf_run *run) {
    wf__contents c = {0};
    wf_status status = read_object(&c.description, cx, run, WF_RUN_DESCRIPTION_FILE);
    if (status == WF_OK) status = read_judgement(&c, cx, run);
    if (status == WF_OK) status = read_object(&c.tags, cx, run, WF_RUN_TAGS_FILE);
    if (status == WF_OK) status = read_epochs(&c.metrics, cx, run);
    if (status == WF_OK) *out = c;
    else wf__contents_reset(&c);
    return status;
}
