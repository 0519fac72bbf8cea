/* Figures of a confusion matrix that need no more of it than its sums and its diagonal. */
#include <math.h>

#include "eval/evaluation.h"

void wf__class_counts_of(wf_class_count *out, const int64_t *confusion, int class_count) {
    int k = class_count;
    for (int t = 0; t < k; t++) {
        wf_class_count c = {.hits = confusion[t * k + t]};
        for (int j = 0; j < k; j++) {
            c.support += confusion[t * k + j];
            c.taken += confusion[j * k + t];
        }
        out[t] = c;
    }
}

/* Zero where nothing was there to count: scikit-learn's zero_division=0. */
static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

wf_class_score wf__class_score_of(const wf_class_count *c) {
    double precision = ratio((double)c->hits, (double)c->taken);
    double recall = ratio((double)c->hits, (double)c->support);
    return (wf_class_score){.precision = precision,
                            .recall = recall,
                            .f1 = ratio(2 * precision * recall, precision + recall),
                            .support = c->support,
                            .auc = NAN,
                            .average_precision = NAN};
}

/* With n images, h of them right, and t_i images of class i of which p_i were taken for one of i:
 *  balanced accuracy   mean of the recall of classes with images
 *  MCC                 (h n - sum t p) / sqrt((n^2 - sum t^2) (n^2 - sum p^2)), 0 where that is 0/0
 *  kappa               (h n - sum t p) / (n^2 - sum t p), unknown where that is 0/0 */
wf_agreement wf__agreement_of(const wf_class_count *counts, int class_count) {
    double n = 0, hits = 0, recalls = 0, present = 0, tp = 0, tt = 0, pp = 0;
    for (const wf_class_count *c = counts; c < counts + class_count; c++) {
        double support = (double)c->support, taken = (double)c->taken;
        n += support;
        hits += (double)c->hits;
        tp += support * taken;
        tt += support * support;
        pp += taken * taken;
        present += c->support > 0;
        if (c->support > 0) recalls += (double)c->hits / support;
    }
    double spread = (n * n - tt) * (n * n - pp), by_chance = n * n - tp;
    return (wf_agreement){
        .accuracy = ratio(hits, n),
        .balanced_accuracy = present > 0 ? recalls / present : (double)NAN,
        .mcc = n == 0       ? (double)NAN
               : spread > 0 ? (hits * n - tp) / sqrt(spread)
                            : 0,
        .kappa = by_chance > 0 ? 1 - (n - hits) * n / by_chance : (double)NAN,
    };
}
