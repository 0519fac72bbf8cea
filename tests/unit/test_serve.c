/* The live page's server in this process: its threads, its log of events, and what happens when
 * memory is short. What it answers, and to whom, is in tests/cli/test_ui.py. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#include "runs.h"
#include "serve/internal.h"

/* ---- a client ---- */

static int connect_to(const wf_server *server) {
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)wf_server_port(server)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static int send_get(const wf_server *server, const char *target) {
    char request[1024];
    int n = snprintf(request, sizeof request,
                     "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
    int fd = connect_to(server);
    CHECK(send(fd, request, (size_t)n, MSG_NOSIGNAL) == n);
    return fd;
}

/* All that comes until the server closes; returns the status, 0 when nothing came. */
static int receive(int fd, wf_str *out) {
    char part[4096];
    ssize_t n;
    out->length = 0;
    while ((n = recv(fd, part, sizeof part, 0)) > 0) {
        wf_context quiet = {0};
        wf_str_add_bytes(out, &quiet, part, (size_t)n);
    }
    close(fd);
    return out->length > 12 ? atoi(out->text + 9) : 0;
}

static int get(const wf_server *server, const char *target, wf_str *out) {
    return receive(send_get(server, target), out);
}

/* ---- the server ---- */

static atomic_int reports_made;

static wf_status report(wf_str *out, wf_context *context, void *user, const char *const *paths,
                        size_t count) {
    (void)user;
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    atomic_fetch_add(&reports_made, 1);
    if (count == 2)
        return wf__fail(context, WF_E_DATA, __FILE__, __LINE__, "two are too many | take one");
    wf_str_addf(out, context, "<p>%s", paths[0]);
    return out->status;
}

static wf_store *store;
static const char *dir;

static void make_runs(void) {
    dir = fresh_dir();
    store = open_store(dir);
    finish_one(store, "net", 7);
    finish_one(store, "net", 8);
}

static wf_status start_server(wf_server **out) {
    const wf_server_options options = {.runs = dir, .report = report};
    return wf_server_start(out, &cx, &options);
}

static wf_server *begin(void) {
    wf_server *server = NULL;
    make_runs();
    CHECK_OK(&cx, start_server(&server));
    return server;
}

static void end(wf_server *server) {
    wf_server_stop(server);
    wf_store_close(store);
}

TEST(it_answers_and_ends) {
    wf_str text = {0};
    wf_server *server = begin();
    CHECK(strstr(wf_server_url(server), "http://127.0.0.1:") == wf_server_url(server));
    CHECK_INT(get(server, "/", &text), 200);
    CHECK(strstr(text.text, "id=\"weft-ui\"") != NULL);
    CHECK_INT(get(server, "/api/runs", &text), 200);
    CHECK(strstr(text.text, "\"net-1\"") && strstr(text.text, "\"net-2\""));
    CHECK_INT(get(server, "/api/run?id=net-2", &text), 200);
    CHECK_INT(get(server, "/api/compare?id=net-1&id=net-2", &text), 404); /* no config.yaml */
    CHECK_INT(get(server, "/nothing", &text), 404);
    end(server);
    wf_str_reset(&text);
}

TEST(streams_end_with_the_server) {
    wf_str text = {0};
    wf_server *server = begin();
    int fds[WF__MAX_STREAMS];
    for (int i = 0; i < WF__MAX_STREAMS; i++) fds[i] = send_get(server, "/api/events");
    char first[16];
    for (int i = 0; i < WF__MAX_STREAMS; i++) CHECK(recv(fds[i], first, sizeof first, 0) > 0);
    CHECK_INT(get(server, "/api/events", &text), 503);
    end(server);
    for (int i = 0; i < WF__MAX_STREAMS; i++) {
        receive(fds[i], &text);
        CHECK(strstr(text.text, "event: hello") != NULL);
    }
    wf_str_reset(&text);
}

TEST(a_stream_without_a_page_makes_room) {
    wf_str text = {0};
    wf_server *server = begin();
    char first[16];
    for (int i = 0; i < WF__MAX_STREAMS; i++) {
        int fd = send_get(server, "/api/events");
        CHECK(recv(fd, first, sizeof first, 0) > 0);
        close(fd);
    }
    int status = 503;
    for (int i = 0; i < 50 && status != 200; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        int fd = send_get(server, "/api/events");
        CHECK(recv(fd, first, sizeof first, MSG_WAITALL) == sizeof first);
        status = atoi(first + 9);
        close(fd);
    }
    CHECK_INT(status, 200);
    end(server);
    wf_str_reset(&text);
}

/* ---- reports ---- */

TEST(reports_are_made_one_after_another) {
    wf_str text = {0};
    wf_server *server = begin();
    int fds[3];
    for (int i = 0; i < 3; i++) fds[i] = send_get(server, "/report?run=net-1");
    CHECK_INT(get(server, "/api/runs", &text), 200); /* meanwhile */
    for (int i = 0; i < 3; i++) {
        CHECK_INT(receive(fds[i], &text), 200);
        CHECK(strstr(text.text, "net-1") != NULL);
    }
    CHECK_INT(get(server, "/report?run=net-1&run=net-2", &text), 422);
    CHECK(strstr(text.text, "two are too many\ntake one") != NULL);
    end(server);
    wf_str_reset(&text);
}

TEST(too_many_reports_are_refused) {
    enum { MANY = 12 };
    wf_str text = {0};
    wf_server *server = begin();
    int fds[MANY], refused = 0, made = 0;
    for (int i = 0; i < MANY; i++) fds[i] = send_get(server, "/report?run=net-1");
    for (int i = 0; i < MANY; i++) {
        int status = receive(fds[i], &text);
        refused += status == 503;
        made += status == 200;
    }
    CHECK(made >= 8 && made + refused == MANY);
    end(server);
    wf_str_reset(&text);
}

TEST(a_server_that_ends_refuses_what_waits) {
    wf_str text = {0};
    wf_server *server = begin();
    int fds[4], before = atomic_load(&reports_made);
    for (int i = 0; i < 4; i++) fds[i] = send_get(server, "/report?run=net-1");
    while (atomic_load(&reports_made) == before)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    end(server);
    int refused = 0;
    for (int i = 0; i < 4; i++) {
        int status = receive(fds[i], &text);
        CHECK(status == 200 || status == 503);
        refused += status == 503;
    }
    CHECK(refused >= 2);
    wf_str_reset(&text);
}

TEST(who_does_not_wait_is_no_matter) {
    wf_str text = {0};
    wf_server *server = begin();
    for (int i = 0; i < 6; i++)
        close(send_get(server, i % 2 ? "/report?run=net-1" : "/api/events"));
    CHECK_INT(get(server, "/report?run=net-2", &text), 200);
    end(server);
    wf_str_reset(&text);
}

/* ---- the log of events ---- */

static wf__events *new_log(void) {
    wf__events *log = NULL;
    CHECK_OK(&cx, wf_alloc(&log, &cx, 1, sizeof *log));
    strcpy(log->boot, "0123456789abcdef");
    log->first = log->end = 1;
    return log;
}

static int goes_on_after(const wf__events *log, uint64_t number) {
    char id[64];
    uint64_t next = 0;
    snprintf(id, sizeof id, "%s-%llu", log->boot, (unsigned long long)number);
    int is_found = wf__events_find(&next, log, id);
    if (is_found) CHECK_INT(next, number + 1);
    return is_found;
}

TEST(the_log_keeps_the_latest_events) {
    wf__events *log = new_log();
    CHECK(goes_on_after(log, 0)); /* that of hello */
    for (int i = 0; i < WF__MAX_LOG_EVENTS + 10; i++)
        wf__events_add(log, "runs", json_pack("{s:i}", "n", i));
    CHECK_INT(log->end - log->first, WF__MAX_LOG_EVENTS);
    CHECK(goes_on_after(log, log->end - 1) && goes_on_after(log, log->first - 1));
    CHECK(!goes_on_after(log, log->end) && !goes_on_after(log, log->first - 2));
    CHECK_STR(log->items[(log->end - 1) % WF__MAX_LOG_EVENTS].text,
              "event: runs\nid: 0123456789abcdef-1034\ndata: {\"n\":1033}\n\n");
    uint64_t last = log->end - 1;
    wf__events_clear(log);
    CHECK(!goes_on_after(log, last)); /* something was missed */
    CHECK(goes_on_after(log, log->end - 1));
    wf_free(log);
}

TEST(the_log_is_bounded_in_bytes) {
    wf__events *log = new_log();
    char *text = NULL;
    CHECK_OK(&cx, wf_alloc(&text, &cx, 1 << 20, 1));
    memset(text, 'x', (1 << 20) - 1);
    for (int i = 0; i < 9; i++) wf__events_add(log, "live", json_pack("{s:s}", "t", text));
    CHECK_INT(log->end - log->first, 3);
    CHECK(log->bytes <= WF__MAX_LOG_BYTES);
    wf__events_add(log, "live", NULL); /* could not be made */
    CHECK_INT(log->end - log->first, 0);
    wf_free(text);
    wf_free(log);
}

TEST(ids_of_others_are_unknown) {
    static const char *const ids[] = {"",
                                      "-",
                                      "0123456789abcdef",
                                      "0123456789abcdef-",
                                      "0123-1",
                                      "1",
                                      "0123456789abcdef--1",
                                      "0123456789abcdef-1x",
                                      "0123456789abcdef-99999999999999999999999",
                                      "0123456789abcdef- 1"};
    wf__events *log = new_log();
    uint64_t next = 0;
    wf__events_add(log, "runs", json_object());
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        CHECK(!wf__events_find(&next, log, ids[i]));
    wf__events_clear(log);
    wf_free(log);
}

/* ---- when memory is short ---- */

TEST(a_start_without_memory_says_so) {
    make_runs();
    for (long k = 1, made = k; made >= k; k++) {
        wf_server *server = NULL;
        long before = wf__alloc_count();
        wf__alloc_fail_at(k);
        wf_status status = start_server(&server);
        wf__alloc_fail_at(0);
        made = wf__alloc_count() - before;
        CHECK(status == WF_E_NOMEM || (status == WF_OK && server));
        CHECK((status == WF_OK) == (server != NULL));
        wf_server_stop(server);
        CHECK(k < 200);
    }
    wf_store_close(store);
}

/* Whatever allocation fails, the next request is answered as if nothing had been. */
TEST(a_request_without_memory_costs_an_answer_at_most) {
    static const char *const targets[] = {"/api/runs", "/api/run?id=net-1", "/report?run=net-1",
                                          "/api/epochs?id=net-1&id=net-2"};
    wf_str text = {0};
    wf_server *server = begin();
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        long k = 1;
        for (; k < 400; k += 1 + k / 8) {
            wf__alloc_fail_at(k);
            int status = get(server, targets[i], &text);
            wf__alloc_fail_at(0);
            CHECK(status == 0 || status == 200 || status == 404 || status == 500);
            CHECK_INT(get(server, "/api/runs", &text), 200);
            CHECK(strstr(text.text, "\"net-1\"") && strstr(text.text, "\"net-2\""));
        }
        CHECK_INT(get(server, targets[i], &text), 200);
    }
    end(server);
    wf_str_reset(&text);
}

TEST_MAIN()
