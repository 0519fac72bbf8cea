/* A sweep's rows out of stored runs: which epoch counts, the order, the words. */
#include "test.h"

#include "base/alloc.h"
#include "report/sweep.h"
#include "scratch.h"

static wf_context cx;
static char runs_dir[64];
static wf_store *store;

static void open_store(void) {
    snprintf(runs_dir, sizeof runs_dir, "%s", scratch("sweep"));
    CHECK_OK(&cx, wf_store_open(&store, &cx, runs_dir));
}

/* A finished run with these validation accuracies, one per epoch; its losses are 1 - accuracy. */
static wf_run *make_run(const double *val_accuracy, int epochs, int is_finished) {
    wf_run *run = NULL;
    const wf_run_description d = {.model = "net", .dataset = "images", .parameters = 1234};
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, "net-sweep"));
    CHECK_OK(&cx, wf_run_describe(&cx, run, &d));
    for (int i = 0; i < epochs; i++) {
        const wf_epoch_record r = {.epoch = i + 1,
                                   .loss = .25,
                                   .accuracy = .9,
                                   .val_loss = 1 - val_accuracy[i],
                                   .val_accuracy = val_accuracy[i],
                                   .learning_rate = .001,
                                   .seconds = 2,
                                   .ms_per_step = 3};
        CHECK_OK(&cx, wf_run_record_epoch(&cx, run, &r));
    }
    wf_run_status status = is_finished ? WF_RUN_FINISHED : WF_RUN_FAILED;
    CHECK_OK(&cx, wf_run_finish(&cx, run, status, NULL));
    return run;
}

static const char *const paths[] = {"layers.lstm.units"};

static wf_sweep *make_sweep(void) {
    wf_sweep *s = NULL;
    CHECK_OK(&cx, wf_sweep_create(&s, &cx, "net", paths, 1));
    return s;
}

static void add(wf_sweep *s, const char *value, const double *last, int seeds) {
    CHECK_OK(&cx, wf_sweep_add_row(s, &cx, &value));
    for (int i = 0; i < seeds; i++) {
        const double epochs[] = {.5, last[i]};
        wf_run *run = make_run(epochs, 2, 1);
        CHECK_OK(&cx, wf_sweep_add_run(s, &cx, run));
        wf_run_close(run);
    }
}

TEST(the_epoch_whose_weights_would_be_tested) {
    open_store();
    const double epochs[] = {.5, .875, .75};
    wf_run *run = make_run(epochs, 3, 1);
    for (int best = 0; best < 2; best++) {
        wf_sweep *s = make_sweep();
        const char *value = "8";
        s->takes_best_epoch = best;
        s->watched = best; /* val_accuracy */
        CHECK_OK(&cx, wf_sweep_add_row(s, &cx, &value));
        CHECK_OK(&cx, wf_sweep_add_run(s, &cx, run));
        CHECK_NEAR(s->rows[0].runs[0].val_accuracy, best ? .875 : .75, 0);
        CHECK_NEAR(s->rows[0].runs[0].val_loss, best ? .125 : .25, 0);
        CHECK_NEAR(s->rows[0].runs[0].epochs, 3, 0);
        CHECK_OK(&cx, wf_sweep_finish(s, &cx));
        CHECK(strstr(s->answer, "over 1 seed. "));
        wf_sweep_destroy(s);
    }
    wf_run_close(run);
}

TEST(the_best_comes_first_and_the_words_are_right) {
    wf_sweep *s = make_sweep();
    const double low[] = {.80, .81, .79}, middle[] = {.90, .92, .91}, high[] = {.93, .89, .94};
    add(s, "2", low, 3);
    add(s, "4", middle, 3);
    add(s, "8", high, 3);
    CHECK_OK(&cx, wf_sweep_finish(s, &cx));
    CHECK_STR(s->rows[0].values[0], "8");
    CHECK_STR(s->rows[1].values[0], "4");
    CHECK_STR(s->rows[2].values[0], "2");
    CHECK_NEAR(s->rows[0].val_accuracy.mean, .92, 1e-12);
    CHECK(strstr(s->answer, "Best of 3 settings on the validation images: layers.lstm.units=8, "
                            "with val_accuracy 0.9200 ± 0.0265 over 3 seeds. "));
    /* scipy.stats.ttest_ind([.90,.92,.91], [.93,.89,.94], equal_var=False): t -.61237,
     * p .59033; ttest_ind([.80,.81,.79], ...): t -7.3485, p .0087356; Holm: .590 and .0175. */
    CHECK_STR(s->rows[1].verdict,
              "layers.lstm.units=4 and layers.lstm.units=8: no difference shown: -1.0 points, 95% "
              "interval -6.7 to 4.7 (speaks for seed noise only)");
    CHECK_STR(
        s->rows[2].verdict,
        "layers.lstm.units=8 is better than layers.lstm.units=2: 12.0 points, 95% interval 6.3 "
        "to 17.7, p = .017 after Holm's correction (speaks for seed noise only)");
    wf_sweep_destroy(s);
}

