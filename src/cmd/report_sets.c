/* What a model that tells sets of labels as a whole says of the images that a report shows of it:
 * how probable the sets are that it told, which predictions.csv knows of right ones alone, and
 * where each label looked. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/report_pictures.h"
#include "eval/looks.h"
#include "report/packed.h"

enum {
    VERSION = 1,
    MOST = 64, /* images of one model: samples and the worst ones */
    MODELS = 30
};
#define FILE_NAME "sets.json"

/* ---- the images ---- */

typedef struct shown {
    json_t *images[MOST]; /* of the document, borrowed */
    int32_t index[MOST];
    size_t count;
} shown;

static void add_images(shown *s, const json_t *list) {
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one) {
        if (s->count == MOST) return;
        s->index[s->count] = (int32_t)json_integer_value(json_object_get(one, "index"));
        s->images[s->count++] = one;
    }
}

static void find_images(shown *s, const json_t *sets) {
    const json_t *samples = json_object_get(sets, "samples");
    add_images(s, json_object_get(samples, "right"));
    add_images(s, json_object_get(samples, "wrong"));
    add_images(s, json_object_get(sets, "worst"));
}

/* ---- asking the model ---- */

/* Of all of the images. */
typedef struct told {
    int classes;
    wf_look_places places; /* steps 0: it does not look */
    uint8_t *sets;         /* [n][classes] */
    double *log_p;         /* [n] */
    int32_t *sequences;    /* [n][steps] */
    float *looks;          /* [n][steps][height][width] */
} told;

static void reset_told(told *a) {
    wf_free(a->sets);
    wf_free(a->log_p);
    wf_free(a->sequences);
    wf_free(a->looks);
}

static wf_status ask(told *a, wf_pictures *p, const wf_trained *t, const shown *s) {
    wf_context *cx = &p->cli->cx;
    const wf_images *images = &p->session->dataset->test;
    const wf_asking asking = {.params = t->params,
                              .precision = t->experiment.precision,
                              .normalization = &t->normalization,
                              .views = t->experiment.model->recipe->test_views};
    const size_t n = s->count, steps = (size_t)a->places.steps;
    float *probabilities = NULL;
    WF_TRY(wf_alloc(&a->sets, cx, n, (size_t)a->classes));
    WF_TRY(wf_alloc(&a->log_p, cx, n, sizeof *a->log_p));
    if (steps) WF_TRY(wf_alloc(&a->sequences, cx, n, steps * sizeof *a->sequences));
    const wf_set_answers answers = {.sets = a->sets, .log_p = a->log_p, .sequences = a->sequences};
    WF_TRY(wf_session_probabilities(&probabilities, &answers, p->session, &asking, images, s->index,
                                    (int64_t)n));
    wf_free(probabilities);
    if (!steps) return WF_OK;
    return wf_session_looks(&a->looks, p->session, &asking, images, s->index, (int64_t)n,
                            a->sequences);
}

/* ---- as a document ---- */

/* The map of each label, in the order in which they were told; of the largest weight. */
static wf_status put_looks(json_t *one, wf_context *cx, const told *a, size_t i) {
    const size_t steps = (size_t)a->places.steps;
    const size_t places = (size_t)a->places.height * (size_t)a->places.width;
    const int32_t *sequence = a->sequences + i * steps;
    json_t *labels = json_array();
    WF_TRY(wf_json_put(one, cx, "looks",
                       json_pack("{s:i, s:i, s:o}", "height", (int)a->places.height, "width",
                                 (int)a->places.width, "labels", labels)));
    for (size_t step = 0; step < steps && sequence[step] >= 0 && sequence[step] < a->classes;
         step++) {
        float *weights = a->looks + (i * steps + step) * places, most = 0;
        json_t *values = NULL;
        for (size_t k = 0; k < places; k++) most = fmaxf(most, weights[k]);
        for (size_t k = 0; k < places && most > 0; k++) weights[k] /= most;
        WF_TRY(wf_packed_shares(&values, cx, weights, places));
        WF_TRY(wf_json_append(
            labels, cx, json_pack("{s:i, s:o}", "label", (int)sequence[step], "values", values)));
    }
    return WF_OK;
}

