/* Drives a libFuzzer target without libFuzzer: the corpus as it is, then seeded mutations of it,
 * for at most two seconds. A program is: #include the target, #include this, REPLAY("folder").
 *
 * With libFuzzer itself:
 *   clang -fsanitize=fuzzer,address,undefined ... tests/fuzz/fuzz_idx.c <library>
 *   ./a.out tests/fuzz/corpus/idx
 * A crash found there becomes a corpus file. */
#ifndef WF_TESTS_FUZZ_REPLAY_H
#define WF_TESTS_FUZZ_REPLAY_H

#include "test.h"

#include <time.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/rng.h"

enum { REPLAY_MOST = 50000, REPLAY_BYTES = 1 << 16, REPLAY_MS = 2000 };

typedef struct replay_file {
    uint8_t *data;
    size_t size;
} replay_file;

static long replay_ms(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (long)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* One small change; returns the new size. */
static size_t replay_change(uint8_t *data, size_t size, wf_rng *r, const replay_file *other) {
    static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, '"', ',', '{', '[', '9', '-', '\n'};
    size_t at = size ? (size_t)wf_rng_below(r, size) : 0;
    size_t n = 1 + (size_t)wf_rng_below(r, 16), from;
    switch (wf_rng_below(r, 8)) {
    case 0:
        if (size) data[at] = (uint8_t)(data[at] ^ 1u << wf_rng_below(r, 8));
        return size;
    case 1:
        if (size) data[at] = telling[wf_rng_below(r, sizeof telling)];
        return size;
    case 2:
        if (size) data[at] = (uint8_t)wf_rng_u32(r);
        return size;
    case 3: /* a run of one telling byte, as in a large number */
        if (n > size - at) n = size - at;
        memset(data + at, telling[wf_rng_below(r, sizeof telling)], n);
        return size;
    case 4: return at; /* truncated */
    case 5:            /* cut out */
        if (n > size - at) n = size - at;
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    case 6: /* doubled */
        if (n > size - at) n = size - at;
        if (size + n > REPLAY_BYTES) return size;
        memmove(data + at + n, data + at, size - at);
        return size + n;
    default: /* a piece of another file */
        if (other->size == 0) return size;
        from = (size_t)wf_rng_below(r, other->size);
        if (n > other->size - from) n = other->size - from;
        if (at + n > REPLAY_BYTES) return size;
        memcpy(data + at, other->data + from, n);
        return at + n > size ? at + n : size;
    }
}

/* A copy of its exact size, so that AddressSanitizer sees every byte read too far. */
static void replay_run(const uint8_t *data, size_t size) {
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact) abort();
    if (size) memcpy(exact, data, size);
    CHECK_INT(LLVMFuzzerTestOneInput(exact, size), 0);
    free(exact);
}

static void replay(const char *corpus) {
    enum { FILES = 64 };
    static replay_file files[FILES];
    static uint8_t data[REPLAY_BYTES];
    char folder[512];
    wf_context cx = {0};
    wf_names names = {0};
    wf_rng r;
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", WF_SOURCE_DIR, corpus);
    CHECK_OK(&cx, wf_dir_list(&names, &cx, folder));
    CHECK(names.count >= 3 && names.count <= FILES);
    for (size_t i = 0; i < names.count; i++) {
        char *path = NULL;
        CHECK_OK(&cx, wf_path_join(&path, &cx, folder, names.items[i]));
        CHECK_OK(&cx, wf_file_read(&files[i].data, &files[i].size, &cx, path, REPLAY_BYTES));
        replay_run(files[i].data, files[i].size);
        wf_free(path);
    }
    wf_rng_init(&r, 2, WF_STREAM_TEST, 0);
    long end = replay_ms() + REPLAY_MS;
    for (int run = 0; run < REPLAY_MOST && replay_ms() < end; run++) {
        const replay_file *file = &files[wf_rng_below(&r, names.count)];
        size_t size = file->size;
        if (size) memcpy(data, file->data, size);
        for (uint64_t n = 1 + wf_rng_below(&r, 4); n > 0; n--)
            size = replay_change(data, size, &r, &files[wf_rng_below(&r, names.count)]);
        replay_run(data, size);
    }
    for (size_t i = 0; i < names.count; i++) wf_free(files[i].data);
    wf_names_reset(&names);
}

#define REPLAY(corpus)                                                                             \
    TEST(corpus_and_mutations) { replay(corpus); }                                                 \
    TEST_MAIN()

#endif
