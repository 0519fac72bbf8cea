/* Models of images with any number of labels: differences between them, and what a report's
 * document has of each. */
#include "base/alloc.h"
#include "base/json.h"
#include "report/document.h"
#include "report_store.h"

enum { N = 60, K = 3 };

/* Image i has the labels whose bit is set in i. One of `miss` images lacks its first label in what
 * is told; the last image of another test set has other labels. */
static void add_run(const char *model, uint64_t seed, int miss, int is_other) {
    static uint8_t sets[N * K], taken[N * K], small[N * K];
    static float p[N * K];
    static double log_p[N];
    static const char *const names[] = {"a", "b", "c"};
    const wf_run_description d = {.model = model,
                                  .family = "cnn",
                                  .dataset = "things",
                                  .seed = seed,
                                  .train_count = 100,
                                  .test_count = N,
                                  .class_names = names,
                                  .class_count = K};
    for (int i = 0; i < N; i++) {
        const int bits = is_other && i == N - 1 ? 0 : i % 8;
        for (int k = 0; k < K; k++) {
            const int at = i * K + k, is_missed = k == 0 && i % miss == 1;
            sets[at] = (uint8_t)(bits >> k & 1);
            taken[at] = sets[at] && !is_missed;
            small[at] = sets[at] && i % 3 == 0;
            p[at] = taken[at] ? .9f : .1f + .01f * (float)(i % 7);
        }
        log_p[i] = -0.1 * (1 + i % 5) - (i % miss == 1);
    }
    const wf_judged_sets judged = {.count = N,
                                   .class_count = K,
                                   .class_names = names,
                                   .targets = sets,
                                   .probabilities = p,
                                   .told = taken,
                                   .set_log_p = log_p,
                                   .small = small};
    const wf_predictions told = {.count = N,
                                 .class_count = K,
                                 .sets = sets,
                                 .taken = taken,
                                 .probabilities = p,
                                 .log_p = log_p,
                                 .small = small};
    wf_evaluation *e = NULL;
    char *text = NULL;
    wf_run *run = NULL;
    CHECK_OK(&cx, wf_evaluation_create_sets(&e, &cx, &judged));
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, "run"));
    runs[run_count++] = run;
    CHECK_OK(&cx, wf_run_describe(&cx, run, &d));
    CHECK_OK(&cx, wf_run_record_test(&cx, run, text, "best"));
    CHECK_OK(&cx, wf_run_record_sets(&cx, run, NULL, &told));
    CHECK_OK(&cx, wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL));
    wf_text_free(text);
    wf_evaluation_destroy(e);
}

static wf_comparison *compare(void) {
    wf_comparison *c = NULL;
    CHECK_OK(&cx, wf_comparison_create(&c, &cx, (const wf_run *const *)runs, run_count));
    return c;
}

TEST(differences_of_all_figures) {
    begin();
    add_run("good", 1, 20, 0);
    add_run("good", 2, 12, 0);
    add_run("bad", 1, 4, 0);
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 2);
    CHECK_STR(c->rows[0].label, "good");
    const wf_report_pair *pair = &c->pairs[0];
    CHECK(pair->has_sets);
    for (int h = WF_HEADLINE_SUBSET_ACCURACY; h < WF_HEADLINE_COUNT; h++) {
        const wf_set_difference *d = &pair->sets[h];
        CHECK_NEAR(d->difference, c->rows[0].headlines[h].mean - c->rows[1].headlines[h].mean, 0);
        CHECK(d->low <= d->difference && d->difference <= d->high);
    }
    const wf_set_difference *accuracy = &pair->sets[WF_HEADLINE_SUBSET_ACCURACY];
    CHECK(accuracy->low > 0 && accuracy->high < 0.4);
    CHECK(strstr(c->answer, "good tells the most sets right, a subset accuracy of "));
    char *text = NULL;
    CHECK_OK(&cx, wf_report_text(&text, &cx, c, 200));
    CHECK(strstr(text, "- good minus bad: subset accuracy ") && strstr(text, "Set log-lik."));
    wf_free(text);
    wf_comparison_destroy(c);
    end();
}

TEST(other_images_are_not_compared) {
    begin();
    add_run("a", 1, 20, 0);
    add_run("b", 1, 4, 1);
    wf_comparison *c = compare();
    CHECK_INT(c->pairs[0].has_sets, 0);
    wf_comparison_destroy(c);
    end();
}

