/* live.csv, norms.csv and the wish to stop: written, thinned, cut, read while growing, damaged. */
#include "store/live.h"

#include <locale.h>
#include <math.h>

#include "runs.h"

static wf_run *begun(wf_store *store) {
    wf_run *run = NULL;
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, "net"));
    CHECK_OK(&cx, wf_run_live_begin(&cx, run, 0));
    return run;
}

static wf_live_line line_at(int64_t step) {
    return (wf_live_line){.time = 1e9 + (double)step / 2,
                          .epoch = 1 + step / 100,
                          .step = step,
                          .steps = 100,
                          .loss = 1.0 / (double)step,
                          .accuracy = .5,
                          .batch_loss = step == 7     ? (double)NAN
                                        : step == 700 ? 9
                                                      : 2,
                          .learning_rate = 1e-3,
                          .images_per_s = 12345.678,
                          .memory_bytes = INT64_C(5000000000)};
}

static wf_status record(wf_run *run, int64_t step) {
    const wf_live_line line = line_at(step);
    return wf_run_record_live(&cx, run, &line);
}

static void record_all(wf_run *run, int64_t first, int64_t last) {
    for (int64_t i = first; i <= last; i++) CHECK_OK(&cx, record(run, i));
}

static wf_series read_from(const wf_run *run, bool *is_anew, wf_series_place *place) {
    wf_series s = {0};
    CHECK_OK(&cx, wf_run_read_series(&s, is_anew, &cx, run, WF_SERIES_LIVE, place));
    return s;
}

static double cell(const wf_series *s, size_t row, const char *column) {
    for (size_t i = 0; i < s->column_count; i++)
        if (!strcmp(s->columns[i], column)) return s->cells[row * s->column_count + i];
    WF_TEST_VERDICT(0, __FILE__, __LINE__, "there is no column %s", column);
    return (double)NAN;
}

/* "1 2 3": the steps of all lines. */
static void check_steps(const wf_series *s, const char *wanted) {
    wf_str text = {0};
    for (size_t i = 0; i < s->row_count; i++)
        wf_str_addf(&text, &cx, "%s%g", i ? " " : "", cell(s, i, "step"));
    CHECK_STR(text.text ? text.text : "", wanted);
    wf_str_reset(&text);
}

static void append(const wf_run *run, const char *name, const char *text) {
    wf_append *a = NULL;
    char *path = NULL;
    CHECK_OK(&cx, wf_run_file(&path, &cx, run, name));
    CHECK_OK(&cx, wf_append_open(&a, &cx, path));
    CHECK_OK(&cx, wf_append_add(a, &cx, text, strlen(text)));
    CHECK_OK(&cx, wf_append_close(a, &cx));
    wf_free(path);
}

TEST(lines_are_read_back) {
    wf_store *store = open_store(fresh_dir());
    wf_run *run = begun(store);
    record_all(run, 1, 8);
    wf_series s = read_from(run, NULL, NULL);
    CHECK_INT(s.row_count, 8);
    CHECK_INT(s.column_count, 10);
    CHECK_NEAR(cell(&s, 2, "time"), 1000000001.5, 0);
    CHECK_NEAR(cell(&s, 2, "epoch"), 1, 0);
    CHECK_NEAR(cell(&s, 2, "steps"), 100, 0);
    CHECK_NEAR(cell(&s, 2, "loss"), 1.0 / 3, 1e-6);
    CHECK_NEAR(cell(&s, 2, "images_per_s"), 12345.7, 0);
    CHECK_NEAR(cell(&s, 2, "memory_bytes"), 5e9, 0);
    CHECK(isnan(cell(&s, 6, "batch_loss")));
    wf_series_reset(&s);
    wf_run_close(run);
    wf_store_close(store);
}

TEST(a_reader_goes_on_where_it_was) {
    wf_store *store = open_store(fresh_dir());
    wf_run *run = begun(store);
    wf_series_place place = {0};
    bool is_anew = true;
    wf_series s = read_from(run, &is_anew, &place);
    CHECK(s.row_count == 0 && !is_anew); /* no file yet */
    CHECK_INT(s.column_count, 10);
    wf_series_reset(&s);
    record_all(run, 1, 3);
    s = read_from(run, &is_anew, &place);
    check_steps(&s, "1 2 3");
    CHECK(is_anew);
    wf_series_reset(&s);
    s = read_from(run, &is_anew, &place);
    CHECK(s.row_count == 0 && !is_anew);
    wf_series_reset(&s);
    record_all(run, 4, 5);
    append(run, "live.csv", "1,1,6,100,"); /* not whole yet */
    s = read_from(run, &is_anew, &place);
    check_steps(&s, "4 5");
    CHECK(!is_anew);
    wf_series_reset(&s);
    append(run, "live.csv", "1,1,1,1,1,1\n");
    s = read_from(run, &is_anew, &place);
    check_steps(&s, "6");
    wf_series_reset(&s);
    wf_run_close(run);
    wf_store_close(store);
}

