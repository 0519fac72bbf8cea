#include "eval/evaluation.h"

#include <math.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/status.h"

enum { MOST_CONFUSED = 20, MAX_BYTES = 1 << 26 };

static json_t *score_json(const wf_class_score *s) {
    return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o}", "precision", wf_json_real(s->precision),
                     "recall", wf_json_real(s->recall), "f1", wf_json_real(s->f1), "support",
                     (json_int_t)s->support, "auc", wf_json_real(s->auc), "average_precision",
                     wf_json_real(s->average_precision));
}

static json_t *classes_json(const wf_evaluation *e) {
    json_t *list = json_array();
    for (int i = 0; i < e->class_count; i++) {
        json_t *one = json_pack("{s:s}", "name", e->class_names[i]), *score;
        score = score_json(&e->classes[i]);
        if (one && e->is_multilabel)
            json_object_set_new(one, "threshold", wf_json_real(e->thresholds[i]));
        if (!one || !score || json_object_update(one, score) != 0) {
            json_decref(one);
            one = NULL;
        }
        json_decref(score);
        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *confusion_json(const wf_evaluation *e) {
    if (e->is_multilabel) return json_null();
    json_t *rows = json_array();
    int k = e->class_count, bad = 0;
    for (int t = 0; t < k; t++) {
        json_t *row = json_array();
        for (int p = 0; p < k; p++)
            bad |= json_array_append_new(row, json_integer(e->confusion[t * k + p]));
        bad |= json_array_append_new(rows, row);
    }
    if (!bad) return rows;
    json_decref(rows);
    return NULL;
}

static json_t *top_k_json(const wf_evaluation *e) {
    json_t *list = json_array();
    int bad = 0;
    for (int i = 0; i < e->class_count; i++)
        bad |= json_array_append_new(list, wf_json_real(e->top_k[i]));
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *pairs_json(const wf_evaluation *e) {
    json_t *list = json_array();
    int bad = 0;
    for (int i = 0; i < e->pair_count && i < MOST_CONFUSED; i++) {
        const wf_confused_pair *p = &e->pairs[i];
        bad |= json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:f}", "truth",
                                                     e->class_names[p->truth], "predicted",
                                                     e->class_names[p->predicted], "count",
                                                     (json_int_t)p->count, "share", p->share));
    }
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *extreme_json(const wf_evaluation *e, int by_f1, int by_recall) {
    if (by_f1 < 0) return json_null();
    return json_pack("{s:{s:s, s:f}, s:{s:s, s:f}}", "by_f1", "name", e->class_names[by_f1], "f1",
                     e->classes[by_f1].f1, "by_recall", "name", e->class_names[by_recall], "recall",
                     e->classes[by_recall].recall);
}

/* How many headline figures an evaluation of its kind has. */
static int headline_count(const wf_evaluation *e) {
    return e->is_multilabel ? WF_HEADLINE_COUNT : WF_HEADLINE_SUBSET_ACCURACY;
}

static json_t *intervals_json(const wf_evaluation *e) {
    const wf_intervals *intervals = &e->intervals;
    if (intervals->resamples == 0) return json_null();
    json_t *object = json_pack("{s:s, s:f, s:I, s:I}", "method", "bootstrap, percentile", "level",
                               intervals->level, "resamples", (json_int_t)intervals->resamples,
                               "seed", (json_int_t)intervals->seed);
    int bad = 0;
    for (int h = 0; h < headline_count(e); h++)
        bad |= json_object_set_new(object, wf_headline_key((wf_headline)h),
                                   json_pack("[o, o]", wf_json_real(intervals->of[h].low),
                                             wf_json_real(intervals->of[h].high)));
    if (!bad) return object;
    json_decref(object);
    return NULL;
}

/* What only images with any number of labels have. */
static int add_sets(json_t *object, const wf_evaluation *e) {
    int bad = 0;
    if (!e->is_multilabel) return 0;
    bad |= json_object_set_new(object, "multilabel", json_true());
    for (int h = WF_HEADLINE_SUBSET_ACCURACY; h < WF_HEADLINE_COUNT; h++)
        bad |= json_object_set_new(object, wf_headline_key((wf_headline)h),
                                   wf_json_real(wf_evaluation_headline(e, (wf_headline)h)));
    bad |= json_object_set_new(object, "small_objects", json_integer(e->small_count));
    bad |=
        json_object_set_new(object, "subset_accuracy_at_half", wf_json_real(e->accuracy_at_half));
    bad |= json_object_set_new(object, "hamming_loss", wf_json_real(e->hamming_loss));
    return bad | json_object_set_new(object, "samples", score_json(&e->samples));
}

wf_status wf_evaluation_json(json_t **out, wf_context *cx, const wf_evaluation *e) {
    json_t *object = json_object();
    int bad = 0;
    bad |= json_object_set_new(object, "schema_version", json_integer(1));
    bad |= json_object_set_new(object, "count", json_integer(e->count));
    bad |= json_object_set_new(object, "accuracy", wf_json_real(e->accuracy));
    bad |= json_object_set_new(object, "balanced_accuracy", wf_json_real(e->balanced_accuracy));
    bad |= json_object_set_new(object, "mcc", wf_json_real(e->mcc));
    bad |= json_object_set_new(object, "kappa", wf_json_real(e->kappa));
    bad |= json_object_set_new(object, "loss", wf_json_real(e->loss));
    bad |= json_object_set_new(object, "brier", wf_json_real(e->brier));
    bad |= json_object_set_new(object, "ece", wf_json_real(e->calibration_error.expected));
    bad |= json_object_set_new(object, "mce", wf_json_real(e->calibration_error.most));
    bad |= json_object_set_new(object, "intervals", intervals_json(e));
    bad |= json_object_set_new(object, "macro", score_json(&e->macro));
    bad |= json_object_set_new(object, "micro", score_json(&e->micro));
    bad |= json_object_set_new(object, "weighted", score_json(&e->weighted));
    bad |= json_object_set_new(object, "top_k", top_k_json(e));
    bad |= json_object_set_new(object, "worst_class",
                               extreme_json(e, e->worst_by_f1, e->worst_by_recall));
    bad |= json_object_set_new(object, "best_class",
                               extreme_json(e, e->best_by_f1, e->best_by_recall));
    bad |= json_object_set_new(object, "classes", classes_json(e));
    bad |= json_object_set_new(object, "confusion", confusion_json(e));
    bad |= json_object_set_new(object, "most_confused", pairs_json(e));
    bad |= add_sets(object, e);
    if (bad) {
        json_decref(object);
        return WF_FAIL(WF_E_NOMEM, "out of memory: evaluation of %d classes as JSON",
                       e->class_count);
    }
    *out = object;
    return WF_OK;
}

wf_status wf_evaluation_to_json(char **out_text, wf_context *cx, const wf_evaluation *e) {
    json_t *object = NULL;
    wf_str text = {0};
    WF_TRY(wf_evaluation_json(&object, cx, e));
    wf_status status = wf_json_text(&text, cx, object, WF_JSON_PRETTY);
    json_decref(object);
    if (status != WF_OK) {
        wf_str_reset(&text);
        return status;
    }
    *out_text = text.text;
    return WF_OK;
}

static const char OWNER[] = "evaluation";

static wf_status read_confusion(wf_evaluation *e, wf_context *cx, json_t *rows) {
    int k = e->class_count;
    int64_t total = 0;
    WF_REQUIRE(json_array_size(rows) == (size_t)k, WF_E_DATA,
               "evaluation: confusion has %zu rows for %d classes", json_array_size(rows), k);
    for (int t = 0; t < k; t++) {
        json_t *row = json_array_get(rows, (size_t)t);
        WF_REQUIRE(json_is_array(row) && json_array_size(row) == (size_t)k, WF_E_DATA,
                   "evaluation: row %d of confusion must hold %d counts", t, k);
        for (int p = 0; p < k; p++) {
            json_t *cell = json_array_get(row, (size_t)p);
            int64_t n = json_is_integer(cell) ? json_integer_value(cell) : -1;
            WF_REQUIRE(n >= 0 && !__builtin_add_overflow(total, n, &total), WF_E_DATA,
                       "evaluation: confusion[%d][%d] must be a count", t, p);
            e->confusion[t * k + p] = n;
        }
    }
    return WF_OK;
}

/* Absent and null mean unknown: runs of older versions have fewer figures. */
static wf_status read_figure(double *out, wf_context *cx, const json_t *value, const char *what) {
    WF_REQUIRE(!value || json_is_null(value) || json_is_number(value), WF_E_DATA,
               "evaluation: %s must be a number or null", what);
    *out = json_is_number(value) ? json_number_value(value) : (double)NAN;
    return WF_OK;
}

static wf_status read_score(wf_class_score *out, wf_context *cx, const json_t *object) {
    WF_TRY(read_figure(&out->auc, cx, json_object_get(object, "auc"), "auc"));
    return read_figure(&out->average_precision, cx, json_object_get(object, "average_precision"),
                       "average_precision");
}

static wf_status read_intervals(wf_intervals *out, wf_context *cx, const json_t *object) {
    if (!object || json_is_null(object)) return WF_OK;
    const json_t *resamples = json_object_get(object, "resamples");
    const json_t *seed = json_object_get(object, "seed");
    WF_REQUIRE(json_integer_value(resamples) >= 1 && json_is_integer(seed), WF_E_DATA,
               "evaluation: intervals must have whole numbers resamples, from 1, and seed");
    out->resamples = json_integer_value(resamples);
    out->seed = (uint64_t)json_integer_value(seed);
    WF_TRY(read_figure(&out->level, cx, json_object_get(object, "level"), "level"));
    for (int h = 0; h < WF_HEADLINE_COUNT; h++) {
        const char *key = wf_headline_key((wf_headline)h);
        const json_t *interval = json_object_get(object, key);
        WF_TRY(read_figure(&out->of[h].low, cx, json_array_get(interval, 0), key));
        WF_TRY(read_figure(&out->of[h].high, cx, json_array_get(interval, 1), key));
    }
    return WF_OK;
}

/* What does not follow from the confusion matrix. */
static wf_status read_figures(wf_evaluation *e, wf_context *cx, const json_t *object) {
    const struct {
        const char *key;
        double *to;
    } figures[] = {{"loss", &e->loss},
                   {"brier", &e->brier},
                   {"ece", &e->calibration_error.expected},
                   {"mce", &e->calibration_error.most}};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        WF_TRY(read_figure(figures[i].to, cx, json_object_get(object, figures[i].key),
                           figures[i].key));
    WF_TRY(read_intervals(&e->intervals, cx, json_object_get(object, "intervals")));
    json_t *classes = json_object_get(object, "classes");
    for (int i = 0; i < e->class_count; i++)
        WF_TRY(read_score(&e->classes[i], cx, json_array_get(classes, (size_t)i)));
    WF_TRY(read_score(&e->macro, cx, json_object_get(object, "macro")));
    WF_TRY(read_score(&e->micro, cx, json_object_get(object, "micro")));
    return read_score(&e->weighted, cx, json_object_get(object, "weighted"));
}

/* Every figure of a score; a support that is no count is 0. */
static wf_status read_whole_score(wf_class_score *out, wf_context *cx, const json_t *object) {
    WF_TRY(read_figure(&out->precision, cx, json_object_get(object, "precision"), "precision"));
    WF_TRY(read_figure(&out->recall, cx, json_object_get(object, "recall"), "recall"));
    WF_TRY(read_figure(&out->f1, cx, json_object_get(object, "f1"), "f1"));
    out->support = json_integer_value(json_object_get(object, "support"));
    return read_score(out, cx, object);
}

/* Of any number of labels per image nothing follows from anything else: all is read. */
static wf_status fill_sets(wf_evaluation *e, wf_context *cx, const json_t *object) {
    const json_t *classes = json_object_get(object, "classes");
    const json_t *count = json_object_get(object, "count");
    const struct {
        const char *key;
        double *to;
    } figures[] = {{"loss", &e->loss},
                   {"accuracy", &e->accuracy},
                   {"subset_accuracy_at_half", &e->accuracy_at_half},
                   {"hamming_loss", &e->hamming_loss},
                   {"set_log_likelihood", &e->set_log_likelihood},
                   {"small_object_recall", &e->small_recall}};
    wf__evaluation_of_sets(e);
    WF_REQUIRE(json_integer_value(count) >= 1, WF_E_DATA,
               "evaluation: count must be a whole number from 1");
    e->count = json_integer_value(count);
    e->small_count = json_integer_value(json_object_get(object, "small_objects"));
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        WF_TRY(read_figure(figures[i].to, cx, json_object_get(object, figures[i].key),
                           figures[i].key));
    WF_TRY(read_intervals(&e->intervals, cx, json_object_get(object, "intervals")));
    WF_TRY(wf_alloc(&e->thresholds, cx, (size_t)e->class_count, sizeof *e->thresholds));
    for (int i = 0; i < e->class_count; i++) {
        const json_t *one = json_array_get(classes, (size_t)i);
        WF_TRY(read_whole_score(&e->classes[i], cx, one));
        WF_TRY(read_figure(&e->thresholds[i], cx, json_object_get(one, "threshold"), "threshold"));
    }
    WF_TRY(read_whole_score(&e->macro, cx, json_object_get(object, "macro")));
    WF_TRY(read_whole_score(&e->micro, cx, json_object_get(object, "micro")));
    WF_TRY(read_whole_score(&e->weighted, cx, json_object_get(object, "weighted")));
    WF_TRY(read_whole_score(&e->samples, cx, json_object_get(object, "samples")));
    wf__evaluation_extremes(e);
    return WF_OK;
}

static wf_status fill(wf_evaluation *e, wf_context *cx, json_t *object) {
    json_t *rows = NULL, *top = json_object_get(object, "top_k");
    if (json_is_true(json_object_get(object, "multilabel"))) return fill_sets(e, cx, object);
    WF_TRY(wf_json_get_array(&rows, cx, object, "confusion", OWNER));
    WF_TRY(read_confusion(e, cx, rows));
    WF_TRY(wf__evaluation_derive(e, cx));
    WF_TRY(read_figures(e, cx, object));
    WF_REQUIRE(!top || json_is_null(top) || json_array_size(top) == (size_t)e->class_count,
               WF_E_DATA, "evaluation: top_k must hold %d figures", e->class_count);
    for (int i = 0; i < e->class_count; i++)
        WF_TRY(read_figure(&e->top_k[i], cx, json_array_get(top, (size_t)i), "an entry of top_k"));
    return WF_OK;
}

wf_status wf_evaluation_from_json(wf_evaluation **out, wf_context *cx, const char *text,
                                  size_t length) {
    wf_status status = WF_OK;
    json_t *object = NULL, *classes = NULL;
    wf_evaluation *e = NULL;
    const char **names = NULL;
    WF_TRY(wf_json_parse(&object, cx, text, length, OWNER, MAX_BYTES));
    WF_TRY_OR(wf_json_get_array(&classes, cx, object, "classes", OWNER));
    size_t k = json_array_size(classes);
    WF_REQUIRE_OR(k >= 1 && k <= WF_EVAL_MAX_CLASSES, WF_E_DATA,
                  "evaluation: %zu classes, must be between 1 and %d", k, WF_EVAL_MAX_CLASSES);
    WF_TRY_OR(wf_alloc(&names, cx, k, sizeof *names));
    for (size_t i = 0; i < k; i++)
        WF_TRY_OR(wf_json_get_text(&names[i], cx, json_array_get(classes, i), "name", OWNER));
    WF_TRY_OR(wf__evaluation_alloc(&e, cx, (int)k, names));
    WF_TRY_OR(fill(e, cx, object));
    *out = e;
    e = NULL;
done:
    wf_free(names);
    wf_evaluation_destroy(e);
    json_decref(object);
    return status;
}
