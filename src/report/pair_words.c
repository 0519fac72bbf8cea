/* How the tests of pairs read in a report. */
#include <stdio.h>
#include <string.h>

#include "report/internal.h"
#include "report/verdict.h"

const wf_pair_test *wf__pair_test(const wf_report_pair *pair, wf_pair_kind kind) {
    return kind == WF_PAIR_IMAGES ? &pair->images : &pair->seeds;
}

const wf_report_pair *wf__comparison_pair(const wf_comparison *c, size_t row, size_t other) {
    size_t a = row < other ? row : other, b = row < other ? other : row;
    return &c->pairs[a * c->row_count - a * (a + 1) / 2 + b - a - 1];
}

void wf__pair_add_named(wf_str *out, wf_context *cx, const wf_comparison *c,
                        const wf_report_pair *pair, const wf_pair_test *test) {
    if (!test->is_shown)
        wf_str_addf(out, cx, "%s and %s: ", c->rows[pair->a].label, c->rows[pair->b].label);
    wf_str_add(out, cx, test->sentence);
}

/* The seed of all runs that the test on images judged, -1 when there are several. */
static int64_t only_seed(const wf_comparison *c) {
    int64_t seed = -1;
    for (size_t i = 0; i < c->pair_count; i++) {
        const wf_report_pair *p = &c->pairs[i];
        if (!p->images.is_tested) continue;
        int64_t of_a = c->rows[p->a].runs[p->run_a].summary.seed;
        int64_t of_b = c->rows[p->b].runs[p->run_b].summary.seed;
        if (of_a != of_b || (seed >= 0 && seed != of_a)) return -1;
        seed = of_a;
    }
    return seed;
}

void wf__pairs_add_scope(wf_str *out, wf_context *cx, const wf_comparison *c, wf_pair_kind kind) {
    size_t tested = kind == WF_PAIR_IMAGES ? c->images_tested : c->seeds_tested;
    int64_t seed = only_seed(c);
    if (kind == WF_PAIR_SEEDS) {
        wf_str_add(out, cx,
                   "Welch's t over seeds. It speaks for other seeds, not for other images.");
    } else {
        wf_str_add(out, cx, "McNemar's test between one run of each on the same test images (");
        if (seed >= 0) wf_str_addf(out, cx, "seed %lld", (long long)seed);
        else
            wf_str_add(out, cx, "of the lowest seed that both have, or else of the lowest of each");
        wf_str_add(out, cx, "). It speaks for other images, not for other seeds.");
    }
    if (tested > 1) wf_str_addf(out, cx, " Holm's correction counts %zu pairs.", tested);
}

int wf__pair_is_first(const wf_comparison *c, const wf_report_pair *pair) {
    enum { FEW = 10 };
    return c->pair_count <= FEW || pair->a == 0;
}

void wf__pair_cells(wf_pair_cells *out, const wf_pair_test *test) {
    wf_points points;
    *out = (wf_pair_cells){"-", "-", "-", "-"};
    if (!test->is_tested) return;
    wf_points_text(&points, test->difference, test->low, test->high);
    strcpy(out->points, points.difference);
    snprintf(out->interval, sizeof out->interval, "%s to %s", points.low, points.high);
    wf_p_cell(out->p, test->p);
    wf_p_cell(out->p_holm, test->p_holm);
}
