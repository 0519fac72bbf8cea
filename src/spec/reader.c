#include "spec/reader.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "train/targets.h"

/* ---- positions ---- */

wf_status wf__located(const wf_reader *r, const wf_yaml *at, wf_status status) {
    char text[sizeof r->cx->message];
    if (status == WF_OK || !r->file || !r->cx) return status;
    snprintf(text, sizeof text, "%s", r->cx->message);
    snprintf(r->cx->message, sizeof r->cx->message, "%.200s:%d:%d: %.500s", r->file, at->line,
             at->column, text);
    return status;
}

#define FAIL_AT(r, at, code, ...)                                                                  \
    do {                                                                                           \
        wf_context *cx = (r)->cx;                                                                  \
        return wf__located(r, at, WF_FAIL(code, __VA_ARGS__));                                     \
    } while (0)

static const wf_yaml *get(const wf_yaml *map, const char *key) {
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->items[i].key, key) == 0) return &map->items[i];
    return NULL;
}

static wf_status need_map(const wf_reader *r, const wf_yaml *node, const char *what) {
    if (node->kind != WF_YAML_MAP)
        FAIL_AT(r, node, WF_E_ARG, "%s must be a map of key: value", what);
    return WF_OK;
}

/* ---- fields ---- */

/* A scalar as it is, a list as "[a, b]". */
static wf_status value_text(wf_str *out, const wf_reader *r, const char *owner,
                            const wf_yaml *entry) {
    if (entry->kind == WF_YAML_SCALAR) {
        wf_str_add(out, r->cx, entry->text);
        return out->status;
    }
    if (entry->kind == WF_YAML_MAP)
        FAIL_AT(r, entry, WF_E_ARG, "%s: %s is a map, must be a plain value", owner, entry->key);
    for (size_t i = 0; i < entry->count; i++) {
        if (entry->items[i].kind != WF_YAML_SCALAR)
            FAIL_AT(r, entry, WF_E_ARG, "%s: %s must be a list of plain values", owner, entry->key);
        wf_str_addf(out, r->cx, "%s%s", i ? ", " : "[", entry->items[i].text);
    }
    wf_str_add(out, r->cx, entry->count ? "]" : "[]");
    return out->status;
}

static wf_status read_layer(wf_layer_spec *out, const wf_yaml **out_name,
                            const wf_yaml **out_inputs, const wf_reader *r, const wf_yaml *node);

wf_status wf__read_field(const wf_reader *r, const char *owner, const wf_field *fields,
                         void *config, const wf_yaml *entry) {
    wf_context *cx = r->cx;
    const wf_field *field = wf_fields_find(fields, entry->key);
    if (field && field->kind == WF_FIELD_LAYER) {
        wf_layer_spec spec = {0};
        WF_TRY(read_layer(&spec, NULL, NULL, r, entry));
        return wf_fields_set_layer(cx, owner, fields, config, entry->key, spec);
    }
    wf_str text = {0};
    wf_status status = field ? value_text(&text, r, owner, entry) : WF_OK;
    if (status == WF_OK)
        status = wf__located(
            r, entry,
            wf_fields_set(cx, owner, fields, config, entry->key, text.text ? text.text : ""));
    wf_str_reset(&text);
    return status;
}

/* ---- layers ---- */

/* The keys of one layer into out->config; `name` and `inputs` belong to the node. */
static wf_status read_keys(const wf_layer_spec *out, const wf_yaml **out_name,
                           const wf_yaml **out_inputs, const wf_reader *r, const wf_yaml *keys) {
    char owner[96];
    const wf_yaml *name = keys && out_name ? get(keys, "name") : NULL;
    int is_named = name && name->kind == WF_YAML_SCALAR;
    snprintf(owner, sizeof owner, "layer %.64s", is_named ? name->text : out->class->name);
    for (size_t i = 0; keys && i < keys->count; i++) {
        const wf_yaml *entry = &keys->items[i];
        if (out_name && strcmp(entry->key, "name") == 0) *out_name = entry;
        else if (out_inputs && strcmp(entry->key, "inputs") == 0) *out_inputs = entry;
        else WF_TRY(wf__read_field(r, owner, out->class->fields, out->config, entry));
    }
    return WF_OK;
}

