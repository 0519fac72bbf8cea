#include <string.h>

#include "base/alloc.h"
#include "cmd/cmd.h"
#include "nn/augment.h"
#include "nn/loss.h"
#include "nn/optim.h"
#include "train/schedule.h"

typedef struct layers_options {
    int only_names;
} layers_options;

static const wf_option options_table[] = {{"names", 0, WF_OPTION_FLAG,
                                           offsetof(layers_options, only_names), NULL, NULL, NULL,
                                           0, 0, "print the names only"},
                                          {0}};

/* ---- what there is ---- */

typedef struct part {
    const char *name, *summary, *source;
    const wf_field *fields;
    const wf_layer_class *layer; /* or NULL */
} part;

/* Each returns 0 behind the last one. */
#define WF_PARTS(function, class_type, class_at, source_member, layer_class)                       \
    static int function(part *out, size_t i) {                                                     \
        const class_type *c = class_at(i);                                                         \
        if (c) *out = (part){c->name, c->summary, source_member, c->fields, layer_class};          \
        return c != NULL;                                                                          \
    }
WF_PARTS(layer_part, wf_layer_class, wf_layer_at, c->paper, c)
WF_PARTS(loss_part, wf_loss_class, wf_loss_at, NULL, NULL)
WF_PARTS(optimizer_part, wf_optimizer_class, wf_optimizer_at, c->paper, NULL)
WF_PARTS(schedule_part, wf_schedule_class, wf_schedule_at, c->source, NULL)
WF_PARTS(augment_part, wf_augment_class, wf_augment_at, c->source, NULL)

typedef struct kind {
    const char *key, *title;
    int (*at)(part *out, size_t i);
} kind;

static const kind kinds[] = {{"layers", "Layers", layer_part},
                             {"losses", "Losses", loss_part},
                             {"optimizers", "Optimizers", optimizer_part},
                             {"schedules", "Schedules of the learning rate", schedule_part},
                             {"augmentations", "Augmentations of training images", augment_part}};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* ---- one of them ---- */

static const char *kind_text(wf_field_kind kind) {
    switch (kind) {
    case WF_FIELD_INT: return "integer";
    case WF_FIELD_REAL: return "number";
    case WF_FIELD_BOOL: return "true or false";
    case WF_FIELD_CHOICE: return "word";
    case WF_FIELD_PAIR: return "integer or [height, width]";
    case WF_FIELD_INTS: return "list of integers";
    case WF_FIELD_LAYER: return "layer";
    case WF_FIELD_NAME: return "name of a layer";
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

static wf_status add_part_json(json_t *list, wf_context *cx, const part *p) {
    json_t *fields = json_array();
    json_t *one = json_pack("{s:s, s:s, s:s?, s:O}", "name", p->name, "summary", p->summary,
                            "source", p->source, "keys", fields);
    wf_status status = wf_json_append(list, cx, one);
    if (status == WF_OK && p->layer) {
        status = wf_json_put(one, cx, "min_inputs", json_integer(p->layer->min_inputs));
        if (status == WF_OK)
            status = wf_json_put(one, cx, "max_inputs", json_integer(p->layer->max_inputs));
    }
    for (const wf_field *f = p->fields; status == WF_OK && f && f->key; f++)
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

static void print_part(const wf_cli *cli, const part *p) {
    wf_print(cli, "%s: %s\n", p->name, p->summary);
    if (p->source) wf_print(cli, "Source: %s\n", p->source);
    if (p->layer && p->layer->max_inputs > 1)
        wf_print(cli, "Inputs: %d to %d\n", p->layer->min_inputs, p->layer->max_inputs);
    if (!p->fields || !p->fields->key) wf_print(cli, "It has no keys.\n");
    for (const wf_field *f = p->fields; f && f->key; f++) print_field(cli, f);
}

static wf_status require_part(wf_context *cx, const char *name) {
    const char *names[256], *near;
    size_t n = 0;
    part p;
    for (size_t k = 0; k < N_KINDS; k++)
        for (size_t i = 0; kinds[k].at(&p, i); i++) {
            if (strcmp(p.name, name) == 0) return WF_OK;
            if (n < sizeof names / sizeof *names) names[n++] = p.name;
        }
    near = wf_str_nearest(name, names, n);
    WF_REQUIRE(!near, WF_E_ARG, "weft layers: unknown layer \"%.60s\" | did you mean %s?", name,
               near);
    return WF_FAIL(WF_E_ARG, "weft layers: unknown layer \"%.60s\" | `weft layers` lists them",
                   name);
}

/* The parts of one kind: all, or the one of this name. */
static wf_status show_kind(json_t *out, wf_cli *cli, const kind *k, const char *name,
                           const layers_options *o) {
    wf_context *cx = &cli->cx;
    json_t *list = json_array();
    wf_status status = wf_json_put(out, cx, k->key, list);
    part p;
    if (!name && !o->only_names) wf_print(cli, "%s\n", k->title);
    for (size_t i = 0; status == WF_OK && k->at(&p, i); i++) {
        if (name && strcmp(p.name, name) != 0) continue;
        status = add_part_json(list, cx, &p);
        if (o->only_names) wf_print(cli, "%s\n", p.name);
        else if (name) print_part(cli, &p);
        else wf_print(cli, "  %-34s%s\n", p.name, p.summary);
    }
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const layers_options *o = given;
    const char *name = cli->operand_count ? cli->operands[0] : NULL;
    if (name) WF_TRY(require_part(&cli->cx, name));
    cli->result = json_object();
    for (size_t k = 0; k < N_KINDS; k++) WF_TRY(show_kind(cli->result, cli, &kinds[k], name, o));
    if (!name && !o->only_names)
        wf_print(cli, "\n'weft layers NAME' shows the keys of one of them.\n");
    return WF_OK;
}

const wf_command wf_command_layers = {
    .name = "layers",
    .summary = "List what models and their training are made of, or the keys of one part",
    .operands = "[NAME]",
    .max_operands = 1,
    .description = "Layers, and the losses, optimizers, schedules and augmentations of the section "
                   "training.",
    .examples = "weft layers gru\nweft layers random_shift",
    .options_size = sizeof(layers_options),
    .options = options_table,
    .run = run,
};
