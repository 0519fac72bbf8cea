/* The report's document: what stored runs tell, under the keys of pages/README.md. */
#include "report_runs.h"

#include <nettle/base64.h>

#include "base/files.h"
#include "report/packed.h"
#include "report/pages.h"
#include "scratch.h"

/* What the tests read: at(document, "models", 0, "roc", 1, "auc") with (const char *) for keys and
 * numbers as "#0". */
static json_t *at(json_t *value, const char *path) {
    char part[64];
    while (*path) {
        size_t n = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)n, path);
        value = json_is_array(value) ? json_array_get(value, (size_t)strtoul(part, NULL, 10))
                                     : json_object_get(value, part);
        path += n + (path[n] == '.');
    }
    CHECK(value != NULL);
    return value;
}

static const char *text_at(json_t *d, const char *path) { return json_string_value(at(d, path)); }
static double number_at(json_t *d, const char *path) { return json_number_value(at(d, path)); }
static size_t size_at(json_t *d, const char *path) { return json_array_size(at(d, path)); }
static int is_null_at(json_t *d, const char *path) { return json_is_null(at(d, path)); }

static int begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

static json_t *document_of(wf_comparison *c) {
    json_t *d = NULL;
    const wf_report_options options = {
        .command = "weft report a b", .version = "1.2.3", .libraries = "jansson 2.14"};
    CHECK_OK(&cx, wf_report_document(&d, &cx, c, &options));
    return d;
}

static json_t *make_document(void) {
    wf_comparison *c = compare();
    json_t *d = document_of(c);
    wf_comparison_destroy(c);
    return d;
}

TEST(every_key_of_the_contract_is_there) {
    static const char *const keys[] = {
        "schema_version", "title", "generated", "question",      "answer", "caution",
        "comparison",     "data",  "models",    "disagreements", "made",   "cross_validations"};
    static const char *const model_keys[] = {
        "label",       "family",      "run", "layers",   "epochs", "evaluation", "roc",
        "reliability", "predictions", "map", "mistakes", "sets",   "has_images"};
    begin();
    add_simple("a", "cnn", 1, 90);
    json_t *d = make_document();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        CHECK(json_object_get(d, keys[i]) != NULL);
    for (size_t i = 0; i < sizeof model_keys / sizeof *model_keys; i++)
        CHECK(json_object_get(at(d, "models.0"), model_keys[i]) != NULL);
    CHECK_INT(json_object_size(d), sizeof keys / sizeof *keys);
    CHECK_INT(json_object_size(at(d, "models.0")), sizeof model_keys / sizeof *model_keys);
    json_decref(d);
    end();
}

/* ---- words ---- */

TEST(one_model_is_told_in_three_sentences) {
    begin();
    add_simple("a", "cnn", 1, 90);
    json_t *d = make_document();
    CHECK_STR(text_at(d, "title"), "a on pets");
    CHECK_STR(text_at(d, "question"),
              "How well does a do on pets, at what cost, and where does it fail?");
    CHECK_INT(size_at(d, "answer"), 3);
    CHECK(begins(text_at(d, "answer.0"),
                 "a reaches an accuracy of 0.9000 (90 of 100 test images right), 95% interval 0."));
    /* its classes are equally hard */
    CHECK(begins(text_at(d, "answer.1"), "Most often "));
    CHECK_STR(text_at(d, "answer.2"), "It trained in 30 s and has 1,234,567 parameters.");
    CHECK(begins(text_at(d, "caution"), "this is one seed."));
    json_decref(d);
    end();
}

TEST(models_that_are_equal_are_called_so) {
    begin();
    add_simple("a", "cnn", 1, 90);
    add_simple("b", "cnn", 1, 90);
    add_simple("c", "cnn", 1, 80);
    json_t *d = make_document();
    CHECK(begins(text_at(d, "answer.0"), "a and b are equally accurate: 0.9000 (90 of 100"));
    json_decref(d);
    end();
}

TEST(a_cnn_and_an_rnn_are_weighed_against_each_other) {
    begin();
    add_simple("mixed", "hybrid", 1, 95);
    add_simple("a", "cnn", 1, 94);
    add_simple("b", "rnn", 1, 60);
    json_t *d = make_document();
    CHECK_STR(text_at(d, "title"), "3 models on pets");
    CHECK_STR(text_at(d, "question"), "Convolutional or recurrent network on pets, and at what "
                                      "cost? 3 models, trained and tested on the same images.");
    CHECK_INT(size_at(d, "answer"), 3);
    CHECK(begins(text_at(d, "answer.0"), "mixed is the most accurate: 0.9500 (95 of 100"));
    const char *difference = text_at(d, "answer.1");
    CHECK(begins(difference, "CNN or RNN? Of the best of each, a is better than b: 34.0 points"));
    CHECK_STR(text_at(d, "answer.2"), "mixed trained in 30 s and has 1,234,567 parameters; none of "
                                      "the others trained faster.");
    json_decref(d);
    end();
}

