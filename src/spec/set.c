/* One setting of a model by its path: "layers.lstm.units=56". */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/reader.h"

enum { MAX_STEPS = 16, MAX_PATH = 512 };

/* "layers.lstm.units=56" as steps {"layers", "lstm", "units"} and a value. */
typedef struct setting {
    char path[MAX_PATH];
    char *step[MAX_STEPS];
    int n;
    wf_yaml *value; /* its key is the last step, its position means nothing */
} setting;

static wf_status split(setting *s, wf_context *cx, const char *assignment) {
    const char *equals = strchr(assignment, '=');
    size_t length = equals ? (size_t)(equals - assignment) : 0;
    WF_REQUIRE(length && equals[1], WF_E_ARG,
               "setting \"%.80s\" must be path=value | for instance training.epochs=3", assignment);
    WF_REQUIRE(length < MAX_PATH, WF_E_LIMIT, "setting \"%.80s...\": the path is too long",
               assignment);
    memcpy(s->path, assignment, length);
    for (char *at = s->path; at;) {
        WF_REQUIRE(s->n < MAX_STEPS, WF_E_LIMIT, "setting \"%.80s\": more than %d steps",
                   assignment, MAX_STEPS);
        s->step[s->n++] = at;
        at = strchr(at, '.');
        if (at) *at++ = 0;
    }
    WF_TRY(wf_yaml_parse(&s->value, cx, equals + 1, strlen(equals + 1), assignment));
    return wf_strdup(&s->value->key, cx, s->step[s->n - 1]);
}

/* ---- the graph: the same layers anew, one of them changed ---- */

/* Sets the value in `spec`, walking into nested layers. */
static wf_status set_in_layer(const wf_reader *r, const wf_layer_spec *spec, const setting *s,
                              int from, const char *owner) {
    wf_context *cx = r->cx;
    for (; from < s->n - 1; from++) {
        const wf_field *field = wf_fields_find(spec->class->fields, s->step[from]);
        WF_REQUIRE(field && field->kind == WF_FIELD_LAYER, WF_E_ARG,
                   "%s: %.60s holds no further keys", owner, s->step[from]);
        spec = (const wf_layer_spec *)((const char *)spec->config + field->offset);
    }
    return wf__read_field(r, owner, spec->class->fields, spec->config, s->value);
}

static wf_status find_node(int *out, wf_context *cx, const wf_graph *g, const char *name) {
    const char *names[256], *near;
    size_t n = 0;
    int found = wf_graph_find(g, name);
    for (int i = 0; i < g->n_nodes && n < 256; i++) names[n++] = g->nodes[i].name;
    near = wf_str_nearest(name, names, n);
    WF_REQUIRE(found >= 0 || !near, WF_E_ARG, "model %s has no layer \"%.60s\" | did you mean %s?",
               g->name, name, near);
    WF_REQUIRE(found >= 0, WF_E_ARG, "model %s has no layer \"%.60s\" | `weft summary` lists them",
               g->name, name);
    *out = found;
    return WF_OK;
}

/* changed[i].class NULL: node i as it is. */
static wf_status rebuild(wf_graph **out, wf_context *cx, const wf_graph *old, const char *name,
                         const wf_layer_spec *changed) {
    wf_graph *g = NULL;
    int index = 0;
    WF_TRY(wf_graph_create(&g, cx, name));
    wf_status status = WF_OK;
    for (int i = 0; i < old->n_nodes && status == WF_OK; i++) {
        const wf_node *node = &old->nodes[i];
        status = wf_graph_add(&index, g, cx, changed[i].class ? &changed[i] : &node->spec,
                              node->name, node->inputs, node->n_inputs);
    }
    if (status == WF_OK && old->is_finished) status = wf_graph_finish(g, cx);
    if (status != WF_OK) wf_graph_destroy(g);
    else *out = g;
    return status;
}

static wf_status change(wf_layer_spec *out, const wf_reader *r, const setting *s, int from,
                        const wf_node *node) {
    wf_layer_spec spec = node->spec;
    char owner[96];
    snprintf(owner, sizeof owner, "layer %.64s", node->name);
    WF_TRY(wf_fields_copy(&spec.config, r->cx, spec.class->fields, spec.class->config_size,
                          spec.config));
    *out = spec; /* now the caller's */
    return set_in_layer(r, out, s, from, owner);
}

/* Nodes first ... end - 1 whose names begin with `prefix`, all at once: one after another the model
 * might be wrong in between. */
static wf_status set_layers(const wf_reader *r, const setting *s, int from, int first, int end,
                            const char *prefix, size_t length) {
    wf_context *cx = r->cx;
    wf_model_spec *model = r->spec;
    wf_graph *old = model->graph, *g = NULL;
    wf_layer_spec *changed = NULL;
    int count = 0;
    wf_status status;
    WF_TRY_OR(wf_alloc(&changed, cx, (size_t)old->n_nodes, sizeof *changed));
    for (int i = first; i < end; i++) {
        if (strncmp(old->nodes[i].name, prefix, length) != 0) continue;
        WF_TRY_OR(change(&changed[i], r, s, from, &old->nodes[i]));
        count++;
    }
    WF_REQUIRE_OR(count, WF_E_ARG,
                  "model %s has no layer whose name begins with \"%.*s\" | `weft summary` lists "
                  "them",
                  model->name, (int)length, prefix);
    WF_TRY_OR(rebuild(&g, cx, old, model->name, changed));
    if (g->is_finished) WF_TRY_OR(wf__check_classes(cx, g, model->classes));
    if (first == 0) /* the input */
        WF_TRY_OR(wf_augmentation_check(cx, &model->recipe->augmentation, &g->nodes[0].shape));
    model->graph = g;
    g = old;
done:
    for (int i = 0; changed && i < old->n_nodes; i++)
        if (changed[i].class) wf_fields_destroy(changed[i].class->fields, changed[i].config);
    wf_free(changed);
    wf_graph_destroy(g);
    return status;
}

