/* From the runs of the folds to intervals and tests, against scipy; data:
 * tests/golden/cross_validation.py. */
#include "report/cross_validation.h"

#include "base/alloc.h"
#include "report/document_markdown.h"
#include "report_store.h"

enum { IMAGES = 100, CLASSES = 4 };

static const char *const names[] = {"one", "two", "three"};

/* What the runs that are added are of. */
static int is_of_sets, has_small;

/* The evaluation of 100 images, the first `right` of which are told right. */
static char *judged(int right) {
    int32_t labels[IMAGES];
    float p[IMAGES * CLASSES];
    wf_evaluation *e = NULL;
    char *text = NULL;
    for (int i = 0; i < IMAGES; i++) {
        labels[i] = i % CLASSES;
        int predicted = i < right ? labels[i] : (i + 1) % CLASSES;
        for (int j = 0; j < CLASSES; j++) p[i * CLASSES + j] = j == predicted ? .7f : .1f;
    }
    CHECK_OK(&cx, wf_evaluation_create(&e, &cx, labels, p, IMAGES, CLASSES, NULL));
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    wf_evaluation_destroy(e);
    return text;
}

/* The same of images with any number of labels, of which those told wrong lack one. */
static char *judged_sets(int right) {
    uint8_t targets[IMAGES * CLASSES], small[IMAGES * CLASSES] = {0};
    float p[IMAGES * CLASSES];
    wf_evaluation *e = NULL;
    char *text = NULL;
    for (int i = 0; i < IMAGES; i++)
        for (int j = 0; j < CLASSES; j++) {
            const int at = i * CLASSES + j, is_missed = i >= right && j == i % CLASSES;
            targets[at] = is_missed || (i + j) % 3 == 0;
            p[at] = targets[at] && !is_missed ? .9f : .1f;
            small[at] = targets[at] && i % 2;
        }
    const wf_judged_sets j = {.count = IMAGES,
                              .class_count = CLASSES,
                              .targets = targets,
                              .probabilities = p,
                              .small = has_small ? small : NULL};
    CHECK_OK(&cx, wf_evaluation_create_sets(&e, &cx, &j));
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    wf_evaluation_destroy(e);
    return text;
}

/* folds 0: a final training. */
static void add_run(const char *model, int right, int folds, int repeat, int fold) {
    wf_run_description d = {.model = model,
                            .dataset = "animals",
                            .precision = "float32",
                            .train_count = 320,
                            .validation_count = 80,
                            .test_count = IMAGES,
                            .parameters = 1234567,
                            .folds = folds,
                            .repeat = repeat,
                            .fold = fold};
    wf_run *run = NULL;
    char *text = is_of_sets ? judged_sets(right) : judged(right);
    CHECK(run_count < sizeof runs / sizeof *runs);
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, "run"));
    runs[run_count++] = run;
    CHECK_OK(&cx, wf_run_describe(&cx, run, &d));
    if (folds) CHECK_OK(&cx, wf_run_record_fold(&cx, run, text, "last"));
    else CHECK_OK(&cx, wf_run_record_test(&cx, run, text, "last"));
    CHECK_OK(&cx, wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL));
    wf_text_free(text);
}

static double number(const json_t *object, const char *key) {
    CHECK(json_is_number(json_object_get(object, key)));
    return json_number_value(json_object_get(object, key));
}

static wf_cv_source source_of(const json_t *d) {
    return (wf_cv_source){.models = names,
                          .model_count = 3,
                          .runs = (const wf_run *const *)runs,
                          .run_count = run_count,
                          .folds = (int64_t)number(d, "folds"),
                          .repeats = (int64_t)number(d, "repeats"),
                          .seed = 7};
}

/* The runs of the golden data, the last fold first. */
static json_t *load(void) {
    json_t *d = NULL;
    CHECK_OK(&cx, wf_json_read(&d, &cx, WF_SOURCE_DIR "/tests/golden/cross_validation.json"));
    int folds = (int)number(d, "folds"), n = folds * (int)number(d, "repeats");
    begin();
    for (size_t i = 0; i < 3; i++) {
        json_t *model = json_array_get(json_object_get(d, "models"), i);
        json_t *right = json_object_get(model, "right");
        for (int k = n - 1; k >= 0; k--)
            add_run(names[i], (int)json_integer_value(json_array_get(right, (size_t)k)), folds,
                    k / folds, k % folds);
    }
    return d;
}

