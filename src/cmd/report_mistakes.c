/* The worst mistakes of each model of a report, and what in these images spoke for the wrong
 * class. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/classes.h"
#include "cmd/explained.h"
#include "cmd/report_pictures.h"
#include "report/packed.h"

enum {
    VERSION = 2,
    SHOWN = 20,
    EXPLAINED = 8,
    MODELS = 30, /* as many are explained: the page has to stay small */
    CLASSES = 12 /* whose probabilities are shown line by line */
};
#define FILE_NAME "evidence.json"

/* A ten-thousandth is less than can be seen. */
static json_t *brief(double value) { return wf_json_real(round(value * 1e4) / 1e4); }

/* Four digits, of figures of any size. */
static json_t *digits(double value) {
    char text[32];
    snprintf(text, sizeof text, "%.4g", value);
    return wf_json_real(strtod(text, NULL));
}

static wf_status put_list(json_t *object, wf_context *cx, const char *key, const float *values,
                          int count) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(object, cx, key, list));
    for (int i = 0; i < count; i++) WF_TRY(wf_json_append(list, cx, brief((double)values[i])));
    return WF_OK;
}

/* ---- the mistakes ---- */

typedef struct mistake {
    int64_t row; /* of the predictions */
    float confidence;
} mistake;

static int compare(const void *left, const void *right) {
    const mistake *a = left, *b = right;
    if (a->confidence != b->confidence) return a->confidence < b->confidence ? 1 : -1;
    return (a->row > b->row) - (a->row < b->row);
}

static wf_status list_mistakes(json_t *list, wf_context *cx, const wf_predictions *p) {
    mistake *mistakes = NULL;
    size_t count = 0;
    wf_status status = WF_OK;
    if (p->count == 0) return WF_OK;
    WF_TRY(wf_alloc(&mistakes, cx, (size_t)p->count, sizeof *mistakes));
    for (int64_t i = 0; i < p->count; i++)
        if (p->predicted[i] != p->labels[i])
            mistakes[count++] =
                (mistake){i, p->probabilities[i * p->class_count + p->predicted[i]]};
    qsort(mistakes, count, sizeof *mistakes, compare);
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        const int64_t row = mistakes[i].row;
        json_t *one =
            json_pack("{s:I, s:n, s:i, s:i, s:n}", "index", (json_int_t)p->index[row], "tile",
                      "label", p->labels[row], "predicted", p->predicted[row], "evidence");
        WF_TRY_OR(wf_json_append(list, cx, one));
        WF_TRY_OR(put_list(one, cx, "probabilities", p->probabilities + row * p->class_count,
                           p->class_count));
    }
done:
    wf_free(mistakes);
    return status;
}

/* ---- evidence ---- */

static wf_status by_place(json_t **out, wf_context *cx, wf_pool *pool, wf_params *params,
                          const wf_explain_options *options) {
    wf_cam cam = {0};
    json_t *values = NULL;
    float hottest = 0;
    wf_status status;
    WF_TRY(wf_cam_create(&cam, params, cx, pool, options));
    const size_t n = (size_t)cam.height * (size_t)cam.width;
    for (size_t i = 0; i < n; i++) hottest = fmaxf(hottest, cam.map[i]);
    for (size_t i = 0; i < n && hottest > 0; i++) cam.map[i] /= hottest;
    WF_TRY_OR(wf_packed_shares(&values, cx, cam.map, n));
    *out = json_pack("{s:s, s:i, s:i, s:o}", "kind", "gradcam", "height", (int)cam.height, "width",
                     (int)cam.width, "values", values);
    WF_REQUIRE_OR(*out, WF_E_NOMEM, "out of memory: Grad-CAM of a mistake");
done:
    wf_cam_reset(&cam);
    return status;
}

/* The classes whose probabilities are shown: all, or those that are likely in the end. */
static wf_status put_progress(json_t *evidence, wf_context *cx, const wf_progression *g) {
    const int count = g->classes < CLASSES ? g->classes : CLASSES;
    int chosen[CLASSES];
    json_t *classes = json_array(), *progress = json_array();
    WF_TRY(wf_json_put(evidence, cx, "classes", classes));
    WF_TRY(wf_json_put(evidence, cx, "progress", progress));
    wf_class_rank(chosen, g->outputs + (g->lines - 1) * g->classes, g->classes, count);
    for (int k = 0; k < count; k++) {
        if (count == g->classes) chosen[k] = k;
        WF_TRY(wf_json_append(classes, cx, json_integer(chosen[k])));
    }
    for (int line = 0; line < g->lines; line++) {
        json_t *step = json_array();
        WF_TRY(wf_json_append(progress, cx, step));
        for (int k = 0; k < count; k++)
            WF_TRY(
                wf_json_append(step, cx, brief((double)g->outputs[line * g->classes + chosen[k]])));
    }
    return WF_OK;
}

