/* Curves with fewer points that look the same. */
#include "report/thin.h"

#include "base/alloc.h"
#include "base/json.h"
#include "test.h"
#include "weft/metrics.h"

static wf_context cx;

/* ---- against scikit-learn; the same problems as in tests/golden/sklearn_roc_area.py ---- */

enum { COUNT = 10000 };

static void make_problem(uint8_t *truth, float *scores, uint64_t strength) {
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t score = (i * 40503 + 7) % 65536, coin = (i * 30011 >> 3) % 256;
        uint64_t luck = (i * 7919 >> 2) % 256;
        truth[i] = luck < strength ? coin < score >> 8 : coin < 64;
        scores[i] = (float)score;
    }
}

/* By trapezoids over the points that are kept. */
static double area(const wf_threshold_curve *curve, const uint8_t *is_kept) {
    double sum = 0;
    int64_t last = 0;
    for (int64_t i = 1; i < curve->count; i++) {
        if (!is_kept[i]) continue;
        sum += (curve->x[i] - curve->x[last]) * (curve->y[i] + curve->y[last]) / 2;
        last = i;
    }
    return sum;
}

TEST(thinned_roc_curves_keep_scikit_learns_area) {
    static uint8_t truth[COUNT];
    static float scores[COUNT];
    json_t *golden = NULL;
    CHECK_OK(&cx, wf_json_read(&golden, &cx, WF_SOURCE_DIR "/tests/golden/sklearn_roc_area.json"));
    json_t *cases = json_object_get(golden, "cases");
    CHECK_INT(json_array_size(cases), 4);
    for (size_t k = 0; k < json_array_size(cases); k++) {
        json_t *one = json_array_get(cases, k);
        wf_threshold_curve curve = {0};
        uint8_t *is_kept = NULL;
        int64_t positives = 0, kept = 0;
        make_problem(truth, scores, (uint64_t)json_integer_value(json_object_get(one, "strength")));
        for (int i = 0; i < COUNT; i++) positives += truth[i];
        CHECK_INT(positives, json_integer_value(json_object_get(one, "positives")));
        CHECK_OK(&cx, wf_roc_curve(&curve, &cx, truth, scores, COUNT, 1));
        CHECK_INT(curve.count, json_integer_value(json_object_get(one, "points")));
        CHECK_OK(&cx, wf_thin(&is_kept, &cx, curve.x, curve.y, curve.count));
        for (int64_t i = 0; i < curve.count; i++) kept += is_kept[i];
        CHECK(kept < curve.count / 5);
        CHECK_NEAR(area(&curve, is_kept), json_number_value(json_object_get(one, "area")), .0005);
        wf_free(is_kept);
        wf_threshold_curve_reset(&curve);
    }
    json_decref(golden);
}

TEST(corners_stay) {
    enum { N = 1000 };
    static double x[N], y[N];
    uint8_t *is_kept = NULL;
    int kept = 0;
    for (int i = 0; i < N; i++) { /* up, then right */
        x[i] = i < N / 2 ? 0 : (i - N / 2) / (N / 2. - 1);
        y[i] = i < N / 2 ? i / (N / 2. - 1) : 1;
    }
    CHECK_OK(&cx, wf_thin(&is_kept, &cx, x, y, N));
    for (int i = 0; i < N; i++) kept += is_kept[i];
    CHECK(kept >= 3 && kept <= 4 && is_kept[0] && is_kept[N - 1]);
    CHECK(is_kept[N / 2 - 1] || is_kept[N / 2]);
    wf_free(is_kept);
}

TEST(one_point_and_none) {
    const double x = 1, y = 2;
    uint8_t *is_kept = NULL;
    CHECK_OK(&cx, wf_thin(&is_kept, &cx, &x, &y, 1));
    CHECK_INT(is_kept[0], 1);
    wf_free(is_kept);
    CHECK_OK(&cx, wf_thin(&is_kept, &cx, &x, &y, 0));
    CHECK(is_kept == NULL);
}

TEST_MAIN()