TEST(figures_and_tests_are_those_of_scipy) {
    json_t *d = load();
    wf_cross_validation *cv = NULL;
    wf_cv_source source = source_of(d);
    add_run("two", 77, 0, 0, 0);
    source.run_count = run_count;
    CHECK_OK(&cx, wf_cross_validation_create(&cv, &cx, &source));
    CHECK_NEAR(cv->held_out, number(d, "held_out"), 0);
    CHECK_NEAR(cv->trained_on, number(d, "trained_on"), 0); /* validation is a part of it */
    for (size_t i = 0; i < 3; i++) {
        json_t *model = json_array_get(json_object_get(d, "models"), i);
        const wf_cv_model *m = &cv->models[i];
        CHECK_STR(m->name, json_string_value(json_object_get(model, "name")));
        CHECK_INT(m->done, 10);
        CHECK_INT(m->parameters, 1234567);
        CHECK_NEAR(m->spread[WF_CV_ACCURACY].mean, number(model, "mean"), 1e-12);
        CHECK_NEAR(m->spread[WF_CV_ACCURACY].sd, number(model, "sd"), 1e-12);
        CHECK_NEAR(m->low[WF_CV_ACCURACY], number(model, "low"), 1e-10);
        CHECK_NEAR(m->high[WF_CV_ACCURACY], number(model, "high"), 1e-10);
        CHECK(m->low[WF_CV_MACRO_AUC] < m->spread[WF_CV_MACRO_AUC].mean);
    }
    CHECK(isnan(cv->models[0].test[WF_CV_ACCURACY]));
    CHECK_NEAR(cv->models[1].test[WF_CV_ACCURACY], .77, 0);
    CHECK_INT(cv->pair_count, 3);
    for (size_t i = 0; i < 3; i++) {
        json_t *expected = json_array_get(json_object_get(d, "pairs"), i);
        const wf_cv_pair *pair = &cv->pairs[i];
        const wf_t_test *t = &pair->tests[WF_CV_ACCURACY];
        CHECK_STR(names[pair->a], json_string_value(json_object_get(expected, "a")));
        CHECK_STR(names[pair->b], json_string_value(json_object_get(expected, "b")));
        CHECK_NEAR(t->difference, number(expected, "mean"), 1e-12);
        CHECK_NEAR(t->low, number(expected, "low"), 1e-10);
        CHECK_NEAR(t->high, number(expected, "high"), 1e-10);
        CHECK_NEAR(t->t, number(expected, "t"), 1e-9);
        CHECK_NEAR(t->p, number(expected, "p"), 1e-10);
        CHECK_NEAR(t->cohen_d, number(expected, "d"), 1e-10);
        CHECK_NEAR(pair->holm[WF_CV_ACCURACY], number(expected, "holm"), 1e-10);
    }
    wf_cross_validation_destroy(cv);
    json_decref(d);
    end();
}

