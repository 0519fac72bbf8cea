/* Which differences are real: the tests of pairs in the comparison and its forms. The figures are
 * those of tests/golden/significance.py, called with the counts that are noted. */
#include "report_runs.h"

static void add(const char *model, uint64_t seed, int right) {
    add_simple(model, "other", seed, right);
}

static const char *images(const wf_comparison *c, size_t a, size_t b) {
    for (size_t i = 0; i < c->pair_count; i++)
        if (c->pairs[i].a == a && c->pairs[i].b == b) return c->pairs[i].images.sentence;
    return "no such pair";
}

static const char *seeds(const wf_comparison *c, size_t a, size_t b) {
    for (size_t i = 0; i < c->pair_count; i++)
        if (c->pairs[i].a == a && c->pairs[i].b == b) return c->pairs[i].seeds.sentence;
    return "no such pair";
}

static void finish(wf_comparison *c) {
    wf_comparison_destroy(c);
    end();
}

/* Counts 84 6 0 10, 80 10 0 10 and 80 4 0 16; the last is significant by its interval alone. */
TEST(every_pair_is_tested_and_corrected) {
    begin();
    add("a", 0, 90);
    add("b", 0, 84);
    add("c", 0, 80);
    wf_comparison *c = compare();
    CHECK_INT(c->pair_count, 3);
    CHECK_INT(c->images_tested, 3);
    CHECK_INT(c->seeds_tested, 0);
    const wf_report_pair *p = &c->pairs[0];
    CHECK_INT(p->mcnemar.only_a_right, 6);
    CHECK_INT(p->mcnemar.only_b_right, 0);
    CHECK_NEAR(p->images.difference, .06, 1e-15);
    CHECK_NEAR(p->images.low, .0207869, 1e-7);
    CHECK_NEAR(p->images.high, .124768, 1e-6);
    CHECK_NEAR(p->images.p, .015625, 1e-15);
    CHECK_NEAR(p->images.p_holm, .03125, 1e-15);
    CHECK_NEAR(c->pairs[1].images.p_holm, 3 * .0009765625, 1e-15);
    CHECK_STR(images(c, 0, 1), "a is better than b: 6.0 points, 95% interval 2.1 to 12.5, p = .031 "
                               "after Holm's correction");
    CHECK_STR(images(c, 0, 2),
              "a is better than c: 10.0 points, 95% interval 5.5 to 17.4, p = .003 "
              "after Holm's correction");
    CHECK_STR(images(c, 1, 2), "no difference shown: 4.0 points, 95% interval 0.2 to 9.8, but p = "
                               ".062 after Holm's correction");
    CHECK_STR(seeds(c, 0, 1), "not tested: too few seeds, 1 of a and 1 of b, needs 2 of each");
    finish(c);
}

TEST(the_text_says_what_was_tested) {
    begin();
    add("a", 0, 90);
    add("b", 0, 84);
    wf_comparison *c = compare();
    char *text = NULL;
    CHECK_OK(&cx, wf_report_text(&text, &cx, c, 120));
    const char *section = strstr(text, "Which differences are real?");
    CHECK(section != NULL);
    CHECK_STR(section,
              "Which differences are real?\n"
              "McNemar's test between one run of each on the same test images (seed 0). It speaks "
              "for other images, not for other\nseeds.\n"
              "- a is better than b: 6.0 points, 95% interval 2.1 to 12.5, p = .016.\n");
    CHECK(strstr(c->answer, "a is the most accurate: 0.9000 (90 of 100 test images right). a is "
                            "better than b: 6.0 points, 95% interval 2.1 to 12.5, p = .016. a "
                            "trained in 30 s"));
    wf_free(text);
    finish(c);
}

