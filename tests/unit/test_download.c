/* Downloads from an HTTP server on 127.0.0.1 that runs in this process and misbehaves on demand. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "data/download.h"
#include "pictures.h"

static wf_context cx;

/* --- the server ------------------------------------------------------------------------------ */

static struct {
    int socket;
    char url[64], folder[512];
    atomic_int requests;
    atomic_int ignores_range; /* answers 200 with everything */
    atomic_long cut_after;    /* closes after so many bytes of the body; 0: never */
    atomic_long last_start;   /* of the last Range header; -1: there was none */
} server;

static void send_all(int fd, const void *data, size_t size) {
    const char *at = data;
    while (size > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
        if (n <= 0) return;
        at += n;
        size -= (size_t)n;
    }
}

static void answer(int fd) {
    char request[4096], path[1024], head[256];
    size_t used = 0, size = 0, start = 0;
    while (used < sizeof request - 1) {
        ssize_t n = recv(fd, request + used, sizeof request - 1 - used, 0);
        if (n <= 0) return;
        used += (size_t)n;
        request[used] = 0;
        if (strstr(request, "\r\n\r\n")) break;
    }
    char *name = strchr(request, '/'), *end = name ? strchr(name, ' ') : NULL;
    if (!end) return;
    server.requests++;
    const char *range = strstr(request, "Range: bytes=");
    if (range) start = (size_t)strtoul(range + 13, NULL, 10);
    server.last_start = range ? (long)start : -1;
    *end = 0;
    snprintf(path, sizeof path, "%s%s", server.folder, name);
    uint8_t *data = NULL;
    wf_context ignored = {0};
    if (wf_file_read(&data, &size, &ignored, path, (size_t)1 << 30) != WF_OK) {
        send_all(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 45);
        return;
    }
    if (server.ignores_range) start = 0, range = NULL;
    if (start >= size) {
        send_all(fd, "HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n", 38);
    } else {
        int n = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n",
                         range ? "206 Part" : "200 OK", size - start);
        if (range)
            n += snprintf(head + n, sizeof head - (size_t)n, "Content-Range: bytes %zu-%zu/%zu\r\n",
                          start, size - 1, size);
        send_all(fd, head, (size_t)n);
        send_all(fd, "Connection: close\r\n\r\n", 21);
        size_t body = size - start;
        size_t most = (size_t)server.cut_after;
        if (most > 0 && body > most) body = most;
        send_all(fd, data + start, body);
    }
    wf_free(data);
}

static void *serve(void *unused) {
    (void)unused;
    for (;;) {
        int fd = accept(server.socket, NULL, NULL);
        if (fd < 0) return NULL;
        answer(fd);
        shutdown(fd, SHUT_WR);
        close(fd);
    }
}

