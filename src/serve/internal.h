/* What the files of src/serve share. One thread, the loop (server.c), owns all of it; reports.c has
 * a thread of its own. */
#ifndef WF_SERVE_INTERNAL_H
#define WF_SERVE_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/json.h"
#include "serve/server.h"
#include "serve/watch.h"

/* Limits on what comes from outside (docs/design.md, section 10). */
enum {
    WF__MAX_PEERS = 128, /* connections; beyond, the slowest is dropped */
    WF__MAX_PEERS_PER_ADDRESS = 112,
    WF__MAX_STREAMS = 32,             /* of them, event streams */
    WF__MAX_REQUEST_BYTES = 32 << 10, /* request line and headers, in MHD's own memory */
    WF__MAX_BODY_BYTES = 64 << 10,
    WF__MAX_LOG_EVENTS = 1024, /* for those who come back */
    WF__MAX_LOG_BYTES = 4 << 20
};
static const double WF__REQUEST_S = 6; /* a request must be there, from its connection's begin or
                                           the end of the answer before */
static const double WF__ANSWER_S = 60; /* an answer must be taken */
static const double WF__STREAM_S = 3600, WF__PEER_S = 600; /* a connection, in all */
static const double WF__STALL_S = 30; /* a stream with news takes some of them */
static const double WF__HEARTBEAT_S = 15;
static const double WF__LOOK_S = 1; /* between two looks at the folders */

typedef struct wf__request wf__request;

/* ---- peers.c: connections and their deadlines ---- */

typedef enum wf__phase { WF__WAITS, WF__IS_ANSWERED, WF__STREAMS } wf__phase;

typedef struct wf__peer {
    struct wf__peer *next, *before; /* oldest first */
    int fd;
    unsigned char address[16];
    wf__phase phase;
    bool is_dropped;
    double began_s, since_s, deadline_s; /* the connection, its phase, and the end of that */
} wf__peer;

typedef struct wf__peers {
    wf__peer *first, *last;
} wf__peers;

/* For MHD_OPTION_NOTIFY_CONNECTION; `user` is the server's wf__peers. */
void wf__peers_notify(void *user, struct MHD_Connection *connection, void **socket_context,
                      enum MHD_ConnectionNotificationCode code);
wf__peer *wf__peer_of(struct MHD_Connection *connection);
void wf__peer_set(wf__peer *peer, wf__phase phase);
void wf__peer_drop(wf__peer *peer);
/* Whether the other side has closed it, which MHD does not see while it is suspended. */
bool wf__peer_has_left(const wf__peer *peer);
/* Ends the connections whose time is over. */
void wf__peers_sweep(const wf__peers *peers, double now_s);

/* ---- events.c: what the streams tell, the latest events ---- */

typedef struct wf__event {
    char *text; /* as it is sent, id and all */
    size_t length;
} wf__event;

typedef struct wf__events {
    char boot[17]; /* of this server: ids are "<boot>-<number>" */
    wf__event items[WF__MAX_LOG_EVENTS];
    uint64_t first, end; /* numbers; event n is items[n % WF__MAX_LOG_EVENTS] */
    size_t bytes;
} wf__events;

/* Takes `data`; what cannot be stored makes every stream begin anew. */
void wf__events_add(wf__events *log, const char *name, json_t *data);
/* Everybody begins anew. */
void wf__events_clear(wf__events *log);
/* The number behind the event with that id; false when the log cannot go on there. */
bool wf__events_find(uint64_t *out, const wf__events *log, const char *id);

/* ---- stream.c ---- */

typedef struct wf__stream wf__stream;
/* Answers with the event stream. */
enum MHD_Result wf__stream_begin(wf__request *r);
/* Wakes those that have something to say; ends those that take nothing. */
void wf__streams_serve(wf_server *server, double now_s);
/* Drops those whose page has gone. */
void wf__streams_check(wf_server *server);
/* Ends all. */
void wf__streams_end(wf_server *server);

/* ---- reports.c ---- */

