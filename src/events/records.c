#include "events/records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "events/crc32c.h"

#define PREFIX "events.out.tfevents."

/* When the youngest file of the folder began by its name; 0: there is none. */
static wf_status find_youngest(int64_t *out, wf_context *cx, const char *folder) {
    wf_names names = {0};
    int64_t youngest = 0;
    WF_TRY(wf_dir_list(&names, cx, folder));
    for (size_t i = 0; i < names.count; i++) {
        if (strncmp(names.items[i], PREFIX, strlen(PREFIX)) != 0) continue;
        const int64_t began = strtoll(names.items[i] + strlen(PREFIX), NULL, 10);
        if (began > youngest) youngest = began;
    }
    wf_names_reset(&names);
    *out = youngest;
    return WF_OK;
}

wf_status wf__records_open(wf__records *out, int *out_is_first, wf_context *cx,
                           const char *folder) {
    char name[64], *path = NULL;
    wf_append *file = NULL;
    int64_t youngest = 0, now = (int64_t)time(NULL);
    WF_TRY(wf_dir_create(cx, folder));
    WF_TRY(find_youngest(&youngest, cx, folder));
    /* clocks go back now and then, and two files may begin in one second */
    if (now <= youngest) now = youngest + 1;
    snprintf(name, sizeof name, PREFIX "%010" PRId64 ".weft", now);
    WF_TRY(wf_path_join(&path, cx, folder, name));
    wf_status status = wf_append_open(&file, cx, path);
    wf_free(path);
    if (status != WF_OK) return status;
    *out = (wf__records){.file = file};
    *out_is_first = youngest == 0;
    return WF_OK;
}

static void put(uint8_t **at, const void *value, size_t size) {
    memcpy(*at, value, size);
    *at += size;
}

wf_status wf__records_add(wf__records *r, wf_context *cx, const ProtobufCMessage *message) {
    const uint64_t size = protobuf_c_message_get_packed_size(message);
    const size_t framed = (size_t)size + sizeof size + 2 * sizeof(uint32_t);
    WF_REQUIRE(size <= INT32_MAX, WF_E_LIMIT,
               "a record of an event file takes %" PRIu64 " bytes, it has at most %d", size,
               INT32_MAX);
    if (framed > r->capacity) {
        WF_TRY(wf_realloc(&r->record, cx, r->capacity, framed, 1));
        r->capacity = framed;
    }
    uint8_t *at = r->record;
    uint32_t crc = wf__crc32c_masked(&size, sizeof size);
    put(&at, &size, sizeof size);
    put(&at, &crc, sizeof crc);
    protobuf_c_message_pack(message, at);
    crc = wf__crc32c_masked(at, (size_t)size);
    at += size;
    put(&at, &crc, sizeof crc);
    return wf_append_add(r->file, cx, r->record, framed);
}

wf_status wf__records_close(wf__records *r, wf_context *cx) {
    wf_status status = wf_append_close(r->file, cx);
    wf_free(r->record);
    *r = (wf__records){0};
    return status;
}
