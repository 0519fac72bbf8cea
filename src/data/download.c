#include "data/download.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/hash.h"
#include "data/formats.h"

enum { CONNECT_S = 20, STALL_S = 30, STALL_BYTES_PER_S = 100, MAX_REDIRECTS = 5 };

/* What the callbacks of libcurl work on. */
typedef struct transfer {
    wf_context *cx;
    const wf__registered_file *file;
    const wf_dataset_options *options;
    wf_append *part;
    curl_off_t start; /* bytes that the part held before */
    int64_t received;
    wf_status status; /* of a callback that stopped the transfer */
} transfer;

static CURLcode global_result;

static void init_curl(void) { global_result = curl_global_init(CURL_GLOBAL_DEFAULT); }

static size_t on_data(char *data, size_t one, size_t size, void *user) {
    (void)one;
    transfer *t = user;
    wf_context *cx = t->cx;
    int64_t total = t->start + t->received + (int64_t)size;
    if (t->file->bytes > 0 && total > t->file->bytes)
        t->status = WF_FAIL(WF_E_DATA, "%s: found more than the %lld bytes expected", t->file->name,
                            (long long)t->file->bytes);
    else t->status = wf_append_add(t->part, cx, data, size);
    if (t->status != WF_OK) return 0;
    t->received += (int64_t)size;
    return size;
}

static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now) {
    (void)up_total;
    (void)up_now;
    transfer *t = user;
    if (t->status != WF_OK) return 1;
    int64_t all = t->file->bytes > 0 ? t->file->bytes : total > 0 ? t->start + total : 0;
    t->status = wf__progress(t->cx, t->options, t->file->name, t->start + now, all);
    return t->status != WF_OK;
}

static CURLcode set_options(CURL *curl, transfer *t, const char *url, char *error) {
    bool is_file = strncmp(url, "file:", 5) == 0;
    CURLcode e = CURLE_OK;
#define SET(option, value)                                                                         \
    if (e == CURLE_OK) e = curl_easy_setopt(curl, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, is_file ? "file" : "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    SET(CURLOPT_FAILONERROR, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S);
    SET(CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
    SET(CURLOPT_USERAGENT, "weft");
    SET(CURLOPT_ERRORBUFFER, error);
    SET(CURLOPT_RESUME_FROM_LARGE, t->start);
    SET(CURLOPT_WRITEFUNCTION, on_data);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, t);
    SET(CURLOPT_NOPROGRESS, 0L);
#undef SET
    return e;
}

/* Gets what lies behind `start` and appends it. *out_is_refused: the server cannot go on there. */
static wf_status fetch(bool *out_is_refused, wf_context *cx, const char *url, transfer *t) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char error[CURL_ERROR_SIZE] = "";
    pthread_once(&once, init_curl);
    CURL *curl = global_result == CURLE_OK ? curl_easy_init() : NULL;
    WF_REQUIRE(curl, WF_E_NETWORK, "%s: libcurl cannot be started", url);
    CURLcode result = set_options(curl, t, url, error);
    if (result == CURLE_OK) result = curl_easy_perform(curl);
    long code = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_cleanup(curl);
    if (t->status != WF_OK) return t->status;
    *out_is_refused = t->start > 0 && (result == CURLE_RANGE_ERROR || code == 416 ||
                                       result == CURLE_BAD_DOWNLOAD_RESUME);
    WF_REQUIRE(result == CURLE_OK || *out_is_refused, WF_E_NETWORK, "%s: %s", url,
               error[0] ? error : curl_easy_strerror(result));
    return WF_OK;
}