/* `flatten`, or `conv2d: {filters: 32}`. Inside another layer, out_name and out_inputs are NULL. */
static wf_status read_layer(wf_layer_spec *out, const wf_yaml **out_name,
                            const wf_yaml **out_inputs, const wf_reader *r, const wf_yaml *node) {
    wf_context *cx = r->cx;
    const wf_yaml *keys = NULL;
    const char *class_name = node->text;
    wf_layer_spec spec = {0};
    char owner[96];
    if (node->kind == WF_YAML_MAP && node->count > 1)
        FAIL_AT(
            r, node, WF_E_ARG,
            "a layer must be one name, here are %zu keys: %s, %s | indent a layer's keys further "
            "than its name, and begin each layer with -",
            node->count, node->items[0].key, node->items[1].key);
    if (node->kind == WF_YAML_MAP && node->count == 1) {
        keys = &node->items[0];
        class_name = keys->key;
        if (keys->kind == WF_YAML_SCALAR && !*keys->text) keys = NULL; /* `- relu:` */
    }
    if (!class_name || (keys && keys->kind != WF_YAML_MAP))
        FAIL_AT(r, node, WF_E_ARG,
                "a layer must be a name or a name with its keys | write - flatten or - dense: "
                "{units: 10}");
    WF_TRY(wf__located(r, node, wf_layer_require(&spec.class, cx, "layers", class_name)));
    WF_TRY(wf_fields_create(&spec.config, cx, spec.class->fields, spec.class->config_size));
    wf_status status = read_keys(&spec, out_name, out_inputs, r, keys);
    if (status == WF_OK) {
        snprintf(owner, sizeof owner, "layer %.64s", spec.class->name);
        status = wf__located(r, node, wf_fields_check(cx, owner, spec.class->fields, spec.config));
    }
    if (status != WF_OK) wf_fields_destroy(spec.class->fields, spec.config);
    else *out = spec;
    return status;
}

static wf_status find_input(int *out, const wf_reader *r, const wf_yaml *node) {
    const wf_graph *g = r->spec->graph;
    const char *names[256], *near;
    size_t n = 0;
    if (node->kind != WF_YAML_SCALAR)
        FAIL_AT(r, node, WF_E_ARG, "inputs must be a layer's name or a list of names");
    int found = wf_graph_find(g, node->text);
    if (found >= 0) {
        *out = found;
        return WF_OK;
    }
    for (int i = 0; i < g->n_nodes && n < 256; i++) names[n++] = g->nodes[i].name;
    near = wf_str_nearest(node->text, names, n);
    if (near)
        FAIL_AT(r, node, WF_E_ARG, "inputs: there is no layer \"%.60s\" above | did you mean %s?",
                node->text, near);
    FAIL_AT(r, node, WF_E_ARG,
            "inputs: there is no layer \"%.60s\" above | a layer can use those before it",
            node->text);
}

static wf_status read_inputs(int inputs[WF_MAX_INPUTS], int *n_inputs, const wf_reader *r,
                             const wf_layer_class *class, const wf_yaml *node) {
    const wf_graph *g = r->spec->graph;
    inputs[0] = g->n_nodes - 1;
    *n_inputs = class->max_inputs > 0; /* unless it says otherwise, the layer above */
    if (!node) return WF_OK;
    if (node->kind != WF_YAML_LIST) return find_input(&inputs[0], r, node);
    if (node->count > WF_MAX_INPUTS)
        FAIL_AT(r, node, WF_E_LIMIT, "inputs: %zu layers, must be at most %d", node->count,
                WF_MAX_INPUTS);
    *n_inputs = (int)node->count;
    for (size_t i = 0; i < node->count; i++) WF_TRY(find_input(&inputs[i], r, &node->items[i]));
    return WF_OK;
}