TEST(a_difference_that_is_not_shown_is_called_so) {
    begin();
    add_simple("a", "cnn", 1, 91);
    add_run((made){"b", "rnn", 1, 90, 2, 10, 3, no_claim, NULL, 0, NULL});
    json_t *d = make_document();
    CHECK(begins(text_at(d, "answer.1"),
                 "CNN or RNN? Between the best CNN, a, and the best RNN, b, no difference shown: "
                 "1.0 points"));
    CHECK(strstr(text_at(d, "answer.2"), "; the quickest, b, took 10 s and reaches 0.9000."));
    json_decref(d);
    end();
}

/* Student's t for two degrees of freedom is 4.3027: scipy.stats.t.ppf(.975, 2). */
TEST(several_seeds_have_a_mean_and_its_interval) {
    begin();
    for (int seed = 0; seed < 3; seed++) add_simple("a", "cnn", (uint64_t)seed, 88 + seed);
    json_t *d = make_document();
    CHECK_STR(text_at(d, "answer.0"),
              "a reaches an accuracy of 0.8900 ± 0.0100 over 3 seeds on 100 test images, 95% "
              "interval of the mean 0.8652 to 0.9148.");
    CHECK(is_null_at(d, "caution"));
    CHECK_INT(size_at(d, "models.0.epochs"), 3);
    CHECK_STR(text_at(d, "models.0.run"), "run-1");
    json_decref(d);
    end();
}

TEST(runs_on_different_images_are_not_compared) {
    begin();
    add_simple("a", "cnn", 1, 90);
    add_run((made){"b", "rnn", 1, 80, 3, 30, 3, no_claim, NULL, 0, NULL});
    json_t *d = make_document();
    CHECK(json_is_false(at(d, "comparison.comparable")));
    CHECK(strstr(text_at(d, "comparison.notes.0"), "not all tested on the same images"));
    CHECK(strstr(text_at(d, "question"), "not all on the same images"));
    CHECK(strstr(text_at(d, "answer.0"), "No model is called the best here"));
    CHECK(strstr(text_at(d, "answer.1"), "a has 0.9000 (90 of 100 test images right)"));
    CHECK(strstr(text_at(d, "answer.1"), "; b has 0.8000 (80 of 100 test images right)"));
    CHECK_INT(size_at(d, "answer"), 2);
    CHECK_INT(size_at(d, "disagreements"), 0);
    CHECK(is_null_at(d, "caution"));
    json_decref(d);
    end();
}

TEST(no_run_at_all_is_a_document_too) {
    begin();
    json_t *d = make_document();
    CHECK_STR(text_at(d, "title"), "No finished runs");
    CHECK_INT(size_at(d, "answer"), 1);
    CHECK_INT(size_at(d, "models"), 0);
    CHECK_INT(size_at(d, "disagreements"), 0);
    CHECK_INT(size_at(d, "made.commands"), 1);
    json_decref(d);
    end();
}

/* ---- models ---- */

TEST(epochs_stand_in_columns_and_unknown_is_null) {
    begin();
    add_simple("a", "cnn", 7, 90); /* three epochs, the second without validation */
    json_t *d = make_document();
    CHECK_INT(size_at(d, "models.0.epochs"), 1);
    CHECK_INT((int)number_at(d, "models.0.epochs.0.seed"), 7);
    CHECK_INT(size_at(d, "models.0.epochs.0.val_loss"), 3);
    CHECK_NEAR(number_at(d, "models.0.epochs.0.loss.1"), .5, 1e-15);
    CHECK_NEAR(number_at(d, "models.0.epochs.0.val_loss.0"), 1.1, 1e-15);
    CHECK(is_null_at(d, "models.0.epochs.0.val_loss.1"));
    CHECK_NEAR(number_at(d, "models.0.epochs.0.learning_rate.2"), .001, 1e-15);
    json_decref(d);
    end();
}

TEST(what_an_older_run_lacks_follows_from_its_predictions) {
    begin();
    is_old = 1;
    add_simple("a", "cnn", 1, 90);
    is_old = 0;
    json_t *d = make_document();
    CHECK_INT((int)number_at(d, "models.0.evaluation.intervals.resamples"), 10000);
    double low = number_at(d, "models.0.evaluation.intervals.accuracy.0");
    double high = number_at(d, "models.0.evaluation.intervals.accuracy.1");
    CHECK(low > .82 && low < .87 && high > .93 && high < .98); /* .9 -+ 1.96 * .03 */
    CHECK_NEAR(number_at(d, "models.0.evaluation.accuracy"), .9, 1e-15);
    json_decref(d);
    end();
}

