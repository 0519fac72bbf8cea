/* The confusion matrix, what follows from it, and the limits of what is taken in. */
#include "base/alloc.h"
#include "test.h"
#include "weft/eval.h"

static wf_evaluation *from_confusion(const int64_t *confusion, int k, const char *const *names) {
    wf_context cx = {0};
    wf_evaluation *e = NULL;
    CHECK_OK(&cx, wf_evaluation_from_confusion(&e, &cx, confusion, k, names));
    return e;
}

/* The CNN of a published report on Fashion-MNIST: its matrix, and the macro-F1 printed below it. */
TEST(published_matrix_gives_the_published_figure) {
    static const int64_t matrix[100] = {
        904, 1, 11,  23, 5,   1, 51,  0, 4,   0, 1,  974, 0, 20,  2,  0,   2,  0,   1, 0,
        23,  1, 860, 9,  66,  0, 40,  1, 0,   0, 14, 3,   9, 938, 17, 0,   16, 0,   3, 0,
        1,   1, 64,  27, 874, 0, 32,  0, 1,   0, 0,  0,   0, 0,   0,  977, 0,  14,  0, 9,
        167, 0, 69,  36, 80,  0, 634, 0, 14,  0, 0,  0,   0, 0,   0,  6,   0,  973, 0, 21,
        2,   3, 0,   5,  1,   5, 4,   4, 975, 1, 0,  0,   0, 0,   0,  5,   1,  27,  0, 967};
    wf_evaluation *e = from_confusion(matrix, 10, NULL);
    CHECK_INT(e->count, 10000);
    CHECK_NEAR(e->macro.f1, 0.9059275834044541, 1e-15);
    CHECK_NEAR(e->accuracy, 0.9076, 1e-15);
    CHECK_INT(e->worst_by_f1, 6);
    CHECK_INT(e->worst_by_recall, 6);
    CHECK_INT(e->best_by_recall, 5);
    CHECK_INT(e->best_by_f1, 1);
    CHECK_INT(e->pairs[0].truth, 6);
    CHECK_INT(e->pairs[0].predicted, 0);
    CHECK_INT(e->pairs[0].count, 167);
    CHECK_NEAR(e->pairs[0].share, 0.167, 1e-15);
    CHECK(isnan(e->loss) && isnan(e->top_k[1]));
    CHECK_NEAR(e->top_k[0], e->accuracy, 0);
    wf_evaluation_destroy(e);
}

TEST(pairs_are_sorted_and_equal_counts_keep_class_order) {
    static const int64_t matrix[9] = {5, 2, 7, 2, 0, 0, 9, 2, 1};
    wf_evaluation *e = from_confusion(matrix, 3, NULL);
    static const int expected[][3] = {{2, 0, 9}, {0, 2, 7}, {0, 1, 2}, {1, 0, 2}, {2, 1, 2}};
    CHECK_INT(e->pair_count, 5);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(e->pairs[i].truth, expected[i][0]);
        CHECK_INT(e->pairs[i].predicted, expected[i][1]);
        CHECK_INT(e->pairs[i].count, expected[i][2]);
    }
    CHECK_NEAR(e->pairs[3].share, 1, 0);
    wf_evaluation_destroy(e);
}

TEST(a_class_without_images_is_neither_best_nor_worst) {
    static const int64_t matrix[9] = {4, 0, 0, 0, 0, 0, 1, 1, 2};
    wf_evaluation *e = from_confusion(matrix, 3, NULL);
    CHECK_INT(e->worst_by_f1, 2);
    CHECK_INT(e->best_by_f1, 0);
    CHECK_INT(e->classes[1].support, 0);
    CHECK_NEAR(e->classes[1].f1, 0, 0);
    wf_evaluation_destroy(e);
}

TEST(no_image_at_all) {
    wf_context cx = {0};
    wf_evaluation *e = NULL, *again = NULL;
    char *text = NULL;
    CHECK_OK(&cx, wf_evaluation_create(&e, &cx, NULL, NULL, 0, 3, NULL));
    CHECK_INT(e->count, 0);
    CHECK_NEAR(e->accuracy, 0, 0);
    CHECK_NEAR(e->loss, 0, 0);
    CHECK_INT(e->worst_by_f1, -1);
    CHECK_INT(e->best_by_recall, -1);
    CHECK_INT(e->pair_count, 0);
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    CHECK_OK(&cx, wf_evaluation_from_json(&again, &cx, text, strlen(text)));
    CHECK_INT(again->class_count, 3);
    wf_text_free(text);
    wf_evaluation_destroy(e);
    wf_evaluation_destroy(again);
}

TEST(a_single_class) {
    wf_context cx = {0};
    wf_evaluation *e = NULL;
    const int32_t labels[] = {0, 0};
    const float p[] = {1, 1};
    CHECK_OK(&cx, wf_evaluation_create(&e, &cx, labels, p, 2, 1, NULL));
    CHECK_NEAR(e->accuracy, 1, 0);
    CHECK_NEAR(e->loss, 0, 0);
    CHECK_NEAR(e->top_k[0], 1, 0);
    wf_evaluation_destroy(e);
}

TEST(names_are_numbers_when_not_given_and_repaired_when_broken) {
    wf_context cx = {0};
    static const int64_t matrix[4] = {1, 0, 0, 1};
    static const char *const names[] = {"a\xff\n<b>", "gr\xc3\xbc\xc3\x9f"};
    wf_evaluation *e = from_confusion(matrix, 2, NULL);
    CHECK_STR(e->class_names[1], "1");
    wf_evaluation_destroy(e);
    e = from_confusion(matrix, 2, names);
    CHECK_STR(e->class_names[0], "a\xef\xbf\xbd\xef\xbf\xbd<b>");
    CHECK_STR(e->class_names[1], "gr\xc3\xbc\xc3\x9f");
    char *text = NULL;
    wf_evaluation *again = NULL;
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    CHECK_OK(&cx, wf_evaluation_from_json(&again, &cx, text, strlen(text)));
    CHECK_STR(again->class_names[0], e->class_names[0]);
    wf_text_free(text);
    wf_evaluation_destroy(e);
    wf_evaluation_destroy(again);
}

