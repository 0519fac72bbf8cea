/* The server's loop: one thread that waits for sockets, for the next look at the folders and for
 * reports that are made. */
#include "serve/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/version.h"
#include "report/pages.h"
#include "serve/internal.h"

enum { MIN_TOKEN = 16 };

void wf__server_wake(const wf_server *s) {
    ssize_t n = write(s->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)n; /* full: it is awake */
}

const char *wf_server_url(const wf_server *s) { return s->url; }
int wf_server_port(const wf_server *s) { return s->port; }

const char *wf_server_library_version(void) { return MHD_get_version(); }

/* ---- the loop ---- */

/* Until something is to be done, `until_s` at the latest. */
static void wait_for_work(wf_server *s, int epoll_fd, double until_s) {
    MHD_UNSIGNED_LONG_LONG mhd_ms = 0;
    double left_s = until_s - wf_clock_s();
    int timeout = left_s <= 0 ? 0 : (int)(left_s * 1000) + 1;
    if (MHD_get_timeout(s->daemon, &mhd_ms) == MHD_YES && (long long)mhd_ms < timeout)
        timeout = (int)mhd_ms;
    struct pollfd fds[] = {{.fd = epoll_fd, .events = POLLIN},
                           {.fd = s->wake_fd, .events = POLLIN}};
    uint64_t count;
    if (poll(fds, 2, timeout) > 0 && fds[1].revents) {
        ssize_t n = read(s->wake_fd, &count, sizeof count);
        (void)n;
    }
}

static void look(wf_server *s) {
    wf_context cx = {0};
    if (s->streams) wf__watch_look(&cx, s->watch, s->events); /* if it fails: the next one */
}

/* Connections that are being answered get a moment to take the end of it. */
static void end_all(wf_server *s, int epoll_fd) {
    double until_s = wf_clock_s() + 1;
    s->is_stopping = true;
    wf__reports_end(s->reports);
    wf__streams_end(s);
    for (;;) {
        size_t busy = 0;
        MHD_run(s->daemon);
        for (const wf__peer *p = s->peers.first; p; p = p->next) busy += p->phase != WF__WAITS;
        if (!busy || wf_clock_s() >= until_s) return;
        wait_for_work(s, epoll_fd, wf_clock_s() + .05);
    }
}

static void *loop(void *user) {
    wf_server *s = user;
    int epoll_fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    double next_s = wf_clock_s() + WF__LOOK_S;
    while (!atomic_load(&s->is_asked_to_stop)) {
        double now_s = wf_clock_s();
        if (now_s >= next_s) {
            look(s);
            wf__streams_check(s);
            wf__reports_check(s->reports);
            wf__peers_sweep(&s->peers, now_s);
            next_s = now_s + WF__LOOK_S;
        }
        wf__reports_deliver(s->reports);
        wf__streams_serve(s, now_s);
        uint64_t told = s->events->end;
        MHD_run(s->daemon);
        if (told == s->events->end) wait_for_work(s, epoll_fd, next_s);
    }
    end_all(s, epoll_fd);
    return NULL;
}

/* ---- birth and death ---- */

static wf_status random_text(char *out, size_t bytes) {
    unsigned char raw[16];
    if (getrandom(raw, bytes, 0) != (ssize_t)bytes) return WF_E_IO;
    for (size_t i = 0; i < bytes; i++) snprintf(out + 2 * i, 3, "%02x", raw[i]);
    return WF_OK;
}