TEST(without_predictions_what_follows_from_them_is_empty) {
    begin();
    add_run((made){"a", "cnn", 1, 90, 2, 30, 3, no_claim, NULL, 0, ""});
    add_run((made){"b", "rnn", 1, 80, 2, 30, 3, no_claim, NULL, 0, "index,label\nnonsense\n"});
    json_t *d = make_document();
    for (int i = 0; i < 2; i++) {
        json_t *model = at(at(d, "models"), i ? "1" : "0");
        CHECK_INT(size_at(model, "roc"), 0);
        CHECK_INT(size_at(model, "reliability"), 0);
        CHECK(is_null_at(model, "predictions"));
        CHECK_NEAR(number_at(model, "evaluation.accuracy"), i ? .8 : .9, 1e-15);
    }
    CHECK_INT(size_at(d, "disagreements"), 0);
    CHECK(strstr(text_at(d, "answer.1"), "a is 10.00 points above b, a difference that was not "
                                         "tested."));
    json_decref(d);
    end();
}

TEST(images_are_packed_by_index) {
    begin();
    add_simple("a", "cnn", 1, 98); /* labels 0 1 0 1 ...; the last two are wrong: 1 and 0 */
    json_t *d = make_document();
    json_t *p = at(d, "models.0.predictions");
    CHECK_STR(text_at(p, "label.type"), "u8");
    CHECK_INT((int)number_at(p, "label.count"), 100);
    CHECK_INT(strlen(text_at(p, "label.base64")), 136);
    CHECK(strncmp(text_at(p, "label.base64"), "AAEAAQAB", 8) == 0);
    CHECK_STR(text_at(p, "label.base64") + 128, "AAEAAQ=="); /* of bytes 96 ... 99: 0 1 0 1 */
    CHECK_STR(text_at(p, "predicted.base64") + 128, "AAEBAA==");
    CHECK(strncmp(text_at(p, "confidence.base64"), "srKy", 4) == 0); /* .7f * 255 = 178.49... */
    json_decref(d);
    end();
}

/* A perfect order has the corners only; a class without images has no curve. */
TEST(a_class_that_no_image_has_has_no_curve) {
    begin();
    const int32_t labels[] = {0, 1, 0, 1}, predicted[] = {0, 1, 0, 1};
    const float p[] = {.8f, .1f, .1f, .2f, .7f, .1f, .9f, .05f, .05f, .1f, .8f, .1f};
    static const char *const names[] = {"cat", "dog", "cow"};
    wf_run_description description = {.model = "a",
                                      .family = "cnn",
                                      .dataset = "tiny",
                                      .class_names = names,
                                      .class_count = 3,
                                      .test_count = 4};
    wf_evaluation *e = NULL;
    char *text = NULL;
    wf_run *run = NULL;
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, "run"));
    runs[run_count++] = run;
    CHECK_OK(&cx, wf_run_describe(&cx, run, &description));
    CHECK_OK(&cx, wf_evaluation_create(&e, &cx, labels, p, 4, 3, names));
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    CHECK_OK(&cx, wf_run_record_test(&cx, run, text, "last"));
    CHECK_OK(&cx, wf_run_record_predictions(&cx, run, NULL, labels, predicted, p, 4, 3));
    CHECK_OK(&cx, wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL));
    wf_text_free(text);
    wf_evaluation_destroy(e);
    json_t *d = make_document();
    CHECK_INT(size_at(d, "models.0.roc"), 3);
    CHECK_NEAR(number_at(d, "models.0.roc.0.auc"), 1, 1e-15);
    CHECK_INT(size_at(d, "models.0.roc.0.fpr"), 3);
    CHECK_NEAR(number_at(d, "models.0.roc.0.tpr.1"), 1, 1e-15);
    CHECK(is_null_at(d, "models.0.roc.2.auc"));
    CHECK_INT(size_at(d, "models.0.roc.2.fpr"), 0);
    CHECK_INT(size_at(d, "models.0.epochs.0.loss"), 0);
    CHECK_INT(size_at(d, "models.0.reliability"), 15);
    CHECK(is_null_at(d, "models.0.reliability.0.accuracy"));
    CHECK_INT((int)number_at(d, "models.0.reliability.10.count"), 1); /* .7 */
    CHECK_NEAR(number_at(d, "models.0.reliability.10.confidence"), .7, 1e-6);
    json_decref(d);
    end();
}

