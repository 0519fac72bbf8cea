/* The models of a report in detail: what their first run says. */
#include <math.h>

#include "base/alloc.h"
#include "eval/evaluation.h"
#include "report/document_parts.h"
#include "report/packed.h"
#include "report/thin.h"

enum { BINS = WF_EVAL_CALIBRATION_BINS };

/* Figures of curves: a ten-thousandth is less than can be seen. */
static json_t *brief(double value) { return wf_json_real(round(value * 1e4) / 1e4); }

/* ---- epochs ---- */

/* One list per column of metrics.csv. */
static wf_status put_epochs(json_t *object, wf_context *cx, const wf_run_metrics *m) {
    static const char *const keys[] = {"epoch",        "loss",          "accuracy", "val_loss",
                                       "val_accuracy", "learning_rate", "seconds"};
    enum { COLUMNS = sizeof keys / sizeof *keys };
    json_t *columns[COLUMNS];
    for (int k = 0; k < COLUMNS; k++) {
        columns[k] = json_array();
        WF_TRY(wf_json_put(object, cx, keys[k], columns[k]));
    }
    for (size_t i = 0; i < m->count; i++) {
        const wf_epoch_record *e = &m->epochs[i];
        const double values[] = {e->loss,         e->accuracy,      e->val_loss,
                                 e->val_accuracy, e->learning_rate, e->seconds};
        WF_TRY(wf_json_append(columns[0], cx, json_integer(e->epoch)));
        for (int k = 1; k < COLUMNS; k++)
            WF_TRY(wf_json_append(columns[k], cx, wf_json_real(values[k - 1])));
    }
    return WF_OK;
}

static wf_status put_seeds(json_t *model, wf_context *cx, const wf_report_row *row) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(model, cx, "epochs", list));
    for (size_t i = 0; i < row->run_count; i++) {
        const wf_report_run *run = &row->runs[i];
        json_t *one =
            json_pack("{s:I, s:s}", "seed", (json_int_t)run->summary.seed, "run", run->summary.id);
        WF_TRY(wf_json_append(list, cx, one));
        WF_TRY(put_epochs(one, cx, &run->metrics));
    }
    return WF_OK;
}

/* ---- curves ---- */

static wf_status put_curve(json_t *object, wf_context *cx, const wf_threshold_curve *curve) {
    uint8_t *is_kept = NULL;
    json_t *x = NULL, *y = NULL;
    WF_TRY(wf_json_put(object, cx, "fpr", x = json_array()));
    WF_TRY(wf_json_put(object, cx, "tpr", y = json_array()));
    WF_TRY(wf_thin(&is_kept, cx, curve->x, curve->y, curve->count));
    wf_status status = WF_OK;
    for (int64_t i = 0; i < curve->count && status == WF_OK; i++) {
        if (!is_kept[i]) continue;
        status = wf_json_append(x, cx, brief(curve->x[i]));
        if (status == WF_OK) status = wf_json_append(y, cx, brief(curve->y[i]));
    }
    wf_free(is_kept);
    return status;
}

/* One class against the rest. Without an image of the class, or of the rest, there is no curve. */
static wf_status put_roc_of(json_t *list, wf_context *cx, const wf__detail *d, int class,
                            uint8_t *is_positive, float *scores) {
    const wf_predictions *p = &d->predictions;
    const wf_class_score *score = &d->evaluation->classes[class];
    wf_threshold_curve curve = {0};
    json_t *one = json_pack("{s:i, s:o}", "class", class, "auc", wf_json_real(score->auc));
    WF_TRY(wf_json_append(list, cx, one));
    for (int64_t i = 0; i < p->count; i++) {
        is_positive[i] = p->labels[i] == class;
        scores[i] = p->probabilities[i * p->class_count + class];
    }
    if (score->support > 0 && score->support < p->count)
        WF_TRY(wf_roc_curve(&curve, cx, is_positive, scores, p->count, 1));
    wf_status status = put_curve(one, cx, &curve);
    wf_threshold_curve_reset(&curve);
    return status;
}

