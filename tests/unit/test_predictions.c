/* Reading predictions.csv: what was written comes back bit for bit, and damage is named. */
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/rng.h"
#include "store/internal.h"
#include "test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
enum { SLOWNESS = 20 };
#else
enum { SLOWNESS = 1 };
#endif

static wf_context cx;
static char base[64];

__attribute__((destructor)) static void remove_base(void) {
    char command[160];
    if (!base[0]) return;
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    if (system(command) != 0) fprintf(stderr, "cannot remove %s\n", base);
    base[0] = 0;
}

static wf_run *new_run(wf_store **store) {
    wf_run *run = NULL;
    remove_base();
    snprintf(base, sizeof base, "/tmp/weft-test-predictions-XXXXXX");
    CHECK(mkdtemp(base) != NULL);
    CHECK_OK(&cx, wf_store_open(store, &cx, base));
    CHECK_OK(&cx, wf_run_create(&run, &cx, *store, "net"));
    return run;
}

static wf_status parse(wf_predictions *out, const char *text) {
    return wf__predictions_parse(out, &cx, text, strlen(text), "p.csv");
}

static float random_float(wf_rng *r) {
    for (;;) {
        uint32_t bits = wf_rng_u32(r) & 0x7FFFFFFF;
        float value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) return value;
    }
}

/* Every kind of float: of any exponent, subnormal, near 1, and probabilities as they come. */
TEST(what_was_written_comes_back_bit_for_bit) {
    enum { COUNT = 4000, CLASSES = 10 };
    wf_store *store = NULL;
    wf_run *run = new_run(&store);
    wf_predictions p = {0};
    wf_rng r;
    int32_t *labels = malloc(COUNT * sizeof *labels), *predicted = malloc(COUNT * sizeof *labels);
    float *values = malloc(COUNT * CLASSES * sizeof *values);
    wf_rng_init(&r, 1, WF_STREAM_TEST, 0);
    for (int i = 0; i < COUNT; i++) {
        labels[i] = (int32_t)wf_rng_below(&r, CLASSES);
        predicted[i] = (int32_t)wf_rng_below(&r, CLASSES);
        for (int j = 0; j < CLASSES; j++)
            values[i * CLASSES + j] = j < 5 ? random_float(&r)
                                            : (float)wf_rng_u32(&r) / 4294967296.f *
                                                  (j == 9   ? 1e-30f
                                                   : j == 8 ? 1e-7f
                                                            : 1.f);
    }
    const float special[] = {0, 1, 0x1p-149f, 0x1p-126f, 0x1.fffffep-1f, 0x1.fffffep127f, .1f};
    memcpy(values, special, sizeof special);
    CHECK_OK(&cx,
             wf_run_record_predictions(&cx, run, NULL, labels, predicted, values, COUNT, CLASSES));
    CHECK_OK(&cx, wf_run_read_predictions(&p, &cx, run));
    CHECK_INT(p.count, COUNT);
    CHECK_INT(p.class_count, CLASSES);
    CHECK(memcmp(p.labels, labels, COUNT * sizeof *labels) == 0);
    CHECK(memcmp(p.predicted, predicted, COUNT * sizeof *labels) == 0);
    CHECK(memcmp(p.probabilities, values, COUNT * CLASSES * sizeof *values) == 0);
    for (int i = 0; i < COUNT; i++) CHECK_INT(p.index[i], i);
    wf_predictions_reset(&p);
    free(labels);
    free(predicted);
    free(values);
    wf_run_close(run);
    wf_store_close(store);
}

/* Texts of other programs, beside the middle between two floats, against strtof. */
TEST(any_decimal_text_is_rounded_to_the_nearest_float) {
    static const char *const texts[] = {
        "0.500000029802322387695312", /* exactly the middle of two floats */
        "0.5000000298023223876953124",
        "0.5000000298023223876953126",
        "0.50000002980232239",
        "0.50000002980232238",
        "16777217e-7",
        "16777219e-7",
        "1.17549435e-38",
        "1.17549428e-38",
        "7.0064923e-46",
        "1e-400",
        "1E2",
        "1e+2",
        ".5",
        "5.",
        "00.5",
        "3.4028235e38",
        "123456789012345678e-18",
        "1234567890123456789e-19",
    };
    wf_predictions p = {0};
    char line[160];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        snprintf(line, sizeof line, "index,label,predicted,p0\n0,0,0,%s\n", texts[i]);
        CHECK_OK(&cx, parse(&p, line));
        float expected = strtof(texts[i], NULL);
        CHECK(memcmp(p.probabilities, &expected, sizeof expected) == 0);
        wf_predictions_reset(&p);
    }
}