/* ---- disagreements ---- */

/* Of 100 images a has the first 90 right, b the last 70: only a 30, only b 10, both 60. */
TEST(disagreements_are_counted_and_shown) {
    begin();
    add_simple("a", "cnn", 1, 90);
    add_run((made){"b", "rnn", 1, 70, 2, 30, 3, no_claim, NULL, 30, NULL});
    json_t *d = make_document();
    json_t *one = at(d, "disagreements.0");
    CHECK_INT(size_at(d, "disagreements"), 1);
    CHECK_STR(text_at(one, "a"), "a");
    CHECK_STR(text_at(one, "run_b"), "run-2");
    CHECK_INT((int)number_at(one, "both_right"), 60);
    CHECK_INT((int)number_at(one, "only_a"), 30);
    CHECK_INT((int)number_at(one, "only_b"), 10);
    CHECK_INT((int)number_at(one, "both_wrong"), 0);
    CHECK_INT(size_at(one, "per_class"), 2);
    CHECK_INT((int)number_at(one, "per_class.0.a_right"), 45);
    CHECK_INT((int)number_at(one, "per_class.1.b_right"), 35);
    CHECK_INT((int)number_at(one, "per_class.1.count"), 50);
    CHECK_INT(size_at(one, "images"), 12 + 10);
    CHECK_INT((int)number_at(one, "images.0.index"), 0); /* all are as loud: by index */
    CHECK_INT((int)number_at(one, "images.0.label"), 0);
    CHECK_INT((int)number_at(one, "images.0.a.predicted"), 0);
    CHECK_INT((int)number_at(one, "images.0.b.predicted"), 1);
    CHECK_NEAR(number_at(one, "images.0.b.confidence"), .7, 1e-4);
    CHECK_INT((int)number_at(one, "images.12.index"), 90);
    json_decref(d);
    end();
}

TEST(at_most_six_pairs_and_families_first) {
    begin();
    add_simple("c1", "cnn", 1, 95);
    add_simple("c2", "cnn", 1, 94);
    add_simple("c3", "cnn", 1, 93);
    add_simple("c4", "cnn", 1, 92);
    add_simple("h", "hybrid", 1, 80);
    add_simple("r", "rnn", 1, 70);
    json_t *d = make_document();
    static const char *const expected[][2] = {{"c1", "r"},  {"c1", "h"},  {"h", "r"},
                                              {"c1", "c2"}, {"c1", "c3"}, {"c1", "c4"}};
    CHECK_INT(size_at(d, "disagreements"), 6);
    for (size_t i = 0; i < 6; i++) {
        json_t *one = json_array_get(json_object_get(d, "disagreements"), i);
        CHECK_STR(text_at(one, "a"), expected[i][0]);
        CHECK_STR(text_at(one, "b"), expected[i][1]);
    }
    json_decref(d);
    end();
}

/* ---- made ---- */

TEST(how_it_was_made_names_every_command_once) {
    begin();
    add_simple("a", "cnn", 1, 90);
    add_simple("a", "cnn", 2, 90);
    add_simple("b", "cnn", 2, 80); /* the only one without a configuration */
    CHECK_OK(&cx, wf_run_write(&cx, runs[0], "config.yaml", "seed: 1\n", 8));
    json_t *d = make_document();
    CHECK_INT(size_at(d, "made.configurations"), 1);
    CHECK_STR(text_at(d, "made.configurations.0.run"), "run-1");
    CHECK_STR(text_at(d, "made.configurations.0.text"), "seed: 1\n");
    CHECK_INT(size_at(d, "made.runs"), 3);
    CHECK_INT(size_at(d, "made.machines"), 1);
    CHECK_STR(text_at(d, "made.weft"), "1.2.3");
    CHECK_STR(text_at(d, "made.libraries"), "jansson 2.14");
    CHECK_STR(text_at(d, "made.runs.1.id"), "run-2");
    json_t *commands = at(d, "made.commands");
    CHECK_STR(json_string_value(json_array_get(commands, json_array_size(commands) - 1)),
              "weft report a b");
    json_decref(d);
    end();
}

/* ---- parts ---- */

