/* What a sweep tries: axes, grids, random draws. */
#include "test.h"

#include "base/alloc.h"
#include "spec/trials.h"

static wf_context cx;

static void check_row(const wf_trials *t, size_t trial, const char *first, const char *second) {
    CHECK_STR(wf_trials_value(t, trial, 0), first);
    CHECK_STR(wf_trials_value(t, trial, 1), second);
}

TEST(a_grid_holds_every_combination) {
    static const char *const axes[] = {"layers.lstm.units=56,186,280",
                                       "layers.conv2d.kernel_size=3,[1, 3]"};
    wf_trials t = {0};
    CHECK_OK(&cx, wf_trials_grid(&t, &cx, axes, 2));
    CHECK_INT(t.count, 6);
    CHECK_STR(t.axes[0].path, "layers.lstm.units");
    check_row(&t, 0, "56", "3");
    check_row(&t, 1, "56", "[1, 3]");
    check_row(&t, 2, "186", "3");
    check_row(&t, 5, "280", "[1, 3]");
    wf_trials_reset(&t);
    wf_trials_reset(&t);
}

TEST(random_trials_stay_in_their_ranges) {
    static const char *const axes[] = {"a=16..18", "b=1e-4..1e-2:log", "c=0.1..0.5", "d=relu,tanh",
                                       "e=1..1000:log"};
    wf_trials t = {0};
    CHECK_OK(&cx, wf_trials_random(&t, &cx, axes, 5, 400, 7));
    CHECK_INT(t.count, 400);
    int whole[3] = {0}, small = 0, relu = 0, below_32 = 0;
    for (size_t i = 0; i < t.count; i++) {
        long a = strtol(wf_trials_value(&t, i, 0), NULL, 10);
        double b = atof(wf_trials_value(&t, i, 1)), c = atof(wf_trials_value(&t, i, 2));
        CHECK(a >= 16 && a <= 18 && !strchr(wf_trials_value(&t, i, 0), '.'));
        CHECK(b >= 1e-4 && b <= 1e-2 && c >= 0.1 && c <= 0.5);
        whole[a - 16]++;
        small += b < 1e-3;
        relu += !strcmp(wf_trials_value(&t, i, 3), "relu");
        below_32 += atof(wf_trials_value(&t, i, 4)) < 31.6;
        CHECK(!strchr(wf_trials_value(&t, i, 4), '.'));
    }
    /* five standard deviations of the binomial counts */
    for (int k = 0; k < 3; k++) CHECK(abs(whole[k] - 133) < 48);
    CHECK(abs(small - 200) < 50 && abs(relu - 200) < 50 && abs(below_32 - 200) < 50);

    wf_trials same = {0}, other = {0};
    CHECK_OK(&cx, wf_trials_random(&same, &cx, axes, 5, 20, 7));
    CHECK_OK(&cx, wf_trials_random(&other, &cx, axes, 5, 20, 8));
    int differing = 0;
    for (size_t i = 0; i < 20; i++) {
        CHECK_STR(wf_trials_value(&same, i, 1), wf_trials_value(&t, i, 1));
        differing += strcmp(wf_trials_value(&other, i, 1), wf_trials_value(&t, i, 1)) != 0;
    }
    CHECK_INT(differing, 20);
    wf_trials_reset(&same);
    wf_trials_reset(&other);
    wf_trials_reset(&t);
}

TEST(random_trials_do_not_repeat) {
    static const char *const axes[] = {"a=1,2", "b=1..3"};
    wf_trials t = {0};
    CHECK_OK(&cx, wf_trials_random(&t, &cx, axes, 2, 500, 0));
    CHECK_INT(t.count, 6);
    wf_trials_reset(&t);
}

TEST(bad_axes_are_refused) {
    static const struct {
        const char *axes[2], *message;
    } cases[] = {
        {{"units"}, "sweep of \"units\": it must be PATH=VALUE,VALUE..."},
        {{"=3"}, "sweep of \"=3\": it must be PATH=VALUE,VALUE..."},
        {{"a="}, "sweep of \"a=\": it must be PATH=VALUE,VALUE..."},
        {{"a=1,,2"}, "sweep of a: a value is empty"},
        {{"a=1,"}, "sweep of a: a value is empty"},
        {{"a=1,2,1"}, "sweep of a: value 1 is given twice"},
        {{"a=1,2", "a=3"}, "sweep of a: it is given twice"},
        {{"a=1..3"}, "sweep of a: a grid cannot hold a range"},
        {{"a=3..1"}, "sweep of a: range 3..1 must rise, within 1e15"},
        {{"a=0..1e300"}, "sweep of a: range 0..1e300 must rise, within 1e15"},
        {{"a=nan..1"}, "sweep of a: range nan..1 must rise, within 1e15"},
        {{"a=0..1:log"}, "sweep of a: range 0..1:log in logarithms must be above 0"},
    };
    wf_trials t = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = cases[i].axes[1] ? 2 : 1;
        CHECK_INT(wf_trials_grid(&t, &cx, cases[i].axes, n), WF_E_ARG);
        CHECK_STR(cx.message, cases[i].message);
        CHECK(!t.axes && !t.count);
    }
    CHECK_FAILS(&cx, wf_trials_grid(&t, &cx, NULL, 0), WF_E_ARG);
    static const char *const wide = "a=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22";
    char second[80], third[80], fourth[80];
    snprintf(second, sizeof second, "b%s", wide + 1);
    snprintf(third, sizeof third, "c%s", wide + 1);
    snprintf(fourth, sizeof fourth, "d%s", wide + 1);
    const char *const four[] = {wide, second, third, fourth};
    CHECK_FAILS(&cx, wf_trials_grid(&t, &cx, four, 4), WF_E_ARG);
    CHECK_FAILS(&cx, wf_trials_random(&t, &cx, four, 4, 0, 0), WF_E_ARG);
}

TEST(memory_runs_out) {
    static const char *const axes[] = {"a=1,2,3", "b=[1, 2],x"};
    wf_trials t = {0};
    int failures = 0;
    for (int random = 0; random < 2; random++)
        for (long k = 1; k < 1000; k++) {
            wf__alloc_fail_at(k);
            wf_status status = random ? wf_trials_random(&t, &cx, axes, 2, 5, 1)
                                      : wf_trials_grid(&t, &cx, axes, 2);
            wf__alloc_fail_at(0);
            if (status == WF_OK) {
                wf_trials_reset(&t);
                break;
            }
            CHECK_INT(status, WF_E_NOMEM);
            CHECK(!t.axes && !t.count);
            failures++;
        }
    CHECK(failures > 30);
}

TEST_MAIN()
