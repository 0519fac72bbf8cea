/* A model as YAML with every key and its value: config.yaml of a run. */
#include <math.h>

#include "base/json.h"
#include "spec/reader.h"

typedef struct writer {
    wf_str *out;
    wf_context *cx;
} writer;

static void add_line(const writer *w, int indent, const char *key) {
    wf_str_addf(w->out, w->cx, "%*s%s: ", indent, "", key);
}

static void add_text(const writer *w, int indent, const char *key, const char *text) {
    if (!*text) return;
    add_line(w, indent, key);
    wf_yaml_add_text(w->out, w->cx, text);
    wf_str_add(w->out, w->cx, "\n");
}

static void add_fields(const writer *w, int indent, const wf_field *fields, const void *config) {
    for (const wf_field *f = fields; f && f->key; f++) {
        add_line(w, indent, f->key);
        wf_fields_write(w->out, w->cx, f, config);
        wf_str_add(w->out, w->cx, "\n");
    }
}

static void add_claim(const writer *w, const wf_claim *claim) {
    int has_figure = 0;
    for (const wf_field *f = wf__claim_fields; f->key; f++)
        has_figure |= !isnan(*(const double *)((const char *)claim + f->offset));
    if (!has_figure && !*claim->text && !*claim->note) return;
    wf_str_add(w->out, w->cx, "claim:\n");
    add_text(w, 2, "text", claim->text);
    for (const wf_field *f = wf__claim_fields; f->key; f++) {
        if (isnan(*(const double *)((const char *)claim + f->offset))) continue;
        add_line(w, 2, f->key);
        wf_fields_write(w->out, w->cx, f, claim);
        wf_str_add(w->out, w->cx, "\n");
    }
    add_text(w, 2, "note", claim->note);
}

static void add_input(const writer *w, const wf_node *node) {
    wf_str_add(w->out, w->cx, "input: ");
    wf_fields_write(w->out, w->cx, node->spec.class->fields, node->spec.config);
    wf_str_add(w->out, w->cx, "\nlayers:\n");
}

static void add_layer(const writer *w, const wf_graph *g, const wf_node *node) {
    wf_str_addf(w->out, w->cx, "  - %s:\n      name: ", node->spec.class->name);
    wf_yaml_add_text(w->out, w->cx, node->name);
    wf_str_add(w->out, w->cx, "\n      inputs: [");
    for (int i = 0; i < node->n_inputs; i++) {
        wf_str_add(w->out, w->cx, i ? ", " : "");
        wf_yaml_add_text(w->out, w->cx, g->nodes[node->inputs[i]].name);
    }
    wf_str_add(w->out, w->cx, "]\n");
    add_fields(w, 6, node->spec.class->fields, node->spec.config);
}

static void add_augmentation(const writer *w, const wf_augmentation *pipeline) {
    wf_str_addf(w->out, w->cx, "  augmentation:%s\n", pipeline->n ? "" : " false");
    for (int i = 0; i < pipeline->n; i++) {
        wf_str_addf(w->out, w->cx, "    - %s:\n", pipeline->steps[i].class->name);
        add_fields(w, 8, pipeline->steps[i].class->fields, pipeline->steps[i].config);
    }
}

static void add_training(const writer *w, const wf_recipe *recipe) {
    wf_str_add(w->out, w->cx, "training:\n");
    add_fields(w, 2, wf_recipe_fields, recipe);
    for (int i = 0; i < WF_N_SECTIONS; i++) {
        const wf_section *s = &wf__sections[i];
        const wf_field *fields = s->fields(recipe);
        int is_empty = !fields || !fields->key;
        wf_str_addf(w->out, w->cx, "  %s:%s%s%s\n", s->key, is_empty ? " " : "\n    ",
                    s->name(recipe), is_empty ? "" : ":");
        add_fields(w, 6, fields, s->config(recipe));
    }
    for (int i = 0; i < WF_N_SWITCHED; i++) {
        const wf_switched *s = &wf__switched[i];
        const void *part = (const char *)recipe + s->offset;
        const int is_on = *(const int32_t *)part;
        wf_str_addf(w->out, w->cx, "  %s:%s\n", s->key, is_on ? "" : " false");
        if (is_on) add_fields(w, 4, s->fields, part);
    }
    add_augmentation(w, &recipe->augmentation);
}

wf_status wf_model_spec_write(wf_str *out, wf_context *cx, const wf_model_spec *spec) {
    const writer w = {out, cx};
    add_text(&w, 0, "name", spec->name);
    add_fields(&w, 0, wf__spec_fields, spec);
    add_text(&w, 0, "source", spec->source);
    add_text(&w, 0, "description", spec->description);
    add_claim(&w, &spec->claim);
    for (int i = 0; i < spec->graph->n_nodes; i++) {
        if (i == 0) add_input(&w, &spec->graph->nodes[0]);
        else add_layer(&w, spec->graph, &spec->graph->nodes[i]);
    }
    add_training(&w, spec->recipe);
    return out->status;
}