TEST(rows_keep_their_order_and_their_index) {
    wf_predictions p = {0};
    CHECK_OK(&cx, parse(&p, "index,label,predicted,p0,p1\n59999,1,0,0.75,0.25\n7,0,0,1.0,0.0\n"));
    CHECK_INT(p.count, 2);
    CHECK_INT(p.index[0], 59999);
    CHECK_INT(p.labels[0], 1);
    CHECK_INT(p.predicted[0], 0);
    CHECK_INT(p.index[1], 7);
    CHECK_NEAR(p.probabilities[1], .25, 0);
    wf_predictions_reset(&p);
    CHECK_OK(&cx, parse(&p, "index,label,predicted,p0,p1\n"));
    CHECK_INT(p.count, 0);
    wf_predictions_reset(&p);
}

static void check_refused(const char *text, const char *message) {
    wf_predictions p = {.count = -7};
    CHECK_INT(parse(&p, text), WF_E_DATA);
    if (!strstr(cx.message, message)) CHECK_STR(cx.message, message);
    CHECK_INT(p.count, -7); /* untouched */
    CHECK(p.index == NULL);
}

#define HEAD "index,label,predicted,p0,p1\n"

TEST(damaged_files_are_refused_with_line_and_column) {
    static const char header[] = "p.csv: line 1: expected the header index,label,predicted,p0,p1 "
                                 "... with at most 4096 classes";
    check_refused("", header);
    check_refused("index,label,predicted\n", header);
    check_refused("index,label,predicted,p0,p2\n", header);
    check_refused("index,label,predicted,p0,p1", header);
    check_refused("index,label,predicted,p0,p1\r\n", header);
    check_refused("0,1,1,0.1,0.9\n", header);
    check_refused(
        HEAD "0,1,1,0.1,0.9\n1,x,1,0.5,0.5\n",
        "p.csv: line 3, column 2: found \"x\", expected a class, a whole number below the "
        "number of classes");
    check_refused(HEAD "0,1,2,0.1,0.9\n", "line 2, column 3: found \"2\", expected a class");
    check_refused(HEAD "0,-1,1,0.1,0.9\n", "line 2, column 2: found \"-1\"");
    check_refused(HEAD "1.5,1,1,0.1,0.9\n", "line 2, column 1: found \"1.5\", expected an image's "
                                            "row, a whole number from 0");
    check_refused(HEAD "1000000000000000000,1,1,0.1,0.9\n", "line 2, column 1: found \"10000");
    check_refused(HEAD "0,1,1,,0.9\n", "line 2, column 4: found \"\", expected a probability, a "
                                       "number of at least 0");
    check_refused(HEAD "0,1,1,-0.1,0.9\n", "line 2, column 4: found \"-0.1\"");
    check_refused(HEAD "0,1,1,0.1,nan\n", "line 2, column 5: found \"nan\"");
    check_refused(HEAD "0,1,1,0.1,inf\n", "line 2, column 5: found \"inf\"");
    check_refused(HEAD "0,1,1,0.1,1e999\n", "line 2, column 5: found \"1e999\"");
    check_refused(HEAD "0,1,1,0.1,0x1p-1\n", "line 2, column 5: found \"0x1p-1\"");
    check_refused(HEAD "0,1,1,0.1,1e\n", "line 2, column 5: found \"1e\"");
    check_refused(HEAD "0,1,1,0.1,0.9.1\n", "line 2, column 5: found \"0.9.1\"");
    check_refused(HEAD "0,1,1,0.1 ,0.9\n", "line 2, column 4: found \"0.1 \"");
    check_refused(HEAD "0,1,1,0.1\n", "line 2, column 4: expected 5 columns");
    check_refused(HEAD "0,1,1,0.1,0.9,0.0\n", "line 2, column 6: expected 5 columns");
    check_refused(HEAD "0,1,1,0.1,0.9\n1,0,0,0.9,0.1",
                  "line 3, column 5: the file ends here, expected 5 columns and the end of a line");
    check_refused(HEAD "0,1,1,0.1,0.9\n1,0,0", "line 3, column 3: the file ends here");
    check_refused(HEAD "\n0,1,1,0.1,0.9\n", "line 2, column 1: found \"\"");
    check_refused(HEAD "\n\n\n", "3 lines of 5 columns are more than its bytes can hold");
}

