/* The label distributions of `weft compose outfits` against a brute force in Python; the data come
 * from tests/golden/outfits.py. */
#include "base/json.h"
#include "base/rng.h"
#include "data/compose.h"
#include "test.h"

enum { N = WF_OUTFIT_CLASSES, TROUSER = 1, DRESS = 3, SANDAL = 5, SNEAKER = 7, BAG = 8, BOOT = 9 };

static wf_context cx;

static json_t *load(void) {
    json_t *document = NULL;
    CHECK_OK(&cx, wf_json_read(&document, &cx, WF_SOURCE_DIR "/tests/golden/outfits.json"));
    CHECK_INT(json_array_size(json_object_get(document, "cases")), 7);
    return document;
}

static double number(json_t *list, size_t i) {
    CHECK(json_is_number(json_array_get(list, i)));
    return json_number_value(json_array_get(list, i));
}

static double figure(json_t *object, const char *key) {
    CHECK(json_is_number(json_object_get(object, key)));
    return json_number_value(json_object_get(object, key));
}

static wf_outfits at(double dependence) {
    wf_outfits o = {0};
    CHECK_OK(&cx, wf_outfits_create(&o, &cx, dependence));
    return o;
}

/* ---- the distribution ---- */

static void check_square(const double actual[N][N], json_t *expected, double tolerance) {
    CHECK_INT(json_array_size(expected), N);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            CHECK_NEAR(actual[i][j], number(json_array_get(expected, i), j), tolerance);
}

TEST(equal_to_brute_force) {
    json_t *document = load(), *cases = json_object_get(document, "cases"), *c;
    size_t k, compared = 0;
    json_array_foreach(cases, k, c) {
        const wf_outfits o = at(figure(c, "dependence"));
        json_t *p = json_object_get(c, "probabilities");
        check_square(o.interactions, json_object_get(document, "interactions"), 0);
        check_square(o.pairs, json_object_get(c, "pairs"), 1e-12);
        for (size_t i = 0; i < N; i++) {
            CHECK_NEAR(o.marginals[i], number(json_object_get(document, "marginals"), i), 0);
            CHECK_NEAR(o.fields[i], number(json_object_get(c, "fields"), i), 1e-10);
        }
        for (size_t s = 0; p && s < WF_OUTFIT_SETS; s++, compared++)
            CHECK_NEAR(o.probabilities[s], number(p, s), 1e-13);
        CHECK_NEAR(o.entropy, figure(c, "entropy"), 1e-11);
        CHECK_NEAR(o.total_correlation, figure(c, "total_correlation"), 1e-11);
    }
    CHECK_INT(compared, 2 * WF_OUTFIT_SETS);
    json_decref(document);
}

/* Sum over pairs of the two labels' mutual information. */
static double pairwise_information(const wf_outfits *o) {
    double sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++) {
            const double p = o->pairs[i][i], q = o->pairs[j][j], both = o->pairs[i][j];
            const double joint[4] = {both, p - both, q - both, 1 - p - q + both};
            const double apart[4] = {p * q, p * (1 - q), q * (1 - p), (1 - p) * (1 - q)};
            for (int k = 0; k < 4; k++)
                if (joint[k] > 0) sum += joint[k] * log(joint[k] / apart[k]);
        }
    return sum;
}

TEST(marginals_stay_and_dependence_grows) {
    double information = -1, total = -1;
    for (int step = 0; step <= 40; step++) {
        const wf_outfits o = at(step / 20.0);
        double sum = 0;
        for (int s = 0; s < WF_OUTFIT_SETS; s++) sum += o.probabilities[s];
        CHECK_NEAR(sum, 1, 1e-12);
        for (int i = 0; i < N; i++) CHECK_NEAR(o.pairs[i][i], o.marginals[i], 1e-9);
        CHECK(pairwise_information(&o) > information + 1e-4 || step == 0);
        CHECK(o.total_correlation > total + 1e-4 || step == 0);
        information = pairwise_information(&o);
        total = o.total_correlation;
    }
}

static double product_of(const wf_outfits *o, int set) {
    double p = 1;
    for (int i = 0; i < N; i++) p *= set >> i & 1 ? o->marginals[i] : 1 - o->marginals[i];
    return p;
}

TEST(independent_at_0_and_without_a_step) {
    const wf_outfits none = at(0), little = at(1e-6);
    for (int s = 0; s < WF_OUTFIT_SETS; s++) {
        CHECK_NEAR(none.probabilities[s], product_of(&none, s), 1e-15);
        CHECK_NEAR(little.probabilities[s], none.probabilities[s], 1e-6);
    }
    CHECK_NEAR(none.total_correlation, 0, 1e-12);
    CHECK(none.probabilities[0] > 0.02 && none.probabilities[WF_OUTFIT_SETS - 1] > 0);
}

TEST(two_to_five_labels_from_a_half_on) {
    for (int step = 5; step <= 20; step++) {
        const wf_outfits o = at(step / 10.0);
        for (int s = 0; s < WF_OUTFIT_SETS; s++) {
            const int n = __builtin_popcount((unsigned)s);
            CHECK((o.probabilities[s] > 0) == (n >= 2 && n <= 5));
        }
    }
    CHECK(at(0.49).probabilities[0] > 0);
}