TEST(long_files_lose_every_other_line_of_their_older_part) {
    wf_store *store = open_store(fresh_dir());
    wf_run *run = begun(store);
    wf_series_place place = {0};
    bool is_anew = false;
    record_all(run, 1, WF_LIVE_MAX_LINES);
    wf_series s = read_from(run, &is_anew, &place);
    CHECK_INT(s.row_count, WF_LIVE_MAX_LINES);
    wf_series_reset(&s);
    record_all(run, WF_LIVE_MAX_LINES + 1, WF_LIVE_MAX_LINES + 2);
    s = read_from(run, &is_anew, &place); /* the file is another one, the lines go on */
    check_steps(&s, "2001 2002");
    CHECK(!is_anew);
    wf_series_reset(&s);
    s = read_from(run, &is_anew, NULL);
    CHECK_INT(s.row_count, 750 + 500 + 2);
    CHECK_NEAR(cell(&s, 1, "step"), 3, 0);
    CHECK_NEAR(cell(&s, 3, "step"), 7, 0); /* peaks stay: a loss that is no number, */
    CHECK_NEAR(cell(&s, 348, "step"), 697, 0);
    CHECK_NEAR(cell(&s, 349, "step"), 700, 0); /* and a high one */
    CHECK_NEAR(cell(&s, 350, "step"), 701, 0);
    CHECK_NEAR(cell(&s, 750, "step"), 1501, 0);
    CHECK_NEAR(cell(&s, 751, "step"), 1502, 0);
    wf_series_reset(&s);
    wf_run_close(run);
    wf_store_close(store);
}

TEST(a_run_that_goes_on_forgets_later_lines) {
    wf_store *store = open_store(fresh_dir());
    wf_run *run = begun(store);
    wf_series_place place = {0};
    bool is_anew = false;
    record_all(run, 1, 9);
    append(run, "live.csv", "half a li");
    wf_series s = read_from(run, NULL, &place);
    wf_series_reset(&s);
    wf_run_close(run);
    CHECK_OK(&cx, wf_run_continue(&run, &cx, store, "net-1", 0));
    CHECK_OK(&cx, wf_run_live_begin(&cx, run, 4));
    CHECK_OK(&cx, record(run, 5));
    s = read_from(run, &is_anew, &place);
    check_steps(&s, "1 2 3 4 5");
    CHECK(is_anew);
    wf_series_reset(&s);
    wf_run_close(run);
    wf_store_close(store);
}

TEST(damage_is_passed_over) {
    static const char *const damages[] = {
        "",
        "\n",
        "time",
        "time,epoch\n1,2\n",
        "time,epoch,step\n1,1,\n",
        "time,epoch,step,steps\n\n\n,,,\n1,1,x,1\n",
        "time,epoch,step,steps\n1,1,1\n1,1,1,1,1\n1,1,1,1e999999\n",
        ",,,,,,,,,,,,,\n,,,,,,,,,,,,,,,\n"};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        wf_store *store = open_store(fresh_dir());
        wf_run *run = begun(store);
        wf_series_place place = {0};
        CHECK_OK(&cx, wf_run_write(&cx, run, "live.csv", damages[i], strlen(damages[i])));
        wf_series s = read_from(run, NULL, &place);
        CHECK(s.row_count <= 1);
        wf_series_reset(&s);
        CHECK_OK(&cx, record(run, 1)); /* another header: it begins again */
        s = read_from(run, NULL, NULL);
        check_steps(&s, "1");
        wf_series_reset(&s);
        wf_run_close(run);
        wf_store_close(store);
    }
}

