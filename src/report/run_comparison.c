/* What runs have different. Which of them is better, and whether that is more than chance, is what
 * weft compare says. */
#include <math.h>
#include <string.h>

#include "base/files.h"
#include "report/run_config.h"

typedef struct column {
    const wf_run *run;
    wf_run_summary summary;
    wf_run_config config;
    wf_run_figures figures;
} column;

typedef struct comparison {
    column columns[WF_RUNS_MAX_COMPARED];
    size_t count;
    json_t *runs, *judged_on, *configuration, *figures;
} comparison;

static void comparison_reset(comparison *m) {
    for (size_t i = 0; i < m->count; i++) {
        wf_run_config_reset(&m->columns[i].config);
        wf_run_figures_reset(&m->columns[i].figures);
        wf_run_summary_reset(&m->columns[i].summary);
    }
    json_decref(m->runs);
    json_decref(m->judged_on);
    json_decref(m->configuration);
    json_decref(m->figures);
}

static wf_status read_column(column *c, wf_context *cx) {
    WF_TRY(wf_run_read_summary(&c->summary, cx, c->run));
    WF_TRY(wf_run_read_figures(&c->figures, cx, c->run));
    return wf_run_config_read(&c->config, cx, c->run);
}

/* ---- the configuration ---- */

/* What only describes the model, and the names of its layers. */
static int is_remark(const char *key) {
    static const char *const remarks[] = {"model.source", "model.description", "model.claim",
                                          "model.family"};
    for (size_t i = 0; i < sizeof remarks / sizeof *remarks; i++)
        if (!strncmp(key, remarks[i], strlen(remarks[i]))) return 1;
    return !strncmp(key, "model.layers.", strlen("model.layers.")) &&
           wf_path_has_suffix(key, ".name");
}

static const char *value_of(const comparison *m, size_t run, const char *key) {
    return wf_run_config_get(&m->columns[run].config, key);
}

static int is_same(const comparison *m, const char *key) {
    const char *first = value_of(m, 0, key);
    for (size_t i = 1; i < m->count; i++) {
        const char *other = value_of(m, i, key);
        if (!first || !other ? first != other : strcmp(first, other) != 0) return 0;
    }
    return 1;
}

static wf_status add_setting(comparison *m, wf_context *cx, const char *key) {
    json_t *values = json_array();
    WF_TRY(wf_json_put(m->configuration, cx, key, values)); /* now owned */
    for (size_t i = 0; i < m->count; i++)
        WF_TRY(wf_json_append(values, cx, wf_json_text_or_null(value_of(m, i, key))));
    return WF_OK;
}

/* The keys of the first run in their order, then those that only later ones have. */
static wf_status add_settings(comparison *m, wf_context *cx) {
    for (size_t i = 0; i < m->count; i++) {
        const wf_run_config *config = &m->columns[i].config;
        for (size_t k = 0; k < config->count; k++) {
            const char *key = config->items[k].key;
            if (is_remark(key) || json_object_get(m->configuration, key) || is_same(m, key))
                continue;
            WF_TRY(add_setting(m, cx, key));
        }
    }
    return WF_OK;
}

/* ---- figures ---- */

static double figure_of(const wf_run_figures *f, const char *name) {
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->items[i].name, name)) return f->items[i].value;
    return (double)NAN;
}

static wf_status add_figure(comparison *m, wf_context *cx, const char *name) {
    json_t *values = json_array();
    WF_TRY(wf_json_put(m->figures, cx, name, values));
    for (size_t i = 0; i < m->count; i++)
        WF_TRY(wf_json_append(values, cx, wf_json_real(figure_of(&m->columns[i].figures, name))));
    return WF_OK;
}

/* Those of training, of the validation images and of time. */
static wf_status add_summaries(comparison *m, wf_context *cx) {
    static const struct {
        const char *name;
        size_t offset;
    } lines[] = {{"val_accuracy", offsetof(wf_run_summary, val_accuracy)},
                 {"val_loss", offsetof(wf_run_summary, val_loss)},
                 {"ms_per_step", offsetof(wf_run_summary, ms_per_step)},
                 {"s_per_epoch", offsetof(wf_run_summary, s_per_epoch)},
                 {"total_s", offsetof(wf_run_summary, total_s)}};
    for (size_t k = 0; k < sizeof lines / sizeof *lines; k++) {
        json_t *values = json_array();
        WF_TRY(wf_json_put(m->figures, cx, lines[k].name, values));
        for (size_t i = 0; i < m->count; i++) {
            const char *s = (const char *)&m->columns[i].summary + lines[k].offset;
            WF_TRY(wf_json_append(values, cx, wf_json_real(*(const double *)(const void *)s)));
        }
    }
    return WF_OK;
}

static wf_status add_figures(comparison *m, wf_context *cx) {
    WF_TRY(add_summaries(m, cx));
    for (size_t i = 0; i < m->count; i++) {
        const wf_run_figures *f = &m->columns[i].figures;
        for (size_t k = 0; k < f->count; k++)
            if (!json_object_get(m->figures, f->items[k].name))
                WF_TRY(add_figure(m, cx, f->items[k].name));
    }
    return WF_OK;
}

/* ---- the whole ---- */

static wf_status add_head(comparison *m, wf_context *cx) {
    for (size_t i = 0; i < m->count; i++) {
        const wf_run_summary *s = &m->columns[i].summary;
        WF_TRY(wf_json_append(m->runs, cx, json_string(s->id)));
        WF_TRY(wf_json_append(m->judged_on, cx, json_string(s->part)));
    }
    return WF_OK;
}

wf_status wf_runs_comparison(json_t **out, wf_context *cx, const wf_run *const *runs,
                             size_t count) {
    comparison m = {.runs = json_array(),
                    .judged_on = json_array(),
                    .configuration = json_object(),
                    .figures = json_object()};
    wf_status status = WF_OK;
    WF_REQUIRE_OR(count >= 2 && count <= WF_RUNS_MAX_COMPARED, WF_E_ARG,
                  "%zu runs, must be 2 to %d to stand side by side", count, WF_RUNS_MAX_COMPARED);
    while (m.count < count) {
        m.columns[m.count] = (column){.run = runs[m.count]};
        m.count++;
        WF_TRY_OR(read_column(&m.columns[m.count - 1], cx));
    }
    WF_TRY_OR(add_head(&m, cx));
    WF_TRY_OR(add_settings(&m, cx));
    WF_TRY_OR(add_figures(&m, cx));
    *out = json_pack("{s:O, s:O, s:O, s:O}", "runs", m.runs, "judged_on", m.judged_on,
                     "configuration", m.configuration, "figures", m.figures);
    if (!*out) status = WF_FAIL(WF_E_NOMEM, "out of memory: runs side by side");
done:
    comparison_reset(&m);
    return status;
}