/* Brings the part to its full length, from its present end or, if the server refuses, from 0. */
static wf_status complete_part(wf_context *cx, const char *part, const char *url,
                               const wf__registered_file *file, const wf_dataset_options *o) {
    for (int attempt = 0; attempt < 2; attempt++) {
        transfer t = {.cx = cx, .file = file, .options = o};
        uint64_t have = 0;
        bool is_refused = false;
        if (wf_path_exists(part)) WF_TRY(wf_file_size(&have, cx, part));
        if (file->bytes > 0 && have == (uint64_t)file->bytes) return WF_OK;
        if (attempt > 0 || (file->bytes > 0 && have > (uint64_t)file->bytes)) {
            WF_TRY(wf_file_remove(cx, part));
            have = 0;
        }
        t.start = (curl_off_t)have;
        WF_TRY(wf_append_open(&t.part, cx, part));
        wf_status status = fetch(&is_refused, cx, url, &t);
        wf_context ignored = {0};
        wf_status closed = wf_append_close(t.part, status == WF_OK ? cx : &ignored);
        WF_TRY(status);
        WF_TRY(closed);
        if (!is_refused) return WF_OK;
    }
    return WF_FAIL(WF_E_NETWORK, "%s: the server refuses to send the file", url);
}

/* True when the file has the published size and checksum. */
static wf_status is_right(bool *out, wf_context *cx, const char *path,
                          const wf__registered_file *file, char found[WF_HASH_HEX]) {
    WF_TRY(wf_hash_file(found, cx, WF_HASH_SHA256, path));
    *out = !file->sha256 || strcmp(found, file->sha256) == 0;
    return WF_OK;
}

/* Who comes second waits, and finds the file of the first. Where folders cannot be locked, -1. */
static wf_status lock_folder(int *out, wf_context *cx, const char *folder,
                             const wf__registered_file *file, const wf_dataset_options *o) {
    const struct timespec moment = {.tv_nsec = 50000000};
    while ((*out = wf_dir_lock(folder, false)) < 0 && errno == EWOULDBLOCK) {
        WF_TRY(wf__progress(cx, o, file->name, 0, file->bytes));
        nanosleep(&moment, NULL);
    }
    return WF_OK;
}

wf_status wf__download_file(wf_context *cx, const char *folder, const char *base_url,
                            const wf__registered_file *file, const wf_dataset_options *options) {
    wf_status status = WF_OK;
    char *path = NULL, *url = NULL, found[WF_HASH_HEX];
    wf_str part = {0};
    bool is_ok = false;
    int lock = -1;
    WF_TRY_OR(lock_folder(&lock, cx, folder, file, options));
    WF_TRY_OR(wf_path_join(&path, cx, folder, file->name));
    WF_TRY_OR(wf_path_join(&url, cx, base_url, file->name));
    wf_str_addf(&part, cx, "%s.part", path);
    WF_TRY_OR(part.status);
    if (wf_path_exists(path)) {
        WF_TRY_OR(is_right(&is_ok, cx, path, file, found));
        if (is_ok) goto done;
    }
    WF_TRY_OR(complete_part(cx, part.text, url, file, options));
    WF_TRY_OR(is_right(&is_ok, cx, part.text, file, found));
    if (!is_ok) {
        WF_TRY_OR(wf_file_remove(cx, part.text));
        status = WF_FAIL(WF_E_DATA,
                         "%s: found SHA-256 %s, expected %s | the download is damaged or another "
                         "file; it was removed, try again",
                         url, found, file->sha256);
        goto done;
    }
    WF_TRY_OR(wf_file_rename(cx, part.text, path));
done:
    if (lock >= 0) close(lock);
    wf_str_reset(&part);
    wf_free(url);
    wf_free(path);
    return status;
}

wf_status wf__download_dataset(wf_context *cx, const wf__registered *r,
                               const wf_dataset_options *o) {
    const char *base = r->info.url && o->base_url ? o->base_url : r->info.url;
    if (!base)
        return wf__registry_fail(cx, r, o, WF_E_NOTFOUND, "its files cannot be downloaded singly");
    if (!o->cache_dir)
        return wf__registry_fail(cx, r, o, WF_E_NOTFOUND, "there is no cache to download to");
    char *folder = NULL;
    WF_TRY(wf_path_join(&folder, cx, o->cache_dir, r->info.name));
    wf_status status = wf_dir_create(cx, folder);
    for (int i = 0; i < WF_DATASET_FILES && status == WF_OK; i++)
        status = wf__download_file(cx, folder, base, &r->files[i], o);
    wf_free(folder);
    if (status != WF_E_NETWORK) return status;
    char reason[sizeof cx->message];
    memcpy(reason, cx->message, sizeof reason);
    return wf__registry_fail(cx, r, o, WF_E_NETWORK, reason);
}
