#include "spec/summary.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "nn/fields.h"

/* Numbers of one layer's own parameters. */
static int64_t count_params(const wf_graph *g, int node) {
    int64_t n = 0;
    for (int i = 0; i < g->nodes[node].n_params; i++)
        n += g->params[g->nodes[node].first_param + i].size;
    return n;
}

static int64_t output_bytes(const wf_node *node) {
    return wf_shape_size(&node->shape) * (int64_t)sizeof(float);
}

wf_summary_totals wf_summary_total(const wf_graph *g) {
    wf_summary_totals t = {.params = g->total_size,
                           .trainable = g->trainable_size,
                           .non_trainable = g->total_size - g->trainable_size};
    for (int i = 0; i < g->n_nodes; i++) {
        t.madds += g->nodes[i].madds;
        t.output_bytes += output_bytes(&g->nodes[i]);
    }
    return t;
}

/* ---- text ---- */

enum { N_COLUMNS = 6, CELL = 160 };

typedef struct row {
    char cell[N_COLUMNS][CELL];
} row;

/* 647320 -> "632.15 KB", as Keras writes it */
static void format_bytes(char *out, size_t size, int64_t bytes) {
    static const char *const units[] = {"B", "KB", "MB", "GB"};
    double n = (double)bytes;
    int unit = 0;
    while (n >= 1024 && unit < 3) n /= 1024, unit++;
    snprintf(out, size, "%.2f %s", n, units[unit]);
}

/* "(None, 28, 28, 1)": the batch axis comes first, as Keras shows it */
static void format_shape(char *out, size_t size, const wf_shape *s) {
    size_t at = (size_t)snprintf(out, size, "(None");
    for (int i = 0; i < s->rank && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, ", %lld", (long long)s->dim[i]);
    if (at < size) snprintf(out + at, size - at, ")");
}

static int is_sequential(const wf_graph *g) {
    for (int i = 1; i < g->n_nodes; i++)
        if (g->nodes[i].n_inputs != 1 || g->nodes[i].inputs[0] != i - 1) return 0;
    return 1;
}

static row make_row(const wf_graph *g, int i) {
    row r = {0};
    const wf_node *node = &g->nodes[i];
    size_t at = 0;
    snprintf(r.cell[0], CELL, "%s (%s)", node->name, node->spec.class->name);
    format_shape(r.cell[1], CELL, &node->shape);
    wf_thousands(r.cell[2], count_params(g, i));
    wf_thousands(r.cell[3], node->madds);
    wf_thousands(r.cell[4], output_bytes(node));
    for (int k = 0; k < node->n_inputs && at < CELL; k++)
        at += (size_t)snprintf(r.cell[5] + at, CELL - at, "%s%s", k ? ", " : "",
                               g->nodes[node->inputs[k]].name);
    return r;
}

static const row head = {
    {"Layer (type)", "Output Shape", "Param #", "Multiply-adds", "Output bytes", "Connected to"}};

static void widen(int width[N_COLUMNS], const row *r) {
    for (int c = 0; c < N_COLUMNS; c++)
        if ((int)strlen(r->cell[c]) > width[c]) width[c] = (int)strlen(r->cell[c]);
}

static void add_row(wf_str *out, wf_context *cx, const int width[N_COLUMNS], const row *r,
                    int n_columns) {
    for (int c = 0; c < n_columns; c++) {
        int is_number = c >= 2 && c <= 4, is_last = c == n_columns - 1;
        int w = is_number ? width[c] : is_last ? 0 : -width[c];
        wf_str_addf(out, cx, "%s%*s", c ? "  " : "", w, r->cell[c]);
    }
    wf_str_add(out, cx, "\n");
}

static void add_rule(wf_str *out, wf_context *cx, const int width[N_COLUMNS], int n_columns) {
    for (int c = 0; c < n_columns; c++)
        for (int i = 0; i < width[c] + (c ? 2 : 0); i++) wf_str_add(out, cx, "-");
    wf_str_add(out, cx, "\n");
}

static void add_total(wf_str *out, wf_context *cx, const char *label, int64_t params) {
    char count[40], bytes[40];
    wf_thousands(count, params);
    format_bytes(bytes, sizeof bytes, params * (int64_t)sizeof(float));
    wf_str_addf(out, cx, "%s: %s (%s)\n", label, count, bytes);
}