TEST(bad_input_is_refused_by_name) {
    wf_context cx = {0};
    wf_evaluation *e = NULL;
    const int32_t labels[] = {0, 2}, negative[] = {0, -1}, good[] = {0, 1};
    const float p[] = {.5f, .5f, .5f, .5f}, nan[] = {.5f, .5f, .5f, (float)NAN};
    const float below[] = {.5f, .5f, 1.5f, -.5f};
    const int64_t counts[] = {1, 0, -3, 1};
    CHECK_FAILS(&cx, wf_evaluation_create(&e, &cx, labels, p, 2, 2, NULL), WF_E_DATA);
    CHECK_FAILS(&cx, wf_evaluation_create(&e, &cx, negative, p, 2, 2, NULL), WF_E_DATA);
    CHECK_INT(wf_evaluation_create(&e, &cx, good, nan, 2, 2, NULL), WF_E_DATA);
    CHECK_STR(cx.message,
              "evaluation: probability of class 1 for image 1 is nan, must be finite and "
              "not negative");
    CHECK_FAILS(&cx, wf_evaluation_create(&e, &cx, good, below, 2, 2, NULL), WF_E_DATA);
    CHECK_FAILS(&cx, wf_evaluation_create(&e, &cx, good, p, 2, 0, NULL), WF_E_ARG);
    CHECK_FAILS(&cx, wf_evaluation_create(&e, &cx, good, p, -1, 2, NULL), WF_E_ARG);
    CHECK_FAILS(&cx, wf_evaluation_create(&e, &cx, good, p, 2, 5000, NULL), WF_E_ARG);
    CHECK_FAILS(&cx, wf_evaluation_from_confusion(&e, &cx, counts, 2, NULL), WF_E_DATA);
    CHECK(!e);
}

TEST(bad_documents_are_refused) {
    wf_context cx = {0};
    wf_evaluation *e = NULL;
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"classes\": [], \"confusion\": []}",
        "{\"classes\": [{\"name\": \"a\"}], \"confusion\": [[1, 2]]}",
        "{\"classes\": [{\"name\": \"a\"}], \"confusion\": [[-1]]}",
        "{\"classes\": [{\"name\": 7}], \"confusion\": [[1]]}",
        "{\"classes\": [{\"name\": \"a\"}], \"confusion\": [[1]], \"loss\": \"x\"}",
        "{\"classes\": [{\"name\": \"a\"}], \"confusion\": [[1]], \"top_k\": [1, 2]}",
        "{\"classes\": [{\"name\": \"a\"}], \"confusion\": [[9223372036854775808]]}",
        "{\"classes\": [{\"name\": \"a\", \"auc\": \"x\"}], \"confusion\": [[1]]}",
        "{\"classes\": [{\"name\": \"a\"}], \"confusion\": [[1]], \"intervals\": {}}",
        "{\"classes\": [{\"name\": \"a\"}], \"confusion\": [[1]], \"intervals\": "
        "{\"resamples\": 0, \"seed\": 1}}",
        "{\"classes\": [{\"name\": \"a\"}], \"confusion\": [[1]], \"intervals\": "
        "{\"resamples\": 9, \"seed\": 1, \"mcc\": [\"x\", 1]}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CHECK_FAILS(&cx, wf_evaluation_from_json(&e, &cx, texts[i], strlen(texts[i])), WF_E_DATA);
    CHECK(!e);
}

TEST(documents_of_older_versions_have_fewer_figures) {
    wf_context cx = {0};
    wf_evaluation *e = NULL;
    const char text[] = "{\"loss\": 0.5, \"classes\": [{\"name\": \"a\"}, {\"name\": \"b\"}], "
                        "\"confusion\": [[3, 1], [0, 4]]}";
    CHECK_OK(&cx, wf_evaluation_from_json(&e, &cx, text, strlen(text)));
    CHECK_NEAR(e->loss, 0.5, 0);
    CHECK_NEAR(e->balanced_accuracy, 0.875, 1e-15);
    CHECK(isnan(e->brier) && isnan(e->calibration_error.expected) && !e->losses);
    CHECK(isnan(e->macro.auc) && isnan(e->classes[1].average_precision));
    wf_evaluation_destroy(e);
}

TEST(no_allocation_may_fail_unseen) {
    wf_context cx = {0};
    const int32_t labels[] = {0, 1, 1};
    const float p[] = {.9f, .1f, .2f, .8f, .7f, .3f};
    int failures = 0;
    for (long k = 1;; k++) {
        wf_evaluation *e = NULL, *again = NULL;
        char *text = NULL;
        wf__alloc_fail_at(k);
        wf_status status = wf_evaluation_create(&e, &cx, labels, p, 3, 2, NULL);
        if (status == WF_OK) status = wf_evaluation_to_json(&text, &cx, e);
        if (status == WF_OK) status = wf_evaluation_from_json(&again, &cx, text, strlen(text));
        wf__alloc_fail_at(0);
        wf_text_free(text);
        wf_evaluation_destroy(e);
        wf_evaluation_destroy(again);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_NOMEM);
        failures++;
    }
    CHECK(failures > 10);
}

TEST_MAIN()