TEST(rules_hold_at_2) {
    static const int never[][2] = {
        {DRESS, TROUSER}, {SANDAL, SNEAKER}, {SANDAL, BOOT}, {SNEAKER, BOOT}};
    const wf_outfits weak = at(0.5), strong = at(2);
    for (size_t k = 0; k < sizeof never / sizeof *never; k++) {
        const int a = never[k][0], b = never[k][1];
        CHECK(strong.pairs[a][b] < 0.001 && strong.pairs[a][b] < weak.pairs[a][b] / 20);
    }
    /* a bag: of all canvases .36, of those with a dress */
    CHECK(weak.pairs[BAG][DRESS] / weak.pairs[DRESS][DRESS] > 0.4);
    CHECK(strong.pairs[BAG][DRESS] / strong.pairs[DRESS][DRESS] > 0.8);
}

TEST(bad_dependence) {
    wf_outfits o = {.dependence = -7};
    CHECK_FAILS(&cx, wf_outfits_create(&o, &cx, -0.1), WF_E_ARG);
    CHECK_FAILS(&cx, wf_outfits_create(&o, &cx, 2.01), WF_E_ARG);
    CHECK_FAILS(&cx, wf_outfits_create(&o, &cx, NAN), WF_E_ARG);
    CHECK_NEAR(o.dependence, -7, 0);
}

/* ---- what is drawn ---- */

static uint8_t one_garment[WF_GARMENT_SIDE * WF_GARMENT_SIDE * N];

static wf__composer composer_at(double dependence) {
    static int32_t labels[N] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const wf_images garments = {.count = N,
                                       .height = WF_GARMENT_SIDE,
                                       .width = WF_GARMENT_SIDE,
                                       .channels = 1,
                                       .pixels = one_garment,
                                       .labels = labels};
    const wf_outfits o = at(dependence);
    wf__composer c = {0};
    CHECK_OK(&cx, wf__composer_init(&c, &cx, &o, &garments, "training"));
    c.seed = 1;
    c.stream = WF_STREAM_COMPOSE;
    return c;
}

static int labels_of(const wf__composer *c, int index) {
    wf_rng r;
    wf_rng_init(&r, c->seed, c->stream, (uint32_t)index);
    return wf__composer_labels(c, wf_rng_uniform(&r));
}

/* How often each set is drawn. That these are a canvas's labels is checked for some of them. */
static void draw(int64_t counts[WF_OUTFIT_SETS], double dependence, int draws) {
    static wf__canvas canvas;
    wf__composer c = composer_at(dependence);
    memset(counts, 0, WF_OUTFIT_SETS * sizeof *counts);
    for (int i = 0; i < draws; i++) counts[labels_of(&c, i)]++;
    for (int i = 0; i < 20; i++) {
        wf__canvas_draw(&canvas, &c, i);
        CHECK_INT(canvas.labels, labels_of(&c, i));
        CHECK_INT(canvas.count, __builtin_popcount((unsigned)canvas.labels));
    }
    wf__composer_reset(&c);
}

/* Chi-square over the sets of which 5 draws are expected, and all others together. */
static double goodness_of_fit(const int64_t *counts, const double *p, int draws, int *out_cells) {
    double chi = 0, rest = 0, rest_found = 0;
    *out_cells = 0;
    for (int s = 0; s < WF_OUTFIT_SETS; s++) {
        const double expected = p[s] * draws, found = (double)counts[s];
        if (p[s] == 0.0) CHECK_INT(counts[s], 0);
        if (expected < 5) {
            rest += expected;
            rest_found += found;
            continue;
        }
        chi += (found - expected) * (found - expected) / expected;
        ++*out_cells;
    }
    if (rest <= 0) return chi;
    ++*out_cells;
    return chi + (rest_found - rest) * (rest_found - rest) / rest;
}

TEST(drawn_as_often_as_they_should) {
    static int64_t counts[WF_OUTFIT_SETS];
    json_t *document = load(), *cases = json_object_get(document, "cases"), *c;
    const int draws = (int)figure(document, "draws");
    const wf_outfits none = at(0);
    size_t k;
    json_array_foreach(cases, k, c) {
        const double dependence = figure(c, "dependence");
        json_t *fit = json_object_get(c, "goodness_of_fit");
        const wf_outfits o = at(dependence);
        int cells = 0;
        draw(counts, dependence, draws);
        CHECK(goodness_of_fit(counts, o.probabilities, draws, &cells) < figure(fit, "threshold"));
        CHECK_INT(cells, (int)figure(fit, "cells"));
        if (dependence < 0.25) continue; /* and the test sees a difference */
        CHECK(goodness_of_fit(counts, none.probabilities, draws, &cells) >
              2 * figure(fit, "threshold"));
    }
    json_decref(document);
}

/* Chi-square of the table of two labels, against their independence. */
static double of_pair(const int64_t *counts, int a, int b) {
    double table[2][2] = {{0}}, chi = 0, all = 0;
    for (int s = 0; s < WF_OUTFIT_SETS; s++) {
        table[s >> a & 1][s >> b & 1] += (double)counts[s];
        all += (double)counts[s];
    }
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            const double expected = (table[i][0] + table[i][1]) * (table[0][j] + table[1][j]) / all;
            chi += (table[i][j] - expected) * (table[i][j] - expected) / expected;
        }
    return chi;
}

TEST(pairs_are_independent_at_0_only) {
    static int64_t counts[2][WF_OUTFIT_SETS];
    json_t *document = load();
    const double threshold = figure(document, "pair_threshold");
    int dependent = 0;
    draw(counts[0], 0, (int)figure(document, "draws"));
    draw(counts[1], 0.5, (int)figure(document, "draws"));
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++) {
            CHECK(of_pair(counts[0], i, j) < threshold);
            dependent += of_pair(counts[1], i, j) > threshold;
        }
    CHECK(dependent >= 21); /* as many as there are rules */
    json_decref(document);
}

TEST_MAIN()
