/* The sentence about a difference, in every case. */
#include "report/verdict.h"

#include "base/alloc.h"
#include "test.h"

static wf_context cx;

static void check_sentence(wf_verdict v, const char *expected) {
    wf_str s = {0};
    v.a = "a";
    v.b = "b";
    wf_verdict_add(&s, &cx, &v);
    CHECK_STR(s.text, expected);
    CHECK_INT(wf_verdict_is_shown(&v), strstr(expected, "no difference") == NULL);
    wf_str_reset(&s);
}

TEST(a_shown_difference) {
    wf_verdict v = {.difference = .012, .low = .007, .high = .017, .p = .0004, .p_holm = .0004};
    v.family = 1;
    check_sentence(v, "a is better than b: 1.2 points, 95% interval 0.7 to 1.7, p = .0004");
    v.family = 3;
    check_sentence(v, "a is better than b: 1.2 points, 95% interval 0.7 to 1.7, p = .0004 after "
                      "Holm's correction");
    v.scope = "seed noise";
    check_sentence(v, "a is better than b: 1.2 points, 95% interval 0.7 to 1.7, p = .0004 after "
                      "Holm's correction (speaks for seed noise only)");
}

TEST(the_better_one_comes_first) {
    check_sentence(
        (wf_verdict){.difference = -.012,
                     .low = -.0174,
                     .high = -.007,
                     .p = 1e-9,
                     .p_holm = 3e-9,
                     .family = 3},
        "b is better than a: 1.2 points, 95% interval 0.7 to 1.7, p < .0001 after Holm's "
        "correction");
}

TEST(no_difference) {
    wf_verdict v = {.difference = .003, .low = -.002, .high = .008, .p = .24, .p_holm = .24};
    v.family = 1;
    check_sentence(v, "no difference shown: 0.3 points, 95% interval -0.2 to 0.8");
    v.family = 153;
    v.p_holm = 1;
    check_sentence(v, "no difference shown: 0.3 points, 95% interval -0.2 to 0.8");
    v.scope = "seed noise";
    check_sentence(v, "no difference shown: 0.3 points, 95% interval -0.2 to 0.8 (speaks for seed "
                      "noise only)");
    v = (wf_verdict){.difference = -.003, .low = -.008, .high = .002, .p = .24, .p_holm = .24};
    check_sentence(v, "no difference shown: -0.3 points, 95% interval -0.8 to 0.2");
}

TEST(no_difference_at_all) {
    check_sentence((wf_verdict){.low = -.0382, .high = .0382, .p = 1, .p_holm = 1, .family = 1},
                   "no difference shown: 0.0 points, 95% interval -3.8 to 3.8");
    check_sentence((wf_verdict){.low = -3.8e-4, .high = 3.8e-4, .p = 1, .p_holm = 1, .family = 1},
                   "no difference shown: 0.00 points, 95% interval -0.04 to 0.04");
}

TEST(identical_predictions) {
    wf_verdict v = {.low = -.0004, .high = .0004, .p = 1, .p_holm = 1, .family = 3};
    v.identical = 10000;
    check_sentence(v, "no difference: identical predictions for all 10,000 images");
    v.scope = "seed 0";
    check_sentence(v, "no difference: identical predictions for all 10,000 images (speaks for "
                      "seed 0 only)");
}

/* Holm's correction takes away what the pair alone would show. */
TEST(shown_alone_but_not_among_many) {
    check_sentence(
        (wf_verdict){
            .difference = .008, .low = .001, .high = .015, .p = .031, .p_holm = .62, .family = 153},
        "no difference shown: 0.8 points, 95% interval 0.1 to 1.5 of this pair alone, "
        "but p = .620 after Holm's correction");
}

/* Test and interval come from different approximations: on the border they may disagree. */
TEST(test_and_interval_disagree) {
    wf_verdict v = {.difference = .005, .low = .0001, .high = .011, .p = .0512, .p_holm = .0512};
    v.family = 1;
    check_sentence(v, "no difference shown: 0.50 points, 95% interval 0.01 to 1.10, but p = .051");
    v.family = 2;
    v.p_holm = .0512;
    check_sentence(v, "no difference shown: 0.50 points, 95% interval 0.01 to 1.10, but p = .051 "
                      "after Holm's correction");
    v = (wf_verdict){.difference = .005, .low = -.001, .high = .011, .p = .04, .p_holm = .04};
    v.family = 1;
    check_sentence(v, "no difference shown: 0.5 points, 95% interval -0.1 to 1.1, though p = .040");
    v.family = 2;
    check_sentence(v, "no difference shown: 0.5 points, 95% interval -0.1 to 1.1, though p = .040 "
                      "after Holm's correction");
    v = (wf_verdict){
        .difference = .005, .low = 0, .high = .01, .p = .04, .p_holm = .04, .family = 1};
    check_sentence(v, "no difference shown: 0.5 points, 95% interval 0.0 to 1.0, though p = .040");
    v = (wf_verdict){.difference = .005, .low = -.001, .high = .011, .p = .04, .p_holm = .08};
    v.family = 2; /* both say no */
    check_sentence(v, "no difference shown: 0.5 points, 95% interval -0.1 to 1.1");
}