static wf_status put_bins(json_t *model, wf_context *cx, const wf_calibration_bin *bins,
                          int count) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(model, cx, "reliability", list));
    for (int i = 0; i < count; i++)
        WF_TRY(wf_json_append(
            list, cx,
            json_pack("{s:o, s:o, s:I, s:o, s:o}", "low", brief(bins[i].low), "high",
                      brief(bins[i].high), "count", (json_int_t)bins[i].count, "confidence",
                      wf_json_real(bins[i].probability), "accuracy", wf_json_real(bins[i].share))));
    return WF_OK;
}

/* The probability of the predicted class, and whether it is the true one. */
static wf_status put_reliability(json_t *model, wf_context *cx, const wf_predictions *p,
                                 uint8_t *is_right, float *confidence) {
    wf_calibration_bin bins[BINS];
    if (p->count == 0) return put_bins(model, cx, bins, 0);
    for (int64_t i = 0; i < p->count; i++) {
        is_right[i] = p->predicted[i] == p->labels[i];
        confidence[i] = fminf(p->probabilities[i * p->class_count + p->predicted[i]], 1);
    }
    WF_TRY(wf_calibration_curve(bins, cx, is_right, confidence, p->count, BINS, WF_BINS_UNIFORM));
    return put_bins(model, cx, bins, BINS);
}

static wf_status put_predictions(json_t *model, wf_context *cx, const wf_predictions *p,
                                 const float *confidence) {
    json_t *object = NULL, *packed = NULL;
    if (p->count == 0) return wf_json_put(model, cx, "predictions", json_null());
    WF_TRY(wf_json_put(model, cx, "predictions", object = json_object()));
    const size_t count = (size_t)p->count;
    WF_TRY(wf_packed_small(&packed, cx, p->labels, count, p->class_count));
    WF_TRY(wf_json_put(object, cx, "label", packed));
    WF_TRY(wf_packed_small(&packed, cx, p->predicted, count, p->class_count));
    WF_TRY(wf_json_put(object, cx, "predicted", packed));
    WF_TRY(wf_packed_shares(&packed, cx, confidence, count));
    return wf_json_put(object, cx, "confidence", packed);
}

/* All that follows from the predictions. */
static wf_status put_curves(json_t *model, wf_context *cx, const wf__detail *d) {
    const wf_predictions *p = &d->predictions;
    wf_status status = WF_OK;
    uint8_t *flags = NULL;
    float *values = NULL;
    json_t *roc = json_array();
    WF_TRY(wf_json_put(model, cx, "roc", roc));
    if (p->count > 0) {
        WF_TRY_OR(wf_alloc(&flags, cx, (size_t)p->count, sizeof *flags));
        WF_TRY_OR(wf_alloc(&values, cx, (size_t)p->count, sizeof *values));
    }
    for (int k = 0; p->count > 0 && k < p->class_count; k++)
        WF_TRY_OR(put_roc_of(roc, cx, d, k, flags, values));
    WF_TRY_OR(put_reliability(model, cx, p, flags, values));
    WF_TRY_OR(put_predictions(model, cx, p, values));
done:
    wf_free(flags);
    wf_free(values);
    return status;
}

/* ---- the model ---- */

static wf_status put_model(json_t *list, wf_context *cx, const wf_report_row *row,
                           const wf__detail *detail) {
    const wf_run_summary *s = wf__row_summary(row);
    json_t *evaluation = NULL;
    json_t *model = json_pack("{s:s, s:s, s:s, s:[]}", "label", row->label, "family", s->family,
                              "run", s->id, "layers");
    WF_TRY(wf_json_append(list, cx, model)); /* now owned by the list */
    WF_TRY(put_seeds(model, cx, row));
    WF_TRY(wf_evaluation_json(&evaluation, cx, detail->evaluation));
    WF_TRY(wf_json_put(model, cx, "evaluation", evaluation));
    WF_TRY(put_curves(model, cx, detail));
    WF_TRY(wf__document_sets(model, cx, &row->runs[0]));
    WF_TRY(wf_json_put(model, cx, "map", json_null()));
    WF_TRY(wf_json_put(model, cx, "has_images", json_false()));
    return wf_json_put(model, cx, "mistakes", json_array());
}

wf_status wf__document_models(wf__document *d, wf_context *cx) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(d->json, cx, "models", list));
    for (size_t i = 0; i < d->c->row_count; i++)
        WF_TRY(put_model(list, cx, &d->c->rows[i], &d->details[i]));
    return WF_OK;
}
