#include <string.h>

#include "base/alloc.h"
#include "cmd/cmd.h"
#include "nn/layer.h"

typedef struct layers_options {
    int only_names;
} layers_options;

static const wf_option options_table[] = {{"names", 0, WF_OPTION_FLAG,
                                           offsetof(layers_options, only_names), NULL, NULL, NULL,
                                           0, 0, "print the names only"},
                                          {0}};

static const char *kind_text(wf_field_kind kind) {
    switch (kind) {
    case WF_FIELD_INT: return "integer";
    case WF_FIELD_REAL: return "number";
    case WF_FIELD_BOOL: return "true or false";
    case WF_FIELD_CHOICE: return "word";
    case WF_FIELD_PAIR: return "integer or [height, width]";
    case WF_FIELD_INTS: return "list of integers";
    case WF_FIELD_LAYER: return "layer";
    }
    return "";
}

static int has_range(const wf_field *f) {
    return f->kind == WF_FIELD_INT || f->kind == WF_FIELD_REAL || f->kind == WF_FIELD_PAIR ||
           f->kind == WF_FIELD_INTS;
}

static wf_status add_field_json(json_t *list, wf_context *cx, const wf_field *f) {
    json_t *field =
        json_pack("{s:s, s:s, s:s?, s:s?, s:s}", "key", f->key, "kind", kind_text(f->kind),
                  "default", f->initial, "choices", f->choices, "help", f->help);
    wf_status status = wf_json_append(list, cx, field);
    if (status == WF_OK && has_range(f)) {
        status = wf_json_put(field, cx, "min", json_real(f->min));
        if (status == WF_OK) status = wf_json_put(field, cx, "max", json_real(f->max));
    }
    return status;
}

static wf_status add_layer_json(json_t *list, wf_context *cx, const wf_layer_class *class) {
    json_t *fields = json_array();
    json_t *layer = json_pack("{s:s, s:s, s:s?, s:i, s:i, s:O}", "name", class->name, "summary",
                              class->summary, "source", class->paper, "min_inputs",
                              class->min_inputs, "max_inputs", class->max_inputs, "keys", fields);
    wf_status status = wf_json_append(list, cx, layer);
    for (const wf_field *f = class->fields; status == WF_OK && f && f->key; f++)
        status = add_field_json(fields, cx, f);
    json_decref(fields);
    return status;
}

static void print_field(const wf_cli *cli, const wf_field *f) {
    wf_print(cli, "  %s: %s", f->key, f->help ? f->help : "");
    wf_print(cli, "\n      %s", kind_text(f->kind));
    if (f->choices) wf_print(cli, ": %s", f->choices);
    if (has_range(f)) wf_print(cli, " from %.10g to %.10g", f->min, f->max);
    if (f->initial) wf_print(cli, "; default %s\n", f->initial);
    else wf_print(cli, "; required\n");
}

static void print_layer(const wf_cli *cli, const wf_layer_class *class) {
    wf_print(cli, "%s: %s\n", class->name, class->summary);
    if (class->paper) wf_print(cli, "Source: %s\n", class->paper);
    if (class->max_inputs > 1)
        wf_print(cli, "Inputs: %d to %d\n", class->min_inputs, class->max_inputs);
    if (!class->fields || !class->fields->key) wf_print(cli, "It has no keys.\n");
    for (const wf_field *f = class->fields; f && f->key; f++) print_field(cli, f);
}

static wf_status run(wf_cli *cli, const void *given) {
    const layers_options *o = given;
    wf_context *cx = &cli->cx;
    const wf_layer_class *one = NULL;
    if (cli->operand_count) WF_TRY(wf_layer_require(&one, cx, "weft layers", cli->operands[0]));
    json_t *list = json_array();
    wf_status status = WF_OK;
    for (size_t i = 0; i < wf_layer_count() && status == WF_OK; i++) {
        const wf_layer_class *class = wf_layer_at(i);
        if (one && class != one) continue;
        status = add_layer_json(list, cx, class);
        if (o->only_names) wf_print(cli, "%s\n", class->name);
        else if (one) print_layer(cli, class);
        else wf_print(cli, "%-26s%s\n", class->name, class->summary);
    }
    if (status == WF_OK && !one && !o->only_names)
        wf_print(cli, "\n'weft layers LAYER' shows a layer's keys.\n");
    if (status == WF_OK) cli->result = json_pack("{s:O}", "layers", list);
    json_decref(list);
    return status;
}

const wf_command wf_command_layers = {
    .name = "layers",
    .summary = "List the layers, or the keys of one",
    .operands = "[LAYER]",
    .max_operands = 1,
    .options_size = sizeof(layers_options),
    .options = options_table,
    .run = run,
};
