/* Reports on demand. They take seconds, so a thread of its own makes them, one after another, while
 * the loop goes on; the request's connection is suspended meanwhile. */
#include <string.h>

#include "base/alloc.h"
#include "serve/internal.h"

enum { MAX_WAITING = 8 };

typedef enum state { IS_WAITING, IS_IN_WORK, IS_MADE } state;

typedef struct wf__report {
    struct wf__report *next;
    wf__request *request; /* NULL: nobody waits any more */
    char **paths;         /* [count] of the runs */
    size_t count;
    state state;
    wf_str html;
    wf_status status;
    wf_context cx;
} wf__report;

struct wf__reports {
    wf_server *server;
    pthread_t thread;
    bool has_thread, is_ending;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wanted;
    wf__report *first; /* oldest first */
};

static void destroy(wf__report *report) {
    for (size_t i = 0; i < report->count; i++) wf_free(report->paths[i]);
    wf_free(report->paths);
    wf_str_reset(&report->html);
    wf_free(report);
}

static void unlink_report(wf__reports *all, const wf__report *report) {
    wf__report **at = &all->first;
    while (*at != report) at = &(*at)->next;
    *at = report->next;
}

static wf__report *find(const wf__reports *all, state wanted) {
    wf__report *report = all->first;
    while (report && report->state != wanted) report = report->next;
    return report;
}

/* ---- the thread that makes them ---- */

static void make(wf_server *server, wf__report *report) {
    report->status = server->report(&report->html, &report->cx, server->user,
                                    (const char *const *)report->paths, report->count);
}

static void *work(void *user) {
    wf__reports *all = user;
    pthread_mutex_lock(&all->lock);
    for (;;) {
        wf__report *report = find(all, IS_WAITING);
        if (all->is_ending) break;
        if (!report) {
            pthread_cond_wait(&all->wanted, &all->lock);
            continue;
        }
        report->state = IS_IN_WORK;
        pthread_mutex_unlock(&all->lock);
        make(all->server, report);
        pthread_mutex_lock(&all->lock);
        report->state = IS_MADE;
        wf__server_wake(all->server);
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* ---- the loop's side ---- */

wf_status wf__reports_create(wf__reports **out, wf_context *cx, wf_server *server) {
    wf__reports *all = NULL;
    WF_TRY(wf_alloc(&all, cx, 1, sizeof *all));
    all->server = server;
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->wanted, NULL);
    *out = all;
    return WF_OK;
}

void wf__reports_destroy(wf__reports *all) {
    if (!all) return;
    pthread_mutex_lock(&all->lock);
    all->is_ending = true;
    pthread_cond_signal(&all->wanted);
    pthread_mutex_unlock(&all->lock);
    if (all->has_thread) pthread_join(all->thread, NULL);
    while (all->first) {
        wf__report *report = all->first;
        all->first = report->next;
        destroy(report);
    }
    pthread_cond_destroy(&all->wanted);
    pthread_mutex_destroy(&all->lock);
    wf_free(all);
}

static wf_status create(wf__report **out, wf_context *cx, const wf__watched *const *runs,
                        size_t count) {
    wf__report *report = NULL;
    wf_status status;
    WF_TRY(wf_alloc(&report, cx, 1, sizeof *report));
    WF_TRY_OR(wf_alloc(&report->paths, cx, count, sizeof *report->paths));
    for (; report->count < count; report->count++)
        WF_TRY_OR(
            wf_strdup(&report->paths[report->count], cx, wf_run_path(runs[report->count]->run)));
    *out = report;
    return WF_OK;
done:
    destroy(report);
    return status;
}

static wf_status start(wf__reports *all, wf_context *cx) {
    if (all->has_thread) return WF_OK;
    int error = pthread_create(&all->thread, NULL, work, all); /* it inherits blocked signals */
    WF_REQUIRE(!error, WF_E_NOMEM, "cannot start the thread of reports: %s", strerror(error));
    all->has_thread = true;
    return WF_OK;
}

wf_status wf__reports_ask(wf__request *r, wf_context *cx, const wf__watched *const *runs,
                          size_t count) {
    wf__reports *all = r->server->reports;
    wf__report *report = NULL;
    size_t waiting = 0;
    WF_REQUIRE(r->server->report, WF_E_UNSUPPORTED, "this server makes no reports");
    WF_TRY(start(all, cx));
    WF_TRY(create(&report, cx, runs, count));
    report->request = r;
    pthread_mutex_lock(&all->lock);
    wf__report **end = &all->first;
    for (; *end; end = &(*end)->next) waiting++;
    bool has_room = waiting < MAX_WAITING && !r->server->is_stopping;
    if (has_room) *end = report;
    pthread_cond_signal(&all->wanted);
    pthread_mutex_unlock(&all->lock);
    if (!has_room) {
        destroy(report);
        return WF_FAIL(WF_E_LIMIT, "%zu reports are to be made already | try again", waiting);
    }
    r->waits_for_report = true;
    r->report = report;
    wf__peer_set(r->peer, WF__STREAMS); /* not answered yet, and not idle */
    MHD_suspend_connection(r->connection);
    return WF_OK;
}

void wf__reports_deliver(wf__reports *all) {
    pthread_mutex_lock(&all->lock);
    for (wf__report *report; (report = find(all, IS_MADE));) {
        unlink_report(all, report);
        if (report->request) MHD_resume_connection(report->request->connection);
        else destroy(report);
    }
    pthread_mutex_unlock(&all->lock);
}

void wf__reports_check(wf__reports *all) {
    pthread_mutex_lock(&all->lock);
    for (wf__report *report = all->first, *next; report; report = next) {
        next = report->next;
        if (!report->request || !wf__peer_has_left(report->request->peer)) continue;
        report->request->report = NULL;
        MHD_resume_connection(report->request->connection);
        report->request = NULL;
        if (report->state == IS_IN_WORK) continue; /* until it is made */
        unlink_report(all, report);
        destroy(report);
    }
    pthread_mutex_unlock(&all->lock);
}

void wf__reports_forget(wf__request *r) {
    if (r->report) destroy(r->report);
    r->report = NULL;
}

enum MHD_Result wf__reports_answer(wf__request *r) {
    wf__report *report = r->report;
    enum MHD_Result result;
    r->report = NULL;
    if (!report)
        return wf__answer_refusal(r, MHD_HTTP_SERVICE_UNAVAILABLE, "limit",
                                  r->server->is_stopping ? "the server ends"
                                                         : "nobody waits for the report");
    if (report->status == WF_OK)
        result = wf__answer_text(r, MHD_HTTP_OK, "text/html; charset=utf-8", &report->html);
    else result = wf__answer_error_text(r, &report->cx);
    destroy(report);
    return result;
}

void wf__reports_end(wf__reports *all) {
    pthread_mutex_lock(&all->lock);
    all->is_ending = true;
    for (wf__report *report = all->first; report; report = report->next) {
        if (!report->request) continue;
        report->request->report = NULL;
        MHD_resume_connection(report->request->connection);
        report->request = NULL;
    }
    pthread_mutex_unlock(&all->lock);
}
