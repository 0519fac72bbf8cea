#include "cmd/opinions.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/crossings.h"

wf_status wf_opinions_init(wf_opinions *out, wf_context *cx, const wf_dataset *dataset,
                           wf_part part) {
    json_t *names = json_array();
    WF_REQUIRE(names, WF_E_NOMEM, "out of memory for names of runs");
    *out = (wf_opinions){.dataset = dataset, .part = part, .names = names};
    return WF_OK;
}

void wf_opinions_reset(wf_opinions *o) {
    wf_free(o->sums);
    json_decref(o->names);
    *o = (wf_opinions){0};
}

const wf_images *wf_part_images(const wf_dataset *dataset, wf_part part) {
    const wf_images *parts[WF_PARTS] = {&dataset->train, &dataset->validation, &dataset->test};
    return parts[part];
}

/* ---- one source of opinions: a run, or the folds of one repeat ---- */

static wf_status check_row(wf_context *cx, const wf_predictions *p, int64_t i, const wf_run *run,
                           const wf_dataset *d, wf_part part, const uint8_t *seen) {
    const wf_images *images = wf_part_images(d, part);
    const char *id = wf_run_id(run), *name = wf_part_name(part);
    WF_REQUIRE(p->index[i] >= 0 && p->index[i] < images->count, WF_E_DATA,
               "run %s: predicts %s image %lld, data set %s has %lld of them | it was judged on "
               "other data",
               id, name, (long long)p->index[i], d->name, (long long)images->count);
    if (d->is_multilabel)
        WF_REQUIRE(!memcmp(p->sets + i * d->n_classes,
                           images->label_sets + p->index[i] * d->n_classes, (size_t)d->n_classes),
                   WF_E_DATA,
                   "run %s: %s image %lld has other labels there than in data set %s | it was "
                   "judged on other data",
                   id, name, (long long)p->index[i], d->name);
    else
        WF_REQUIRE(
            p->labels[i] == images->labels[p->index[i]], WF_E_DATA,
            "run %s: %s image %lld has the label %d there, %d in data set %s | it was judged "
            "on other data",
            id, name, (long long)p->index[i], p->labels[i], images->labels[p->index[i]], d->name);
    WF_REQUIRE(!seen[p->index[i]], WF_E_DATA, "run %s: %s image %lld was predicted before", id,
               name, (long long)p->index[i]);
    return WF_OK;
}

wf_status wf_opinions_read(wf_predictions *out, wf_context *cx, const wf_run *run,
                           const wf_dataset *d, wf_part part, uint8_t *seen) {
    wf_predictions p = {0};
    WF_TRY(d->is_multilabel ? wf_run_read_sets(&p, cx, run) : wf_run_read_predictions(&p, cx, run));
    wf_status status = WF_OK;
    WF_REQUIRE_OR(p.class_count == d->n_classes, WF_E_DATA,
                  "run %s: predicts %d classes, data set %s has %d", wf_run_id(run), p.class_count,
                  d->name, d->n_classes);
    for (int64_t i = 0; i < p.count; i++) {
        WF_TRY_OR(check_row(cx, &p, i, run, d, part, seen));
        seen[p.index[i]] = 1;
    }
    *out = p;
    return WF_OK;
done:
    wf_predictions_reset(&p);
    return status;
}

/* Adds the predictions of these runs, which together must cover the part. */
static wf_status add_source(wf_opinions *o, wf_context *cx, wf_run *const *runs, size_t count,
                            const char *name) {
    const wf_images *images = wf_part_images(o->dataset, o->part);
    size_t n = (size_t)images->count, k = (size_t)o->dataset->n_classes;
    int64_t covered = 0;
    uint8_t *seen = NULL;
    WF_TRY(wf_alloc(&seen, cx, n, 1));
    wf_status status = o->sums ? WF_OK : wf_alloc(&o->sums, cx, n * k, sizeof *o->sums);
    for (size_t r = 0; r < count && status == WF_OK; r++) {
        wf_predictions p = {0};
        status = wf_opinions_read(&p, cx, runs[r], o->dataset, o->part, seen);
        for (int64_t i = 0; i < p.count; i++)
            for (size_t j = 0; j < k; j++)
                o->sums[(size_t)p.index[i] * k + j] += (double)p.probabilities[(size_t)i * k + j];
        covered += p.count;
        wf_predictions_reset(&p);
    }
    wf_free(seen);
    WF_TRY(status);
    WF_REQUIRE(covered == images->count, WF_E_DATA,
               "%s: predicts %lld of the %lld %s images of data set %s | train without --limit",
               name, (long long)covered, (long long)images->count, wf_part_name(o->part),
               o->dataset->name);
    return wf_json_append(o->names, cx, json_string(name));
}