typedef struct wf__reports wf__reports;
wf_status wf__reports_create(wf__reports **out, wf_context *cx, wf_server *server);
void wf__reports_destroy(wf__reports *reports); /* NULL is legal; waits for the one in work */
/* Suspends the request's connection until the report is made; then the request is answered again.
 * Errors: WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf__reports_ask(wf__request *r, wf_context *cx, const wf__watched *const *runs,
                          size_t count);
/* The answer to a request whose report is made, or refused. */
enum MHD_Result wf__reports_answer(wf__request *r);
/* Drops the reports whose reader has gone. */
void wf__reports_check(wf__reports *reports);
/* Of a request that ends without its answer. */
void wf__reports_forget(wf__request *r);
/* Wakes the requests whose reports are made. */
void wf__reports_deliver(wf__reports *reports);
/* Refuses all that wait. */
void wf__reports_end(wf__reports *reports);

/* ---- the server ---- */

struct wf_server {
    char *url;
    char *token; /* that writes must know */
    int port;
    bool wants_token; /* every request must know it: others than this machine may come */
    wf_status (*report)(wf_str *out, wf_context *cx, void *user, const char *const *paths,
                        size_t count);
    void *user;
    wf_store *store;
    struct MHD_Daemon *daemon;
    struct MHD_Response *page;
    int listen_fd, wake_fd;
    pthread_t thread;
    bool has_thread;
    atomic_bool is_asked_to_stop;
    bool is_stopping; /* the loop has seen it */
    wf__peers peers;
    wf__watch *watch;
    wf__events *events;
    wf__stream *streams;
    size_t stream_count;
    wf__reports *reports;
};

void wf__server_wake(const wf_server *server); /* from any thread */

/* ---- listen.c ---- */

/* A listening socket on `host` and `port`; *out_url is "http://127.0.0.1:9338/", to be freed. */
wf_status wf__listen(int *out_fd, int *out_port, char **out_url, wf_context *cx, const char *host,
                     int port);

/* ---- request.c ---- */

typedef struct wf__route {
    const char *method, *path;
    enum MHD_Result (*answer)(wf__request *r);
} wf__route;

/* Returns NULL when there is none; *out_methods then says which methods the path has ("GET"), NULL
 * for an unknown path. */
const wf__route *wf__route_find(const char **out_methods, const char *method, const char *path);

struct wf__request {
    wf_server *server;
    struct MHD_Connection *connection;
    wf__peer *peer;
    const wf__route *route;
    wf_str body;
    bool is_long;   /* the body is above the limit; it is passed over */
    bool is_queued; /* an answer is on its way */
    bool waits_for_report;
    struct wf__report *report; /* made; NULL: refused, or still being made */
};

/* For MHD_start_daemon and MHD_OPTION_NOTIFY_COMPLETED; `user` is the server. */
enum MHD_Result wf__request_handle(void *user, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_size, void **request);
void wf__request_completed(void *user, struct MHD_Connection *connection, void **request,
                           enum MHD_RequestTerminationCode code);

/* ---- changes.c ---- */

enum MHD_Result wf__post_stop(wf__request *r);
enum MHD_Result wf__post_tag(wf__request *r);
enum MHD_Result wf__post_delete(wf__request *r);

/* ---- answer.c ---- */

/* Each queues the answer; what cannot be made ends the connection. */
enum MHD_Result wf__answer_text(wf__request *r, unsigned status, const char *type, wf_str *text);
enum MHD_Result wf__answer_json(wf__request *r, unsigned status, json_t *document);
enum MHD_Result wf__answer_response(wf__request *r, unsigned status, struct MHD_Response *response);
/* {"error": ...} with the status that fits. */
enum MHD_Result wf__answer_error(wf__request *r, const wf_context *cx);
/* The same for people: plain text. */
enum MHD_Result wf__answer_error_text(wf__request *r, const wf_context *cx);
enum MHD_Result wf__answer_refusal(wf__request *r, unsigned status, const char *code,
                                   const char *message);
json_t *wf__error_json(const wf_context *cx);
/* Headers that every answer has. */
void wf__answer_guard(struct MHD_Response *response, const char *type);

#endif