/* A file may be replaced by a shorter one between two looks. */
TEST(a_place_behind_the_end_is_no_place) {
    wf_store *store = open_store(fresh_dir());
    wf_run *run = begun(store);
    record_all(run, 1, 3);
    for (int64_t offset = -1; offset < 400; offset++) {
        wf_series_place place = {.inode = 1, .offset = offset, .step = 2};
        wf_series s = read_from(run, NULL, &place);
        check_steps(&s, "3");
        wf_series_place beyond = {.inode = place.inode, .offset = 9000, .step = 2};
        wf_series_reset(&s);
        s = read_from(run, NULL, &beyond);
        check_steps(&s, "3");
        wf_series_reset(&s);
    }
    wf_run_close(run);
    wf_store_close(store);
}

TEST(norms_have_a_column_for_each_parameter) {
    static const char *const names[] = {"gru/kernel", "odd,\"name\""};
    const double weights[] = {1.5, 2.5}, gradients[] = {(double)NAN, 1e-9};
    wf_store *store = open_store(fresh_dir());
    wf_run *run = begun(store);
    wf_series s = {0};
    for (int i = 1; i <= WF_NORMS_MAX_LINES + 1; i++)
        CHECK_OK(&cx, wf_run_record_norms(&cx, run, i, i, i, names, weights, gradients, 2));
    CHECK_OK(&cx, wf_run_read_series(&s, NULL, &cx, run, WF_SERIES_NORMS, NULL));
    CHECK_INT(s.column_count, 7);
    CHECK_INT(s.row_count, 96 + 64 + 1);
    CHECK_STR(s.columns[4], "weights/odd__name_");
    CHECK_STR(s.columns[5], "gradients/gru/kernel");
    CHECK_NEAR(s.cells[4], 2.5, 0);
    CHECK(isnan(s.cells[5]));
    CHECK_NEAR(s.cells[6], 1e-9, 0);
    wf_series_reset(&s);
    wf_run_close(run);
    wf_store_close(store);
}

TEST(a_comma_for_a_point_changes_nothing) {
    const char *before = setlocale(LC_ALL, NULL);
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) (void)before; /* where there is none: as it was */
    wf_store *store = open_store(fresh_dir());
    wf_run *run = begun(store);
    record_all(run, 1, 3);
    CHECK_OK(&cx, wf_run_live_begin(&cx, run, 3));
    CHECK_OK(&cx, record(run, 4));
    wf_series s = read_from(run, NULL, NULL);
    check_steps(&s, "1 2 3 4");
    CHECK_NEAR(cell(&s, 0, "accuracy"), .5, 0);
    wf_series_reset(&s);
    wf_run_close(run);
    wf_store_close(store);
    setlocale(LC_ALL, "C");
}

TEST(only_who_trains_writes) {
    wf_store *store = open_store(fresh_dir());
    wf_run *run = begun(store), *reader = NULL;
    CHECK_OK(&cx, wf_run_open(&reader, &cx, store, "net-1"));
    CHECK_FAILS(&cx, record(reader, 1), WF_E_ARG);
    CHECK_FAILS(&cx, wf_run_live_begin(&cx, reader, 0), WF_E_ARG);
    wf_run_close(reader);
    wf_run_close(run);
    wf_store_close(store);
}

/* ---- stopping ---- */

TEST(a_stop_is_asked_for_once_and_forgotten_at_the_end) {
    char who[64] = "";
    wf_store *store = open_store(fresh_dir());
    wf_run *run = begun(store), *seen = NULL;
    const wf_run_description d = description_of("net", 1);
    CHECK_OK(&cx, wf_run_describe(&cx, run, &d));
    CHECK_OK(&cx, wf_run_open(&seen, &cx, store, "net-1"));
    CHECK_INT(wf_run_stop_requested(who, run), WF_STOP_NOT);
    CHECK_OK(&cx, wf_run_request_stop(&cx, seen, true, "weft ui"));
    CHECK_INT(wf_run_stop_requested(who, run), WF_STOP_SAVING);
    CHECK_STR(who, "weft ui");
    CHECK_OK(&cx, wf_run_request_stop(&cx, seen, false,
                                      "a very long name that nobody would ever "
                                      "have, for it does not fit"));
    CHECK_INT(wf_run_stop_requested(who, run), WF_STOP_DISCARDING);
    CHECK_INT(strlen(who), 63);
    CHECK_OK(&cx, wf_run_write(&cx, run, "stop", "{", 1));
    CHECK_INT(wf_run_stop_requested(who, run), WF_STOP_SAVING);
    CHECK_STR(who, "");
    CHECK_OK(&cx, wf_run_finish(&cx, run, WF_RUN_INTERRUPTED, "asked"));
    CHECK_INT(wf_run_stop_requested(who, run), WF_STOP_NOT);
    wf_run_close(run);
    CHECK_FAILS(&cx, wf_run_request_stop(&cx, seen, true, "weft ui"), WF_E_ARG);
    CHECK_OK(&cx, wf_run_write(&cx, seen, "stop", "{}", 2)); /* too late */
    CHECK_OK(&cx, wf_run_continue(&run, &cx, store, "net-1", 0));
    CHECK_INT(wf_run_stop_requested(who, run), WF_STOP_NOT);
    wf_run_close(seen);
    wf_run_close(run);
    wf_store_close(store);
}