static wf_status by_line(json_t **out, wf_context *cx, wf_pool *pool, wf_params *params,
                         const wf_explain_options *options) {
    wf_progression g = {0};
    json_t *evidence = NULL, *rows = json_array();
    wf_status status;
    WF_TRY_OR(wf_progression_create(&g, params, cx, pool, options));
    for (int i = 0; i < g.lines; i++) WF_TRY_OR(wf_json_append(rows, cx, digits(g.shares[i])));
    evidence = json_pack("{s:s, s:s, s:s?, s:i, s:O}", "kind", "rows", "reading",
                         wf_reading_name(g.reading), "layer", g.layer, "image_lines",
                         (int)g.image_lines, "rows", rows);
    WF_REQUIRE_OR(evidence, WF_E_NOMEM, "out of memory: a mistake row by row");
    WF_TRY_OR(put_progress(evidence, cx, &g));
    *out = json_incref(evidence);
done:
    json_decref(rows);
    json_decref(evidence);
    wf_progression_reset(&g);
    return status;
}

typedef wf_status (*way_fn)(json_t **out, wf_context *cx, wf_pool *pool, wf_params *params,
                            const wf_explain_options *options);

/* One for the places, one for the steps, as far as the model has them. */
static wf_status explain_one(json_t *list, wf_pictures *p, const wf_trained *t,
                             const wf_explain_ways *ways, const wf_explain_options *options) {
    const way_fn fns[] = {ways->cam_layer ? by_place : NULL, ways->is_recurrent ? by_line : NULL};
    wf_context *cx = &p->cli->cx;
    for (size_t i = 0; i < sizeof fns / sizeof *fns; i++) {
        json_t *one = NULL;
        if (!fns[i]) continue;
        WF_TRY(fns[i](&one, cx, p->session->pool, t->params, options));
        WF_TRY(wf_json_append(list, cx, one));
    }
    return WF_OK;
}

/* {"schema_version", "mistakes": [{"index", "evidence"}]} of the first mistakes; none where the
 * model has neither convolutions nor a recurrent layer. */
static wf_status explain(json_t **out, wf_pictures *p, const wf_trained *t,
                         const json_t *mistakes) {
    wf_context *cx = &p->cli->cx;
    wf_explain_ways ways;
    json_t *list = json_array(), *mistake;
    size_t i;
    wf_status status = WF_OK;
    wf_explain_ways_of(&ways, t->params);
    json_array_foreach(mistakes, i, mistake) {
        json_t *evidence;
        const wf_explain_options options = {
            .images = &p->session->dataset->test,
            .index = json_integer_value(json_object_get(mistake, "index")),
            .normalization = t->normalization,
            .class_index = (int32_t)json_integer_value(json_object_get(mistake, "predicted"))};
        if (i == EXPLAINED || !(ways.cam_layer || ways.is_recurrent)) break;
        WF_TRY_OR(wf_json_append(
            list, cx, json_pack("{s:I, s:[]}", "index", (json_int_t)options.index, "evidence")));
        evidence = json_object_get(json_array_get(list, i), "evidence");
        WF_TRY_OR(explain_one(evidence, p, t, &ways, &options));
    }
    *out = json_pack("{s:i, s:O}", "schema_version", VERSION, "mistakes", list);
    WF_REQUIRE_OR(*out, WF_E_NOMEM, "out of memory: the evidence of mistakes");
done:
    json_decref(list);
    return status;
}

static wf_status put_evidence(wf_pictures *p, size_t row, json_t *mistakes) {
    json_t *evidence = NULL, *one;
    const wf_trained *t = NULL;
    size_t i;
    wf_status status;
    WF_TRY_OR(wf__pictures_recall(&evidence, p, row, FILE_NAME, VERSION));
    if (!evidence && !p->report->choice.is_brief) {
        WF_TRY_OR(wf__pictures_open_model(&t, p, row));
        if (!t) goto done;
        WF_TRY_OR(wf__pictures_forgive(p, explain(&evidence, p, t, mistakes), t->summary.id,
                                       "evidence of its mistakes"));
        if (evidence) WF_TRY_OR(wf__pictures_keep(p, row, FILE_NAME, evidence));
    }
    json_array_foreach(json_object_get(evidence, "mistakes"), i, one) {
        json_t *mistake = json_array_get(mistakes, i);
        if (!json_equal(json_object_get(one, "index"), json_object_get(mistake, "index"))) break;
        WF_TRY_OR(wf_json_put(mistake, &p->cli->cx, "evidence",
                              json_incref(json_object_get(one, "evidence"))));
    }
done:
    json_decref(evidence);
    return status;
}

wf_status wf__pictures_mistakes(wf_pictures *p, size_t row) {
    wf_context *cx = &p->cli->cx;
    const wf_report_run *run = wf__pictures_run(p, row);
    wf_predictions predictions = {0};
    json_t *mistakes = json_array();
    wf_status status;
    WF_TRY_OR(wf_json_put(wf__pictures_model(p, row), cx, "mistakes", json_incref(mistakes)));
    WF_TRY_OR(wf__pictures_forgive(p, wf_run_read_predictions(&predictions, cx, run->source),
                                   run->summary.id, "mistakes"));
    WF_TRY_OR(list_mistakes(mistakes, cx, &predictions));
    if (json_array_size(mistakes) && row < MODELS) WF_TRY_OR(put_evidence(p, row, mistakes));
done:
    wf_predictions_reset(&predictions);
    json_decref(mistakes);
    return status;
}