TEST(a_sentence_that_stands_alone) {
    wf_verdict v = {"cnn-16", "gru-128", .003, -.002, .008, .24, .24, 1, 0, NULL, NULL};
    wf_str s = {0};
    wf_verdict_add_named(&s, &cx, &v);
    CHECK_STR(s.text,
              "cnn-16 and gru-128: no difference shown: 0.3 points, 95% interval -0.2 to 0.8");
    wf_str_reset(&s);
    v.low = .001;
    v.p_holm = v.p = .01;
    wf_verdict_add_named(&s, &cx, &v);
    CHECK_STR(s.text,
              "cnn-16 is better than gru-128: 0.3 points, 95% interval 0.1 to 0.8, p = .010");
    wf_str_reset(&s);
}

TEST(a_loss_is_the_lower_the_better) {
    wf_verdict v = {"a", "b", -.0412, -.0522, -.0302, .0004, .0004, 1, 0, NULL, "val_loss"};
    check_sentence(v, "a is better than b: 0.0412 less val_loss, 95% interval 0.0302 to 0.0522, "
                      "p = .0004");
    v = (wf_verdict){"a", "b", .0412, .0302, .0522, .0004, .0004, 1, 0, NULL, "val_loss"};
    check_sentence(v, "b is better than a: 0.0412 less val_loss, 95% interval 0.0302 to 0.0522, "
                      "p = .0004");
    v = (wf_verdict){"a", "b", .0012, -.0302, .0322, .9, .9, 1, 0, NULL, "val_loss"};
    check_sentence(v, "no difference shown: 0.0012 of val_loss, 95% interval -0.0302 to 0.0322");
}

/* What is printed never contradicts what is said: whatever the figures. */
TEST(printed_figures_agree_with_the_claim) {
    int shown = 0, none = 0;
    for (int i = 1; i < 4000; i++) {
        double low = (i % 61 - 30) * 1.7e-6 * i, width = 1e-5 * (i % 13 + 1) * (i % 7 + 1);
        double p = i % 3 ? .05 + (i % 101 - 50) * 1e-5 / (i % 9 + 1) : i / 4000.;
        wf_verdict v = {"a", "b", low + width / 2, low, low + width, p, p, 1, 0, NULL, NULL};
        wf_points points;
        char text[WF_P_BYTES];
        wf_points_text(&points, v.difference, v.low, v.high);
        CHECK_INT(atof(points.low) > 0, v.low > 5e-7);
        CHECK_INT(atof(points.low) < 0, v.low < -5e-7);
        CHECK_INT(atof(points.high) > 0, v.high > 5e-7);
        CHECK_INT(atof(points.high) < 0, v.high < -5e-7);
        CHECK(!strstr(points.low, "-0.0000") && strcmp(points.high, "-0.0") != 0);
        wf_p_text(text, p);
        CHECK_INT(text[2] == '<' || atof(text + 4) < .05, p < .05);
        shown += wf_verdict_is_shown(&v);
        none += !wf_verdict_is_shown(&v);
    }
    CHECK(shown > 100 && none > 100);
}

TEST(p_values) {
    static const struct {
        double p;
        const char *text;
    } cases[] = {
        {0, "p < .0001"},       {.00009999, "p < .0001"}, {.0001, "p = .0001"},
        {.00044, "p = .0004"},  {.000999, "p = .0010"},   {.001, "p = .001"},
        {.0312, "p = .031"},    {.0494, "p = .049"},      {.0496, "p = .0496"},
        {.04996, "p = .04996"}, {.05, "p = .050"},        {.0503, "p = .050"},
        {.25, "p = .250"},      {.9994, "p = .999"},      {.9996, "p > .999"},
        {1, "p = 1"},           {.05 - 1e-14, "p < .05"},
    };
    char text[WF_P_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(wf_p_text(text, cases[i].p), cases[i].text);
}

TEST(points) {
    wf_points p;
    wf_points_text(&p, .0079, .0016, .0142);
    CHECK_STR(p.difference, "0.8");
    CHECK_STR(p.low, "0.2");
    CHECK_STR(p.high, "1.4");
    wf_points_text(&p, .0079, .0003, .0155);
    CHECK_STR(p.low, "0.03");
    CHECK_STR(p.high, "1.55");
    wf_points_text(&p, 1, 1, 1);
    CHECK_STR(p.difference, "100.0");
    wf_points_text(&p, -1e-9, -1e-9, 0);
    CHECK_STR(p.difference, "0.0");
    CHECK_STR(p.low, "0.0");
}

TEST(failing_memory_is_reported) {
    wf_verdict v = {"a", "b", .003, -.002, .008, .24, .24, 1, 0, NULL, NULL};
    wf_str s = {0};
    wf__alloc_fail_at(1);
    wf_verdict_add(&s, &cx, &v);
    wf__alloc_fail_at(0);
    CHECK_INT(s.status, WF_E_NOMEM);
    wf_str_reset(&s);
}

TEST_MAIN()
