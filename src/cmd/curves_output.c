#include "cmd/curves_output.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/files.h"
#include "weft/eval.h"

/* One class against the rest, or all entries as one list. */
typedef struct ranked {
    const char *name; /* as it stands in the files */
    uint8_t *is_positive;
    float *scores;
    int64_t count;
} ranked;

/* What is to be judged. */
typedef struct answers {
    const wf_images *images;
    const float *probabilities; /* [images->count][class_count] */
    int class_count;
} answers;

typedef struct curve_files {
    wf_writer *roc, *precision_recall, *calibration;
} curve_files;

/* What is not a number, or infinite, is an empty cell. Twelve digits tell floats apart. */
static const char *cell(char buffer[32], double value) {
    snprintf(buffer, 32, "%.12g", value);
    return isfinite(value) ? buffer : "";
}

static wf_status add_curve(wf_writer *w, wf_context *cx, const char *name,
                           const wf_threshold_curve *curve) {
    char threshold[32], x[32], y[32];
    for (int64_t i = 0; i < curve->count; i++)
        WF_TRY(wf_writer_addf(w, cx, "%s,%s,%s,%s\n", name, cell(threshold, curve->threshold[i]),
                              cell(x, curve->x[i]), cell(y, curve->y[i])));
    return WF_OK;
}

static wf_status add_ranked(curve_files *files, wf_context *cx, const ranked *r) {
    wf_threshold_curve curve = {0};
    WF_TRY(wf_roc_curve(&curve, cx, r->is_positive, r->scores, r->count, 1));
    wf_status status = add_curve(files->roc, cx, r->name, &curve);
    wf_threshold_curve_reset(&curve);
    if (status != WF_OK) return status;
    WF_TRY(wf_precision_recall_curve(&curve, cx, r->is_positive, r->scores, r->count));
    status = add_curve(files->precision_recall, cx, r->name, &curve);
    wf_threshold_curve_reset(&curve);
    return status;
}

static wf_status add_calibration(curve_files *files, wf_context *cx, const ranked *r) {
    wf_calibration_bin bins[WF_EVAL_CALIBRATION_BINS];
    char low[32], high[32], probability[32], share[32];
    for (int64_t i = 0; i < r->count; i++) r->scores[i] = fminf(r->scores[i], 1);
    WF_TRY(wf_calibration_curve(bins, cx, r->is_positive, r->scores, r->count,
                                WF_EVAL_CALIBRATION_BINS, WF_BINS_UNIFORM));
    for (int i = 0; i < WF_EVAL_CALIBRATION_BINS; i++) {
        const wf_calibration_bin *b = &bins[i];
        if (b->count == 0) continue;
        WF_TRY(wf_writer_addf(files->calibration, cx, "%s,%s,%s,%lld,%s,%s\n", r->name,
                              cell(low, b->low), cell(high, b->high), (long long)b->count,
                              cell(probability, b->probability), cell(share, b->share)));
    }
    return WF_OK;
}

static bool has_label(const answers *a, int64_t image, int class) {
    const wf_images *of = a->images;
    return of->label_sets ? of->label_sets[image * a->class_count + class] != 0
                          : of->labels[image] == class;
}

static wf_status add_class(curve_files *files, wf_context *cx, ranked *r, const answers *a,
                           int class) {
    char name[16];
    snprintf(name, sizeof name, "%d", class);
    r->name = name;
    for (int64_t i = 0; i < r->count; i++) {
        r->is_positive[i] = has_label(a, i, class);
        r->scores[i] = a->probabilities[i * a->class_count + class];
    }
    WF_TRY(add_ranked(files, cx, r));
    return add_calibration(files, cx, r);
}

/* Is the predicted class the true one, with the probability that it has? */
static wf_status add_predicted(curve_files *files, wf_context *cx, ranked *r, const answers *a) {
    r->name = "predicted";
    for (int64_t i = 0; i < r->count; i++) {
        const float *row = a->probabilities + i * a->class_count;
        int best = 0;
        for (int j = 1; j < a->class_count; j++)
            if (row[j] > row[best]) best = j;
        r->is_positive[i] = has_label(a, i, best);
        r->scores[i] = row[best];
    }
    return add_calibration(files, cx, r);
}

static wf_status add_micro(curve_files *files, wf_context *cx, ranked *r, const answers *a) {
    r->name = "micro";
    r->count = a->images->count * a->class_count;
    for (int64_t i = 0; i < r->count; i++) {
        r->is_positive[i] = has_label(a, i / a->class_count, (int)(i % a->class_count));
        r->scores[i] = a->probabilities[i];
    }
    return add_ranked(files, cx, r);
}

static wf_status add_all(curve_files *files, wf_context *cx, const answers *a) {
    wf_status status = WF_OK;
    ranked r = {.count = a->images->count};
    size_t entries = (size_t)a->images->count * (size_t)a->class_count;
    WF_TRY_OR(wf_alloc(&r.is_positive, cx, entries, 1));
    WF_TRY_OR(wf_alloc(&r.scores, cx, entries, sizeof *r.scores));
    WF_TRY_OR(
        wf_writer_addf(files->roc, cx, "class,threshold,false_positive_rate,true_positive_rate\n"));
    WF_TRY_OR(wf_writer_addf(files->precision_recall, cx, "class,threshold,recall,precision\n"));
    WF_TRY_OR(wf_writer_addf(files->calibration, cx, "class,low,high,images,probability,share\n"));
    for (int j = 0; j < a->class_count; j++) WF_TRY_OR(add_class(files, cx, &r, a, j));
    if (!a->images->label_sets) WF_TRY_OR(add_predicted(files, cx, &r, a));
    WF_TRY_OR(add_micro(files, cx, &r, a));
done:
    wf_free(r.is_positive);
    wf_free(r.scores);
    return status;
}

static wf_status open_file(wf_writer **out, wf_context *cx, const char *folder, const char *name) {
    char *path = NULL;
    WF_TRY(wf_path_join(&path, cx, folder, name));
    wf_status status = wf_writer_open(out, cx, path);
    wf_free(path);
    return status;
}

wf_status wf_curves_write(wf_context *cx, const char *folder, const wf_images *images,
                          const float *probabilities, int class_count) {
    const answers judged = {images, probabilities, class_count};
    static const char *const names[] = {"roc.csv", "pr.csv", "calibration.csv"};
    curve_files files = {0};
    wf_writer **const writers[] = {&files.roc, &files.precision_recall, &files.calibration};
    wf_status status;
    WF_TRY(wf_dir_create(cx, folder));
    for (size_t i = 0; i < 3; i++) WF_TRY_OR(open_file(writers[i], cx, folder, names[i]));
    WF_TRY_OR(add_all(&files, cx, &judged));
    for (size_t i = 0; i < 3; i++) {
        wf_writer *w = *writers[i];
        *writers[i] = NULL;
        WF_TRY_OR(wf_writer_commit(w, cx));
    }
done:
    for (size_t i = 0; i < 3; i++) wf_writer_abort(*writers[i]);
    return status;
}