static wf_status add_layer(const wf_reader *r, const wf_yaml *node) {
    int inputs[WF_MAX_INPUTS], n_inputs = 0, index = 0;
    wf_layer_spec spec = {0};
    const wf_yaml *name = NULL, *input_names = NULL;
    WF_TRY(read_layer(&spec, &name, &input_names, r, node));
    wf_status status = read_inputs(inputs, &n_inputs, r, spec.class, input_names);
    if (status == WF_OK) {
        const char *text = name ? name->text ? name->text : "" : NULL;
        status = wf__located(
            r, node, wf_graph_add(&index, r->spec->graph, r->cx, &spec, text, inputs, n_inputs));
    }
    wf_fields_destroy(spec.class->fields, spec.config);
    return status;
}

static wf_status read_input(const wf_reader *r, const wf_yaml *entry) {
    wf_layer_spec spec = {.class = wf_layer_find("input")};
    wf_yaml shape = *entry;
    char key[] = "shape";
    int index = 0;
    shape.key = key;
    WF_TRY(wf_fields_create(&spec.config, r->cx, spec.class->fields, spec.class->config_size));
    wf_status status = wf__read_field(r, "input", spec.class->fields, spec.config, &shape);
    if (status == WF_OK)
        status = wf__located(r, entry,
                             wf_graph_add(&index, r->spec->graph, r->cx, &spec, "input", NULL, 0));
    wf_fields_destroy(spec.class->fields, spec.config);
    return status;
}

static wf_status read_layers(const wf_reader *r, const wf_yaml *entry) {
    if (entry->kind != WF_YAML_LIST)
        FAIL_AT(r, entry, WF_E_ARG, "layers must be a list | begin each layer with -");
    for (size_t i = 0; i < entry->count; i++) WF_TRY(add_layer(r, &entry->items[i]));
    return wf__located(r, entry, wf_graph_finish(r->spec->graph, r->cx));
}

wf_status wf__check_classes(wf_context *cx, const wf_graph *g, int32_t classes) {
    char text[96];
    const wf_node *output = &g->nodes[g->output];
    const int64_t *dim = output->shape.dim;
    const int is_vector = output->shape.rank == 1 && dim[0] == classes;
    const int is_sequence = output->shape.rank == 2 && dim[1] == classes + 1; /* and END */
    const int is_of_sets = wf__number_classes(g, NULL) == classes; /* a place for every set */
    WF_REQUIRE(
        !classes || is_vector || is_sequence || is_of_sets, WF_E_SHAPE,
        "classes is %d, but the output, layer %s, has shape %s | give the last layer as many "
        "units as there are classes",
        classes, output->name, wf_shape_text(text, sizeof text, &output->shape));
    return WF_OK;
}

/* ---- the other parts ---- */

#define CLAIM(member) offsetof(wf_claim, member)
const wf_field wf__claim_fields[] = {
    {"accuracy", WF_FIELD_REAL, CLAIM(accuracy), 0, 1, NULL, NULL, "share of the test images"},
    {"macro_f1", WF_FIELD_REAL, CLAIM(macro_f1), 0, 1, NULL, NULL, "mean of the classes' F1"},
    {"loss", WF_FIELD_REAL, CLAIM(loss), 0, 1e9, NULL, NULL, "mean over the test images"},
    {0}};

#define SPEC(member) offsetof(wf_model_spec, member)
const wf_field wf__spec_fields[] = {
    {"family", WF_FIELD_CHOICE, SPEC(family), 0, 0, WF_FAMILY_CHOICES, "other",
     "what the model is made of"},
    {"classes", WF_FIELD_INT, SPEC(classes), 0, 1 << 24, NULL, "0", "number of outputs; 0: any"},
    {0}};

/* Replaces *text; blanks and newlines at its end (block scalars have one) do not count. */
static wf_status read_text(char **text, const wf_reader *r, const wf_yaml *entry) {
    char *copy = NULL;
    if (entry->kind != WF_YAML_SCALAR) FAIL_AT(r, entry, WF_E_ARG, "%s must be a text", entry->key);
    WF_TRY(wf_strdup(&copy, r->cx, entry->text));
    for (size_t n = strlen(copy); n && strchr(" \n\t", copy[n - 1]);) copy[--n] = 0;
    wf_free(*text);
    *text = copy;
    return WF_OK;
}

