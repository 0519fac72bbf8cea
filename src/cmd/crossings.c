#include "cmd/crossings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/cv_suite.h"
#include "cmd/session.h"

struct wf_crossing_model {
    wf_experiment experiment;     /* of its first fold */
    char *key;                    /* of all its folds */
    const wf_run_summary **folds; /* finished ones, oldest first */
    size_t count;
    size_t crossing;
};

/* ---- configurations ---- */

static wf_status read_experiment(wf_experiment *out, wf_cli *cli, const wf_run_summary *s) {
    char *path = NULL;
    WF_TRY(wf_path_join(&path, &cli->cx, s->path, "config.yaml"));
    wf_status status = wf_experiment_read(out, cli, path);
    wf_free(path);
    return status;
}

wf_status wf_fold_key(wf_str *out, wf_cli *cli, const wf_run_summary *s) {
    wf_experiment e = {0};
    WF_TRY(read_experiment(&e, cli, s));
    e.repeat = e.fold = 0;
    wf_status status = wf_experiment_key(out, &cli->cx, &e);
    wf_experiment_reset(&e);
    return status;
}

wf_status wf_experiment_make_final(wf_experiment *e, wf_context *cx) {
    e->folds = e->repeat = e->fold = 0;
    if (wf_model_needs_validation(e->model)) return WF_OK;
    return wf_model_spec_set(e->model, cx, "training.validation=0");
}

const char *wf_folds_file(char buffer[WF_FOLDS_FILE_BYTES], const wf_experiment *e,
                          int32_t repeat) {
    snprintf(buffer, WF_FOLDS_FILE_BYTES, "folds-%d-seed%lld-limit%lld-repeat%d.csv", e->folds,
             (long long)e->seed, (long long)e->limit, repeat);
    return buffer;
}

/* ---- which folds are of one model ---- */

/* Takes `key` over. */
static wf_status add_model(wf_crossings *c, wf_cli *quiet, wf_str *key, const wf_run_summary *s) {
    wf_context *cx = &quiet->cx;
    WF_TRY(wf_realloc(&c->models, cx, c->model_count, c->model_count + 1, sizeof *c->models));
    wf_crossing_model *m = &c->models[c->model_count];
    *m = (wf_crossing_model){0};
    WF_TRY(read_experiment(&m->experiment, quiet, s));
    m->key = key->text;
    *key = (wf_str){0};
    c->model_count++;
    return WF_OK;
}

static wf_status add_fold(wf_crossings *c, wf_cli *quiet, const wf_run_summary *s) {
    wf_context *cx = &quiet->cx;
    wf_crossing_model *m = NULL;
    wf_str key = {0};
    WF_TRY(wf_fold_key(&key, quiet, s));
    wf_status status = WF_OK;
    for (size_t i = 0; i < c->model_count && !m; i++)
        if (!strcmp(c->models[i].key, key.text) &&
            !strcmp(c->models[i].folds[0]->data_hash, s->data_hash))
            m = &c->models[i];
    if (!m) {
        status = add_model(c, quiet, &key, s);
        if (status == WF_OK) m = &c->models[c->model_count - 1];
    }
    wf_str_reset(&key);
    if (status == WF_OK)
        status = wf_realloc(&m->folds, cx, m->count, m->count + 1, sizeof *m->folds);
    if (status == WF_OK) m->folds[m->count++] = s;
    return status;
}

static int is_done(const wf_run_summary *s) {
    return s->status == WF_RUN_FINISHED && isfinite(s->accuracy);
}

static wf_status find_models(wf_crossings *c, wf_context *cx) {
    for (size_t i = 0; i < c->list->count; i++) {
        wf_cli quiet = {.is_quiet = 1};
        const wf_run_summary *s = &c->list->runs[i];
        if (!s->folds || !is_done(s)) continue;
        wf_status status = add_fold(c, &quiet, s);
        if (status != WF_E_NOMEM) continue;
        *cx = quiet.cx;
        return status;
    }
    return WF_OK;
}

/* ---- which models are of one cross-validation ---- */

static int share_folds(const wf_crossing_model *a, const wf_crossing_model *b) {
    const wf_experiment *x = &a->experiment, *y = &b->experiment;
    return x->folds == y->folds && x->seed == y->seed && x->limit == y->limit &&
           x->precision == y->precision && !strcmp(x->dataset, y->dataset) &&
           !strcmp(x->splits, y->splits) && !strcmp(a->folds[0]->data_hash, b->folds[0]->data_hash);
}

static int share_name(const wf_crossing_model *a, const wf_crossing_model *b) {
    return !strcmp(a->experiment.model->name, b->experiment.model->name);
}