/* The golden data say how many images are told right, whatever an image's label or labels are. */
TEST(sets_are_judged_by_subset_accuracy) {
    is_of_sets = has_small = 1;
    json_t *d = load(), *document = NULL;
    wf_cross_validation *cv = NULL;
    wf_cv_source source = source_of(d);
    const wf_cv_figure f = WF_CV_SUBSET_ACCURACY;
    char *text = NULL, expected[200];
    add_run("two", 77, 0, 0, 0);
    source.run_count = run_count;
    CHECK_OK(&cx, wf_cross_validation_create(&cv, &cx, &source));
    CHECK(cv->is_multilabel && cv->figures[0] == f);
    CHECK_INT(cv->figure_count, WF_CV_FIGURES - WF_CV_SUBSET_ACCURACY);
    CHECK_INT(cv->column_count, 6);
    for (size_t i = 0; i < 3; i++) {
        json_t *expected_of = json_array_get(json_object_get(d, "models"), i);
        const wf_cv_model *m = &cv->models[i];
        CHECK_NEAR(m->spread[f].mean, number(expected_of, "mean"), 1e-12);
        CHECK_NEAR(m->spread[f].sd, number(expected_of, "sd"), 1e-12);
        CHECK_NEAR(m->low[f], number(expected_of, "low"), 1e-10);
        expected_of = json_array_get(json_object_get(d, "pairs"), i);
        CHECK_NEAR(cv->pairs[i].tests[f].p, number(expected_of, "p"), 1e-10);
        CHECK_NEAR(cv->pairs[i].holm[f], number(expected_of, "holm"), 1e-10);
        for (size_t j = 0; j < cv->figure_count; j++) { /* no interval of what is always the same */
            const wf_spread *s = &m->spread[cv->figures[j]];
            CHECK(isfinite(s->mean) && (s->sd > 0) == (m->low[cv->figures[j]] < s->mean));
        }
        /* one label of 4 is wrong in an image that is */
        CHECK_NEAR(m->spread[WF_CV_HAMMING_LOSS].mean, (1 - m->spread[f].mean) / CLASSES, 1e-12);
        CHECK_NEAR(m->spread[WF_CV_O_P].mean, 1, 0);
    }
    CHECK(isnan(cv->models[0].test[f]));
    CHECK_NEAR(cv->models[1].test[f], .77, 0);
    CHECK_OK(&cx, wf_cv_markdown(&text, &cx, cv));
    CHECK(strstr(text, ", stratified label by label (Sechidis et al. 2011), 2 times, "));
    CHECK(strstr(text, "| Model | Folds | Subset accuracy | 95% interval | Set log-lik. | mAP | "
                       "C-F1 | O-F1 | Small recall | Time/fold | Parameters | "
                       "Test subset accuracy |\n"));
    CHECK(strstr(text, "| Models | Subset accuracy, points | 95% interval | d | p | p (Holm) | "
                       "Set log-lik., nats | p (Holm) | mAP, points | p (Holm) | In words |\n"));
    snprintf(expected, sizeof expected, "\n| Hamming loss | %.4f ± ",
             cv->models[0].spread[WF_CV_HAMMING_LOSS].mean);
    CHECK(strstr(text, expected));
    wf_free(text);
    wf_str best = {0};
    wf_cv_best(&best, &cx, cv);
    CHECK(strstr(best.text, "two tells the most sets right, a subset accuracy of 0.8"));
    wf_str_reset(&best);
    CHECK_OK(&cx, wf_cv_csv(&text, &cx, cv));
    CHECK(strstr(text, "fold_s,subset_accuracy,subset_accuracy_sd,subset_accuracy_low,"));
    wf_free(text);
    CHECK_OK(&cx, wf_cv_html(&text, &cx, cv));
    CHECK(strstr(text, "aria-label=\"Subset accuracy of each model in each fold"));
    wf_free(text);
    CHECK_OK(&cx, wf_cv_json(&document, &cx, cv));
    CHECK(json_is_true(json_object_get(document, "multilabel")));
    CHECK_INT(json_array_size(json_object_get(document, "figures")), cv->figure_count);
    json_decref(document);
    wf_cross_validation_destroy(cv);
    json_decref(d);
    end();
    is_of_sets = has_small = 0;
}

TEST(sets_without_sizes_of_objects_and_beside_single_labels) {
    wf_cross_validation *cv = NULL;
    wf_cv_source source = {.models = names,
                           .model_count = 1,
                           .runs = (const wf_run *const *)runs,
                           .folds = 3,
                           .repeats = 1};
    char *text = NULL;
    begin();
    is_of_sets = 1;
    for (int k = 0; k < 2; k++) add_run("one", 80 + k, 3, 0, k);
    is_of_sets = 0;
    add_run("one", 80, 3, 0, 2);
    source.run_count = 2;
    CHECK_OK(&cx, wf_cross_validation_create(&cv, &cx, &source));
    CHECK_INT(cv->column_count, 5);
    CHECK_OK(&cx, wf_cv_folds_csv(&text, &cx, cv));
    CHECK(strstr(text, ",fold,subset_accuracy,set_log_likelihood,map,c_f1,o_f1,c_p,") &&
          !strstr(text, "small"));
    wf_free(text);
    wf_cross_validation_destroy(cv);
    cv = NULL;
    source.run_count = 3;
    CHECK_INT(wf_cross_validation_create(&cv, &cx, &source), WF_E_DATA);
    CHECK_STR(cx.message, "runs run-1 and run-3: only one of them was judged on images of any "
                          "number of labels");
    end();
}

