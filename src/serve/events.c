/* What was told lately, so that a page that lost its connection goes on where it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "serve/internal.h"

static wf__event *at(wf__events *log, uint64_t number) {
    return &log->items[number % WF__MAX_LOG_EVENTS];
}

static void forget_first(wf__events *log) {
    wf__event *e = at(log, log->first++);
    log->bytes -= e->length;
    wf_free(e->text);
    *e = (wf__event){0};
}

void wf__events_clear(wf__events *log) {
    while (log->first < log->end) forget_first(log);
    log->first = ++log->end; /* a gap: nobody can go on over it */
}

void wf__events_add(wf__events *log, const char *name, json_t *data) {
    wf_str text = {0};
    wf_str_addf(&text, NULL, "event: %s\nid: %s-%llu\ndata: ", name, log->boot,
                (unsigned long long)log->end);
    if (data) wf_json_text(&text, NULL, data, WF_JSON_COMPACT);
    wf_str_add(&text, NULL, "\n\n");
    bool is_whole = data && text.status == WF_OK;
    json_decref(data);
    if (!is_whole) {
        wf_str_reset(&text);
        wf__events_clear(log);
        return;
    }
    if (log->end - log->first == WF__MAX_LOG_EVENTS) forget_first(log);
    *at(log, log->end++) = (wf__event){text.text, text.length};
    log->bytes += text.length;
    while (log->bytes > WF__MAX_LOG_BYTES && log->end - log->first > 1) forget_first(log);
}

bool wf__events_find(uint64_t *out, const wf__events *log, const char *id) {
    size_t boot = strlen(log->boot);
    char *rest = NULL;
    if (strncmp(id, log->boot, boot) != 0 || id[boot] != '-') return false;
    const char *digits = id + boot + 1;
    if (*digits < '0' || *digits > '9') return false;
    unsigned long long number = strtoull(digits, &rest, 10);
    if (*rest || number >= log->end || number + 1 < log->first) return false;
    *out = number + 1;
    return true;
}