static wf_status set_layer(const wf_reader *r, const setting *s, int from, int node) {
    return set_layers(r, s, from, node, node + 1, "", 0);
}

/* ---- the recipe ---- */

static wf_status set_in_recipe(const wf_reader *r, wf_recipe *recipe, const setting *s) {
    wf_context *cx = r->cx;
    if (s->n == 2) return wf__read_training(r, recipe, s->value);
    for (int i = 0; i < WF_N_SECTIONS && s->n == 3; i++)
        if (strcmp(s->step[1], wf__sections[i].key) == 0)
            return wf__read_field(r, wf__sections[i].name(recipe), wf__sections[i].fields(recipe),
                                  wf__sections[i].config(recipe), s->value);
    if (strcmp(s->step[1], "augmentation") == 0) {
        WF_REQUIRE(s->n == 4, WF_E_ARG,
                   "training.augmentation must name step and key | for instance "
                   "training.augmentation.random_flip.rate=0");
        return wf__read_augment_field(r, recipe, s->step[2], s->value);
    }
    for (int i = 0; i < WF_N_SWITCHED && s->n == 3; i++)
        if (strcmp(s->step[1], wf__switched[i].key) == 0)
            return wf__read_switched_key(r, recipe, &wf__switched[i], s->value);
    return WF_FAIL(WF_E_ARG, "training: %.60s holds no further keys", s->n > 1 ? s->step[1] : "it");
}

static wf_status set_training(const wf_reader *r, const setting *s) {
    wf_recipe *copy = NULL;
    WF_TRY(wf_recipe_copy(&copy, r->cx, r->spec->recipe));
    wf_status status = set_in_recipe(r, copy, s);
    if (status == WF_OK && r->spec->graph->n_nodes)
        status = wf_augmentation_check(r->cx, &copy->augmentation, &r->spec->graph->nodes[0].shape);
    if (status != WF_OK) {
        wf_recipe_destroy(copy);
        return status;
    }
    wf_recipe_destroy(r->spec->recipe);
    r->spec->recipe = copy;
    return WF_OK;
}

/* ---- the rest ---- */

static wf_status set_name(const wf_reader *r, const setting *s) {
    wf_context *cx = r->cx;
    char *name = NULL, *graph_name = NULL;
    WF_REQUIRE(s->value->kind == WF_YAML_SCALAR, WF_E_ARG, "name must be a plain word");
    WF_TRY(wf__check_model_name(cx, s->value->text));
    WF_TRY(wf_strdup(&name, cx, s->value->text));
    wf_status status = wf_strdup(&graph_name, cx, s->value->text);
    if (status != WF_OK) {
        wf_free(name);
        return status;
    }
    wf_free(r->spec->name);
    wf_free(r->spec->graph->name);
    r->spec->name = name;
    r->spec->graph->name = graph_name;
    return WF_OK;
}

static wf_status set_input(const wf_reader *r, setting *s) {
    wf_context *cx = r->cx;
    char *key = NULL;
    WF_REQUIRE(r->spec->graph->n_nodes, WF_E_ARG, "model %s has no input yet", r->spec->name);
    WF_TRY(wf_strdup(&key, cx, r->spec->graph->nodes[0].spec.class->fields[0].key));
    wf_free(s->value->key);
    s->value->key = key;
    return set_layer(r, s, s->n, 0);
}

static wf_status apply(const wf_reader *r, setting *s) {
    static const char *const roots[] = {"layers", "training", "input", "name"};
    wf_context *cx = r->cx;
    const char *near;
    int node = 0;
    if (strcmp(s->step[0], "layers") == 0) {
        WF_REQUIRE(s->n >= 3, WF_E_ARG,
                   "setting layers must name layer and key | for instance layers.dense.units=64");
        size_t length = strlen(s->step[1]);
        if (length && s->step[1][length - 1] == '*')
            return set_layers(r, s, 2, 1, r->spec->graph->n_nodes, s->step[1], length - 1);
        WF_TRY(find_node(&node, cx, r->spec->graph, s->step[1]));
        return set_layer(r, s, 2, node);
    }
    if (strcmp(s->step[0], "training") == 0) {
        WF_REQUIRE(s->n >= 2, WF_E_ARG,
                   "setting training must name a key | for instance training.epochs=3");
        return set_training(r, s);
    }
    if (s->n == 1 && strcmp(s->step[0], "input") == 0) return set_input(r, s);
    if (s->n == 1 && strcmp(s->step[0], "name") == 0) return set_name(r, s);
    near = wf_str_nearest(s->step[0], roots, sizeof roots / sizeof roots[0]);
    WF_REQUIRE(!near, WF_E_ARG, "setting: unknown path \"%.60s\" | did you mean %s?", s->step[0],
               near);
    return WF_FAIL(
        WF_E_ARG,
        "setting: unknown path \"%.60s\" | it must begin with layers, training, input or "
        "name",
        s->step[0]);
}

wf_status wf_model_spec_set(wf_model_spec *spec, wf_context *cx, const char *assignment) {
    const wf_reader r = {.cx = cx, .spec = spec};
    setting s = {0};
    wf_status status = split(&s, cx, assignment);
    if (status == WF_OK) status = apply(&r, &s);
    wf_yaml_destroy(s.value);
    return status;
}