static void start_server(void) {
    static pthread_t thread;
    server.requests = 0;
    server.ignores_range = 0;
    server.cut_after = 0;
    if (server.url[0]) return;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(server.socket, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(server.socket, 8) == 0);
    CHECK(getsockname(server.socket, (struct sockaddr *)&address, &size) == 0);
    snprintf(server.url, sizeof server.url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    snprintf(server.folder, sizeof server.folder, "%s", scratch("www"));
    CHECK(pthread_create(&thread, NULL, serve, NULL) == 0);
    pthread_detach(thread);
}

/* --- one file -------------------------------------------------------------------------------- */

enum { SIZE = 300000 };

static uint8_t content[SIZE];
static char digest[WF_HASH_HEX];

static wf__registered_file publish(void) {
    for (size_t i = 0; i < SIZE; i++) content[i] = (uint8_t)(i * i >> 9);
    scratch_file("www/a.bin", content, SIZE);
    wf_hash_bytes(digest, WF_HASH_SHA256, content, SIZE);
    CHECK_OK(&cx, wf_dir_create(&cx, scratch("cache")));
    remove(scratch("cache/a.bin"));
    remove(scratch("cache/a.bin.part"));
    return (wf__registered_file){"a.bin", SIZE, digest};
}

static wf_status download(const wf__registered_file *file, const wf_dataset_options *options) {
    static const wf_dataset_options none;
    return wf__download_file(&cx, scratch("cache"), server.url, file, options ? options : &none);
}

static void check_complete(void) {
    uint8_t *data = NULL;
    size_t size = 0;
    CHECK_OK(&cx, wf_file_read(&data, &size, &cx, scratch("cache/a.bin"), SIZE));
    CHECK_INT(size, SIZE);
    CHECK(memcmp(data, content, SIZE) == 0);
    CHECK(!wf_path_exists(scratch("cache/a.bin.part")));
    wf_free(data);
}

static int count_calls(void *user, const char *what, int64_t done, int64_t total) {
    int64_t *seen = user;
    seen[0]++;
    if (done > seen[1]) seen[1] = done;
    return strcmp(what, "a.bin") != 0 || total != SIZE;
}

TEST(whole_file_with_progress) {
    start_server();
    wf__registered_file file = publish();
    int64_t seen[2] = {0};
    const wf_dataset_options options = {.progress = count_calls, .progress_user = seen};
    CHECK_OK(&cx, download(&file, &options));
    check_complete();
    CHECK(seen[0] > 0);
    CHECK_INT(seen[1], SIZE);
    CHECK_INT(server.requests, 1);
    CHECK_OK(&cx, download(&file, NULL)); /* it is there and right */
    CHECK_INT(server.requests, 1);
}

TEST(resumes_where_it_was_cut) {
    start_server();
    wf__registered_file file = publish();
    server.cut_after = 100000;
    CHECK_INT(download(&file, NULL), WF_E_NETWORK);
    CHECK(strstr(cx.message, "/a.bin: "));
    CHECK(!wf_path_exists(scratch("cache/a.bin")));
    uint64_t part = 0;
    CHECK_OK(&cx, wf_file_size(&part, &cx, scratch("cache/a.bin.part")));
    CHECK_INT(part, 100000);
    server.cut_after = 0;
    CHECK_OK(&cx, download(&file, NULL));
    CHECK_INT(server.last_start, 100000);
    CHECK_INT(server.requests, 2);
    check_complete();
}

TEST(starts_again_where_a_server_cannot_resume) {
    start_server();
    wf__registered_file file = publish();
    scratch_file("cache/a.bin.part", content, 5000);
    server.ignores_range = 1;
    CHECK_OK(&cx, download(&file, NULL));
    check_complete();
    file.bytes = 0; /* size unknown, and the part is as long as the file: 416 */
    remove(scratch("cache/a.bin"));
    server.ignores_range = 0;
    scratch_file("cache/a.bin.part", content, SIZE);
    CHECK_OK(&cx, download(&file, NULL));
    check_complete();
}

TEST(complete_or_overlong_part) {
    start_server();
    wf__registered_file file = publish();
    scratch_file("cache/a.bin.part", content, SIZE);
    CHECK_OK(&cx, download(&file, NULL));
    CHECK_INT(server.requests, 0);
    check_complete();
    static uint8_t longer[SIZE + 1];
    remove(scratch("cache/a.bin"));
    scratch_file("cache/a.bin.part", longer, sizeof longer);
    CHECK_OK(&cx, download(&file, NULL));
    check_complete();
}

TEST(wrong_content_never_appears) {
    start_server();
    wf__registered_file file = publish();
    uint8_t first = content[0];
    content[0] ^= 1;
    scratch_file("www/a.bin", content, SIZE);
    content[0] = first;
    CHECK_INT(download(&file, NULL), WF_E_DATA);
    CHECK(strstr(cx.message, "a.bin: found SHA-256 "));
    CHECK(strstr(cx.message, digest));
    CHECK(!wf_path_exists(scratch("cache/a.bin")));
    CHECK(!wf_path_exists(scratch("cache/a.bin.part")));

    scratch_file("www/a.bin", content, SIZE);
    file.bytes = SIZE - 1;
    CHECK_INT(download(&file, NULL), WF_E_DATA);
    CHECK_STR(cx.message, "a.bin: found more than the 299999 bytes expected");
    CHECK(!wf_path_exists(scratch("cache/a.bin")));
}

TEST(damaged_file_in_the_cache_is_replaced) {
    start_server();
    wf__registered_file file = publish();
    scratch_text("cache/a.bin", "damaged");
    CHECK_OK(&cx, download(&file, NULL));
    check_complete();
}

typedef struct side {
    pthread_t thread;
    const char *folder;
    const wf__registered_file *file;
    wf_status status;
} side;

static void *download_aside(void *one) {
    static const wf_dataset_options none;
    side *s = one;
    wf_context own = {0};
    s->status = wf__download_file(&own, s->folder, server.url, s->file, &none);
    return NULL;
}

TEST(several_at_once_make_one_request) {
    enum { SIDES = 4 };
    start_server();
    wf__registered_file file = publish();
    char folder[512];
    side sides[SIDES];
    snprintf(folder, sizeof folder, "%s", scratch("cache"));
    for (int i = 0; i < SIDES; i++) {
        sides[i] = (side){.folder = folder, .file = &file};
        CHECK(pthread_create(&sides[i].thread, NULL, download_aside, &sides[i]) == 0);
    }
    for (int i = 0; i < SIDES; i++) {
        pthread_join(sides[i].thread, NULL);
        CHECK_INT(sides[i].status, WF_OK);
    }
    check_complete();
    CHECK_INT(server.requests, 1);
}

static int stop(void *user, const char *what, int64_t done, int64_t total) {
    (void)user;
    (void)what;
    (void)total;
    return done > 0;
}

TEST(interrupted_part_stays) {
    start_server();
    wf__registered_file file = publish();
    const wf_dataset_options options = {.progress = stop};
    CHECK_FAILS(&cx, download(&file, &options), WF_E_INTERRUPTED);
    CHECK(!wf_path_exists(scratch("cache/a.bin")));
    CHECK(wf_path_exists(scratch("cache/a.bin.part")));
    CHECK_OK(&cx, download(&file, NULL));
    check_complete();
}

TEST(full_disk) {
    start_server();
    wf__registered_file file = publish();
    wf__io_fail_at(3);
    CHECK_INT(download(&file, NULL), WF_E_IO);
    wf__io_fail_at(0);
    CHECK(!wf_path_exists(scratch("cache/a.bin")));
    CHECK_OK(&cx, download(&file, NULL));
    check_complete();
}

TEST(missing_file_and_missing_server) {
    start_server();
    wf__registered_file file = publish();
    file.name = "none.bin";
    CHECK_INT(download(&file, NULL), WF_E_NETWORK);
    CHECK(strstr(cx.message, "none.bin: The requested URL returned error: 404"));
    CHECK_FAILS(&cx,
                wf__download_file(&cx, scratch("cache"), "ftp://127.0.0.1", &file,
                                  &(wf_dataset_options){0}),
                WF_E_NETWORK);
    wf_dataset *d = NULL;
    const wf_dataset_options options = {.system_dir = "/nonexistent",
                                        .cache_dir = scratch("empty"),
                                        .base_url = "http://127.0.0.1:1",
                                        .allow_download = 1};
    CHECK_INT(wf_dataset_open(&d, &cx, "fashion-mnist", &options), WF_E_NETWORK);
    CHECK(strstr(cx.message, "data set fashion-mnist: not found in "));
    CHECK(strstr(cx.message, "127.0.0.1:1/train-images-idx3-ubyte.gz: "));
    CHECK(strstr(cx.hint, "apt install dataset-fashion-mnist; or put train-images-idx3-ubyte.gz"));
}

/* --- a whole data set ------------------------------------------------------------------------ */

/* The published file is Debian's with a name and a time of 31 August 2017 in its gzip header. */
static void republish(const char *name, uint8_t time) {
    char path[128], to[64];
    uint8_t *data = NULL, *file;
    size_t size = 0, n = strlen(name) + 1;
    snprintf(path, sizeof path, "/usr/share/datasets/fashion-mnist/%s.gz", name);
    CHECK_OK(&cx, wf_file_read(&data, &size, &cx, path, (size_t)1 << 28));
    file = malloc(size + n);
    memcpy(file, (uint8_t[]){0x1f, 0x8b, 8, 8, time, 0xe9, 0xa7, 0x59, 0, 3}, 10);
    memcpy(file + 10, name, n);
    memcpy(file + 10 + n, data + 10, size - 10);
    snprintf(to, sizeof to, "www/%s.gz", name);
    scratch_file(to, file, size + n);
    free(file);
    wf_free(data);
}

TEST(fashion_mnist_as_published) {
    start_server();
    if (!wf_path_exists("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")) {
        CHECK(wf__registry_find("fashion-mnist")->info.url != NULL);
        return;
    }
    republish("train-images-idx3-ubyte", 0xde);
    republish("train-labels-idx1-ubyte", 0xde);
    republish("t10k-images-idx3-ubyte", 0xf3);
    republish("t10k-labels-idx1-ubyte", 0xf3);
    wf_dataset *d = NULL;
    wf_dataset_options options = {.system_dir = "/nonexistent",
                                  .cache_dir = scratch("xdg"),
                                  .base_url = server.url,
                                  .allow_download = 1};
    CHECK_OK(&cx, wf_dataset_open(&d, &cx, "fashion-mnist", &options));
    CHECK_INT(d->train.count, 60000);
    CHECK_STR(d->source, scratch("xdg/fashion-mnist"));
    CHECK_STR(d->sha256, wf__registry_find("fashion-mnist")->decoded);
    CHECK_INT(server.requests, 4);
    wf_dataset_destroy(d);
    options.allow_download = 0; /* it is in the cache now */
    char *where = NULL;
    CHECK_OK(&cx, wf_dataset_locate(&where, &cx, "fashion-mnist", &options));
    CHECK_STR(where, scratch("xdg/fashion-mnist"));
    wf_text_free(where);
    /* what was begun is not there: it is gone on with */
    where = NULL;
    CHECK_INT(remove(scratch("xdg/fashion-mnist/t10k-labels-idx1-ubyte.gz")), 0);
    CHECK_INT(remove(scratch("xdg/fashion-mnist/train-labels-idx1-ubyte.gz")), 0);
    CHECK_OK(&cx, wf_dataset_locate(&where, &cx, "fashion-mnist", &options));
    CHECK(!where);
    CHECK_FAILS(&cx, wf_dataset_open(&d, &cx, "fashion-mnist", &options), WF_E_NOTFOUND);
    options.allow_download = 1;
    CHECK_OK(&cx, wf_dataset_open(&d, &cx, "fashion-mnist", &options));
    CHECK_INT(d->test.count, 10000);
    CHECK_INT(server.requests, 6);
    wf_dataset_destroy(d);
}

TEST_MAIN()