TEST(questions_are_answered_in_words) {
    static const wf_cv_question questions[] = {{"Is one better?", "one", "three"},
                                               {"Is three better?", "three", "two"},
                                               {"Is two better?", "two", "one"}};
    json_t *d = load(), *document = NULL;
    wf_cross_validation *cv = NULL;
    wf_cv_source source = source_of(d);
    char *text = NULL, expected[200];
    source.questions = questions;
    source.question_count = 3;
    source.note = "A note.";
    CHECK_OK(&cx, wf_cross_validation_create(&cv, &cx, &source));
    CHECK_OK(&cx, wf_cv_markdown(&text, &cx, cv));
    const json_t *pair = json_array_get(json_object_get(d, "pairs"), 1); /* one, three */
    snprintf(expected, sizeof expected,
             "- Is one better? one against three: accuracy %+.1f points (95%% interval %.1f to "
             "%.1f), d = %+.2f, p .0002, after Holm .0005; macro F1 +",
             100 * number(pair, "mean"), 100 * number(pair, "low"), 100 * number(pair, "high"),
             number(pair, "d"));
    CHECK(strstr(text, expected));
    CHECK(strstr(text, ". Yes: better, and by more than chance explains.\n- Is three better?"));
    CHECK(strstr(text, ". No: worse, and by more than chance explains.\n- Is two better?"));
    CHECK(strstr(text, ". Not shown: chance may explain the difference.\n\nA note.\n"));
    CHECK(strstr(text, "5-fold cross-validation on the training images of animals, stratified, 2 "
                       "times, seed 7, float32: each model is trained on about 400 images"));
    CHECK(!strstr(text, "test images")); /* they were not touched */
    wf_free(text);
    CHECK_OK(&cx, wf_cv_json(&document, &cx, cv));
    CHECK_INT(json_array_size(json_object_get(document, "questions")), 3);
    json_decref(document);
    CHECK_OK(&cx, wf_cv_folds_csv(&text, &cx, cv));
    CHECK(strstr(text, "\"two\",\"run-20\",0,0,0.86,"));
    wf_free(text);
    wf_cross_validation_destroy(cv);
    json_decref(d);
    end();
}

TEST(absent_folds_and_equal_figures) {
    begin();
    add_run("one", 80, 3, 0, 0);
    add_run("one", 82, 3, 0, 2);
    for (int k = 0; k < 3; k++) add_run("two", 70, 3, 0, k);
    wf_cross_validation *cv = NULL;
    wf_cv_source source = {.models = names,
                           .model_count = 3,
                           .runs = (const wf_run *const *)runs,
                           .run_count = run_count,
                           .folds = 3,
                           .repeats = 1};
    CHECK_OK(&cx, wf_cross_validation_create(&cv, &cx, &source));
    CHECK(cv->models[0].done == 2 && cv->models[2].done == 0);
    CHECK_NEAR(cv->models[0].spread[WF_CV_ACCURACY].mean, .81, 1e-12);
    CHECK(isnan(cv->models[1].low[WF_CV_ACCURACY])); /* the same in every fold */
    CHECK_NEAR(cv->pairs[0].tests[WF_CV_ACCURACY].difference, .11, 1e-12); /* over two folds */
    CHECK(isfinite(cv->pairs[0].tests[WF_CV_ACCURACY].p));
    CHECK(isnan(cv->pairs[1].tests[WF_CV_ACCURACY].difference));
    CHECK(isnan(cv->pairs[1].holm[WF_CV_ACCURACY]));
    char *text = NULL;
    CHECK_OK(&cx, wf_cv_markdown(&text, &cx, cv));
    CHECK(strstr(text, "| three | 0 of 3 | - | - |"));
    wf_free(text);
    wf_cross_validation_destroy(cv);
    end();
}