/* ---- what fails ---- */

static wf_store *faulty_store;
static wf_run *faulty;

static wf_status add_a_line(void) { return record(faulty, WF_LIVE_MAX_LINES + 1); }
static wf_status add_norms(void) {
    static const char *const names[] = {"kernel"};
    static const double one[] = {1};
    return wf_run_record_norms(&cx, faulty, 1, 1, 1, names, one, one, 1);
}
static wf_status ask(void) { return wf_run_request_stop(&cx, faulty, true, "weft ui"); }
static wf_status read_all(void) {
    wf_series s = {0};
    WF_TRY(wf_run_read_series(&s, NULL, &cx, faulty, WF_SERIES_LIVE, NULL));
    CHECK_INT(s.column_count, 10);
    wf_series_reset(&s);
    return WF_OK;
}

/* A run whose live.csv is as long as it may be, and open. */
static void prepare(const char *text, size_t length) {
    faulty_store = open_store(fresh_dir());
    faulty = begun(faulty_store);
    CHECK_OK(&cx, wf_run_write(&cx, faulty, "live.csv", text, length));
    CHECK_OK(&cx, wf_run_live_begin(&cx, faulty, WF_LIVE_MAX_LINES));
    CHECK_OK(&cx, record(faulty, WF_LIVE_MAX_LINES));
}

/* Each in turn; what was recorded is there afterwards, and the next line is. */
static void fail_each(wf_status (*act)(void), void (*fail_at)(long), long (*count)(void),
                      wf_status expected) {
    char *path = NULL;
    uint8_t *text = NULL;
    size_t length = 0;
    faulty_store = open_store(fresh_dir());
    faulty = begun(faulty_store);
    record_all(faulty, 1, WF_LIVE_MAX_LINES - 1);
    CHECK_OK(&cx, wf_run_file(&path, &cx, faulty, "live.csv"));
    CHECK_OK(&cx, wf_file_read(&text, &length, &cx, path, 1 << 20));
    wf_run_close(faulty);
    wf_store_close(faulty_store);
    for (long k = 1, made = k; made >= k; k++) {
        prepare((const char *)text, length);
        long before = count();
        fail_at(k);
        wf_status status = act();
        fail_at(0);
        made = count() - before;
        if (status != WF_OK) CHECK_INT(status, expected); /* a failed fsync costs nothing */
        else CHECK(made < k || expected == WF_E_IO);
        CHECK_OK(&cx, record(faulty, WF_LIVE_MAX_LINES + 2));
        wf_series s = read_from(faulty, NULL, NULL);
        CHECK(s.row_count >= 1250);
        CHECK_NEAR(cell(&s, 0, "step"), 1, 0);
        CHECK_NEAR(cell(&s, s.row_count - 1, "step"), WF_LIVE_MAX_LINES + 2, 0);
        wf_series_reset(&s);
        wf_run_close(faulty);
        wf_store_close(faulty_store);
        CHECK(k < 100);
    }
    wf_free(text);
    wf_free(path);
}

TEST(every_allocation_may_fail) {
    fail_each(add_a_line, wf__alloc_fail_at, wf__alloc_count, WF_E_NOMEM);
    fail_each(add_norms, wf__alloc_fail_at, wf__alloc_count, WF_E_NOMEM);
    fail_each(ask, wf__alloc_fail_at, wf__alloc_count, WF_E_NOMEM);
    fail_each(read_all, wf__alloc_fail_at, wf__alloc_count, WF_E_NOMEM);
}

TEST(every_change_of_the_disk_may_fail) {
    fail_each(add_a_line, wf__io_fail_at, wf__io_count, WF_E_IO);
    fail_each(add_norms, wf__io_fail_at, wf__io_count, WF_E_IO);
    fail_each(ask, wf__io_fail_at, wf__io_count, WF_E_IO);
}

TEST_MAIN()
