/* A t-SNE map of the test images for each model of a report. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/embedding.h"
#include "cmd/report_pictures.h"
#include "report/packed.h"

enum {
    VERSION = 1,
    LEAST = 10,
    MOST = 10000,
    FEW = 2000, /* of models other than the best of their family */
};

/* ---- making ---- */

/* Coordinates in steps of the larger extent / 65535. */
static wf_status put_points(json_t *map, wf_context *cx, const wf_embedding *e) {
    const size_t n = (size_t)e->images.count;
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    uint16_t *values = NULL;
    json_t *packed = NULL;
    wf_status status;
    for (size_t i = 0; i < 2 * n; i++) {
        low[i % 2] = fminf(low[i % 2], e->map[i]);
        high[i % 2] = fmaxf(high[i % 2], e->map[i]);
    }
    const float extent = fmaxf(high[0] - low[0], high[1] - low[1]);
    WF_TRY_OR(wf_alloc(&values, cx, n, sizeof *values));
    for (size_t axis = 0; axis < 2; axis++) {
        for (size_t i = 0; i < n; i++)
            values[i] = (uint16_t)lroundf((e->map[2 * i + axis] - low[axis]) / extent * 65535);
        WF_TRY_OR(wf_packed_u16(&packed, cx, values, n));
        WF_TRY_OR(wf_json_put(map, cx, axis ? "y" : "x", packed));
    }
done:
    wf_free(values);
    return status;
}

/* Which images; null when these are all. A float holds whole numbers up to 2^24. */
static wf_status put_index(json_t *map, wf_context *cx, const wf_embedding *e, int64_t tests) {
    const size_t n = (size_t)e->images.count;
    json_t *packed = NULL;
    if (e->images.count == tests) return wf_json_put(map, cx, "index", json_null());
    if (tests <= 1 << 16) {
        WF_TRY(wf_packed_small(&packed, cx, e->index, n, tests));
    } else {
        float *values = NULL;
        WF_TRY(wf_alloc(&values, cx, n, sizeof *values));
        for (size_t i = 0; i < n; i++) values[i] = (float)e->index[i];
        wf_status status = wf_packed_f32(&packed, cx, values, n);
        wf_free(values);
        WF_TRY(status);
    }
    return wf_json_put(map, cx, "index", packed);
}

/* Of any number of labels: those that each image has, and those that were told of it. */
static wf_status put_sets(json_t *map, wf_context *cx, const wf_embedding *e) {
    const size_t n = (size_t)e->images.count, labels = (size_t)e->images.n_labels;
    json_t *sets = json_object(), *packed = NULL;
    WF_TRY(wf_json_put(map, cx, "sets", sets));
    WF_TRY(wf_packed_flags(&packed, cx, e->images.label_sets, n, labels));
    WF_TRY(wf_json_put(sets, cx, "true", packed));
    WF_TRY(wf_packed_flags(&packed, cx, e->told, n, labels));
    return wf_json_put(sets, cx, "told", packed);
}

static wf_status make(json_t **out, wf_pictures *p, const wf_trained *t, int64_t points) {
    wf_context *cx = &p->cli->cx;
    wf_embedding e = {0};
    wf_tsne_result result;
    json_t *map = NULL;
    char count[32], time[32];
    const double before = wf_clock_s();
    const wf_embedding_choice choice = {.part = "test", .limit = points};
    wf_status status;
    WF_TRY_OR(wf_embedding_create(&e, p->session, t, &choice));
    const wf_tsne_options options = {.perplexity =
                                         fmin(30, floor((double)(e.images.count - 1) / 3))};
    WF_TRY_OR(
        wf_embedding_map(&e, &result, p->session, &options, wf_embedding_components(&e, WF_UNSET)));
    map = json_pack("{s:i, s:f, s:f, s:s}", "schema_version", VERSION, "kl", result.kl,
                    "perplexity", options.perplexity, "layer", e.layer);
    WF_REQUIRE_OR(map, WF_E_NOMEM, "out of memory: a map");
    WF_TRY_OR(put_index(map, cx, &e, p->session->dataset->test.count));
    WF_TRY_OR(put_points(map, cx, &e));
    if (e.told) WF_TRY_OR(put_sets(map, cx, &e));
    else WF_TRY_OR(wf_json_put(map, cx, "sets", json_null()));
    wf_note(p->cli, "%s: t-SNE of %s test images, %s\n", t->summary.id,
            wf_thousands(count, e.images.count), wf_duration(time, wf_clock_s() - before));
    *out = map;
    map = NULL;
done:
    json_decref(map);
    wf_embedding_reset(&e);
    return status;
}

/* ---- which ---- */

static int is_best_of_family(const wf_comparison *c, size_t row) {
    const char *family = c->rows[row].runs[0].summary.family;
    for (size_t i = 0; i < row; i++)
        if (!strcmp(c->rows[i].runs[0].summary.family, family)) return 0;
    return 1;
}

/* As many images as the row's map shows; 0: it gets none. */
static int64_t choose_points(wf_pictures *p, size_t row) {
    const int64_t tests = wf__pictures_run(p, row)->summary.test_count;
    const char *maps = p->report->choice.maps;
    const int is_all = maps && !strcmp(maps, "all");
    if (tests < LEAST || (maps && !strcmp(maps, "none"))) return 0;
    if (is_all || is_best_of_family(p->report->comparison, row)) return tests < MOST ? tests : MOST;
    return tests < FEW ? tests : FEW;
}

/* Beyond this, in all, maps are left out where nobody asks for all: 0.5 MB of the page. */
enum { POINTS = 100000 };

static int has_room(const wf_pictures *p, int64_t points) {
    const char *maps = p->report->choice.maps;
    return (maps && !strcmp(maps, "all")) || p->points + points <= POINTS;
}

static wf_status put_map(wf_pictures *p, size_t row, json_t *map, int64_t points) {
    p->points += points;
    p->maps_of_few += points < wf__pictures_run(p, row)->summary.test_count;
    json_object_del(map, "schema_version");
    return wf_json_put(wf__pictures_model(p, row), &p->cli->cx, "map", json_incref(map));
}

wf_status wf__pictures_map(wf_pictures *p, size_t row) {
    const int64_t points = choose_points(p, row);
    const wf_trained *t = NULL;
    char name[32];
    json_t *map = NULL;
    wf_status status;
    if (points == 0) return WF_OK;
    if (!has_room(p, points)) {
        p->maps_left_out++;
        return WF_OK;
    }
    snprintf(name, sizeof name, "map-%lld.json", (long long)points);
    WF_TRY_OR(wf__pictures_recall(&map, p, row, name, VERSION));
    if (!map && !p->report->choice.is_brief) {
        WF_TRY_OR(wf__pictures_open_model(&t, p, row));
        if (!t) goto done;
        WF_TRY_OR(wf__pictures_forgive(p, make(&map, p, t, points), t->summary.id, "map"));
        if (map) WF_TRY_OR(wf__pictures_keep(p, row, name, map));
    }
    if (map) WF_TRY_OR(put_map(p, row, map, points));
done:
    json_decref(map);
    return status;
}
