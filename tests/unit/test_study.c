/* The study of outfits: its verdict over made-up gains, intervals against numpy (the data come from
 * tests/golden/decisions.py), results as JSON, and tables. */
#include <math.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "report/study.h"
#include "test.h"

static wf_context cx;

/* ---- the verdict ---- */

static wf_study_gain gain(double points, double half) {
    return (wf_study_gain){points / 100, (points - half) / 100, (points + half) / 100};
}

/* Gains that speak for the claim. */
static wf_study_gains good(void) {
    static const double points[] = {0.1, 0.9, 2.1, 4.4};
    wf_study_gains g = {.growth = gain(4.3, 0.5)};
    for (int s = 0; s < WF_STUDY_STRENGTHS; s++) {
        g.over[0][s] = gain(points[s], 0.35);
        g.over[1][s] = gain(points[s] + 1, 0.35);
        g.over[2][s] = gain(points[s] + 2, 0.35);
    }
    return g;
}

static wf_study_verdict judge(const wf_study_gains *g) {
    wf_study_verdict v;
    CHECK_OK(&cx, wf_study_judge(&v, &cx, g));
    return v;
}

/* What is said, and which conditions hold: '1', '0', '?'. */
static void check_verdict(const wf_study_gains *g, int is_supported, const char *conditions,
                          const char *says) {
    wf_study_verdict v = judge(g);
    CHECK_INT(v.is_supported, is_supported);
    for (int i = 0; i < WF_STUDY_CONDITIONS; i++) {
        CHECK_INT(v.conditions[i].holds, conditions[i] == '?' ? -1 : conditions[i] - '0');
        CHECK(v.conditions[i].text.length > 0 && *v.conditions[i].name);
        /* the sentence has all reasons for what it says, and no others */
        CHECK(!strstr(v.sentence.text, v.conditions[i].text.text) ==
              (v.conditions[i].holds != is_supported));
    }
    CHECK(strstr(v.sentence.text, is_supported > 0    ? " is supported: "
                                  : is_supported == 0 ? " is not supported: "
                                                      : " cannot be judged: "));
    if (!strstr(v.sentence.text, says)) printf("# %s\n", v.sentence.text);
    CHECK(strstr(v.sentence.text, says));
    wf_study_verdict_reset(&v);
}

TEST(all_conditions_hold) {
    const wf_study_gains g = good();
    check_verdict(&g, 1, "11111",
                  "it beats the sigmoid CNN at every dependence above 0: at dependence 0.5 (0.90 "
                  "points, 95% interval 0.55 to 1.25), at dependence 1 (2.10 points");
    check_verdict(&g, 1, "11111",
                  "its gain over the sigmoid CNN grows with dependence (0.10 at 0, 0.90 at 0.5, "
                  "2.10 at 1 and 4.40 at 2 points; from 0 to 2 by 4.30 points, 95% interval 3.80 "
                  "to 4.80); its gain over the sigmoid CNN vanishes at dependence 0 (0.10 points, "
                  "95% interval -0.25 to 0.45, within 0.5 points).");
}

