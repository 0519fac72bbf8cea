/* Images with any number of labels, and predictions that say of each label yes or no. */
#include "base/alloc.h"
#include "base/status.h"
#include "eval/evaluation.h"

/* Images with the label, images said to have it, and both, or the same of one image's labels. */
static wf_label_score score_of(const wf_class_count *c) {
    wf_class_score s = wf__class_score_of(c);
    int64_t either = c->support + c->taken - c->hits;
    return (wf_label_score){.precision = s.precision,
                            .recall = s.recall,
                            .f1 = s.f1,
                            .jaccard = either > 0 ? (double)c->hits / (double)either : 0,
                            .support = c->support};
}

static void add_weighted(wf_label_score *sum, const wf_label_score *s, double weight) {
    sum->precision += s->precision * weight;
    sum->recall += s->recall * weight;
    sum->f1 += s->f1 * weight;
    sum->jaccard += s->jaccard * weight;
}

static void add_count(wf_class_count *sum, const wf_class_count *c) {
    sum->support += c->support;
    sum->taken += c->taken;
    sum->hits += c->hits;
}

/* One pass over the images: what is counted per label, and the means over the images. */
static void count_images(wf_class_count *counts, wf_label_scores *out, const uint8_t *targets,
                         const uint8_t *predicted, int64_t count, int label_count) {
    int64_t wrong = 0, all_right = 0;
    for (int64_t i = 0; i < count; i++, targets += label_count, predicted += label_count) {
        wf_class_count image = {0};
        int64_t wrong_before = wrong;
        for (int j = 0; j < label_count; j++) {
            wf_class_count one = {targets[j], predicted[j], targets[j] & predicted[j]};
            add_count(&counts[j], &one);
            add_count(&image, &one);
            wrong += targets[j] != predicted[j];
        }
        all_right += wrong == wrong_before;
        wf_label_score score = score_of(&image);
        add_weighted(&out->samples, &score, 1 / (double)count);
    }
    out->subset_accuracy = (double)all_right / (double)count;
    out->hamming_loss = (double)wrong / ((double)count * label_count);
}

wf_status wf_multilabel_scores(wf_label_scores *out, wf_label_score *labels, wf_context *cx,
                               const uint8_t *targets, const uint8_t *predicted, int64_t count,
                               int label_count) {
    wf_class_count *counts = NULL, sum = {0};
    wf_label_scores scores = {0};
    WF_TRY(wf__check_labels(cx, "multi-label scores", "truth", targets, count, label_count));
    WF_TRY(wf__check_labels(cx, "multi-label scores", "prediction", predicted, count, label_count));
    WF_TRY(wf_alloc(&counts, cx, (size_t)label_count, sizeof *counts));
    count_images(counts, &scores, targets, predicted, count, label_count);
    for (int j = 0; j < label_count; j++) add_count(&sum, &counts[j]);
    for (int j = 0; j < label_count; j++) {
        wf_label_score score = score_of(&counts[j]);
        add_weighted(&scores.macro, &score, 1.0 / label_count);
        if (sum.support > 0)
            add_weighted(&scores.weighted, &score, (double)score.support / (double)sum.support);
        if (labels) labels[j] = score;
    }
    scores.micro = score_of(&sum);
    scores.macro.support = scores.weighted.support = scores.samples.support = sum.support;
    wf_free(counts);
    *out = scores;
    return WF_OK;
}
