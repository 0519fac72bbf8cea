/* The comparison and its forms. */
#include "report_runs.h"

TEST(no_runs_at_all) {
    begin();
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 0);
    CHECK_STR(c->answer, "");
    char *text = NULL;
    CHECK_OK(&cx, wf_report_text(&text, &cx, c, 80));
    CHECK_STR(text, "There are no finished and tested runs to compare.\n");
    wf_free(text);
    check_forms(c);
    wf_comparison_destroy(c);
    end();
}

TEST(a_single_run) {
    begin();
    add_simple("net", "cnn", 0, 90);
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 1);
    CHECK_STR(c->rows[0].label, "net");
    CHECK_NEAR(c->rows[0].accuracy.mean, .9, 1e-15);
    CHECK(isnan(c->rows[0].accuracy.sd));
    CHECK(strstr(c->answer, "net reaches an accuracy of 0.9000 (90 of 100 test images right)."));
    CHECK(strstr(c->answer, "Caution: this is one seed. The standard error of an accuracy measured "
                            "on 100 images is about 0.0300"));
    check_forms(c);
    wf_comparison_destroy(c);
    end();
}

TEST(seeds_of_one_recipe_make_one_row) {
    begin();
    add_simple("a", "cnn", 1, 90);
    add_simple("a", "cnn", 2, 92);
    add_simple("a", "cnn", 3, 97);
    add_simple("b", "rnn", 1, 60);
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 2);
    CHECK_INT(c->rows[0].run_count, 3);
    CHECK_NEAR(c->rows[0].accuracy.mean, .93, 1e-15);
    CHECK_NEAR(c->rows[0].accuracy.sd, .036055512754639891, 1e-15);
    CHECK_INT(c->rows[0].pooled->count, 300);
    CHECK(c->comparable);
    CHECK(strstr(c->answer, "a is the most accurate: 0.9300 \302\261 0.0361 over 3 seeds"));
    CHECK(strstr(c->answer, "33.00 percentage points above b. a is better than b: 30.0 points, 95% "
                            "interval 21.9 to 39.6, p < .0001 (speaks for seed 1 only)."));
    CHECK(strstr(c->answer, "CNN or RNN? The best CNN here is a, the best RNN b, 33.00 points "
                            "below. a took 1.0 times as long to train."));
    CHECK(strstr(c->answer, "1 of 2 models have one seed only. Another seed moves the figure as "
                            "well"));
    check_forms(c);
    wf_comparison_destroy(c);
    end();
}

TEST(the_same_seed_twice_counts_once) {
    begin();
    add_simple("a", "cnn", 1, 90);
    usleep(3000);
    add_simple("a", "cnn", 1, 91);
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 1);
    CHECK_INT(c->rows[0].run_count, 1);
    CHECK_STR(c->rows[0].runs[0].summary.id, "run-2");
    CHECK_INT(c->note_count, 1);
    CHECK_STR(c->notes[0], "run-1 is left out: run-2 is a later run of the same recipe and seed.");
    wf_comparison_destroy(c);
    wf_comparison *again = NULL; /* the same run given twice needs no note */
    CHECK_OK(&cx, wf_comparison_create(&again, &cx, (const wf_run *const[]){runs[0], runs[0]}, 2));
    CHECK_INT(again->rows[0].run_count, 1);
    CHECK_INT(again->note_count, 0);
    wf_comparison_destroy(again);
    end();
}

TEST(other_recipes_of_one_model_are_told_apart) {
    begin();
    add_run((made){"a", "cnn", 1, 90, 2, 30, 3, no_claim, NULL, 0, NULL});
    add_run((made){"a", "cnn", 1, 95, 2, 30, 9, no_claim, NULL, 0, NULL});
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 2);
    CHECK_STR(c->rows[0].label, "a (9 epochs)");
    CHECK_STR(c->rows[1].label, "a (3 epochs)");
    wf_comparison_destroy(c);
    end();
}