static json_int_t number_at(const json_t *rows, size_t a, size_t b) {
    return json_integer_value(json_array_get(json_array_get(rows, a), b));
}

TEST(the_document_counts_pairs_and_sizes) {
    begin();
    add_run("a", 1, 4, 0);
    wf_comparison *c = compare();
    json_t *d = NULL;
    CHECK_OK(&cx, wf_report_document(&d, &cx, c, &(const wf_report_options){0}));
    const json_t *sets = json_object_get(json_array_get(json_object_get(d, "models"), 0), "sets");
    const json_t *together = json_object_get(sets, "together"),
                 *sizes = json_object_get(sets, "sizes"), *worst = json_object_get(sets, "worst");
    int64_t both = 0, told = 0, wrong = 0, of_two = 0;
    for (int i = 0; i < N; i++) {
        const int bits = i % 8, is_wrong = (bits & 1) && i % 4 == 1;
        both += (bits & 3) == 3;
        told += (bits & 3) == 3 && i % 4 != 1;
        wrong += is_wrong;
        of_two += bits == 3 || bits == 5 || bits == 6;
    }
    CHECK_INT(number_at(json_object_get(together, "true"), 0, 1), both);
    CHECK_INT(number_at(json_object_get(together, "told"), 1, 0), told);
    CHECK_INT(json_integer_value(json_array_get(json_object_get(sizes, "true"), 2)), of_two);
    CHECK_INT(json_integer_value(json_object_get(sets, "wrong")), wrong);
    CHECK_INT(json_array_size(worst), wrong < 20 ? wrong : 20);
    json_decref(d);
    wf_comparison_destroy(c);
    end();
}

/* Ascending rows of which all are right, or none. */
static void check_samples(const json_t *list, int is_right) {
    json_int_t before = -1;
    CHECK_INT(json_array_size(list), 6);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *told = json_object_get(one, "told_log_p");
        const json_int_t index = json_integer_value(json_object_get(one, "index"));
        CHECK(index > before && (index - before < 24 || before < 0)); /* at even distances */
        CHECK_INT(json_equal(json_object_get(one, "truth"), json_object_get(one, "told")),
                  is_right);
        CHECK_INT((index % 8 & 1) && index % 4 == 1, !is_right);
        if (is_right) CHECK_NEAR(json_number_value(told), -0.1 * (double)(1 + index % 5), 1e-12);
        else CHECK(json_is_null(told)); /* a model that tells sets as a whole has to be asked */
        CHECK(json_is_null(json_object_get(one, "looks")));
        before = index;
    }
}

TEST(the_document_has_samples_of_both_kinds) {
    begin();
    add_run("a", 1, 4, 0);
    wf_comparison *c = compare();
    json_t *d = NULL;
    CHECK_OK(&cx, wf_report_document(&d, &cx, c, &(const wf_report_options){0}));
    const json_t *sets = json_object_get(json_array_get(json_object_get(d, "models"), 0), "sets");
    const json_t *samples = json_object_get(sets, "samples");
    check_samples(json_object_get(samples, "right"), 1);
    check_samples(json_object_get(samples, "wrong"), 0);
    json_decref(d);
    wf_comparison_destroy(c);
    end();
}

TEST(failing_memory_is_reported) {
    begin();
    add_run("a", 1, 20, 0);
    add_run("b", 1, 4, 0);
    int failures = 0, is_done = 0;
    for (long k = 1; !is_done && k < 4000; k++) {
        wf_comparison *c = NULL;
        json_t *d = NULL;
        const long before = wf__alloc_count();
        wf__alloc_fail_at(k);
        wf_status status = wf_comparison_create(&c, &cx, (const wf_run *const *)runs, run_count);
        if (status == WF_OK)
            status = wf_report_document(&d, &cx, c, &(const wf_report_options){.title = "t"});
        wf__alloc_fail_at(0);
        is_done = wf__alloc_count() - before < k;
        CHECK_INT(status, is_done ? WF_OK : WF_E_NOMEM);
        failures += !is_done;
        json_decref(d);
        wf_comparison_destroy(c);
    }
    CHECK(is_done && failures > 40);
    end();
}

TEST_MAIN()