static wf_status put_image(json_t *list, wf_context *cx, const told *a, const shown *s, size_t i) {
    json_t *set = json_array();
    json_t *one = json_pack("{s:i, s:o, s:o, s:n}", "index", (int)s->index[i], "told", set,
                            "told_log_p", wf_json_real(a->log_p[i]), "looks");
    WF_TRY(wf_json_append(list, cx, one));
    for (int k = 0; k < a->classes; k++)
        if (a->sets[i * (size_t)a->classes + (size_t)k])
            WF_TRY(wf_json_append(set, cx, json_integer(k)));
    return a->looks && a->places.is_map ? put_looks(one, cx, a, i) : WF_OK;
}

static wf_status tell(json_t **out, wf_pictures *p, const wf_trained *t, const shown *s) {
    wf_context *cx = &p->cli->cx;
    const wf_graph *g = t->params->graph;
    told a = {.classes = wf_told_sets(g), .places = wf_look_places_of(g)};
    json_t *list = json_array();
    json_t *document = json_pack("{s:i, s:o}", "schema_version", VERSION, "images", list);
    wf_status status = WF_OK;
    WF_REQUIRE_OR(document, WF_E_NOMEM, "out of memory: sets that were told");
    WF_TRY_OR(ask(&a, p, t, s));
    for (size_t i = 0; i < s->count; i++) WF_TRY_OR(put_image(list, cx, &a, s, i));
    *out = json_incref(document);
done:
    json_decref(document);
    reset_told(&a);
    return status;
}

/* ---- into the report ---- */

static int is_of(const json_t *document, const shown *s) {
    const json_t *list = json_object_get(document, "images");
    int same = json_array_size(list) == s->count;
    for (size_t i = 0; i < s->count && same; i++)
        same = json_equal(json_object_get(json_array_get(list, i), "index"),
                          json_object_get(s->images[i], "index"));
    return same;
}

/* Where another machine tells another set by a hair, what is said of it is not of this one. */
static wf_status put(const shown *s, wf_context *cx, const json_t *document) {
    const json_t *list = json_object_get(document, "images");
    for (size_t i = 0; i < s->count; i++) {
        static const char *const keys[] = {"told_log_p", "looks"};
        const json_t *one = json_array_get(list, i);
        if (!json_equal(json_object_get(one, "told"), json_object_get(s->images[i], "told")))
            continue;
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            json_t *value = json_object_get(one, keys[k]);
            WF_TRY(
                wf_json_put(s->images[i], cx, keys[k], value ? json_incref(value) : json_null()));
        }
    }
    return WF_OK;
}

wf_status wf__pictures_sets(wf_pictures *p, size_t row) {
    const wf_evaluation *e = wf__pictures_run(p, row)->evaluation;
    const wf_trained *t = NULL;
    json_t *document = NULL;
    shown s = {.count = 0};
    wf_status status;
    find_images(&s, json_object_get(wf__pictures_model(p, row), "sets"));
    /* with thresholds all is known */
    if (!s.count || row >= MODELS || !isnan(e->thresholds[0])) return WF_OK;
    WF_TRY_OR(wf__pictures_recall(&document, p, row, FILE_NAME, VERSION));
    if (document && !is_of(document, &s)) {
        json_decref(document);
        document = NULL;
    }
    if (!document) {
        WF_TRY_OR(wf__pictures_open_model(&t, p, row));
        if (!t) goto done;
        WF_TRY_OR(wf__pictures_forgive(p, tell(&document, p, t, &s), t->summary.id,
                                       "probabilities of what it told"));
        if (document) WF_TRY_OR(wf__pictures_keep(p, row, FILE_NAME, document));
    }
    status = document ? put(&s, &p->cli->cx, document) : WF_OK;
done:
    json_decref(document);
    return status;
}