/* Two learning rates are two recipes, whatever else is the same; seeds and paths are none. */
TEST(other_settings_make_another_recipe) {
    static const char *const rates[] = {".001", ".001", ".05", ".05"};
    begin();
    for (int i = 0; i < 4; i++) {
        char text[256];
        add_simple("a", "cnn", (uint64_t)(i % 2), 90 + i);
        snprintf(text, sizeof text,
                 "dataset: %s\nseed: %d\nsplits: drawn\npretrained: %d.safetensors\n"
                 "pretrained_sha256: 0%d\nmodel:\n"
                 "  name: a\n  description: %d\n  training: {learning_rate: %s}\n",
                 i ? "./pets" : "pets", i % 2, i, i, i, rates[i]);
        CHECK_OK(&cx, wf_run_write(&cx, runs[i], "config.yaml", text, strlen(text)));
    }
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 2);
    CHECK_INT(c->note_count, 0);
    for (int i = 0; i < 2; i++) CHECK_INT(c->rows[i].run_count, 2);
    CHECK_STR(c->rows[0].label, "a (run-3)");
    CHECK_STR(c->rows[1].label, "a (run-1)");
    wf_comparison_destroy(c);
    end();
}

/* Each of the parts tells a row from another one, none of them from all. */
TEST(every_row_has_a_label_of_its_own) {
    begin();
    for (int i = 0; i < 3; i++) {
        char text[64];
        add_run((made){"a", "cnn", 1, 90 + i, 2, 30, i ? 9 : 3, no_claim, NULL, 0, NULL});
        snprintf(text, sizeof text, "model: {filters: %d}\n", i / 2);
        CHECK_OK(&cx, wf_run_write(&cx, runs[i], "config.yaml", text, strlen(text)));
    }
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 3);
    CHECK_STR(c->rows[0].label, "a (9 epochs, run-3)");
    CHECK_STR(c->rows[1].label, "a (9 epochs, run-2)");
    CHECK_STR(c->rows[2].label, "a (3 epochs)");
    wf_comparison_destroy(c);
    end();
}

TEST(runs_with_other_classes_stand_beside_each_other) {
    begin();
    add_run((made){"a", "cnn", 1, 90, 2, 30, 3, no_claim, NULL, 0, NULL});
    add_run((made){"a", "cnn", 2, 95, 4, 30, 3, no_claim, NULL, 0, NULL});
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 2);
    CHECK(!c->comparable);
    CHECK_STR(c->rows[0].label, "a (animals)");
    CHECK_INT(c->rows[0].pooled->class_count, 4);
    CHECK(strstr(c->answer, "No model is called the best"));
    CHECK_INT(c->note_count, 1);
    check_forms(c);
    wf_comparison_destroy(c);
    end();
}

TEST(unfinished_and_untested_runs_are_left_out_and_named) {
    begin();
    add_simple("a", "cnn", 1, 90);
    wf_run_description d = {.model = "b", .claim = no_claim};
    CHECK_OK(&cx, wf_run_create(&runs[run_count++], &cx, store, "untested"));
    CHECK_OK(&cx, wf_run_describe(&cx, runs[1], &d));
    CHECK_OK(&cx, wf_run_finish(&cx, runs[1], WF_RUN_FINISHED, NULL));
    CHECK_OK(&cx, wf_run_create(&runs[run_count++], &cx, store, "open"));
    wf_comparison *c = compare();
    CHECK_INT(c->row_count, 1);
    CHECK_INT(c->note_count, 2);
    CHECK_STR(c->notes[0], "untested-1 is left out: run untested-1: is not tested yet.");
    CHECK_STR(c->notes[1], "open-1 is left out: it is running, not finished.");
    check_forms(c);
    wf_comparison_destroy(c);
    end();
}

TEST(claims_stand_beside_the_figures) {
    begin();
    wf_run_claim claim = {"acc .919, loss .243", .919, (double)NAN, .243};
    add_run((made){"a", "cnn", 1, 90, 2, 30, 3, claim, NULL, 0, NULL});
    wf_comparison *c = compare();
    CHECK_NEAR(c->rows[0].delta_accuracy, .9 - .919, 1e-15);
    CHECK(isnan(c->rows[0].delta_macro_f1));
    char *text = NULL;
    CHECK_OK(&cx, wf_report_markdown(&text, &cx, c));
    CHECK(strstr(text, "| a | acc .919, loss .243 | accuracy | 0.9190 | 0.9000 | -0.0190 |"));
    wf_free(text);
    wf_comparison_destroy(c);
    end();
}