/* Six folds of "one", `of_two` of "two", which is worse. */
static wf_cross_validation *study(int of_two) {
    wf_cross_validation *cv = NULL;
    begin();
    for (int k = 0; k < 6; k++) add_run("one", 80 + k % 3, 6, 0, k);
    for (int k = 0; k < of_two; k++) add_run("two", 70 - k % 2, 6, 0, k);
    const wf_cv_source source = {.models = names,
                                 .model_count = 2,
                                 .runs = (const wf_run *const *)runs,
                                 .run_count = run_count,
                                 .folds = 6,
                                 .repeats = 1};
    CHECK_OK(&cx, wf_cross_validation_create(&cv, &cx, &source));
    return cv;
}

static void check_text(void (*write)(wf_str *out, wf_context *cx, const wf_cross_validation *cv),
                       const wf_cross_validation *cv, const char *expected) {
    wf_str text = {0};
    write(&text, &cx, cv);
    CHECK_STR(text.text ? text.text : "", expected);
    wf_str_reset(&text);
}

TEST(what_came_out_in_sentences) {
    wf_cross_validation *cv = study(6);
    check_text(wf_cv_title, cv, "Cross-validation of 2 models");
    check_text(wf_cv_unfinished, cv, "");
    wf_str best = {0}, words = {0};
    wf_cv_best(&best, &cx, cv);
    CHECK(strstr(best.text, "one is the most accurate: 0.8100 ± 0.0089 over 6 folds, 95% interval "
                            "of the mean 0."));
    CHECK_INT(wf_cv_pair_words(&words, &cx, cv, &cv->pairs[0]), 1);
    CHECK(strstr(words.text, "one is better than two: 11.5 points, 95% interval "));
    wf_str_reset(&best);
    wf_str_reset(&words);
    wf_cross_validation_destroy(cv);
    end();

    cv = study(1);
    check_text(wf_cv_unfinished, cv,
               "Not finished: 7 of 12 folds are there. A model's figures are of its own folds, a "
               "difference is over those that both models have.");
    check_text(wf_cv_best_difference, cv, "one and two cannot be tested on these folds.");
    CHECK_INT(wf_cv_pair_words(&words, &cx, cv, &cv->pairs[0]), 0);
    wf_cv_best(&best, &cx, cv);
    CHECK(strstr(best.text, "So far one is the most accurate: "));
    wf_str_reset(&best);
    wf_str_reset(&words);
    wf_cross_validation_destroy(cv);
    end();
}

/* A report of nothing but these folds. */
static wf_status make_report(json_t **d, wf_report_markdown_file *m, wf_cross_validation *cv,
                             const wf_comparison *c) {
    const wf_report_options options = {.cvs = &cv, .cv_count = 1, .command = "weft report x"};
    const wf_report_images none = {0};
    WF_TRY(wf_report_document(d, &cx, c, &options));
    return wf_report_document_markdown(m, &cx, c, &options, *d, &none, "files");
}