TEST(packed_numbers_are_little_endian) {
    json_t *p = NULL;
    const int32_t values[] = {0, 1, 258};
    const float floats[] = {1, -2};
    const float shares[] = {0, .5f, 1, 2};
    CHECK_OK(&cx, wf_packed_small(&p, &cx, values, 3, 259));
    CHECK_STR(text_at(p, "type"), "u16");
    CHECK_STR(text_at(p, "base64"), "AAABAAIB");
    json_decref(p);
    CHECK_OK(&cx, wf_packed_small(&p, &cx, values, 2, 256));
    CHECK_STR(text_at(p, "type"), "u8");
    CHECK_STR(text_at(p, "base64"), "AAE=");
    json_decref(p);
    CHECK_OK(&cx, wf_packed_f32(&p, &cx, floats, 2));
    CHECK_STR(text_at(p, "base64"), "AACAPwAAAMA=");
    json_decref(p);
    CHECK_OK(&cx, wf_packed_shares(&p, &cx, shares, 4));
    CHECK_STR(text_at(p, "base64"), "AID//w==");
    json_decref(p);
    CHECK_OK(&cx, wf_packed_small(&p, &cx, NULL, 0, 256));
    CHECK_STR(text_at(p, "base64"), "");
    json_decref(p);
    p = NULL;
    CHECK_INT(wf_packed_small(&p, &cx, values, 3, 1 << 17), WF_E_LIMIT);
    CHECK(p == NULL);
}

TEST(the_page_holds_the_document_and_the_picture) {
    begin();
    add_simple("a", "cnn", 1, 90);
    wf_comparison *c = compare();
    json_t *d = document_of(c), *read = NULL;
    char *data = NULL;
    CHECK_OK(&cx, page_data(&data, &cx, c));
    CHECK_OK(&cx, wf_json_parse(&read, &cx, data, strlen(data), "page", 1 << 24));
    CHECK(json_equal(at(read, "models"), at(d, "models")));
    wf_str page = {0};
    CHECK_OK(&cx, wf_report_page(&page, &cx, d, "data:image/png;base64,AAAA"));
    CHECK(strstr(page.text, "<img id=\"weft-sprite\" alt=\"\" hidden "
                            "src=\"data:image/png;base64,AAAA\">"));
    wf_str_reset(&page);
    check_forms(c);
    json_decref(read);
    json_decref(d);
    wf_free(data);
    wf_comparison_destroy(c);
    end();
}

/* Above a mebibyte the page holds gzip in base64; reading it gives the document again. */
TEST(a_large_document_is_compressed) {
    static char text[2 * WF_PAGE_PLAIN_BYTES];
    uint32_t state = 1;
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        state = state * 1664525 + 1013904223;
        text[i] = (char)('a' + (state >> 24) % 3); /* 1.6 of 8 bits */
    }
    json_t *d = json_pack("{s:s}", "text", text), *read = NULL;
    wf_str page = {0};
    CHECK_OK(&cx, wf_report_page(&page, &cx, d, NULL));
    static const char mark[] =
        "<script type=\"text/plain\" data-encoding=\"gzip\" id=\"weft-report\">";
    char *begin = strstr(page.text, mark);
    CHECK(begin != NULL);
    begin += sizeof mark - 1;
    struct base64_decode_ctx decoder;
    uint8_t *packed = NULL, *json = NULL;
    size_t length = strcspn(begin, "<"), size = 0;
    CHECK(length < sizeof text / 2);
    CHECK_OK(&cx, wf_alloc(&packed, &cx, length, 1));
    base64_decode_init(&decoder);
    CHECK(base64_decode_update(&decoder, &size, packed, length, begin));
    scratch_file("page.gz", packed, size);
    CHECK_OK(&cx, wf_file_read_gz(&json, &size, &cx, scratch("page.gz"), 1 << 26));
    CHECK_OK(&cx, wf_json_parse(&read, &cx, (const char *)json, size, "page", 1 << 26));
    CHECK(json_equal(read, d));
    json_decref(read);
    json_decref(d);
    wf_free(packed);
    wf_free(json);
    wf_str_reset(&page);
}

TEST(failing_memory_is_reported) {
    begin();
    add_simple("a", "cnn", 1, 90);
    add_run((made){"b", "rnn", 1, 70, 2, 30, 3, no_claim, NULL, 30, NULL});
    wf_comparison *c = compare();
    int failures = 0, is_done = 0;
    for (long k = 1; !is_done && k < 2000; k++) {
        json_t *d = NULL;
        long before = wf__alloc_count();
        wf__alloc_fail_at(k);
        wf_status status = wf_report_document(&d, &cx, c, &(const wf_report_options){.title = "t"});
        wf__alloc_fail_at(0);
        is_done = wf__alloc_count() - before < k;
        CHECK_INT(status, is_done ? WF_OK : WF_E_NOMEM);
        CHECK((d != NULL) == is_done);
        failures += !is_done;
        json_decref(d);
    }
    CHECK(is_done && failures > 20);
    wf_comparison_destroy(c);
    end();
}

TEST_MAIN()
