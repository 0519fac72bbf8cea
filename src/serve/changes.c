/* What the page may change: every body is one small JSON object. */
#include <string.h>

#include "base/alloc.h"
#include "serve/internal.h"
#include "store/live.h"

static wf_status read_body(json_t **out, wf_context *cx, const wf__request *r) {
    WF_TRY(r->body.status);
    WF_REQUIRE(r->body.length, WF_E_ARG, "the body is empty, must be a JSON object");
    wf_status status =
        wf_json_parse(out, cx, r->body.text, r->body.length, "the body", WF__MAX_BODY_BYTES);
    return status == WF_OK || status == WF_E_NOMEM ? status : WF_E_ARG;
}

/* The run that the member `id` names. */
static wf_status find_run(const wf__watched **out, wf_context *cx, const wf__request *r,
                          const json_t *id) {
    WF_REQUIRE(json_is_string(id), WF_E_ARG, "the body names no run by a text");
    return wf__watch_find(out, cx, r->server->watch, json_string_value(id));
}

/* Looks before, so that `change` finds what is there, and afterwards, so that all pages hear of it.
 * The result of `change` is the answer; NULL: {"ok": true}. */
static enum MHD_Result apply(wf__request *r,
                             wf_status (*change)(json_t **out, wf_context *cx, wf__request *r,
                                                 const json_t *body)) {
    wf_context cx = {0}, quiet = {0};
    wf_server *s = r->server;
    json_t *body = NULL, *result = NULL;
    wf_status status = read_body(&body, &cx, r);
    if (status == WF_OK) status = wf__watch_look(&cx, s->watch, s->events);
    if (status == WF_OK) status = change(&result, &cx, r, body);
    json_decref(body);
    wf__watch_look(&quiet, s->watch, s->events);
    if (status != WF_OK) {
        cx.code = status;
        return wf__answer_error(r, &cx);
    }
    return wf__answer_json(r, MHD_HTTP_OK, result ? result : json_pack("{s:b}", "ok", 1));
}

/* ---- {"id", "save"} ---- */

static wf_status stop(json_t **out, wf_context *cx, wf__request *r, const json_t *body) {
    const wf__watched *w = NULL;
    const json_t *save = json_object_get(body, "save");
    (void)out;
    WF_TRY(find_run(&w, cx, r, json_object_get(body, "id")));
    WF_REQUIRE(json_is_boolean(save), WF_E_ARG, "\"save\" must be true or false");
    return wf_run_request_stop(cx, w->run, json_is_true(save), "weft ui");
}

enum MHD_Result wf__post_stop(wf__request *r) { return apply(r, stop); }

/* ---- {"id", "name", "value"} ---- */

static wf_status tag(json_t **out, wf_context *cx, wf__request *r, const json_t *body) {
    const wf__watched *w = NULL;
    const json_t *name = json_object_get(body, "name"), *value = json_object_get(body, "value");
    (void)out;
    WF_TRY(find_run(&w, cx, r, json_object_get(body, "id")));
    WF_REQUIRE(json_is_string(name), WF_E_ARG, "\"name\" must be a text");
    WF_REQUIRE(json_is_string(value) || json_is_null(value), WF_E_ARG,
               "\"value\" must be a text, or null to take the tag away");
    WF_REQUIRE(
        strlen(json_string_value(name)) == json_string_length(name) &&
            (json_is_null(value) || strlen(json_string_value(value)) == json_string_length(value)),
        WF_E_ARG, "a tag must hold no zero byte");
    return wf_store_tag(cx, r->server->store, w->run, json_string_value(name),
                        json_string_value(value));
}

enum MHD_Result wf__post_tag(wf__request *r) { return apply(r, tag); }

/* ---- {"ids": [id]} ---- */

static wf_status delete_one(wf_context *cx, wf__request *r, const json_t *id) {
    const wf__watched *w = NULL;
    WF_TRY(find_run(&w, cx, r, id));
    return wf_store_delete(cx, r->server->store, wf_run_id(w->run));
}

/* One that cannot be deleted keeps no other. */
static wf_status delete_all(json_t **out, wf_context *cx, wf__request *r, const json_t *body) {
    json_t *ids = json_object_get(body, "ids"), *id;
    size_t i;
    WF_REQUIRE(json_is_array(ids) && json_array_size(ids), WF_E_ARG,
               "\"ids\" must be a list of runs");
    json_t *deleted = json_array(), *failed = json_array();
    json_array_foreach(ids, i, id) {
        wf_context why = {0};
        why.code = delete_one(&why, r, id);
        if (why.code == WF_OK) json_array_append(deleted, id);
        else
            json_array_append_new(failed,
                                  json_pack("{s:O, s:o}", "id", id, "error", wf__error_json(&why)));
    }
    *out = json_pack("{s:o, s:o}", "deleted", deleted, "failed", failed);
    WF_REQUIRE(*out, WF_E_NOMEM, "out of memory");
    return WF_OK;
}

enum MHD_Result wf__post_delete(wf__request *r) { return apply(r, delete_all); }