wf_status wf_summary_text(wf_str *out, wf_context *cx, const wf_model_spec *spec) {
    const wf_graph *g = spec->graph;
    const wf_summary_totals t = wf_summary_total(g);
    int width[N_COLUMNS] = {0}, n_columns = is_sequential(g) ? N_COLUMNS - 1 : N_COLUMNS;
    char text[40];
    widen(width, &head);
    for (int i = 0; i < g->n_nodes; i++) {
        row r = make_row(g, i);
        widen(width, &r);
    }
    wf_str_addf(out, cx, "Model: \"%s\"\n", spec->name);
    add_row(out, cx, width, &head, n_columns);
    add_rule(out, cx, width, n_columns);
    for (int i = 0; i < g->n_nodes; i++) {
        row r = make_row(g, i);
        add_row(out, cx, width, &r, n_columns);
    }
    add_rule(out, cx, width, n_columns);
    add_total(out, cx, "Total params", t.params);
    add_total(out, cx, "Trainable params", t.trainable);
    add_total(out, cx, "Non-trainable params", t.non_trainable);
    wf_thousands(text, t.madds);
    wf_str_addf(out, cx, "Multiply-adds per image: %s\n", text);
    format_bytes(text, sizeof text, t.output_bytes);
    wf_str_addf(out, cx, "Outputs per image: %s\n", text);
    return out->status;
}

/* ---- JSON ---- */

static json_t *shape_json(const wf_shape *s) {
    json_t *list = json_array();
    for (int i = 0; i < s->rank; i++) json_array_append_new(list, json_integer(s->dim[i]));
    return list;
}

static json_t *inputs_json(const wf_graph *g, const wf_node *node) {
    json_t *list = json_array();
    for (int i = 0; i < node->n_inputs; i++)
        json_array_append_new(list, json_string(g->nodes[node->inputs[i]].name));
    return list;
}

static json_t *params_json(const wf_graph *g, const wf_node *node) {
    json_t *list = json_array();
    for (int i = 0; i < node->n_params; i++) {
        const wf_param_entry *p = &g->params[node->first_param + i];
        json_array_append_new(list, json_pack("{s:s, s:o, s:b}", "name", p->name, "shape",
                                              shape_json(&p->shape), "trainable", p->is_trainable));
    }
    return list;
}

/* Each key's value as it would stand in a model file. */
static json_t *settings_json(wf_context *cx, const wf_node *node) {
    json_t *settings = json_object();
    for (const wf_field *f = node->spec.class->fields; f && f->key; f++) {
        wf_str value = {0};
        wf_fields_write(&value, cx, f, node->spec.config);
        int is_set = value.status == WF_OK &&
                     json_object_set_new(settings, f->key, json_string(value.text)) == 0;
        wf_str_reset(&value);
        if (is_set) continue;
        json_decref(settings);
        return NULL;
    }
    return settings;
}

static int64_t trainable_params(const wf_graph *g, const wf_node *node) {
    int64_t n = 0;
    for (int i = 0; i < node->n_params; i++) {
        const wf_param_entry *p = &g->params[node->first_param + i];
        if (p->is_trainable) n += p->size;
    }
    return n;
}

static json_t *layer_json(wf_context *cx, const wf_graph *g, int i) {
    const wf_node *node = &g->nodes[i];
    return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o}", "name", node->name,
                     "type", node->spec.class->name, "inputs", inputs_json(g, node), "output_shape",
                     shape_json(&node->shape), "params", (json_int_t)count_params(g, i),
                     "trainable_params", (json_int_t)trainable_params(g, node), "multiply_adds",
                     (json_int_t)node->madds, "output_bytes", (json_int_t)output_bytes(node),
                     "settings", settings_json(cx, node), "parameters", params_json(g, node));
}

wf_status wf_summary_json(json_t **out, wf_context *cx, const wf_model_spec *spec) {
    const wf_graph *g = spec->graph;
    const wf_summary_totals t = wf_summary_total(g);
    json_t *layers = json_array();
    for (int i = 0; i < g->n_nodes; i++) json_array_append_new(layers, layer_json(cx, g, i));
    json_t *claim = json_pack("{s:s, s:o, s:o, s:o, s:s}", "text", spec->claim.text, "accuracy",
                              wf_json_real(spec->claim.accuracy), "macro_f1",
                              wf_json_real(spec->claim.macro_f1), "loss",
                              wf_json_real(spec->claim.loss), "note", spec->claim.note);
    json_t *total =
        json_pack("{s:I, s:I, s:I, s:I, s:I}", "params", (json_int_t)t.params, "trainable_params",
                  (json_int_t)t.trainable, "non_trainable_params", (json_int_t)t.non_trainable,
                  "multiply_adds", (json_int_t)t.madds, "output_bytes", (json_int_t)t.output_bytes);
    /* json_pack gives NULL when any part is NULL, and releases the others. */
    json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "name", spec->name, "family",
                            wf_family_name(spec->family), "source", spec->source, "description",
                            spec->description, "claim", claim, "layers", layers, "total", total);
    WF_REQUIRE(all && json_array_size(layers) == (size_t)g->n_nodes, WF_E_NOMEM,
               "model %s: out of memory for its summary", spec->name);
    *out = all;
    return WF_OK;
}