/* Welch of .90 .92 .97 against .60 .63 .61; McNemar of the first seed, counts 60 30 0 10. */
TEST(seeds_have_their_own_test_that_says_what_it_speaks_for) {
    begin();
    add("a", 1, 90);
    add("a", 2, 92);
    add("a", 3, 97);
    add("b", 1, 60);
    add("b", 2, 63);
    add("b", 3, 61);
    wf_comparison *c = compare();
    CHECK_INT(c->images_tested, 1);
    CHECK_INT(c->seeds_tested, 1);
    CHECK_STR(seeds(c, 0, 1),
              "a is better than b: 31.7 points, 95% interval 24.0 to 39.3, p = .001 "
              "(speaks for seed noise only)");
    CHECK_STR(images(c, 0, 1), "a is better than b: 30.0 points, 95% interval 21.9 to 39.6, p < "
                               ".0001 (speaks for seed 1 only)");
    CHECK_NEAR(c->pairs[0].welch.df, 2.695541401273888, 1e-10);
    CHECK_NEAR(c->pairs[0].welch.hedges_g, 9.125131284040645, 1e-8);
    CHECK(strstr(c->answer, "a is the most accurate: 0.9300 \302\261 0.0361 over 3 seeds on 100 "
                            "test images. a is better than b: 31.7 points, 95% interval 24.0 to "
                            "39.3, p = .001 (speaks for seed noise only). a is better than b: 30.0 "
                            "points"));
    char *text = NULL;
    CHECK_OK(&cx, wf_report_text(&text, &cx, c, 200));
    CHECK(strstr(text, "\nWelch's t over seeds. It speaks for other seeds, not for other images.\n"
                       "- a is better than b: 31.7 points, 95% interval 24.0 to 39.3, p = .001 "
                       "(speaks for seed noise only).\n"));
    wf_free(text);
    finish(c);
}

/* Welch of .90 .92 .97 against .91 .88 .95 */
TEST(seeds_that_show_nothing) {
    begin();
    add("a", 1, 90);
    add("a", 2, 92);
    add("a", 3, 97);
    add("b", 1, 91);
    add("b", 2, 88);
    add("b", 3, 95);
    wf_comparison *c = compare();
    CHECK_STR(seeds(c, 0, 1), "no difference shown: 1.7 points, 95% interval -6.4 to 9.7 (speaks "
                              "for seed noise only)");
    CHECK(strstr(c->answer, "a and b: no difference shown: 1.7 points, 95% interval -6.4 to 9.7"));
    finish(c);
}

TEST(too_few_seeds_and_seeds_that_do_not_vary) {
    begin();
    add("a", 1, 90);
    add("a", 2, 90);
    add("b", 1, 80);
    add("b", 2, 80);
    add("c", 1, 70);
    wf_comparison *c = compare();
    CHECK_INT(c->seeds_tested, 0);
    CHECK_STR(seeds(c, 0, 1), "not tested: the accuracy is the same for every seed of a and for "
                              "every seed of b");
    CHECK_STR(seeds(c, 0, 2), "not tested: too few seeds, 2 of a and 1 of c, needs 2 of each");
    CHECK(isnan(c->pairs[0].seeds.p) && isnan(c->pairs[0].seeds.p_holm));
    check_forms(c);
    finish(c);
}

/* The lowest seed that both have; without one, the lowest of each. */
TEST(runs_are_chosen_by_their_seed) {
    begin();
    add("a", 1, 95);
    add("a", 4, 90);
    add("b", 3, 60);
    add("b", 4, 84);
    add("c", 7, 10);
    wf_comparison *c = compare();
    CHECK_INT(c->rows[0].runs[c->pairs[0].run_a].summary.seed, 4);
    CHECK_INT(c->rows[1].runs[c->pairs[0].run_b].summary.seed, 4);
    CHECK(strstr(images(c, 0, 1), "6.0 points"));
    CHECK(strstr(images(c, 0, 1), "(speaks for seed 4 only)"));
    CHECK_INT(c->rows[0].runs[c->pairs[1].run_a].summary.seed, 1);
    CHECK(strstr(images(c, 0, 2), "(speaks for seeds 1 and 7 only)"));
    char *text = NULL;
    CHECK_OK(&cx, wf_report_text(&text, &cx, c, 500));
    CHECK(strstr(text, "(of the lowest seed that both have, or else of the lowest of each)"));
    wf_free(text);
    finish(c);
}

/* At the lowest seed the row that is worse on average may be the better one: 60 0 30 10. */
TEST(a_sentence_names_the_better_of_the_runs_it_judged) {
    begin();
    add("a", 1, 60);
    add("a", 2, 99);
    add("a", 3, 99);
    add("b", 1, 84);
    wf_comparison *c = compare();
    CHECK_STR(c->rows[0].label, "a");
    CHECK(strncmp(images(c, 0, 1), "b is better than a: 24.0 points", 31) == 0);
    CHECK(strstr(images(c, 0, 1), "(speaks for seed 1 only)"));
    CHECK(c->pairs[0].images.difference < 0);
    finish(c);
}

TEST(identical_predictions_are_named) {
    begin();
    add("a", 0, 90);
    add("b", 0, 90);
    wf_comparison *c = compare();
    CHECK_STR(images(c, 0, 1), "no difference: identical predictions for all 100 images");
    CHECK_NEAR(c->pairs[0].images.p, 1, 0);
    CHECK(strstr(c->answer, "a and b: no difference: identical predictions for all 100 images."));
    check_forms(c);
    finish(c);
}