static wf_status read_claim(const wf_reader *r, const wf_yaml *claim) {
    wf_claim *c = &r->spec->claim;
    WF_TRY(need_map(r, claim, "claim"));
    for (size_t i = 0; i < claim->count; i++) {
        const wf_yaml *entry = &claim->items[i];
        if (strcmp(entry->key, "text") == 0) WF_TRY(read_text(&c->text, r, entry));
        else if (strcmp(entry->key, "note") == 0) WF_TRY(read_text(&c->note, r, entry));
        else WF_TRY(wf__read_field(r, "claim", wf__claim_fields, c, entry));
    }
    return WF_OK;
}

wf_status wf__check_model_name(wf_context *cx, const char *name) {
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t n = strlen(name);
    WF_REQUIRE(
        n >= 1 && n <= 64 && name[0] != '.' && name[0] != '-' && strspn(name, legal) == n, WF_E_ARG,
        "name \"%.80s\" must be 1 to 64 letters, digits, dots, - or _, and begin with none of "
        ". and -",
        name);
    return WF_OK;
}

static wf_status read_entry(const wf_reader *r, const wf_yaml *entry) {
    static const char *const keys[] = {"name",  "family",  "source", "description", "claim",
                                       "input", "classes", "layers", "training"};
    wf_model_spec *spec = r->spec;
    const char *near, *key = entry->key;
    if (wf_fields_find(wf__spec_fields, key))
        return wf__read_field(r, "model", wf__spec_fields, spec, entry);
    if (strcmp(key, "source") == 0) return read_text(&spec->source, r, entry);
    if (strcmp(key, "description") == 0) return read_text(&spec->description, r, entry);
    if (strcmp(key, "claim") == 0) return read_claim(r, entry);
    if (strcmp(key, "training") == 0) {
        WF_TRY(need_map(r, entry, "training"));
        for (size_t i = 0; i < entry->count; i++)
            WF_TRY(wf__read_training(r, spec->recipe, &entry->items[i]));
        return WF_OK;
    }
    if (strcmp(key, "name") == 0 || strcmp(key, "input") == 0 || strcmp(key, "layers") == 0)
        return WF_OK; /* read in their order by read_root */
    near = wf_str_nearest(key, keys, sizeof keys / sizeof keys[0]);
    if (near) FAIL_AT(r, entry, WF_E_ARG, "unknown key \"%.60s\" | did you mean %s?", key, near);
    FAIL_AT(
        r, entry, WF_E_ARG,
        "unknown key \"%.60s\" | the keys are: name, family, source, description, claim, input, "
        "classes, layers, training",
        key);
}

static wf_status read_root(wf_reader *r, const wf_yaml *root) {
    WF_TRY(need_map(r, root, "a model file"));
    const wf_yaml *name = get(root, "name"), *input = get(root, "input");
    const wf_yaml *layers = get(root, "layers"), *classes = get(root, "classes");
    if (!name || !input || !layers)
        FAIL_AT(r, root, WF_E_ARG, "%s is missing | a model has at least name, input and layers",
                !name    ? "name"
                : !input ? "input"
                         : "layers");
    if (name->kind != WF_YAML_SCALAR) FAIL_AT(r, name, WF_E_ARG, "name must be a plain word");
    WF_TRY(wf__located(r, name, wf_model_spec_create(&r->spec, r->cx, name->text)));
    for (size_t i = 0; i < root->count; i++) WF_TRY(read_entry(r, &root->items[i]));
    WF_TRY(read_input(r, input));
    WF_TRY(read_layers(r, layers));
    WF_TRY(wf__located(r, classes ? classes : layers,
                       wf__check_classes(r->cx, r->spec->graph, r->spec->classes)));
    return wf__located(r, input,
                       wf_augmentation_check(r->cx, &r->spec->recipe->augmentation,
                                             &r->spec->graph->nodes[0].shape));
}

wf_status wf_model_spec_parse(wf_model_spec **out, wf_context *cx, const char *text, size_t size,
                              const char *file) {
    wf_reader r = {.cx = cx, .file = file};
    wf_yaml *root = NULL;
    WF_TRY(wf_yaml_parse(&root, cx, text, size, file));
    wf_status status = read_root(&r, root);
    wf_yaml_destroy(root);
    if (status != WF_OK) wf_model_spec_destroy(r.spec);
    else *out = r.spec;
    return status;
}
