/* The live page's server: HTTP on one address, server-sent events (docs/adr/0021-live-server.md;
 * what it answers is in pages/README.md).
 *
 *   wf_server_start(&server, cx, &options);    listens when it returns
 *   printf("%s\n", wf_server_url(server));
 *   wf_server_stop(server);
 *
 * Threads: start and stop from one thread; the server works in threads of its own, which handle no
 * signals. */
#ifndef WF_SERVE_SERVER_H
#define WF_SERVE_SERVER_H

#include <stddef.h>

#include "base/status.h"
#include "base/str.h"

enum { WF_SERVER_PORT = 9338 }; /* WEFT on the keys of a telephone */

typedef struct wf_server wf_server;

typedef struct wf_server_options {
    const char *runs; /* the folder of the runs; need not exist yet */
    const char *host; /* an address, "192.168.0.7", "::", NULL: 127.0.0.1 */
    int port;         /* 0: a free one */
    /* What every request must know, at least 16 bytes; needed with `host`. NULL: nothing, but
     * what changes something must know a token that the page has. */
    const char *token;
    /* Writes the report of the runs whose folders are paths [count], as HTML. Called in a thread of
     * its own, one call at a time. NULL: there are no reports. */
    wf_status (*report)(wf_str *out, wf_context *cx, void *user, const char *const *paths,
                        size_t count);
    void *user;
} wf_server_options;

/* Errors: WF_E_ARG (no address, another machine's, a missing or short token), WF_E_IO (the port is
 * in use), WF_E_NOMEM. */
wf_status wf_server_start(wf_server **out, wf_context *cx, const wf_server_options *options);

/* "http://127.0.0.1:9338/", with the token where one is wanted; as long as the server lives. */
const char *wf_server_url(const wf_server *server);
int wf_server_port(const wf_server *server);

/* Of libmicrohttpd. */
const char *wf_server_library_version(void);

/* Ends all streams and connections, within about a second but for a report that is being made.
 * NULL is legal. */
void wf_server_stop(wf_server *server);

#endif