/* As many right, but not on the same images: 80 10 10 0. */
TEST(equal_accuracy_is_not_identity) {
    begin();
    add("a", 0, 90);
    add_run((made){"b", "rnn", 0, 90, 2, 30, 3, no_claim, NULL, 10, NULL});
    wf_comparison *c = compare();
    CHECK_STR(images(c, 0, 1), "no difference shown: 0.0 points, 95% interval -9.2 to 9.2");
    finish(c);
}

/* Six pairs: what one of them would show alone is likely to happen by chance. */
TEST(many_pairs_need_more) {
    begin();
    add("a", 0, 90);
    add("b", 0, 84);
    add("c", 0, 84);
    add("d", 0, 84);
    wf_comparison *c = compare();
    CHECK_INT(c->images_tested, 6);
    CHECK_STR(images(c, 0, 1), "no difference shown: 6.0 points, 95% interval 2.1 to 12.5 of this "
                               "pair alone, but p = .094 after Holm's correction");
    CHECK_STR(images(c, 1, 2), "no difference: identical predictions for all 100 images");
    finish(c);
}

TEST(a_terminal_shows_the_best_against_each_other_and_files_show_all) {
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    begin();
    for (int i = 0; i < 6; i++) add(names[i], 0, 90 - 2 * i);
    wf_comparison *c = compare();
    char *text = NULL;
    CHECK_INT(c->pair_count, 15);
    CHECK_OK(&cx, wf_report_text(&text, &cx, c, 500));
    int lines = 0;
    for (const char *at = strstr(text, "\n- "); at; at = strstr(at + 1, "\n- ")) lines++;
    CHECK_INT(lines, 5);
    CHECK(strstr(text, "\n- a is better than f: 10.0 points"));
    CHECK(strstr(text, "\nThe other 10 pairs are in the files only.\n"));
    CHECK(strstr(text, "Holm's correction counts 15 pairs."));
    wf_free(text);
    CHECK_OK(&cx, wf_report_markdown(&text, &cx, c));
    CHECK(strstr(text, "\n| e, f | 2.0 | -1.8 to 7.0 | .250 | 1 | no difference shown: 2.0 points, "
                       "95% interval -1.8 to 7.0 |\n"));
    wf_free(text);
    CHECK_OK(&cx, wf_report_pairs_csv(&text, &cx, c));
    lines = 0;
    for (const char *at = strstr(text, "\r\n"); at; at = strstr(at + 1, "\r\n")) lines++;
    CHECK_INT(lines, 1 + 2 * 15);
    CHECK(strstr(text, "\r\n\"a\",\"f\",mcnemar,\"run-1\",\"run-6\",0.1,0.0552"));
    CHECK(strstr(text,
                 ",80,10,0,10,,,,,\"a is better than f: 10.0 points, 95% interval 5.5 to 17.4, "
                 "p = .015 after Holm's correction\",yes\r\n"));
    wf_free(text);
    finish(c);
}

TEST(the_json_form_has_the_figures) {
    begin();
    add("a", 0, 90);
    add("a", 1, 92);
    add("b", 0, 84);
    add("b", 1, 83);
    wf_comparison *c = compare();
    char *text = NULL;
    json_t *d = NULL;
    CHECK_OK(&cx, wf_report_json(&text, &cx, c));
    CHECK_OK(&cx, wf_json_parse(&d, &cx, text, strlen(text), "report", 1 << 24));
    json_t *pair = json_array_get(json_object_get(d, "pairs"), 0);
    json_t *m = json_object_get(pair, "same_images"), *w = json_object_get(pair, "over_seeds");
    CHECK_STR(json_string_value(json_object_get(pair, "a")), "a");
    CHECK_STR(json_string_value(json_object_get(m, "run_b")), "run-3");
    CHECK_NEAR(json_real_value(json_object_get(m, "p")), .015625, 1e-15);
    CHECK_NEAR(json_real_value(json_object_get(m, "p_exact")), .03125, 1e-15);
    CHECK_INT(json_integer_value(json_object_get(m, "only_a_right")), 6);
    CHECK(json_is_true(json_object_get(m, "shown")));
    CHECK(json_is_true(json_object_get(w, "tested")));
    CHECK_NEAR(json_real_value(json_object_get(w, "difference")), .075, 1e-15);
    CHECK(json_is_real(json_object_get(w, "hedges_g")));
    CHECK_INT(json_integer_value(json_object_get(json_object_get(d, "holm_counts"), "over_seeds")),
              1);
    json_decref(d);
    wf_free(text);
    finish(c);
}