TEST(every_condition_can_fail_alone) {
    wf_study_gains g = good();
    g.over[0][1] = gain(0.3, 0.35);
    check_verdict(&g, 0, "01111",
                  "is not supported: it is not shown to beat the sigmoid CNN at dependence 0.5 "
                  "(0.30 points, 95% interval -0.05 to 0.65).");
    g = good();
    g.over[1][3] = gain(-2, 0.5);
    check_verdict(&g, 0, "10111",
                  "it is worse than the CNN-RNN that is told no label at dependence 2 (-2.00 "
                  "points, 95% interval -2.50 to -1.50)");
    g = good();
    g.over[2][1] = gain(0, 0);
    g.over[2][2] = gain(-1, 0.5);
    check_verdict(&g, 0, "11011",
                  "it is not shown to beat the CNN-RNN that is told labels under other names at "
                  "dependence 0.5 (0.00 points, 95% interval 0.00 to 0.00), it is worse than the "
                  "CNN-RNN that is told labels under other names at dependence 1 (-1.00");
    g = good();
    g.over[0][3] = g.over[0][2];
    check_verdict(&g, 0, "11101", "2.10 at 1 and 2.10 at 2 points: not from 1 to 2; from 0 to 2");
    g = good();
    g.growth = gain(4.3, 5);
    check_verdict(&g, 0, "11101",
                  "is not shown to grow with dependence (0.10 at 0, 0.90 at 0.5, 2.10 at 1 and "
                  "4.40 at 2 points; from 0 to 2 by 4.30 points, 95% interval -0.70 to 9.30)");
    g = good();
    g.over[0][0] = gain(0.1, 0.45);
    check_verdict(&g, 0, "11110",
                  "its gain over the sigmoid CNN is not shown to vanish at dependence 0 (0.10 "
                  "points, 95% interval -0.35 to 0.55, not within 0.5 points)");
    g.over[0][0] = gain(0.85, 0.3);
    check_verdict(&g, 0, "11110", "does not vanish at dependence 0 (0.85");
    g.over[0][0] = gain(-0.85, 0.3);
    check_verdict(&g, 0, "11110", "does not vanish at dependence 0 (-0.85");
}

TEST(ablations_need_not_vanish_or_grow) {
    wf_study_gains g = good();
    for (int s = 0; s < WF_STUDY_STRENGTHS; s++) g.over[1][s] = gain(5 - s, 0.5);
    check_verdict(&g, 1, "11111", "told no label at every dependence above 0");
}

TEST(nothing_is_told_without_figures) {
    const wf_study_gain unknown = {(double)NAN, (double)NAN, (double)NAN};
    wf_study_gains g = good();
    g.over[1][2] = unknown;
    check_verdict(&g, -1, "1?111",
                  "cannot be judged: its gain over the CNN-RNN that is told no label at dependence "
                  "1 is not known.");
    g.over[0][1] = gain(-3, 0.5); /* what is known is enough */
    check_verdict(&g, 0, "0?101", "it is worse than the sigmoid CNN at dependence 0.5");
    g = good();
    g.over[2][3] = unknown;
    g.over[2][1] = gain(0.2, 0.5);
    check_verdict(&g, 0, "11011",
                  "it is not shown to beat the CNN-RNN that is told labels under "
                  "other names at dependence 0.5 (");
    g = good();
    g.over[0][0] = g.growth = unknown;
    check_verdict(&g, -1, "111??", "its gain over the sigmoid CNN at dependence 0 is not known");
    for (int o = 0; o < WF_STUDY_COMPARISONS; o++)
        for (int s = 0; s < WF_STUDY_STRENGTHS; s++) g.over[o][s] = unknown;
    check_verdict(&g, -1, "?????", "its gain over the sigmoid CNN at dependence 0.5 is not known");
}