static int share_call(const wf_crossing_model *a, const wf_crossing_model *b) {
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++)
            if (!strcmp(a->folds[i]->command, b->folds[k]->command)) return 1;
    return 0;
}

/* Whether all models of both can take part in one. */
static int may_join(const wf_crossings *c, size_t x, size_t y) {
    for (size_t i = 0; i < c->model_count; i++)
        for (size_t k = 0; k < c->model_count; k++) {
            const wf_crossing_model *a = &c->models[i], *b = &c->models[k];
            if (a->crossing != x || b->crossing != y) continue;
            if (!share_folds(a, b) || share_name(a, b)) return 0;
        }
    return 1;
}

static int has_call_of(const wf_crossings *c, size_t x, size_t y) {
    for (size_t i = 0; i < c->model_count; i++)
        for (size_t k = 0; k < c->model_count; k++)
            if (c->models[i].crossing == x && c->models[k].crossing == y &&
                share_call(&c->models[i], &c->models[k]))
                return 1;
    return 0;
}

/* Joins what can be; `needs_call`: only what one call trained. */
static void join(wf_crossings *c, int needs_call) {
    for (size_t x = 0; x < c->count; x++)
        for (size_t y = x + 1; y < c->count;) {
            if (!may_join(c, x, y) || (needs_call && !has_call_of(c, x, y))) {
                y++;
                continue;
            }
            for (size_t i = 0; i < c->model_count; i++) {
                size_t *of = &c->models[i].crossing;
                if (*of == y) *of = x;
                else if (*of > y) --*of;
            }
            c->count--;
        }
}

wf_status wf_crossings_find(wf_crossings *out, wf_context *cx, const wf_run_list *list) {
    wf_crossings c = {.list = list};
    wf_status status = find_models(&c, cx);
    if (status != WF_OK) {
        wf_crossings_reset(&c);
        return status;
    }
    for (size_t i = 0; i < c.model_count; i++) c.models[i].crossing = c.count++;
    join(&c, 1);
    join(&c, 0);
    *out = c;
    return WF_OK;
}

void wf_crossings_reset(wf_crossings *c) {
    for (size_t i = 0; i < c->model_count; i++) {
        wf_experiment_reset(&c->models[i].experiment);
        wf_free(c->models[i].key);
        wf_free(c->models[i].folds);
    }
    wf_free(c->models);
    *c = (wf_crossings){0};
}

size_t wf_crossings_of(const wf_crossings *c, const wf_run_summary *run) {
    for (size_t i = 0; i < c->model_count; i++)
        for (size_t k = 0; k < c->models[i].count; k++) {
            const wf_run_summary *fold = c->models[i].folds[k];
            if (!strcmp(fold->id, run->id) && !strcmp(fold->started, run->started))
                return c->models[i].crossing;
        }
    return c->count;
}

int wf_crossings_has(const wf_crossings *c, size_t crossing, const char *model) {
    for (size_t i = 0; i < c->model_count; i++)
        if (c->models[i].crossing == crossing &&
            !strcmp(c->models[i].experiment.model->name, model))
            return 1;
    return 0;
}

wf_status wf_crossings_is_in(int *out, wf_context *cx, const wf_crossings *c, size_t crossing,
                             const char *folder) {
    const wf_crossing_model *m = c->models;
    char name[WF_FOLDS_FILE_BYTES], *path = NULL;
    while (m->crossing != crossing) m++;
    WF_TRY(wf_path_join(&path, cx, folder, wf_folds_file(name, &m->experiment, 0)));
    *out = wf_path_exists(path);
    wf_free(path);
    return WF_OK;
}

/* ---- its figures ---- */

/* What wf_cross_validation_create takes. */
typedef struct reading {
    const wf_crossings *c;
    wf_context *cx;
    const wf_crossing_model **models; /* in the order of the table */
    const char **names;
    size_t count;
    int64_t repeats;
    wf_run **runs;
    size_t run_count;
    const wf_cv_suite *suite; /* NULL: none */
} reading;

static wf_status open_run(reading *r, const wf_run_summary *s) {
    WF_TRY(wf_realloc(&r->runs, r->cx, r->run_count, r->run_count + 1, sizeof *r->runs));
    WF_TRY(wf_run_open(&r->runs[r->run_count], r->cx, NULL, s->path));
    r->run_count++;
    return WF_OK;
}