static wf_status add_test_run(wf_opinions *test, wf_cli *cli, wf_run *run, const char *but_of) {
    wf_context *cx = &cli->cx;
    wf_run_summary s = {0};
    WF_TRY(wf_run_read_summary(&s, cx, run));
    wf_status status = WF_OK;
    WF_REQUIRE_OR(s.folds == 0, WF_E_ARG,
                  "run %s is one fold of a cross-validation | give the name: --run %s", s.id,
                  s.name);
    if (but_of && !strcmp(s.model, but_of))
        wf_note(cli, "%s: a run of the judged model, which flags no test image\n", s.id);
    else status = add_source(test, cx, &run, 1, s.id);
done:
    wf_run_summary_reset(&s);
    return status;
}

/* ---- cross-validations ---- */

/* The finished folds of one cross-validation: paths by repeat and fold; NULL: missing. */
typedef struct crossing {
    const wf_run_summary *latest;
    int64_t folds, repeats;
    const char **paths; /* [repeats][folds] */
} crossing;

static int is_fold_here(const wf_run_summary *s, const wf_dataset *d) {
    return s->folds > 0 && s->status == WF_RUN_FINISHED && !strcmp(s->dataset, d->name);
}

/* c->latest stays NULL where there is none. */
static wf_status find_crossing(crossing *c, wf_cli *cli, const wf_run_list *list,
                               const wf_dataset *d) {
    wf_context *cx = &cli->cx;
    wf_str wanted = {0};
    for (size_t i = 0; i < list->count; i++) {
        const wf_run_summary *s = &list->runs[i];
        if (!is_fold_here(s, d)) continue;
        c->latest = s;
        if (s->repeat >= c->repeats) c->repeats = s->repeat + 1;
    }
    if (!c->latest) return WF_OK;
    c->folds = c->latest->folds;
    WF_TRY(wf_alloc(&c->paths, cx, (size_t)(c->repeats * c->folds), sizeof *c->paths));
    wf_status status = wf_fold_key(&wanted, cli, c->latest);
    for (size_t i = 0; i < list->count && status == WF_OK; i++) {
        const wf_run_summary *s = &list->runs[i];
        wf_str key = {0};
        if (!is_fold_here(s, d) || s->folds != c->folds || s->fold >= c->folds) continue;
        status = wf_fold_key(&key, cli, s);
        if (status == WF_OK && !strcmp(key.text, wanted.text))
            c->paths[s->repeat * c->folds + s->fold] = s->path;
        wf_str_reset(&key);
    }
    wf_str_reset(&wanted);
    return status;
}

static int64_t missing_folds(const crossing *c, int64_t repeat, int64_t *out_first) {
    int64_t missing = 0;
    for (int64_t f = c->folds - 1; f >= 0; f--)
        if (!c->paths[repeat * c->folds + f]) missing++, *out_first = f;
    return missing;
}

static wf_status add_repeat(wf_opinions *o, wf_context *cx, const crossing *c, int64_t repeat) {
    wf_run **runs = NULL;
    char name[192];
    size_t n = (size_t)c->folds;
    WF_TRY(wf_alloc(&runs, cx, n, sizeof *runs));
    wf_status status = WF_OK;
    for (size_t f = 0; f < n && status == WF_OK; f++)
        status = wf_run_open(&runs[f], cx, NULL, c->paths[(size_t)repeat * n + f]);
    if (c->repeats > 1)
        snprintf(name, sizeof name, "%.120s, repeat %lld of %lld folds", c->latest->model,
                 (long long)repeat, (long long)c->folds);
    else snprintf(name, sizeof name, "%.120s, %lld folds", c->latest->model, (long long)c->folds);
    if (status == WF_OK) status = add_source(o, cx, runs, n, name);
    for (size_t f = 0; f < n; f++)
        if (runs[f]) wf_run_close(runs[f]);
    wf_free(runs);
    return status;
}

