/* Checksums, buckets, and what happens when memory or the disk fails. That the files are right is
 * in tests/export/test_events.py, which reads them without weft. */
#include <float.h>

#include "base/alloc.h"
#include "events/crc32c.h"
#include "events/histogram.h"
#include "scratch.h"
#include "test.h"
#include "weft/events.h"

/* RFC 3720, appendix B.4 */
TEST(checksums_of_the_standard) {
    static const uint8_t read_pdu[48] = {
        0x01, 0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02};
    uint8_t bytes[32] = {0};
    CHECK_INT(wf__crc32c(bytes, 0), 0);
    CHECK_INT(wf__crc32c(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    CHECK_INT(wf__crc32c(bytes, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)i;
    CHECK_INT(wf__crc32c(bytes, 32), 0x46dd794e);
    for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)(31 - i);
    CHECK_INT(wf__crc32c(bytes, 32), 0x113fdb5c);
    CHECK_INT(wf__crc32c(read_pdu, sizeof read_pdu), 0xd9963a56);
    CHECK_INT(wf__crc32c("123456789", 9), 0xe3069283);
}

static wf__buckets buckets;
static wf__histogram histogram;

/* std::upper_bound */
static int bucket_by_search(double value) {
    int low = 0, high = WF__BUCKETS;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (buckets.limit[middle] <= value) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void check_bucket(float value) {
    wf__histogram_make(&histogram, &buckets, &value, 1);
    CHECK_INT(histogram.n_buckets, 1);
    CHECK_NEAR(histogram.limit[0], buckets.limit[bucket_by_search((double)value)], 0);
    CHECK_NEAR(histogram.count[0], 1, 0);
}

TEST(limits_grow_by_a_tenth) {
    wf__buckets_init(&buckets);
    const int zero = WF__BUCKETS / 2;
    CHECK_NEAR(buckets.limit[0], -DBL_MAX, 0);
    CHECK_NEAR(buckets.limit[WF__BUCKETS - 1], DBL_MAX, 0);
    CHECK_NEAR(buckets.limit[zero], 0, 0);
    CHECK_NEAR(buckets.limit[zero + 1], 1e-12, 0);
    CHECK_NEAR(buckets.limit[zero + 2], 1e-12 * 1.1, 0);
    CHECK(buckets.limit[WF__BUCKETS - 2] < 1e20 && buckets.limit[WF__BUCKETS - 2] * 1.1 >= 1e20);
    for (int i = 1; i < WF__BUCKETS; i++) CHECK(buckets.limit[i - 1] < buckets.limit[i]);
    for (int i = 0; i <= zero; i++)
        CHECK_NEAR(buckets.limit[zero - i], -buckets.limit[zero + i], 0);
}

TEST(every_value_is_in_its_bucket) {
    static const float edges[] = {0.0f, -0.0f, 1e-45f, -1e-45f, FLT_MIN, -FLT_MIN, 1e-12f,
                                  1.0f, -1.0f, 1e20f,  -1e20f,  FLT_MAX, -FLT_MAX};
    wf__buckets_init(&buckets);
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) check_bucket(edges[i]);
    for (int i = 1; i < WF__BUCKETS - 1; i++) {
        const float at = (float)buckets.limit[i];
        check_bucket(at);
        check_bucket(nextafterf(at, INFINITY));
        check_bucket(nextafterf(at, -INFINITY));
    }
    /* floats of every exponent, sign and mantissa */
    for (uint64_t k = 0; k < 200000; k++) {
        const uint32_t bits = (uint32_t)(k * 2654435761u);
        float value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) check_bucket(value);
    }
}

TEST(a_histogram_of_several_values) {
    const float values[] = {1, 1, -2, 0.5f, NAN, INFINITY, -INFINITY};
    wf__buckets_init(&buckets);
    wf__histogram_make(&histogram, &buckets, values, 7);
    CHECK_INT(histogram.num, 4);
    CHECK_NEAR(histogram.min, -2, 0);
    CHECK_NEAR(histogram.max, 1, 0);
    CHECK_NEAR(histogram.sum, 0.5, 0);
    CHECK_NEAR(histogram.sum_squares, 6.25, 0);
    const double held[] = {-2, 0.5, 1}, counts[] = {1, 1, 2};
    CHECK_INT(histogram.n_buckets, 5); /* with one between each two */
    for (int i = 0; i < 3; i++) {
        const int bucket = bucket_by_search(held[i]);
        CHECK_NEAR(histogram.limit[2 * i], buckets.limit[bucket], 0);
        CHECK_NEAR(histogram.count[2 * i], counts[i], 0);
        if (i > 0) CHECK_NEAR(histogram.limit[2 * i - 1], buckets.limit[bucket - 1], 0);
        if (i > 0) CHECK_NEAR(histogram.count[2 * i - 1], 0, 0);
    }
    wf__histogram_make(&histogram, &buckets, values + 4, 3);
    CHECK_INT(histogram.num, 0);
    CHECK_INT(histogram.n_buckets, 0);
}

/* ---- failures ---- */

static const wf_event_point at = {3, 0};

/* One record of every kind. */
static wf_status write_all(wf_context *cx, const char *folder) {
    static const wf_hparam hparams[] = {{"rate", WF_HPARAM_NUMBER, 0.5, NULL},
                                        {"nesterov", WF_HPARAM_BOOL, 1, NULL},
                                        {"optimizer", WF_HPARAM_TEXT, 0, "sgd"}};
    static const float values[] = {1, -1};
    const wf_event_image image = {"png", 3, 1, 1, 1, "what it shows"};
    wf_context closing = {0};
    wf_events *e = NULL;
    wf_status status;
    WF_TRY(wf_events_open(&e, cx, folder, 3));
    WF_TRY_OR(wf_events_begin_session(e, cx, 0, hparams, 3));
    WF_TRY_OR(wf_events_scalar(e, cx, at, "loss", 0.25));
    WF_TRY_OR(wf_events_histogram(e, cx, at, "weights", values, 2));
    WF_TRY_OR(wf_events_image(e, cx, at, "image", &image));
    WF_TRY_OR(wf_events_text(e, cx, at, "text", "a *text*"));
    WF_TRY_OR(wf_events_flush(e, cx));
    WF_TRY_OR(wf_events_end_session(e, cx, 0, 1));
done:
    if (status != WF_OK) wf_events_close(e, &closing);
    else status = wf_events_close(e, cx);
    return status;
}

/* Fails at the k-th place, for every k, in a folder of its own; says how many places there are. */
static int fail_everywhere(void (*fail_at)(long k), const char *folder, wf_status expected) {
    for (int k = 1;; k++) {
        wf_context cx = {0};
        char name[32];
        snprintf(name, sizeof name, "%s-%d", folder, k);
        fail_at(k);
        const wf_status status = write_all(&cx, scratch(name));
        fail_at(0);
        if (status == WF_OK) return k - 1;
        CHECK_INT(status, expected);
        CHECK_INT(cx.code, expected);
        CHECK(cx.message[0]);
    }
}

TEST(every_allocation_may_fail) {
    CHECK(fail_everywhere(wf__alloc_fail_at, "alloc", WF_E_NOMEM) >= 8);
}

TEST(every_write_may_fail) { CHECK(fail_everywhere(wf__io_fail_at, "io", WF_E_IO) >= 9); }

TEST(files_follow_each_other_within_a_second) {
    wf_context cx = {0};
    for (int i = 0; i < 3; i++) CHECK_OK(&cx, write_all(&cx, scratch("many")));
    CHECK_INT(scratch_entries("many"), 3);
}

TEST(a_folder_that_is_a_file) {
    wf_context cx = {0};
    wf_events *e = NULL;
    CHECK_FAILS(&cx, wf_events_open(&e, &cx, scratch_text("file", "text"), 0), WF_E_IO);
    CHECK(!e);
}

TEST_MAIN()