TEST(text_columns_line_up_and_stay_within_the_width) {
    begin();
    add_simple("a", "cnn", 1, 90);
    add_simple("gr\303\266\303\237er", "rnn", 1, 80);
    wf_comparison *c = compare();
    char *text = NULL;
    CHECK_OK(&cx, wf_report_text(&text, &cx, c, 60));
    static const char expected[] = "Model   Accuracy    Loss  Macro F1  Parameters  ms/step\n"
                                   "a         0.9000  0.4414    0.9000   1,234,567     2.50\n"
                                   "gr\303\266\303\237er    0.8000";
    CHECK(strncmp(text, expected, sizeof expected - 1) == 0);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        CHECK(strlen(line) <= 62);
    wf_free(text);
    wf_comparison_destroy(c);
    end();
}

TEST(hostile_names_do_no_harm_in_any_form) {
    static const char *const names[] = {"<script>alert(1)</script>", "=cmd|' /C calc'!A0"};
    begin();
    wf_run_claim claim = {"\"><img src=x onerror=alert(1)> | **a**\n=1+1", .5, .5, .5};
    add_run(
        (made){"@SUM(1)\"</title><script>x|`_*", "\"><b>", 1, 91, 2, 30, 3, claim, names, 0, NULL});
    add_run((made){"percent %s %n %d", "cnn", 1, 80, 2, 30, 3, claim, names, 0, NULL});
    wf_comparison *c = compare();
    char *text = NULL;
    CHECK_OK(&cx, page_data(&text, &cx, c)); /* nothing in it ends the element that holds it */
    CHECK(!strchr(text, '<'));
    CHECK(strstr(text, "\\u003cscript>alert(1)\\u003c/script>"));
    CHECK(strstr(text, "@SUM(1)\\\"\\u003c/title>"));
    CHECK(strstr(text, "percent %s %n %d"));
    wf_free(text);
    CHECK_OK(&cx, wf_report_csv(&text, &cx, c));
    CHECK(strstr(text, "\"'@SUM(1)\"\"</title><script>x|`_*\""));
    CHECK(strstr(text, "\"'=cmd|' /C calc'!A0\""));
    wf_free(text);
    CHECK_OK(&cx, wf_report_markdown(&text, &cx, c));
    CHECK(!strchr(text, '<'));
    CHECK(strstr(text, "@SUM(1)\"&lt;/title&gt;&lt;script&gt;x\\|\\`\\_\\*"));
    wf_free(text);
    check_forms(c);
    wf_comparison_destroy(c);
    end();
}

TEST(failing_memory_is_reported) {
    begin();
    add_simple("a", "cnn", 1, 90);
    add_simple("a", "cnn", 2, 91);
    add_simple("b", "rnn", 1, 80);
    wf_status (*const forms[])(char **, wf_context *, const wf_comparison *) = {
        wf_report_markdown, wf_report_csv, wf_report_pairs_csv,
        wf_report_json,     document_text, page_data};
    int failures = 0, is_done = 0;
    for (long k = 1; !is_done && k < 5000; k++) {
        wf_comparison *c = NULL;
        long before = wf__alloc_count();
        wf__alloc_fail_at(k);
        wf_status status = wf_comparison_create(&c, &cx, (const wf_run *const *)runs, run_count);
        for (size_t i = 0; i < sizeof forms / sizeof *forms && status == WF_OK; i++) {
            char *text = NULL;
            status = forms[i](&text, &cx, c);
            wf_free(text);
        }
        if (status == WF_OK) {
            char *text = NULL;
            status = wf_report_text(&text, &cx, c, 80);
            wf_free(text);
        }
        is_done = status == WF_OK && wf__alloc_count() - before < k;
        wf__alloc_fail_at(0);
        wf_comparison_destroy(c);
        CHECK(status == WF_E_NOMEM || is_done);
        failures += status != WF_OK;
    }
    CHECK(is_done && failures > 100);
    end();
}

TEST_MAIN()
