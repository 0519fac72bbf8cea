/* weft runs compare: what two or more runs have different, side by side. Which of them is better,
 * and whether that is more than chance, is what weft compare says. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/runs.h"

enum { MAX_RUNS = 16 };

typedef struct column {
    wf_run *run;
    wf_run_summary summary;
    wf_run_config config;
    wf_run_figures figures;
} column;

typedef struct comparison {
    column columns[MAX_RUNS];
    size_t count;
    wf_table table;
    json_t *configuration, *figures; /* objects of arrays, one element per run */
} comparison;

static void comparison_reset(comparison *m) {
    for (size_t i = 0; i < m->count; i++) {
        wf_run_config_reset(&m->columns[i].config);
        wf_run_figures_reset(&m->columns[i].figures);
        wf_run_summary_reset(&m->columns[i].summary);
        wf_run_close(m->columns[i].run);
    }
    wf_table_reset(&m->table);
    json_decref(m->configuration);
    json_decref(m->figures);
}

static wf_status read_column(column *out, wf_context *cx, wf_store *store, const char *reference) {
    WF_TRY(wf_run_open(&out->run, cx, store, reference));
    WF_TRY(wf_run_read_summary(&out->summary, cx, out->run));
    WF_TRY(wf_run_read_figures(&out->figures, cx, out->run));
    return wf_run_config_read(&out->config, cx, out->run);
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
    WF_TRY(wf_table_add(&m->table, cx, key));
    for (size_t i = 0; i < m->count; i++) {
        const char *text = value_of(m, i, key);
        WF_TRY(wf_table_add(&m->table, cx, text ? text : "-"));
        WF_TRY(wf_json_append(values, cx, wf_json_text_or_null(text)));
    }
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

static wf_status add_value(comparison *m, wf_context *cx, json_t *values, double value) {
    WF_TRY(wf_json_append(values, cx, wf_json_real(value)));
    if (!isfinite(value)) return wf_table_add(&m->table, cx, "-");
    return wf_table_addf(&m->table, cx, "%.6g", value);
}

static wf_status add_figure(comparison *m, wf_context *cx, const char *name) {
    json_t *values = json_array();
    WF_TRY(wf_json_put(m->figures, cx, name, values));
    WF_TRY(wf_table_add(&m->table, cx, name));
    for (size_t i = 0; i < m->count; i++)
        WF_TRY(add_value(m, cx, values, figure_of(&m->columns[i].figures, name)));
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
        WF_TRY(wf_table_add(&m->table, cx, lines[k].name));
        for (size_t i = 0; i < m->count; i++) {
            const char *s = (const char *)&m->columns[i].summary + lines[k].offset;
            WF_TRY(add_value(m, cx, values, *(const double *)(const void *)s));
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
    WF_TRY(wf_table_add(&m->table, cx, ""));
    for (size_t i = 0; i < m->count; i++)
        WF_TRY(wf_table_add(&m->table, cx, m->columns[i].summary.id));
    WF_TRY(wf_table_add(&m->table, cx, "judged on"));
    for (size_t i = 0; i < m->count; i++) {
        const char *part = m->columns[i].summary.part;
        WF_TRY(wf_table_add(&m->table, cx, *part ? part : "-"));
    }
    return WF_OK;
}

static wf_status make_result(comparison *m, wf_cli *cli) {
    wf_context *cx = &cli->cx;
    json_t *runs = json_array();
    wf_status status = WF_OK;
    for (size_t i = 0; i < m->count && status == WF_OK; i++)
        status = wf_json_append(runs, cx, json_string(m->columns[i].summary.id));
    if (status == WF_OK)
        cli->result = json_pack("{s:O, s:O, s:O}", "runs", runs, "configuration", m->configuration,
                                "figures", m->figures);
    json_decref(runs);
    return status;
}

wf_status wf_runs_compare(const wf_runs_call *c) {
    wf_cli *cli = c->cli;
    wf_context *cx = &cli->cx;
    comparison m = {.configuration = json_object(), .figures = json_object()};
    wf_status status = WF_OK;
    WF_REQUIRE_OR(c->count <= MAX_RUNS, WF_E_ARG, "%d runs, at most %d stand side by side",
                  c->count, MAX_RUNS);
    for (int i = 0; i < c->count; i++) {
        m.count++;
        WF_TRY_OR(read_column(&m.columns[i], cx, c->store, c->operands[i]));
    }
    wf_table_init(&m.table, (int)m.count + 1, ~1u);
    WF_TRY_OR(add_head(&m, cx));
    WF_TRY_OR(add_settings(&m, cx));
    WF_TRY_OR(add_figures(&m, cx));
    wf_table_print(&m.table, cli);
    WF_TRY_OR(make_result(&m, cli));
done:
    comparison_reset(&m);
    return status;
}
