/* Images with any number of labels, and a score for each label. */
#include <math.h>

#include "base/alloc.h"
#include "base/status.h"
#include "eval/evaluation.h"

static wf_status check(wf_context *cx, const char *what, const uint8_t *targets,
                       const float *scores, int64_t count, int label_count) {
    WF_TRY(wf__check_labels(cx, what, "truth", targets, count, label_count));
    return wf__check_scores(cx, what, scores, count, label_count);
}

/* ---- each label's ranking of the images, or each image's of the labels ---- */

static wf_status average_ranking(wf_ranking *out, wf_context *cx, const uint8_t *targets,
                                 const float *scores, int64_t count, int label_count,
                                 wf_average average) {
    wf_rankings all;
    if (average == WF_AVERAGE_SAMPLES)
        return wf__ranking_of_rows(out, cx, targets, scores, count, label_count);
    WF_TRY(wf__rankings_of(&all, NULL, cx, targets, scores, count, label_count));
    *out = average == WF_AVERAGE_MACRO   ? all.macro
           : average == WF_AVERAGE_MICRO ? all.micro
                                         : all.weighted;
    return WF_OK;
}

/* Names the first row or column, `of` so many entries that are `stride` apart, that holds one kind
 * only. */
static wf_status one_kind(wf_context *cx, const char *owner, const uint8_t *targets, int64_t lines,
                          int64_t line_stride, int64_t entries, int64_t stride) {
    for (int64_t i = 0; i < lines; i++) {
        int64_t positives = 0;
        for (int64_t j = 0; j < entries; j++) positives += targets[i * line_stride + j * stride];
        WF_REQUIRE(positives > 0 && positives < entries, WF_E_DATA,
                   "ROC AUC: %lld of %lld entries of %s %lld are positive, both kinds must be "
                   "there",
                   (long long)positives, (long long)entries, owner, (long long)i);
    }
    return WF_FAIL(WF_E_DATA, "ROC AUC: all entries are of one kind, both must be there");
}

wf_status wf__average_auc(double *out, wf_context *cx, const char *column, const uint8_t *targets,
                          const float *scores, int64_t count, int columns, wf_average average) {
    wf_ranking ranking;
    WF_TRY(average_ranking(&ranking, cx, targets, scores, count, columns, average));
    if (isnan(ranking.auc) && average == WF_AVERAGE_SAMPLES)
        return one_kind(cx, "image", targets, count, columns, columns, 1);
    if (isnan(ranking.auc))
        return one_kind(cx, column, targets, average == WF_AVERAGE_MICRO ? 0 : columns, 1, count,
                        columns);
    *out = ranking.auc;
    return WF_OK;
}

wf_status wf_multilabel_roc_auc(double *out, wf_context *cx, const uint8_t *targets,
                                const float *scores, int64_t count, int label_count,
                                wf_average average) {
    WF_TRY(check(cx, "ROC AUC", targets, scores, count, label_count));
    return wf__average_auc(out, cx, "label", targets, scores, count, label_count, average);
}

wf_status wf_multilabel_average_precision(double *out, wf_context *cx, const uint8_t *targets,
                                          const float *scores, int64_t count, int label_count,
                                          wf_average average) {
    wf_ranking ranking;
    WF_TRY(check(cx, "average precision", targets, scores, count, label_count));
    WF_TRY(average_ranking(&ranking, cx, targets, scores, count, label_count, average));
    *out = ranking.average_precision;
    return WF_OK;
}

/* ---- one image's labels ---- */

/* What is known of one image's ranking; `n` labels, of which `relevant` are its own. */
typedef double (*image_figure)(const uint8_t *targets, const float *scores, int n, int relevant);

static wf_status mean_over_images(double *out, wf_context *cx, const char *what,
                                  image_figure figure, const uint8_t *targets, const float *scores,
                                  int64_t count, int label_count) {
    double sum = 0;
    WF_TRY(check(cx, what, targets, scores, count, label_count));
    for (int64_t i = 0; i < count; i++, targets += label_count, scores += label_count) {
        int relevant = 0;
        for (int j = 0; j < label_count; j++) relevant += targets[j];
        sum += figure(targets, scores, label_count, relevant);
    }
    *out = sum / (double)count;
    return WF_OK;
}

/* Labels with a score of at least `score`: all of them, and the image's own. */
static int count_from(int *out_relevant, const uint8_t *targets, const float *scores, int n,
                      float score) {
    int all = 0, relevant = 0;
    for (int j = 0; j < n; j++) {
        all += scores[j] >= score;
        relevant += scores[j] >= score && targets[j];
    }
    *out_relevant = relevant;
    return all;
}

/* Mean over the image's labels of: share of its own among those that rank no lower. */
static double ranking_precision(const uint8_t *targets, const float *scores, int n, int relevant) {
    double sum = 0;
    if (relevant == 0 || relevant == n) return 1;
    for (int j = 0; j < n; j++) {
        if (!targets[j]) continue;
        int own, all = count_from(&own, targets, scores, n, scores[j]);
        sum += (double)own / all;
    }
    return sum / relevant;
}

/* How many labels must be taken, best first, to have all of the image's. */
static double coverage(const uint8_t *targets, const float *scores, int n, int relevant) {
    float lowest = INFINITY;
    int own;
    if (relevant == 0) return 0;
    for (int j = 0; j < n; j++)
        if (targets[j] && scores[j] < lowest) lowest = scores[j];
    return count_from(&own, targets, scores, n, lowest);
}

/* Share of pairs of an own and another label in which the other's score is not lower. */
static double ranking_loss(const uint8_t *targets, const float *scores, int n, int relevant) {
    int64_t misplaced = 0;
    if (relevant == 0 || relevant == n) return 0;
    for (int j = 0; j < n; j++) {
        if (!targets[j]) continue;
        int own, all = count_from(&own, targets, scores, n, scores[j]);
        misplaced += all - own;
    }
    return (double)misplaced / ((double)relevant * (n - relevant));
}

wf_status wf_label_ranking_average_precision(double *out, wf_context *cx, const uint8_t *targets,
                                             const float *scores, int64_t count, int label_count) {
    return mean_over_images(out, cx, "label ranking average precision", ranking_precision, targets,
                            scores, count, label_count);
}

wf_status wf_coverage_error(double *out, wf_context *cx, const uint8_t *targets,
                            const float *scores, int64_t count, int label_count) {
    return mean_over_images(out, cx, "coverage error", coverage, targets, scores, count,
                            label_count);
}

wf_status wf_label_ranking_loss(double *out, wf_context *cx, const uint8_t *targets,
                                const float *scores, int64_t count, int label_count) {
    return mean_over_images(out, cx, "label ranking loss", ranking_loss, targets, scores, count,
                            label_count);
}