TEST(against_the_first) {
    wf_sweep *s = make_sweep();
    const double low[] = {.80, .81, .79}, high[] = {.93, .89, .94};
    s->against_first = 1;
    add(s, "2", low, 3);
    add(s, "8", high, 3);
    CHECK_OK(&cx, wf_sweep_finish(s, &cx));
    CHECK_STR(
        s->rows[0].verdict,
        "layers.lstm.units=8 is better than layers.lstm.units=2: 12.0 points, 95% interval 6.3 "
        "to 17.7, p = .009 (speaks for seed noise only)");
    CHECK(!s->rows[1].verdict);
    wf_sweep_destroy(s);
}

TEST(by_loss_the_lowest_is_best) {
    wf_sweep *s = make_sweep();
    const double low[] = {.80, .81}, high[] = {.93, .94};
    s->by_loss = 1;
    add(s, "2", low, 2);
    add(s, "8", high, 2);
    CHECK_OK(&cx, wf_sweep_finish(s, &cx));
    CHECK_STR(s->rows[0].values[0], "8");
    CHECK(strstr(s->answer, "with val_loss 0.0650 ± 0.0071 over 2 seeds."));
    /* scipy: ttest_ind([.20, .19], [.07, .06], equal_var=False): t 18.3848, df 2, p .0029455 */
    CHECK_STR(s->rows[1].verdict,
              "layers.lstm.units=8 is better than layers.lstm.units=2: 0.1300 less val_loss, 95% "
              "interval 0.0996 to 0.1604, p = .003 (speaks for seed noise only)");
    wf_sweep_destroy(s);
}

TEST(single_seeds_equal_seeds_and_failures_are_said) {
    wf_sweep *s = make_sweep();
    const double one[] = {.8}, equal[] = {.7, .7}, two[] = {.9, .9};
    add(s, "1", one, 1);
    add(s, "2", equal, 2);
    add(s, "4", two, 2);
    const char *value = "16";
    CHECK_OK(&cx, wf_sweep_add_row(s, &cx, &value));
    wf_run *failed = make_run(one, 1, 0);
    CHECK_OK(&cx, wf_sweep_add_run(s, &cx, failed));
    wf_run_close(failed);
    CHECK_OK(&cx, wf_sweep_finish(s, &cx));
    CHECK_STR(s->rows[0].values[0], "4");
    CHECK_STR(s->rows[1].verdict,
              "layers.lstm.units=1 and layers.lstm.units=4: a single seed gives no interval");
    CHECK_STR(s->rows[2].verdict, "layers.lstm.units=2 and layers.lstm.units=4: the seeds do not "
                                  "differ, which gives no interval");
    CHECK_STR(s->rows[3].verdict,
              "layers.lstm.units=16 and layers.lstm.units=4: one of them has no "
              "seed that was trained to its end");

    char *text = NULL;
    json_t *json = NULL;
    CHECK_OK(&cx, wf_sweep_markdown(&text, &cx, s));
    CHECK(strstr(text, "| layers.lstm.units | Seeds | Val accuracy |"));
    CHECK(strstr(text, "| 16 | 0 (1 failed) | - | - |"));
    CHECK(!strstr(text, "nan") && !strstr(text, "inf"));
    wf_free(text);
    CHECK_OK(&cx, wf_sweep_csv(&text, &cx, s));
    CHECK(strstr(text, "\"layers.lstm.units\",val_accuracy,"));
    CHECK(strstr(text, "\n\"4\",0.9,"));
    wf_free(text);
    CHECK_OK(&cx, wf_sweep_json(&json, &cx, s));
    CHECK_INT(json_array_size(json_object_get(json, "rows")), 4);
    CHECK_STR(json_string_value(json_object_get(json, "monitor")), "val_accuracy");
    json_decref(json);
    wf_sweep_destroy(s);
}

TEST(runs_without_validation_are_refused) {
    const double unknown[] = {(double)NAN};
    const char *value = "2";
    wf_sweep *s = make_sweep();
    wf_run *run = make_run(unknown, 1, 1), *empty = make_run(unknown, 0, 1);
    CHECK_OK(&cx, wf_sweep_add_row(s, &cx, &value));
    CHECK_INT(wf_sweep_add_run(s, &cx, run), WF_E_DATA);
    CHECK(strstr(cx.message, "it has no validation figures, by which a sweep is judged"));
    CHECK_INT(wf_sweep_add_run(s, &cx, empty), WF_E_DATA);
    CHECK(strstr(cx.message, "metrics.csv holds no epoch"));
    CHECK_INT(wf_sweep_finish(s, &cx), WF_E_DATA);
    CHECK_STR(cx.message, "sweep of net: none of its runs was trained to its end");
    wf_run_close(run);
    wf_run_close(empty);
    wf_sweep_destroy(s);
    wf_sweep_destroy(NULL);
    wf_store_close(store);
}

TEST_MAIN()