/* A printed figure is on the same side of each limit as the figure itself. */
TEST(figures_agree_with_the_words) {
    static const struct {
        double share;
        const char *text;
    } cases[] = {
        {0.0123456, "1.23"},      {0.005, "0.50"},    {0.0050001, "0.50001"}, {0.00499, "0.499"},
        {-0.0000001, "-0.00001"}, {0, "0.00"},        {-0.0, "0.00"},         {-0.00501, "-0.501"},
        {-0.005, "-0.50"},        {(double)NAN, "-"}, {1, "100.00"}};
    char text[WF_STUDY_POINTS_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(wf_study_points(text, cases[i].share), cases[i].text);
    wf_study_gains g = good();
    g.over[0][0] = (wf_study_gain){0.001, -0.002, 0.0050004};
    check_verdict(&g, 0, "11110", "interval -0.20 to 0.50004, not within 0.5 points");
    g = good();
    g.over[0][2].value = g.over[0][1].value + 1e-7;
    check_verdict(&g, 1, "11111", "0.10000 at 0, 0.90000 at 0.5, 0.90001 at 1 and 4.40000 at 2");
}

/* ---- gains ---- */

enum { MOST_RUNS = 16, MOST_IMAGES = 512 };

typedef struct results {
    wf_study_run runs[MOST_RUNS];
    uint8_t right[MOST_RUNS][MOST_IMAGES];
    size_t count;
} results;

static void add_run(results *r, int model, int strength, int64_t seed, const char *right) {
    wf_study_run *run = &r->runs[r->count];
    *run = (wf_study_run){.model = model,
                          .strength = strength,
                          .seed = seed,
                          .count = (int64_t)strlen(right),
                          .right = r->right[r->count]};
    CHECK(r->count < MOST_RUNS && run->count <= MOST_IMAGES);
    for (int64_t i = 0; i < run->count; i++) run->right[i] = right[i] == '1';
    r->count++;
}

static wf_study_gains gains_of(const results *r) {
    wf_study_gains g;
    CHECK_OK(&cx, wf_study_gains_of(&g, &cx, r->runs, r->count, 5000));
    return g;
}

TEST(gains_have_the_intervals_of_numpy) {
    json_t *document = NULL;
    CHECK_OK(&cx, wf_json_read(&document, &cx, WF_SOURCE_DIR "/tests/golden/decisions.json"));
    json_t *cases = json_object_get(document, "gains");
    CHECK_INT(json_array_size(cases), 2);
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *one = json_array_get(cases, c), *right = json_object_get(one, "right");
        results r = {.count = 0};
        for (size_t m = 0; m < 2; m++)
            for (size_t k = 0; k < json_array_size(json_array_get(right, m)); k++)
                add_run(&r, m ? WF_STUDY_ZERO : WF_STUDY_CNN_RNN, 2, (int64_t)k,
                        json_string_value(json_array_get(json_array_get(right, m), k)));
        add_run(&r, WF_STUDY_ZERO, 2, 77,
                json_string_value(json_array_get(json_array_get(right, 0), 0)));
        const wf_study_gains g = gains_of(&r);
        const double low = json_number_value(json_object_get(one, "low"));
        const double high = json_number_value(json_object_get(one, "high"));
        const wf_study_gain *found = &g.over[1][2];
        CHECK_NEAR(found->value, json_number_value(json_object_get(one, "value")), 1e-12);
        CHECK_NEAR(found->low, low, 0.04 * (high - low));
        CHECK_NEAR(found->high, high, 0.04 * (high - low));
        CHECK(isnan(g.over[0][2].value) && isnan(g.over[1][1].value) && isnan(g.growth.value));
    }
    json_decref(document);
}

static void made_up(char *out, int64_t n, uint32_t which, double share) {
    wf_rng rng;
    wf_rng_init(&rng, 3, WF_STREAM_TEST, which);
    for (int64_t i = 0; i < n; i++) out[i] = wf_rng_uniform(&rng) < share ? '1' : '0';
    out[n] = 0;
}

TEST(growth_is_of_independent_test_sets) {
    char text[MOST_IMAGES + 1];
    results r = {.count = 0};
    for (int strength = 0; strength < WF_STUDY_STRENGTHS; strength += 3)
        for (int model = 0; model < 2; model++) {
            made_up(text, 400, (uint32_t)(strength + model), model ? 0.5 + 0.1 * strength : 0.4);
            add_run(&r, model ? WF_STUDY_CNN_RNN : WF_STUDY_SIGMOID, strength, 0, text);
        }
    const wf_study_gains g = gains_of(&r);
    const wf_study_gain *a = &g.over[0][0], *b = &g.over[0][3];
    const double half = hypot(a->high - a->low, b->high - b->low) / 2;
    CHECK_NEAR(g.growth.value, b->value - a->value, 1e-12);
    CHECK_NEAR(g.growth.high - g.growth.value, half, 0.08 * half);
    CHECK_NEAR(g.growth.value - g.growth.low, half, 0.08 * half);
    CHECK(isnan(g.over[0][1].value));
    made_up(text, 300, 9, 0.5);
    add_run(&r, WF_STUDY_ZERO, 3, 0, text);
    wf_study_gains other;
    CHECK_FAILS(&cx, wf_study_gains_of(&other, &cx, r.runs, r.count, 10), WF_E_DATA);
}

/* ---- results ---- */

enum { IMAGES = 7 };