TEST(a_report_of_folds_alone) {
    wf_cross_validation *cv = study(5);
    wf_comparison *c = NULL;
    json_t *d = NULL, *alone = NULL;
    wf_report_markdown_file m = {0};
    CHECK_OK(&cx, wf_comparison_create(&c, &cx, NULL, 0));
    CHECK_OK(&cx, make_report(&d, &m, cv, c));
    CHECK_STR(json_string_value(json_object_get(d, "title")),
              "Cross-validation of 2 models on animals");
    CHECK_INT(json_array_size(json_object_get(d, "answer")), 3);
    CHECK_OK(&cx, wf_cv_json(&alone, &cx, cv));
    CHECK(json_equal(json_array_get(json_object_get(d, "cross_validations"), 0), alone));
    CHECK_INT(m.count, 1);
    CHECK_STR(m.pictures[0].name, "cross-validation.png");
    CHECK(strstr(m.text.text, "\n## Cross-validation of 2 models\n"));
    CHECK(strstr(m.text.text, "\n### All pairs\n"));
    int dots = 0;
    for (const char *at = m.pictures[0].svg.text; (at = strstr(at, "r=\"3\"")); at++) dots++;
    CHECK_INT(dots, 6 + 5);
    json_decref(d);
    json_decref(alone);
    wf_report_markdown_reset(&m);

    wf_status status = WF_E_NOMEM;
    long k = 1;
    for (; status != WF_OK; k++) {
        json_t *failing = NULL;
        wf__alloc_fail_at(k);
        status = make_report(&failing, &m, cv, c);
        wf__alloc_fail_at(0);
        CHECK(status == WF_OK || (status == WF_E_NOMEM && !m.text.text));
        json_decref(failing);
    }
    CHECK(k > 50);
    wf_report_markdown_reset(&m);
    wf_comparison_destroy(c);
    wf_cross_validation_destroy(cv);
    end();
}

TEST(what_does_not_belong_together) {
    begin();
    add_run("one", 80, 3, 0, 1);
    wf_cross_validation *cv = NULL;
    wf_cv_source source = {.models = names,
                           .model_count = 1,
                           .runs = (const wf_run *const *)runs,
                           .folds = 3,
                           .repeats = 1};
    CHECK_INT(wf_cross_validation_create(&cv, &cx, &source), WF_E_ARG);
    CHECK_STR(cx.message, "no fold of the cross-validation is trained");
    source.run_count = 1;
    source.folds = 4;
    CHECK_INT(wf_cross_validation_create(&cv, &cx, &source), WF_E_ARG);
    CHECK_STR(cx.message, "run run-1 is fold 1 of 3 in repeat 0, the cross-validation has 4 folds "
                          "and 1 repeats");
    source.folds = 3;
    source.models = names + 1;
    CHECK_INT(wf_cross_validation_create(&cv, &cx, &source), WF_E_ARG);
    CHECK_STR(cx.message, "model one takes no part in the cross-validation");
    source.models = names;
    add_run("one", 81, 3, 0, 1);
    source.run_count = 2;
    CHECK_INT(wf_cross_validation_create(&cv, &cx, &source), WF_E_ARG);
    CHECK_STR(cx.message, "runs run-1 and run-2 are the same fold");
    source.run_count = 1;
    source.questions = &(wf_cv_question){"Better?", "one", "two"};
    source.question_count = 1;
    CHECK_FAILS(&cx, wf_cross_validation_create(&cv, &cx, &source), WF_E_ARG);
    end();
}

TEST(survives_every_failing_allocation) {
    static const wf_cv_question questions[] = {{"Better?", "one", "two"}};
    begin();
    for (int k = 0; k < 3; k++) add_run("one", 80 + k, 3, 0, k);
    for (int k = 0; k < 3; k++) add_run("two", 70 - k, 3, 0, k);
    wf_cv_source source = {.models = names,
                           .model_count = 2,
                           .runs = (const wf_run *const *)runs,
                           .run_count = run_count,
                           .folds = 3,
                           .repeats = 1,
                           .questions = questions,
                           .question_count = 1};
    long k = 1;
    for (wf_status status = WF_E_NOMEM; status != WF_OK; k++) {
        wf_cross_validation *cv = NULL;
        char *text = NULL;
        wf__alloc_fail_at(k);
        status = wf_cross_validation_create(&cv, &cx, &source);
        if (status == WF_OK) status = wf_cv_markdown(&text, &cx, cv);
        if (status == WF_OK) {
            wf_free(text);
            text = NULL;
            status = wf_cv_html(&text, &cx, cv);
        }
        wf__alloc_fail_at(0);
        CHECK(status == WF_E_NOMEM ? !text : status == WF_OK);
        wf_free(text);
        wf_cross_validation_destroy(cv);
    }
    CHECK(k > 50);
    end();
}

TEST_MAIN()