/* *out_found: whether there is one. */
static wf_status add_crossing(int *out_found, wf_opinions *o, wf_cli *cli,
                              const wf_run_list *list) {
    wf_context *cx = &cli->cx;
    crossing c = {0};
    int64_t complete = 0, first = 0;
    wf_status status = find_crossing(&c, cli, list, o->dataset);
    for (int64_t r = 0; r < c.repeats && status == WF_OK && c.paths; r++)
        if (missing_folds(&c, r, &first) == 0) {
            complete++;
            status = add_repeat(o, cx, &c, r);
        }
    if (status == WF_OK && c.latest && complete == 0) {
        int64_t missing = missing_folds(&c, c.latest->repeat, &first);
        status = WF_FAIL(WF_E_NOTFOUND,
                         "cross-validation of %s on %s: %lld of %lld folds are not finished, fold "
                         "%lld is the first | weft cv %s --dataset %s --folds %lld trains them",
                         c.latest->model, c.latest->dataset, (long long)missing, (long long)c.folds,
                         (long long)first, c.latest->model, cli->operands[0], (long long)c.folds);
    }
    *out_found = c.latest != NULL;
    wf_free(c.paths);
    return status;
}

/* ---- a name ---- */

static wf_status add_latest_run(int *out_found, wf_opinions *test, wf_cli *cli,
                                const wf_run_list *list, const char *but_of) {
    const wf_run_summary *latest = NULL;
    wf_run *run = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const wf_run_summary *s = &list->runs[i];
        if (s->folds == 0 && s->status == WF_RUN_FINISHED && isfinite(s->accuracy) &&
            !strcmp(s->dataset, test->dataset->name))
            latest = s;
    }
    *out_found = latest != NULL;
    if (!latest) return WF_OK;
    WF_TRY(wf_run_open(&run, &cli->cx, NULL, latest->path));
    wf_status status = add_test_run(test, cli, run, but_of);
    wf_run_close(run);
    return status;
}

static wf_status add_name(wf_opinions *training, wf_opinions *test, wf_cli *cli, wf_store *store,
                          const char *name, const char *but_of) {
    wf_context *cx = &cli->cx;
    const wf_dataset *d = training->dataset;
    wf_run_list list = {0};
    int has_folds = 0, has_run = 0;
    WF_TRY(wf_store_list(&list, cx, store, name));
    wf_status status = WF_OK;
    if (list.count == 0) { /* the store knows which name is the nearest */
        wf_run *none = NULL;
        status = wf_run_open(&none, cx, store, name);
    }
    if (status == WF_OK) status = add_crossing(&has_folds, training, cli, &list);
    if (status == WF_OK) status = add_latest_run(&has_run, test, cli, &list, but_of);
    wf_run_list_reset(&list);
    WF_TRY(status);
    WF_REQUIRE(has_folds || has_run, WF_E_NOTFOUND,
               "%s: no finished run and no cross-validation of that name on data set %s | "
               "weft cv %s --dataset %s looks at the training labels, weft train at the test ones",
               name, d->name, name, cli->operands[0]);
    if (!has_folds)
        wf_note(cli,
                "%s: no cross-validation, so it says nothing about the training labels; weft "
                "cv %s --dataset %s makes one\n",
                name, name, cli->operands[0]);
    return WF_OK;
}

wf_status wf_opinions_add(wf_opinions *training, wf_opinions *test, wf_cli *cli, wf_store *store,
                          const char *reference, const char *but_of) {
    wf_context unknown = {0};
    wf_run *run = NULL;
    wf_status status = wf_run_open(&run, &unknown, store, reference);
    int is_folder = wf_path_is_dir(reference);
    if (status != WF_OK && (status != WF_E_NOTFOUND || is_folder)) {
        cli->cx = unknown;
        return status;
    }
    int is_run = run && (is_folder || !strcmp(wf_run_id(run), reference));
    if (is_run) status = add_test_run(test, cli, run, but_of);
    else status = add_name(training, test, cli, store, reference, but_of);
    wf_run_close(run);
    return status;
}

wf_status wf_opinions_errors(wf_label_errors **out, wf_context *cx, const wf_opinions *o) {
    const wf_images *images = wf_part_images(o->dataset, o->part);
    const int k = o->dataset->n_classes;
    size_t sources = json_array_size(o->names);
    size_t n = (size_t)images->count * (size_t)k;
    float *mean = NULL;
    if (sources == 0) {
        *out = NULL;
        return WF_OK;
    }
    WF_TRY(wf_alloc(&mean, cx, n, sizeof *mean));
    for (size_t i = 0; i < n; i++) mean[i] = fminf((float)(o->sums[i] / (double)sources), 1);
    wf_status status =
        images->n_labels
            ? wf_label_set_errors_find(out, cx, images->label_sets, mean, images->count, k)
            : wf_label_errors_find(out, cx, images->labels, mean, images->count, k);
    wf_free(mean);
    return status;
}