TEST(a_run_without_predictions_says_so) {
    wf_store *store = NULL;
    wf_run *run = new_run(&store);
    wf_predictions p = {0};
    CHECK_INT(wf_run_read_predictions(&p, &cx, run), WF_E_NOTFOUND);
    CHECK_STR(cx.message, "run net-1: has no predictions.csv");
    wf_run_close(run);
    wf_store_close(store);
}

TEST(failing_memory_is_reported) {
    const int32_t labels[] = {1, 0, 1};
    const float values[] = {.1f, .9f, .25f, .75f, 1e-42f, 1};
    wf_store *store = NULL;
    wf_run *run = new_run(&store);
    int failures = 0, is_done = 0;
    CHECK_OK(&cx, wf_run_record_predictions(&cx, run, NULL, labels, labels, values, 3, 2));
    for (long k = 1; !is_done && k < 50; k++) {
        wf_predictions p = {0};
        wf__alloc_fail_at(k);
        wf_status status = wf_run_read_predictions(&p, &cx, run);
        wf__alloc_fail_at(0);
        is_done = status == WF_OK;
        CHECK(is_done || (status == WF_E_NOMEM && !p.index));
        failures += !is_done;
        wf_predictions_reset(&p);
    }
    CHECK(is_done && failures >= 5);
    wf_run_close(run);
    wf_store_close(store);
}

static double cpu_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double best_ms(const char *text, size_t size, int64_t count) {
    double best = 1e9;
    for (int i = 0; i < 5; i++) {
        wf_predictions p = {0};
        double begin = cpu_ms();
        CHECK_OK(&cx, wf__predictions_parse(&p, &cx, text, size, "p.csv"));
        double ms = cpu_ms() - begin;
        CHECK_INT(p.count, count);
        wf_predictions_reset(&p);
        if (ms < best) best = ms;
    }
    return best;
}

/* 7 ms and 27 ms of processor time were measured; a sanitizer may take many times that. */
TEST(large_files_are_read_fast) {
    enum { CLASSES = 10, COUNT = 2000 };
    wf_store *store = NULL;
    wf_run *run = new_run(&store);
    wf_rng r;
    static int32_t labels[COUNT];
    static float values[COUNT * CLASSES];
    char *path = NULL, *text = NULL;
    uint8_t *piece = NULL;
    size_t size = 0, head = sizeof "index,label,predicted,p0,p1,p2,p3,p4,p5,p6,p7,p8,p9\n" - 1;
    wf_rng_init(&r, 2, WF_STREAM_TEST, 0);
    for (int i = 0; i < COUNT * CLASSES; i++)
        values[i] = expf(-30 * (float)wf_rng_u32(&r) / 4294967296.f);
    CHECK_OK(&cx,
             wf_run_record_predictions(&cx, run, NULL, labels, labels, values, COUNT, CLASSES));
    CHECK_OK(&cx, wf_run_file(&path, &cx, run, WF_RUN_PREDICTIONS_FILE));
    CHECK_OK(&cx, wf_file_read(&piece, &size, &cx, path, 1 << 24));
    text = malloc(30 * size);
    memcpy(text, piece, size);
    for (size_t i = 1; i < 30; i++)
        memcpy(text + head + i * (size - head), piece + head, size - head);
    double small = best_ms(text, head + 5 * (size - head), 5 * COUNT);
    double large = best_ms(text, head + 30 * (size - head), 30 * COUNT);
    printf("10,000 x 10: %.1f ms, 60,000 x 10: %.1f ms\n", small, large);
    CHECK(small < 20 * SLOWNESS);
    CHECK(large < 120 * SLOWNESS);
    free(text);
    wf_free(piece);
    wf_free(path);
    wf_run_close(run);
    wf_store_close(store);
}