static json_t *make_result(int model, int strength, int64_t seed, const uint8_t right[IMAGES]) {
    uint8_t targets[2 * IMAGES] = {0};
    float p[2 * IMAGES];
    wf_evaluation *e = NULL;
    char *text = NULL;
    json_t *document = json_object(), *test = NULL;
    for (int i = 0; i < IMAGES; i++) {
        targets[2 * i] = (uint8_t)(i % 2);
        p[2 * i] = (i % 2) == right[i] ? 0.75f : 0.25f;
        p[2 * i + 1] = 0.1f;
    }
    const wf_judged_sets judged = {
        .count = IMAGES, .class_count = 2, .targets = targets, .probabilities = p};
    CHECK_OK(&cx, wf_evaluation_create_sets(&e, &cx, &judged));
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    CHECK_OK(&cx, wf_json_parse(&test, &cx, text, strlen(text), "test", 1 << 20));
    CHECK_OK(&cx, wf_json_put(document, &cx, "test", test));
    const wf_study_source source = {.model = model,
                                    .strength = strength,
                                    .seed = seed,
                                    .experiment = "dataset: abc\n",
                                    .judged = "def",
                                    .training_s = 12.5,
                                    .decoding_s = 0.7,
                                    .right = right,
                                    .count = IMAGES};
    CHECK_OK(&cx, wf_study_run_to_json(document, &cx, &source));
    wf_evaluation_destroy(e);
    wf_text_free(text);
    return document;
}

static const uint8_t RIGHT[IMAGES] = {1, 0, 0, 1, 1, 1, 0};

TEST(results_are_written_and_read_back) {
    json_t *document = make_result(WF_STUDY_SHUFFLED, 1, 3, RIGHT);
    wf_study_run run;
    CHECK_STR(wf_study_run_member(document, "experiment"), "dataset: abc\n");
    CHECK_STR(wf_study_run_member(document, "judged"), "def");
    CHECK_STR(json_string_value(json_object_get(json_object_get(document, "outfits"), "right")),
              "9c");
    CHECK_OK(&cx, wf_study_run_from_json(&run, &cx, document, "x.json"));
    CHECK_INT(run.model, WF_STUDY_SHUFFLED);
    CHECK_INT(run.strength, 1);
    CHECK_INT(run.seed, 3);
    CHECK_INT(run.count, IMAGES);
    CHECK(memcmp(run.right, RIGHT, IMAGES) == 0);
    CHECK_NEAR(run.figures[WF_STUDY_SUBSET_ACCURACY], 4 / 7.0, 1e-12);
    CHECK_NEAR(run.figures[WF_STUDY_TRAINING_S], 12.5, 0);
    CHECK_NEAR(run.figures[WF_STUDY_DECODING_MS], 100, 1e-9);
    wf_study_run_reset(&run);
    json_decref(document);
}

static void refuse(const char *key, json_t *value, const char *says) {
    json_t *document = make_result(WF_STUDY_SIGMOID, 0, 0, RIGHT);
    wf_study_run run = {.seed = -7};
    json_object_set_new(json_object_get(document, "outfits"), key, value);
    CHECK_INT(wf_study_run_from_json(&run, &cx, document, "x.json"), WF_E_DATA);
    if (!strstr(cx.message, says)) printf("# %s\n", cx.message);
    CHECK(strstr(cx.message, says));
    CHECK_INT(run.seed, -7);
    json_decref(document);
}

TEST(damaged_results_are_refused) {
    wf_study_run run;
    json_t *none = json_object();
    CHECK_STR(wf_study_run_member(none, "judged"), "");
    CHECK_FAILS(&cx, wf_study_run_from_json(&run, &cx, none, "x.json"), WF_E_DATA);
    json_decref(none);
    refuse("model", json_string("gru-128"), "x.json: gru-128 at dependence 0 on 7 images");
    refuse("dependence", json_real(0.3), "at dependence 0.3");
    refuse("images", json_integer(-1), "on -1 images");
    refuse("images", json_integer(9), "right has 2 digits");
    refuse("right", json_string("9g"), "right has 2 digits");
    refuse("interactions", json_pack("{s:f}", "Dress", 0.5), "interaction Dress must be a number");
    refuse("interactions", json_pack("{s:s}", "Dress|Bag", "x"), "interaction Dress|Bag must be");
    refuse("right", json_string("fe"), "7 of 7 images are right, which \"test\" does not say");
}