/* The texts of `options` may go. */
static wf_status take_options(wf_server *s, wf_context *cx, const wf_server_options *o) {
    char made[33] = "", boot[17] = "";
    WF_REQUIRE(!o->host || (o->token && strlen(o->token) >= MIN_TOKEN), WF_E_ARG,
               "host %s: others than this machine may come, so a token of at least %d characters "
               "is needed | --token \"$(openssl rand -hex 16)\"",
               o->host, MIN_TOKEN);
    WF_REQUIRE(!o->token || strlen(o->token) >= MIN_TOKEN, WF_E_ARG,
               "the token (--token or WEFT_TOKEN) has %zu characters, must have %d at least | "
               "--token \"$(openssl rand -hex "
               "16)\"",
               strlen(o->token), MIN_TOKEN);
    for (const char *c = o->token ? o->token : ""; *c; c++)
        WF_REQUIRE((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                       (*c >= 'A' && *c <= 'Z') || *c == '-' || *c == '_',
                   WF_E_ARG, "the token has the character '%c', must have letters, digits, - and _",
                   *c);
    WF_REQUIRE(random_text(made, 16) == WF_OK && random_text(boot, 8) == WF_OK, WF_E_IO,
               "no random numbers: %s", strerror(errno));
    s->report = o->report;
    s->user = o->user;
    s->wants_token = o->token != NULL;
    WF_TRY(wf_strdup(&s->token, cx, o->token ? o->token : made));
    WF_TRY(wf_alloc(&s->events, cx, 1, sizeof *s->events));
    memcpy(s->events->boot, boot, sizeof boot);
    s->events->first = s->events->end = 1;
    WF_TRY(wf_store_open(&s->store, cx, o->runs));
    return wf__watch_create(&s->watch, cx, s->store);
}

static wf_status make_page(wf_server *s, wf_context *cx) {
    wf_str text = {0};
    char *runs = realpath(wf_store_dir(s->store), NULL);
    json_t *document = json_pack("{s:s, s:s, s:s}", "version", WF_VERSION, "runs",
                                 runs ? runs : wf_store_dir(s->store), "token", s->token);
    free(runs);
    WF_REQUIRE(document, WF_E_NOMEM, "out of memory, or the path of %s is not UTF-8",
               wf_store_dir(s->store));
    wf_status status = wf_page_fill(
        &text, cx, wf_page_live, &(const wf_page_data){.id = "weft-ui", .document = document}, 1);
    json_decref(document);
    if (status == WF_OK)
        s->page =
            MHD_create_response_from_buffer_with_free_callback(text.length, text.text, wf_free);
    if (s->page) {
        wf__answer_guard(s->page, "text/html; charset=utf-8");
        return WF_OK;
    }
    wf_str_reset(&text);
    return status == WF_OK ? WF_FAIL(WF_E_NOMEM, "out of memory: the live page") : status;
}

static wf_status start_daemon(wf_server *s, wf_context *cx, bool is_v6) {
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (is_v6 ? MHD_USE_IPv6 : 0);
    s->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, wf__request_handle, s,    /**/
        MHD_OPTION_LISTEN_SOCKET, s->listen_fd,         /**/
        MHD_OPTION_CONNECTION_LIMIT, 2 * WF__MAX_PEERS, /* wf__peers_notify keeps below it */
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WF__MAX_REQUEST_BYTES, /**/
        MHD_OPTION_STRICT_FOR_CLIENT, 1,                                   /**/
        MHD_OPTION_NOTIFY_CONNECTION, wf__peers_notify, &s->peers,         /**/
        MHD_OPTION_NOTIFY_COMPLETED, wf__request_completed, s, MHD_OPTION_END);
    WF_REQUIRE(s->daemon, WF_E_IO, "cannot start the server on %s", s->url);
    s->listen_fd = -1; /* the daemon's now */
    return WF_OK;
}

static wf_status start_thread(wf_server *s, wf_context *cx) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&s->thread, NULL, loop, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    WF_REQUIRE(!error, WF_E_NOMEM, "cannot start the server's thread: %s", strerror(error));
    s->has_thread = true;
    return WF_OK;
}

static wf_status add_token(wf_server *s, wf_context *cx) {
    wf_str url = {0};
    if (!s->wants_token) return WF_OK;
    wf_str_addf(&url, cx, "%s?token=%s", s->url, s->token);
    WF_TRY(url.status);
    wf_free(s->url);
    s->url = url.text;
    return WF_OK;
}

wf_status wf_server_start(wf_server **out, wf_context *cx, const wf_server_options *options) {
    wf_server *s = NULL;
    wf_status status;
    const char *host = options->host ? options->host : "127.0.0.1";
    WF_TRY(wf_alloc(&s, cx, 1, sizeof *s));
    s->listen_fd = s->wake_fd = -1;
    WF_TRY_OR(take_options(s, cx, options));
    WF_TRY_OR(wf__listen(&s->listen_fd, &s->port, &s->url, cx, host, options->port));
    WF_TRY_OR(add_token(s, cx));
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    WF_REQUIRE_OR(s->wake_fd >= 0, WF_E_IO, "cannot make an eventfd: %s", strerror(errno));
    WF_TRY_OR(wf__reports_create(&s->reports, cx, s));
    WF_TRY_OR(make_page(s, cx));
    WF_TRY_OR(start_daemon(s, cx, strchr(host, ':') != NULL));
    WF_TRY_OR(start_thread(s, cx));
    *out = s;
    return WF_OK;
done:
    wf_server_stop(s);
    return status;
}

void wf_server_stop(wf_server *s) {
    if (!s) return;
    atomic_store(&s->is_asked_to_stop, true);
    if (s->has_thread) {
        wf__server_wake(s);
        pthread_join(s->thread, NULL);
    }
    if (s->daemon) MHD_stop_daemon(s->daemon);
    if (s->page) MHD_destroy_response(s->page);
    wf__reports_destroy(s->reports);
    wf__watch_destroy(s->watch);
    if (s->events) wf__events_clear(s->events);
    wf_free(s->events);
    wf_store_close(s->store);
    if (s->wake_fd >= 0) close(s->wake_fd);
    if (s->listen_fd >= 0) close(s->listen_fd);
    wf_free(s->token);
    wf_free(s->url);
    wf_free(s);
}
