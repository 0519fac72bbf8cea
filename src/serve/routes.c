/* What the server answers; pages/README.md describes it. */
#include <string.h>

#include "base/alloc.h"
#include "report/run_config.h"
#include "report/run_json.h"
#include "serve/internal.h"

enum { MAX_RUNS = 256 }; /* named in one request */

/* Runs that a request names. An id is looked up; no path is made of it. */
typedef struct named {
    const wf__watched *runs[MAX_RUNS];
    size_t count;
    const char *key;
    const wf__watch *watch;
    wf_context cx;
    wf_status status;
} named;

static enum MHD_Result name_run(void *user, enum MHD_ValueKind kind, const char *key,
                                const char *value) {
    named *n = user;
    wf_context *cx = &n->cx;
    (void)kind;
    if (strcmp(key, n->key) != 0) return MHD_YES;
    if (n->count == MAX_RUNS) n->status = WF_FAIL(WF_E_ARG, "at most %d runs", MAX_RUNS);
    else n->status = wf__watch_find(&n->runs[n->count], cx, n->watch, value ? value : "");
    n->count += n->status == WF_OK;
    return n->status == WF_OK ? MHD_YES : MHD_NO;
}

/* Those in the arguments `key` of the address; at least one. */
static wf_status find_named(named *out, wf__request *r, const char *key) {
    wf_context *cx = &out->cx;
    *out = (named){.key = key, .watch = r->server->watch};
    WF_TRY(wf__watch_look(cx, r->server->watch, r->server->events));
    MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, name_run, out);
    WF_TRY(out->status);
    WF_REQUIRE(out->count, WF_E_ARG, "no run is named | ?%s=gru-128-1", key);
    return WF_OK;
}

static enum MHD_Result answer(wf__request *r, const wf_context *cx, wf_status status,
                              json_t *document) {
    if (status == WF_OK) return wf__answer_json(r, MHD_HTTP_OK, document);
    json_decref(document);
    return wf__answer_error(r, cx);
}

/* ---- GET ---- */

static enum MHD_Result get_page(wf__request *r) {
    r->is_queued = true;
    wf__peer_set(r->peer, WF__IS_ANSWERED);
    return MHD_queue_response(r->connection, MHD_HTTP_OK, r->server->page);
}

static wf_status list_runs(json_t **out, wf_context *cx, const wf_server *s) {
    size_t count = 0;
    WF_TRY(wf__watch_look(cx, s->watch, s->events));
    wf__watched *const *runs = wf__watch_runs(&count, s->watch);
    json_t *list = json_array();
    wf_status status = WF_OK;
    for (size_t i = 0; i < count && status == WF_OK; i++)
        status = wf_json_append(list, cx, json_incref(runs[i]->summary));
    if (status == WF_OK) *out = json_pack("{s:O}", "runs", list);
    json_decref(list);
    return status;
}

static enum MHD_Result get_runs(wf__request *r) {
    wf_context cx = {0};
    json_t *document = NULL;
    wf_status status = list_runs(&document, &cx, r->server);
    return answer(r, &cx, status, document);
}

static wf_status put_series(json_t *document, wf_context *cx, const wf_run *run) {
    wf_series s = {0};
    json_t *value = NULL;
    WF_TRY(wf_run_read_series(&s, NULL, cx, run, WF_SERIES_LIVE, NULL));
    wf_status status = wf_series_json(&value, cx, &s);
    if (status == WF_OK) status = wf_json_put(document, cx, "live", value);
    wf_series_reset(&s);
    WF_TRY(status);
    WF_TRY(wf_run_read_series(&s, NULL, cx, run, WF_SERIES_NORMS, NULL));
    status = wf_norms_json(&value, cx, &s);
    if (status == WF_OK) status = wf_json_put(document, cx, "norms", value);
    wf_series_reset(&s);
    return status;
}

static enum MHD_Result get_run(wf__request *r) {
    named n;
    json_t *document = NULL;
    wf_status status = find_named(&n, r, "id");
    if (status == WF_OK) status = wf_run_document(&document, &n.cx, n.runs[0]->run);
    if (status == WF_OK) status = put_series(document, &n.cx, n.runs[0]->run);
    return answer(r, &n.cx, status, document);
}

/* {"id", "epochs"} */
static wf_status epochs_of(json_t **out, wf_context *cx, const wf_run *run) {
    wf_run_metrics metrics = {0};
    json_t *document = json_pack("{s:s}", "id", wf_run_id(run)), *epochs = NULL;
    wf_status status = wf_run_read_metrics(&metrics, cx, run);
    if (status == WF_OK) status = wf_run_epochs_json(&epochs, cx, &metrics);
    if (status == WF_OK) status = wf_json_put(document, cx, "epochs", epochs);
    wf_run_metrics_reset(&metrics);
    return wf_json_hand_over(out, document, status);
}

static enum MHD_Result get_epochs(wf__request *r) {
    named n;
    json_t *document = json_object(), *runs = json_array(), *one = NULL;
    wf_status status = find_named(&n, r, "id");
    for (size_t i = 0; i < n.count && status == WF_OK; i++) {
        status = epochs_of(&one, &n.cx, n.runs[i]->run);
        if (status == WF_OK) status = wf_json_append(runs, &n.cx, one);
    }
    if (status == WF_OK) status = wf_json_put(document, &n.cx, "runs", runs);
    else json_decref(runs);
    return answer(r, &n.cx, status, document);
}

static enum MHD_Result get_compare(wf__request *r) {
    named n;
    const wf_run *runs[MAX_RUNS];
    json_t *document = NULL;
    wf_status status = find_named(&n, r, "id");
    for (size_t i = 0; i < n.count; i++) runs[i] = n.runs[i]->run;
    if (status == WF_OK) status = wf_runs_comparison(&document, &n.cx, runs, n.count);
    return answer(r, &n.cx, status, document);
}

/* First asks for it; called again when it is made. */
static enum MHD_Result get_report(wf__request *r) {
    named n;
    if (r->waits_for_report) return wf__reports_answer(r);
    wf_status status = find_named(&n, r, "run");
    if (status == WF_OK) status = wf__reports_ask(r, &n.cx, n.runs, n.count);
    return status == WF_OK ? MHD_YES : wf__answer_error_text(r, &n.cx);
}

static enum MHD_Result get_events(wf__request *r) {
    wf_context cx = {0};
    if (wf__watch_look(&cx, r->server->watch, r->server->events) != WF_OK)
        return wf__answer_error(r, &cx);
    return wf__stream_begin(r);
}

/* ---- the table ---- */

static const wf__route routes[] = {
    {"GET", "/", get_page},
    {"GET", "/api/runs", get_runs},
    {"GET", "/api/run", get_run},
    {"GET", "/api/epochs", get_epochs},
    {"GET", "/api/compare", get_compare},
    {"GET", "/report", get_report},
    {"GET", "/api/events", get_events},
    {"POST", "/api/stop", wf__post_stop},
    {"POST", "/api/tag", wf__post_tag},
    {"POST", "/api/delete", wf__post_delete},
};

const wf__route *wf__route_find(const char **out_methods, const char *method, const char *path) {
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(path, routes[i].path) != 0) continue;
        if (strcmp(wanted, routes[i].method) == 0) return &routes[i];
        *out_methods = routes[i].method;
    }
    return NULL;
}
