#include "cmd/audit.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

const char wf_sensitivity_note[] =
    "Sensitivity only: the images left out were chosen by other models, and hard images are chosen "
    "more often than easy ones, so accuracy rises whether or not their labels are wrong. The "
    "accuracy of the run is the one on all test images.";

const char *wf_left_out_name(wf_left_out which) {
    static const char *const names[WF_LEFT_OUT_COUNT] = {
        "all test images", "without likely label errors", "without duplicates of training images",
        "without both"};
    return names[which];
}

enum { ERROR_BIT = 1, DUPLICATE_BIT = 2 };

static void mark_duplicates(uint8_t *marks, const wf_duplicate *pairs, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (pairs[i].b.part == WF_PART_TEST && pairs[i].a.part != WF_PART_TEST)
            marks[pairs[i].b.index] |= DUPLICATE_BIT;
}

static int is_right(const wf_predictions *p, int64_t i) {
    const int64_t k = p->class_count;
    if (!p->sets) return p->predicted[i] == p->labels[i];
    return !memcmp(p->taken + i * k, p->sets + i * k, (size_t)k);
}

static void count_right(wf_sensitivity *s, const wf_predictions *p, const uint8_t *marks) {
    for (int64_t i = 0; i < p->count; i++)
        for (int w = 0; w < WF_LEFT_OUT_COUNT; w++) {
            if (marks[p->index[i]] & w) continue; /* w is a set of the bits */
            s->images[w]++;
            s->right[w] += is_right(p, i);
        }
}

wf_status wf_sensitivity_measure(wf_audit *a, wf_context *cx, const wf_run *run) {
    int64_t n = a->dataset->test.count;
    wf_status status = WF_OK;
    wf_predictions p = {0};
    uint8_t *seen = NULL, *marks = NULL;
    wf_sensitivity s = {0};
    WF_TRY_OR(wf_alloc(&seen, cx, (size_t)n, 1));
    WF_TRY_OR(wf_alloc(&marks, cx, (size_t)n, 1));
    WF_TRY_OR(wf_opinions_read(&p, cx, run, a->dataset, WF_PART_TEST, seen));
    WF_REQUIRE_OR(p.count == n, WF_E_DATA, "run %s: predicts %lld of the %lld test images of %s",
                  wf_run_id(run), (long long)p.count, (long long)n, a->dataset->name);
    for (int64_t i = 0; i < a->test_errors->error_count; i++)
        marks[a->test_errors->errors[i].image] |= ERROR_BIT;
    mark_duplicates(marks, a->duplicates->exact, a->duplicates->exact_count);
    mark_duplicates(marks, a->duplicates->close, a->duplicates->close_count);
    count_right(&s, &p, marks);
    WF_TRY_OR(wf_strdup(&s.run, cx, wf_run_id(run)));
    a->sensitivity = s;
done:
    wf_predictions_reset(&p);
    wf_free(seen);
    wf_free(marks);
    return status;
}

wf_audited wf_audit_labels(const wf_audit *a, int i) {
    if (i == 0) return (wf_audited){&a->training, a->training_errors};
    return (wf_audited){&a->test, a->test_errors};
}

const char *wf_audit_class(const wf_audit *a, int32_t label) {
    return label == WF_NO_LABEL ? "(none)" : a->dataset->class_names[label];
}

int wf_audit_same_labels(const wf_audit *a, const wf_duplicate *pair) {
    const int64_t k = a->dataset->n_classes;
    if (!a->dataset->is_multilabel) return pair->a.label == pair->b.label;
    return !memcmp(wf_part_images(a->dataset, pair->a.part)->label_sets + pair->a.index * k,
                   wf_part_images(a->dataset, pair->b.part)->label_sets + pair->b.index * k,
                   (size_t)k);
}

const char *wf_audit_figure(const wf_audit *a) {
    return a->dataset->is_multilabel ? "subset accuracy" : "accuracy";
}

int wf_audit_parts(const wf_audit *a, int i, wf_part *out_a, wf_part *out_b) {
    /* within each part first */
    for (int apart = 0; apart < WF_PARTS; apart++)
        for (int p = 0; p + apart < WF_PARTS; p++) {
            wf_part first = (wf_part)p, second = (wf_part)(p + apart);
            if (wf_part_images(a->dataset, first)->count == 0 ||
                wf_part_images(a->dataset, second)->count == 0 || i-- > 0)
                continue;
            *out_a = first;
            *out_b = second;
            return 1;
        }
    return 0;
}

const char *wf_audit_parts_name(char buffer[48], wf_part a, wf_part b) {
    if (a == b) snprintf(buffer, 48, "within %s", wf_part_name(a));
    else snprintf(buffer, 48, "%s and %s", wf_part_name(a), wf_part_name(b));
    return buffer;
}
