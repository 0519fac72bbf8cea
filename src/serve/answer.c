/* Answers, and the headers that all of them have. */
#include <string.h>

#include "base/alloc.h"
#include "serve/internal.h"

/* The pages' own policies, in them, say what they may do; this adds what only a header can say. */
static const struct {
    const char *name, *value;
} guards[] = {
    {"Content-Security-Policy", "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
};

void wf__answer_guard(struct MHD_Response *response, const char *type) {
    MHD_add_response_header(response, "Content-Type", type);
    for (size_t i = 0; i < sizeof guards / sizeof *guards; i++)
        MHD_add_response_header(response, guards[i].name, guards[i].value);
}

enum MHD_Result wf__answer_response(wf__request *r, unsigned status,
                                    struct MHD_Response *response) {
    if (!response) return MHD_NO;
    r->is_queued = true;
    wf__peer_set(r->peer, WF__IS_ANSWERED);
    enum MHD_Result result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* Takes the text. */
enum MHD_Result wf__answer_text(wf__request *r, unsigned status, const char *type, wf_str *text) {
    struct MHD_Response *response =
        text->status != WF_OK
            ? NULL
            : MHD_create_response_from_buffer_with_free_callback(text->length, text->text, wf_free);
    if (!response) {
        wf_str_reset(text);
        return MHD_NO;
    }
    *text = (wf_str){0};
    wf__answer_guard(response, type);
    return wf__answer_response(r, status, response);
}

/* Takes the document. */
enum MHD_Result wf__answer_json(wf__request *r, unsigned status, json_t *document) {
    wf_str text = {0};
    if (!document) return MHD_NO;
    wf_json_text(&text, NULL, document, WF_JSON_COMPACT);
    json_decref(document);
    return wf__answer_text(r, status, "application/json", &text);
}

json_t *wf__error_json(const wf_context *cx) {
    const char *message = cx->message[0] ? cx->message : wf_status_meaning(cx->code);
    return json_pack("{s:s, s:s, s:o}", "code", wf_status_name(cx->code), "message", message,
                     "hint", cx->hint[0] ? json_string(cx->hint) : json_null());
}

static unsigned http_status(wf_status status) {
    switch (status) {
    case WF_E_NOTFOUND: return MHD_HTTP_NOT_FOUND;
    case WF_E_ARG: return MHD_HTTP_BAD_REQUEST;
    case WF_E_DATA:
    case WF_E_MODEL: return MHD_HTTP_UNPROCESSABLE_CONTENT;
    case WF_E_LIMIT: return MHD_HTTP_SERVICE_UNAVAILABLE;
    default: return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
}

enum MHD_Result wf__answer_error(wf__request *r, const wf_context *cx) {
    return wf__answer_json(r, http_status(cx->code),
                           json_pack("{s:o}", "error", wf__error_json(cx)));
}

enum MHD_Result wf__answer_error_text(wf__request *r, const wf_context *cx) {
    wf_str text = {0};
    wf_str_addf(&text, NULL, "%s\n%s%s", cx->message, cx->hint, cx->hint[0] ? "\n" : "");
    return wf__answer_text(r, http_status(cx->code), "text/plain; charset=utf-8", &text);
}

enum MHD_Result wf__answer_refusal(wf__request *r, unsigned status, const char *code,
                                   const char *message) {
    return wf__answer_json(
        r, status,
        json_pack("{s:{s:s, s:s, s:n}}", "error", "code", code, "message", message, "hint"));
}