/* ---- any number of labels ---- */

TEST(sets_come_back_and_each_kind_is_asked_for_by_name) {
    static uint8_t sets[] = {1, 0, 1, 0, 0, 0, 0, 1, 0}, taken[] = {0, 0, 1, 0, 0, 0, 1, 1, 1},
                   small[] = {1, 0, 0, 0, 0, 0, 0, 1, 0};
    static float values[] = {.5f, .25f, .75f, 0, .1f, .2f, 1, 1, 1};
    static double log_p[] = {-0.1, 0, -87.336544750553102};
    wf_predictions told = {
        .count = 3, .class_count = 3, .sets = sets, .taken = taken, .probabilities = values};
    wf_store *store = NULL;
    wf_run *run = new_run(&store);
    wf_predictions p = {0};
    CHECK_OK(&cx, wf_run_record_sets(&cx, run, NULL, &told));
    CHECK_OK(&cx, wf_run_read_sets(&p, &cx, run));
    CHECK(!p.log_p && !p.small);
    wf_predictions_reset(&p);
    told.log_p = log_p;
    told.small = small;
    CHECK_OK(&cx, wf_run_record_sets(&cx, run, NULL, &told));
    CHECK_OK(&cx, wf_run_read_sets(&p, &cx, run));
    CHECK(memcmp(p.log_p, log_p, sizeof log_p) == 0);
    CHECK(memcmp(p.small, small, sizeof small) == 0);
    CHECK(p.count == 3 && p.class_count == 3 && !p.labels && !p.predicted);
    CHECK(memcmp(p.sets, sets, sizeof sets) == 0);
    CHECK(memcmp(p.taken, taken, sizeof taken) == 0);
    CHECK(memcmp(p.probabilities, values, sizeof values) == 0);
    wf_predictions_reset(&p);
    CHECK_INT(wf_run_read_predictions(&p, &cx, run), WF_E_UNSUPPORTED);
    CHECK(strstr(cx.message, "was judged on images of any number of labels"));
    CHECK_OK(&cx, wf_run_record_predictions(&cx, run, NULL, (const int32_t[]){1},
                                            (const int32_t[]){0}, values, 1, 2));
    CHECK_INT(wf_run_read_sets(&p, &cx, run), WF_E_UNSUPPORTED);
    CHECK(!p.index);
    wf_run_close(run);
    wf_store_close(store);
}

TEST(damaged_sets_are_named) {
    static const char *const damaged[] = {"0,1|0,,0.5,0.5\n", "0,1|,,0.5,0.5\n",  "0,2,,0.5,0.5\n",
                                          "0,,x,0.5,0.5\n",   "0,1|1,,0.5,0.5\n", "0,,\n"};
    wf_predictions p = {0};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        char text[128];
        snprintf(text, sizeof text, "index,labels,predicted,p0,p1\n%s", damaged[i]);
        CHECK_INT(parse(&p, text), WF_E_DATA);
        CHECK(strstr(cx.message, "p.csv: line 2, column "));
        wf_context_reset(&cx);
    }
    static const char *const after[] = {"0,,,0.5,0.5,0.1,\n", "0,,,0.5,0.5,-x,\n",
                                        "0,,,0.5,0.5,,\n",    "0,,,0.5,0.5,-inf,\n",
                                        "0,,,0.5,0.5,-1,2\n", "0,,,0.5,0.5,-1\n"};
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        char text[128];
        snprintf(text, sizeof text, "index,labels,predicted,p0,p1,log_p,small\n%s", after[i]);
        CHECK_INT(parse(&p, text), WF_E_DATA);
        CHECK(strstr(cx.message, "p.csv: line 2, column "));
        wf_context_reset(&cx);
    }
    CHECK_INT(parse(&p, "index,labels,predicted,p0,p1,small,log_p\n"), WF_E_DATA);
    CHECK_INT(parse(&p, "index,label,predicted,p0,p1,log_p\n"), WF_E_DATA);
    CHECK(!p.index);
}

TEST_MAIN()