/* Of runs of the same fold the latest. */
static wf_status open_folds(reading *r, const wf_crossing_model *m) {
    for (size_t i = 0; i < m->count; i++) {
        int is_latest = 1;
        for (size_t k = i + 1; k < m->count; k++)
            is_latest &= m->folds[k]->fold != m->folds[i]->fold ||
                         m->folds[k]->repeat != m->folds[i]->repeat;
        if (m->folds[i]->repeat >= r->repeats) r->repeats = m->folds[i]->repeat + 1;
        if (is_latest) WF_TRY(open_run(r, m->folds[i]));
    }
    return WF_OK;
}

/* The key of the model's last training. */
static wf_status final_key(wf_str *out, wf_cli *quiet, const wf_crossing_model *m) {
    wf_experiment e = {0};
    WF_TRY(read_experiment(&e, quiet, m->folds[0]));
    wf_status status = wf_experiment_make_final(&e, &quiet->cx);
    if (status == WF_OK) status = wf_experiment_key(out, &quiet->cx, &e);
    wf_experiment_reset(&e);
    return status;
}

static wf_status find_final(const wf_run_summary **out, wf_cli *quiet, const wf_crossings *c,
                            const wf_crossing_model *m) {
    const wf_run_summary *first = m->folds[0];
    wf_str wanted = {0};
    wf_status status = final_key(&wanted, quiet, m);
    for (size_t i = c->list->count; i-- > 0 && status == WF_OK && !*out;) {
        const wf_run_summary *s = &c->list->runs[i];
        wf_str key = {0};
        if (s->folds || !is_done(s) || strcmp(s->model, first->model) ||
            strcmp(s->data_hash, first->data_hash))
            continue;
        wf_status read = wf_fold_key(&key, quiet, s); /* no fold: its key */
        if (read == WF_E_NOMEM) status = read;
        else if (read == WF_OK && !strcmp(key.text, wanted.text)) *out = s;
        wf_str_reset(&key);
    }
    wf_str_reset(&wanted);
    return status;
}

static wf_status open_final(reading *r, const wf_crossing_model *m) {
    wf_cli quiet = {.is_quiet = 1};
    const wf_run_summary *found = NULL;
    if (find_final(&found, &quiet, r->c, m) == WF_E_NOMEM) {
        *r->cx = quiet.cx;
        return WF_E_NOMEM;
    }
    return found ? open_run(r, found) : WF_OK;
}

static void take_model(reading *r, const wf_crossing_model *m) {
    for (size_t i = 0; i < r->count; i++)
        if (r->models[i] == m) return;
    r->models[r->count] = m;
    r->names[r->count++] = m->experiment.model->name;
}

/* In the order in which they began; those of a suite first, in its order. */
static wf_status list_models(reading *r, size_t crossing) {
    const wf_crossings *c = r->c;
    WF_TRY(wf_alloc(&r->models, r->cx, c->model_count, sizeof *r->models));
    WF_TRY(wf_alloc(&r->names, r->cx, c->model_count, sizeof *r->names));
    for (size_t i = 0; i < c->model_count; i++)
        if (c->models[i].crossing == crossing) take_model(r, &c->models[i]);
    r->suite = wf_cv_suite_among(r->names, r->count);
    if (!r->suite) return WF_OK;
    r->count = 0;
    for (size_t k = 0; k < r->suite->model_count; k++)
        for (size_t i = 0; i < c->model_count; i++)
            if (c->models[i].crossing == crossing &&
                !strcmp(c->models[i].experiment.model->name, r->suite->models[k]))
                take_model(r, &c->models[i]);
    for (size_t i = 0; i < c->model_count; i++)
        if (c->models[i].crossing == crossing) take_model(r, &c->models[i]);
    return WF_OK;
}

static wf_status read_all(wf_cross_validation **out, reading *r) {
    const wf_experiment *e = &r->models[0]->experiment;
    for (size_t i = 0; i < r->count; i++) {
        WF_TRY(open_folds(r, r->models[i]));
        WF_TRY(open_final(r, r->models[i]));
    }
    wf_cv_source source = {.models = r->names,
                           .model_count = r->count,
                           .runs = (const wf_run *const *)r->runs,
                           .run_count = r->run_count,
                           .folds = e->folds,
                           .repeats = r->repeats,
                           .seed = e->seed};
    wf_cv_suite_ask(&source, r->suite);
    return wf_cross_validation_create(out, r->cx, &source);
}

wf_status wf_crossings_read(wf_cross_validation **out, wf_context *cx, const wf_crossings *c,
                            size_t crossing) {
    reading r = {.c = c, .cx = cx};
    wf_status status = list_models(&r, crossing);
    if (status == WF_OK) status = read_all(out, &r);
    for (size_t i = 0; i < r.run_count; i++) wf_run_close(r.runs[i]);
    wf_free(r.runs);
    wf_free(r.models);
    wf_free(r.names);
    return status;
}
