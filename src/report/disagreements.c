/* Where two models disagree: how often, on which classes, and on which images most loudly. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "report/document_parts.h"

enum { MOST_PAIRS = 6, MOST_IMAGES = 12 /* on which only the one, and only the other, is right */ };

/* ---- which pairs ---- */

typedef struct couple {
    size_t a, b;
} couple;

static int is_usable(const wf__document *d, size_t a, size_t b) {
    return wf__rows_share_test(&d->c->rows[a], &d->c->rows[b]) &&
           d->details[a].predictions.count > 0 &&
           wf__predictions_share_images(&d->details[a].predictions, &d->details[b].predictions);
}

/* a stands first in the table; returns the new count. */
static size_t add_couple(couple *couples, size_t count, const wf__document *d, size_t a, size_t b) {
    if (a == b || count == MOST_PAIRS) return count;
    couple one = a < b ? (couple){a, b} : (couple){b, a};
    for (size_t i = 0; i < count; i++)
        if (couples[i].a == one.a && couples[i].b == one.b) return count;
    if (!is_usable(d, one.a, one.b)) return count;
    couples[count] = one;
    return count + 1;
}

/* The best of each family against each other; then the best of all against the next ones. */
static size_t choose(couple couples[MOST_PAIRS], const wf__document *d) {
    static const char *const families[] = {"cnn", "rnn", "hybrid"};
    enum { FAMILIES = sizeof families / sizeof *families };
    const wf_comparison *c = d->c;
    size_t count = 0;
    for (int i = 0; i < FAMILIES; i++)
        for (int j = i + 1; j < FAMILIES; j++) {
            const wf_report_row *a = wf__best_of_family(c, families[i]);
            const wf_report_row *b = wf__best_of_family(c, families[j]);
            if (a && b)
                count = add_couple(couples, count, d, (size_t)(a - c->rows), (size_t)(b - c->rows));
        }
    for (size_t b = 1; b < c->row_count && b < 4; b++) count = add_couple(couples, count, d, 0, b);
    return count;
}

/* ---- one pair ---- */

/* An image on which only one of the two is right. */
typedef struct dispute {
    int64_t image;
    double loudness; /* how sure both are */
} dispute;

static double confidence(const wf_predictions *p, int64_t i) {
    return p->probabilities[i * p->class_count + p->predicted[i]];
}

static int compare_disputes(const void *left, const void *right) {
    const dispute *a = left, *b = right;
    if (a->loudness != b->loudness) return a->loudness < b->loudness ? 1 : -1;
    return (a->image > b->image) - (a->image < b->image);
}

static json_t *opinion(const wf_predictions *p, int64_t i) {
    return json_pack("{s:i, s:o}", "predicted", p->predicted[i], "confidence",
                     wf_json_real(round(confidence(p, i) * 1e4) / 1e4));
}

/* The images on which `winner` alone is right, those first on which both are most sure. */
static wf_status add_images(json_t *list, wf_context *cx, const wf_predictions *a,
                            const wf_predictions *b, const wf_predictions *winner,
                            dispute *scratch) {
    const wf_predictions *loser = winner == a ? b : a;
    size_t count = 0;
    for (int64_t i = 0; i < a->count; i++)
        if (winner->predicted[i] == a->labels[i] && loser->predicted[i] != a->labels[i])
            scratch[count++] = (dispute){i, confidence(a, i) + confidence(b, i)};
    qsort(scratch, count, sizeof *scratch, compare_disputes);
    for (size_t k = 0; k < count && k < MOST_IMAGES; k++) {
        int64_t i = scratch[k].image;
        WF_TRY(wf_json_append(list, cx,
                              json_pack("{s:I, s:n, s:i, s:o, s:o}", "index",
                                        (json_int_t)a->index[i], "tile", "label", a->labels[i], "a",
                                        opinion(a, i), "b", opinion(b, i))));
    }
    return WF_OK;
}

static wf_status put_images(json_t *object, wf_context *cx, const wf_predictions *a,
                            const wf_predictions *b) {
    dispute *scratch = NULL;
    json_t *list = json_array();
    WF_TRY(wf_json_put(object, cx, "images", list));
    WF_TRY(wf_alloc(&scratch, cx, (size_t)a->count, sizeof *scratch));
    wf_status status = add_images(list, cx, a, b, a, scratch);
    if (status == WF_OK) status = add_images(list, cx, a, b, b, scratch);
    wf_free(scratch);
    return status;
}

typedef struct tally {
    int64_t count, a_right, b_right, both_right;
} tally;

static wf_status put_tallies(json_t *object, wf_context *cx, const wf_predictions *a,
                             const wf_predictions *b) {
    tally *classes = NULL, all = {0};
    json_t *list = json_array();
    WF_TRY(wf_json_put(object, cx, "per_class", list));
    WF_TRY(wf_alloc(&classes, cx, (size_t)a->class_count, sizeof *classes));
    for (int64_t i = 0; i < a->count; i++) {
        const int is_a = a->predicted[i] == a->labels[i], is_b = b->predicted[i] == a->labels[i];
        tally *const both[] = {&classes[a->labels[i]], &all};
        for (int k = 0; k < 2; k++) {
            both[k]->count++;
            both[k]->a_right += is_a;
            both[k]->b_right += is_b;
            both[k]->both_right += is_a && is_b;
        }
    }
    wf_status status = WF_OK;
    for (int k = 0; k < a->class_count && status == WF_OK; k++)
        status = wf_json_append(
            list, cx,
            json_pack("{s:I, s:I, s:I}", "a_right", (json_int_t)classes[k].a_right, "b_right",
                      (json_int_t)classes[k].b_right, "count", (json_int_t)classes[k].count));
    wf_free(classes);
    WF_TRY(status);
    const struct {
        const char *key;
        int64_t count;
    } counts[] = {{"both_right", all.both_right},
                  {"only_a", all.a_right - all.both_right},
                  {"only_b", all.b_right - all.both_right},
                  {"both_wrong", all.count - all.a_right - all.b_right + all.both_right}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        WF_TRY(wf_json_put(object, cx, counts[i].key, json_integer(counts[i].count)));
    return WF_OK;
}

wf_status wf__document_disagreements(wf__document *d, wf_context *cx) {
    couple couples[MOST_PAIRS];
    json_t *list = json_array();
    WF_TRY(wf_json_put(d->json, cx, "disagreements", list));
    size_t count = choose(couples, d);
    for (size_t i = 0; i < count; i++) {
        const wf_report_row *a = &d->c->rows[couples[i].a], *b = &d->c->rows[couples[i].b];
        const wf_predictions *of_a = &d->details[couples[i].a].predictions;
        const wf_predictions *of_b = &d->details[couples[i].b].predictions;
        json_t *one = json_pack("{s:s, s:s, s:s, s:s}", "a", a->label, "b", b->label, "run_a",
                                a->runs[0].summary.id, "run_b", b->runs[0].summary.id);
        WF_TRY(wf_json_append(list, cx, one)); /* now owned by the list */
        WF_TRY(put_tallies(one, cx, of_a, of_b));
        WF_TRY(put_images(one, cx, of_a, of_b));
    }
    return WF_OK;
}
