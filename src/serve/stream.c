/* Event streams. A stream holds a place in the log and nothing else: one that takes its events
 * slowly costs no memory, and one whose events are no longer there begins anew. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "serve/internal.h"

struct wf__stream {
    wf__stream *next, *before;
    wf_server *server;
    struct MHD_Connection *connection;
    wf__peer *peer;
    uint64_t event;    /* the next to be sent */
    size_t offset;     /* of it, sent already; or of `first` */
    char first[96];    /* to be sent before it, "": nothing */
    bool is_suspended; /* nothing to send */
    double called_s;   /* when it last could take something */
};

static void say_hello(wf__stream *s) {
    const wf__events *log = s->server->events;
    snprintf(s->first, sizeof s->first, "retry: 1000\nevent: hello\nid: %s-%llu\ndata: {}\n\n",
             log->boot, (unsigned long long)(log->end - 1));
    s->event = log->end;
    s->offset = 0;
}

/* What is to be sent next, from s->offset on; NULL: nothing, or (*out_is_lost) its end is gone. */
static const char *next_piece(size_t *out_length, bool *out_is_lost, wf__stream *s) {
    const wf__events *log = s->server->events;
    *out_is_lost = !*s->first && s->offset && s->event < log->first;
    if (*out_is_lost) return NULL;
    if (!*s->first && s->event < log->first) say_hello(s);
    if (*s->first) {
        *out_length = strlen(s->first);
        return s->first;
    }
    if (s->event == log->end) return NULL;
    const wf__event *e = &log->items[s->event % WF__MAX_LOG_EVENTS];
    *out_length = e->length;
    return e->text;
}

/* MHD_ContentReaderCallback */
static ssize_t take(void *user, uint64_t position, char *out, size_t most) {
    wf__stream *s = user;
    size_t used = 0, length = 0;
    bool is_lost = false;
    (void)position;
    s->called_s = wf_clock_s();
    if (s->server->is_stopping || s->peer->is_dropped) return MHD_CONTENT_READER_END_OF_STREAM;
    while (used < most) {
        const char *piece = next_piece(&length, &is_lost, s);
        if (!piece) break;
        size_t n = length - s->offset < most - used ? length - s->offset : most - used;
        memcpy(out + used, piece + s->offset, n);
        used += n;
        s->offset += n;
        if (s->offset < length) break;
        if (*s->first) s->first[0] = 0;
        else s->event++;
        s->offset = 0;
    }
    if (used) return (ssize_t)used;
    if (is_lost) return MHD_CONTENT_READER_END_OF_STREAM;
    MHD_suspend_connection(s->connection);
    s->is_suspended = true;
    return 0;
}

/* MHD_ContentReaderFreeCallback */
static void end(void *user) {
    wf__stream *s = user;
    if (s->next) s->next->before = s->before;
    if (s->before) s->before->next = s->next;
    else s->server->streams = s->next;
    s->server->stream_count--;
    wf_free(s);
}

enum MHD_Result wf__stream_begin(wf__request *r) {
    enum { BLOCK = 8192 };
    wf_server *server = r->server;
    wf__stream *s = NULL;
    if (server->stream_count >= WF__MAX_STREAMS)
        return wf__answer_refusal(r, MHD_HTTP_SERVICE_UNAVAILABLE, "limit",
                                  "too many pages watch: close one");
    if (wf_alloc(&s, NULL, 1, sizeof *s) != WF_OK) return MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, take, s, end);
    if (!response) {
        wf_free(s);
        return MHD_NO;
    }
    *s = (wf__stream){.server = server,
                      .connection = r->connection,
                      .peer = r->peer,
                      .next = server->streams,
                      .called_s = wf_clock_s()};
    if (server->streams) server->streams->before = s;
    server->streams = s;
    server->stream_count++;
    const char *last = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Last-Event-ID");
    if (!last || !wf__events_find(&s->event, server->events, last)) say_hello(s);
    wf__answer_guard(response, "text/event-stream");
    enum MHD_Result result = wf__answer_response(r, MHD_HTTP_OK, response);
    wf__peer_set(r->peer, WF__STREAMS);
    return result;
}

static void resume(wf__stream *s) {
    s->is_suspended = false;
    MHD_resume_connection(s->connection);
}

void wf__streams_serve(wf_server *server, double now_s) {
    for (wf__stream *s = server->streams; s; s = s->next) {
        bool has_news = s->event < server->events->end || *s->first;
        bool is_quiet = now_s - s->called_s >= WF__HEARTBEAT_S;
        if (has_news && !s->is_suspended && now_s - s->called_s >= WF__STALL_S)
            wf__peer_drop(s->peer);
        if (s->is_suspended && is_quiet && !has_news) strcpy(s->first, ":\n\n");
        if (s->is_suspended && (has_news || is_quiet || s->peer->is_dropped)) resume(s);
    }
}

/* MHD does not watch a suspended connection. */
void wf__streams_check(wf_server *server) {
    for (wf__stream *s = server->streams; s; s = s->next)
        if (s->is_suspended && !s->peer->is_dropped && wf__peer_has_left(s->peer))
            wf__peer_drop(s->peer);
}

void wf__streams_end(wf_server *server) {
    for (wf__stream *s = server->streams; s; s = s->next)
        if (s->is_suspended) resume(s);
}