/* What cannot be judged is named, and the rest is judged. */
TEST(predictions_that_are_missing_damaged_or_of_another_test) {
    begin();
    add("a", 0, 90);
    add("b", 0, 84);
    add_run((made){"c", "rnn", 0, 70, 2, 30, 3, no_claim, NULL, 0, ""});
    add_run((made){"d", "rnn", 0, 60, 2, 30, 3, no_claim, NULL, 0,
                   "index,label,predicted,p0,p1\n0,0,x,0.5,0.5\n"});
    add_run((made){"e", "rnn", 0, 50, 2, 30, 3, no_claim, NULL, 0,
                   "index,label,predicted,p0,p1\n0,0,0,0.5,0.5\n"});
    add_run((made){"f", "rnn", 0, 40, 4, 30, 3, no_claim, NULL, 0, NULL});
    wf_comparison *c = compare();
    CHECK_INT(c->images_tested, 1);
    CHECK_STR(images(c, 0, 1),
              "a is better than b: 6.0 points, 95% interval 2.1 to 12.5, p = .016");
    CHECK_STR(images(c, 0, 2), "not tested: run run-3: has no predictions.csv");
    CHECK(strstr(images(c, 1, 3), "run-4/predictions.csv: line 2, column 3: found \"x\""));
    CHECK_STR(images(c, 0, 4), "not tested: predictions.csv of run-5 does not fit its test.json");
    CHECK_STR(images(c, 0, 5), "not tested: these two were not judged on the same test images");
    CHECK_STR(seeds(c, 0, 5), "not tested: these two were not judged on the same test images");
    check_forms(c);
    finish(c);
}

/* Another order of the images, or other labels, is another test, whatever its name. */
TEST(the_images_must_be_the_same) {
    begin();
    add("a", 0, 90);
    add("b", 0, 84);
    int32_t index[100], labels[100], predicted[100];
    float p[200] = {0};
    for (int i = 0; i < 100; i++) {
        index[i] = 99 - i;
        labels[i] = i % 2;
        predicted[i] = i < 84 ? i % 2 : 1 - i % 2;
    }
    CHECK_OK(&cx, wf_run_record_predictions(&cx, runs[1], index, labels, predicted, p, 100, 2));
    wf_comparison *c = compare();
    CHECK_STR(images(c, 0, 1), "not tested: these two were not judged on the same test images");
    CHECK_INT(c->images_tested, 0);
    CHECK(strstr(c->answer, "a is the most accurate: 0.9000 (90 of 100 test images right), 6.00 "
                            "percentage points above b. "));
    finish(c);
}

TEST(folds_of_a_cross_validation_are_left_out) {
    static const char *const names[] = {"cat", "dog"};
    begin();
    add("a", 0, 90);
    wf_run_description d = {.model = "a",
                            .folds = 10,
                            .repeat = 1,
                            .fold = 3,
                            .class_names = names,
                            .class_count = 2,
                            .claim = no_claim};
    CHECK_OK(&cx, wf_run_create(&runs[run_count], &cx, store, "fold"));
    CHECK_OK(&cx, wf_run_describe(&cx, runs[run_count], &d));
    CHECK_OK(&cx, wf_run_finish(&cx, runs[run_count++], WF_RUN_FINISHED, NULL));
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 1);
    CHECK_INT(c->note_count, 1);
    CHECK_STR(c->notes[0], "fold-1 is left out: it is fold 4 of 10 of a cross-validation, which "
                           "never saw the test images.");
    finish(c);
}

TEST(hostile_names_in_sentences_do_no_harm) {
    begin();
    add("<b>|x", 0, 90);
    add("=1+1", 0, 84);
    wf_comparison *c = compare();
    char *text = NULL;
    CHECK_OK(&cx, page_data(&text, &cx, c));
    CHECK(!strchr(text, '<') && strstr(text, "\\u003cb>|x is better than =1+1"));
    wf_free(text);
    CHECK_OK(&cx, wf_report_markdown(&text, &cx, c));
    CHECK(strstr(text, "| &lt;b&gt;\\|x, =1+1 | 6.0 |"));
    wf_free(text);
    CHECK_OK(&cx, wf_report_pairs_csv(&text, &cx, c));
    CHECK(strstr(text, "\"<b>|x\",\"'=1+1\",mcnemar"));
    wf_free(text);
    finish(c);
}

TEST_MAIN()