/* ---- the whole ---- */

TEST(tables_of_what_there_is) {
    wf_study_run runs[4];
    for (int i = 0; i < 4; i++) {
        uint8_t right[IMAGES];
        for (int k = 0; k < IMAGES; k++) right[k] = RIGHT[k] | (i == 3);
        json_t *document =
            make_result(i < 2 ? WF_STUDY_SIGMOID : WF_STUDY_CNN_RNN, 0, i % 2, right);
        CHECK_OK(&cx, wf_study_run_from_json(&runs[i], &cx, document, "x.json"));
        json_decref(document);
    }
    wf_study s;
    wf_str markdown = {0}, csv = {0};
    json_t *json = NULL;
    CHECK_OK(&cx, wf_study_create(&s, &cx, runs, 4));
    CHECK_INT(s.rows[0][WF_STUDY_SIGMOID].run_count, 2);
    CHECK_INT(s.images[0], IMAGES);
    CHECK_INT(s.verdict.is_supported, 0); /* the gain at 0 is enough */
    CHECK_OK(&cx, wf_study_markdown(&markdown, &cx, &s));
    CHECK_OK(&cx, wf_study_csv(&csv, &cx, &s));
    CHECK_OK(&cx, wf_study_json(&json, &cx, &s));
    CHECK(strstr(markdown.text, "| outfits-cnn-rnn | 2 | 0.7857 ± 0.3030 |"));
    CHECK(strstr(markdown.text, "| outfits-sigmoid | 2 | 0.5714 ± 0.0000 |"));
    CHECK(!strstr(markdown.text, "| outfits-pairs |") && !strstr(markdown.text, "## Dependence 1"));
    CHECK(strstr(markdown.text, "\n- not known: its gain"));
    CHECK(strstr(markdown.text, "\n| 0 | 21.43 ("));
    CHECK(strncmp(csv.text, "model,dependence,seed,images,subset_accuracy,", 45) == 0);
    CHECK(strstr(csv.text, "\noutfits-cnn-rnn,0,1,7,1.0,"));
    CHECK(json_is_false(json_object_get(json_object_get(json, "verdict"), "supported")));
    CHECK_INT(json_array_size(json_object_get(json, "tables")), WF_STUDY_STRENGTHS);
    CHECK_INT(json_array_size(json_object_get(json, "gains")), 20);
    json_decref(json);
    wf_str_reset(&markdown);
    wf_str_reset(&csv);
    wf_study_reset(&s);
    for (int i = 0; i < 4; i++) wf_study_run_reset(&runs[i]);
}

/* ---- no memory ---- */

static wf_status do_it_all(const json_t *document) {
    wf_study_run run = {0};
    wf_study study = {0};
    wf_str text = {0};
    json_t *json = NULL;
    wf_status status;
    WF_TRY_OR(wf_study_run_from_json(&run, &cx, document, "x.json"));
    WF_TRY_OR(wf_study_create(&study, &cx, &run, 1));
    WF_TRY_OR(wf_study_markdown(&text, &cx, &study));
    WF_TRY_OR(wf_study_csv(&text, &cx, &study));
    WF_TRY_OR(wf_study_json(&json, &cx, &study));
done:
    json_decref(json);
    wf_str_reset(&text);
    wf_study_reset(&study);
    wf_study_run_reset(&run);
    return status;
}

TEST(every_allocation_can_fail) {
    json_t *document = make_result(WF_STUDY_CNN_RNN, 0, 0, RIGHT);
    int failures = 0;
    for (long k = 1; k < 10000; k++) {
        wf__alloc_fail_at(k);
        const wf_status status = do_it_all(document);
        wf__alloc_fail_at(0);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_NOMEM);
        wf_context_reset(&cx);
        failures++;
    }
    CHECK(failures > 20);
    json_decref(document);
}

TEST_MAIN()
