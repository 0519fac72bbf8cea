#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/settings.h"

typedef struct models_options {
    int only_names;
} models_options;

static const wf_option options_table[] = {{"names", 0, WF_OPTION_FLAG,
                                           offsetof(models_options, only_names), NULL, NULL, NULL,
                                           0, 0, "print the names only"},
                                          {0}};

static wf_status add_json(json_t *list, wf_context *cx, const wf_model_spec *m, const char *path) {
    const wf_recipe *r = m->recipe;
    return wf_json_append(
        list, cx,
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:i, s:f, "
                  "s:{s:s, s:s, s:o, s:o, s:o}}",
                  "name", m->name, "path", path, "family", wf_family_name(m->family), "source",
                  m->source, "description", m->description, "parameters",
                  (json_int_t)m->graph->total_size, "trainable_parameters",
                  (json_int_t)m->graph->trainable_size, "epochs", (int)r->epochs, "batch_size",
                  (int)r->batch_size, "validation", r->validation, "claim", "text", m->claim.text,
                  "note", m->claim.note, "accuracy", wf_json_real(m->claim.accuracy), "macro_f1",
                  wf_json_real(m->claim.macro_f1), "loss", wf_json_real(m->claim.loss)));
}

static wf_status add_row(wf_table *t, wf_context *cx, const wf_model_spec *m) {
    char n[32];
    WF_TRY(wf_table_add(t, cx, m->name));
    WF_TRY(wf_table_add(t, cx, wf_family_name(m->family)));
    WF_TRY(wf_table_add(t, cx, wf_thousands(n, m->graph->total_size)));
    WF_TRY(wf_table_addf(t, cx, "%d", (int)m->recipe->epochs));
    WF_TRY(wf_table_addf(t, cx, "%d", (int)m->recipe->batch_size));
    return wf_table_add(t, cx, *m->claim.text ? m->claim.text : "-");
}

/* A model that cannot be read is named with the reason and passed over. */
static wf_status add_model(wf_cli *cli, wf_table *table, json_t *list, const char *name) {
    wf_context *cx = &cli->cx;
    char *path = NULL;
    wf_model_spec *model = NULL;
    WF_TRY(wf_model_locate(&path, cx, name));
    wf_status status = wf_model_spec_read(&model, cx, path);
    if (status != WF_OK && status != WF_E_NOMEM) {
        wf_note(cli, "weft: %s\n", cx->message);
        wf_context_reset(cx);
        status = WF_OK;
    } else if (status == WF_OK) {
        status = add_json(list, cx, model, path);
        if (status == WF_OK) status = add_row(table, cx, model);
    }
    wf_model_spec_destroy(model);
    wf_free(path);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    static const char *const head[] = {"name",   "family", "parameters",
                                       "epochs", "batch",  "claimed"};
    const models_options *o = given;
    wf_context *cx = &cli->cx;
    wf_names names = {0};
    wf_table table;
    WF_TRY(wf_model_list(&names, cx));
    wf_table_init(&table, 6, 1u << 2 | 1u << 3 | 1u << 4);
    json_t *list = json_array();
    wf_status status = WF_OK;
    for (size_t i = 0; i < sizeof head / sizeof *head && status == WF_OK; i++)
        status = wf_table_add(&table, cx, head[i]);
    for (size_t i = 0; i < names.count && status == WF_OK; i++) {
        if (o->only_names) wf_print(cli, "%s\n", names.items[i]);
        if (!o->only_names || cli->is_json) status = add_model(cli, &table, list, names.items[i]);
    }
    if (status == WF_OK && !o->only_names) wf_table_print(&table, cli);
    if (status == WF_OK) cli->result = json_pack("{s:O}", "models", list);
    json_decref(list);
    wf_table_reset(&table);
    wf_names_reset(&names);
    return status;
}

const wf_command wf_command_models = {
    .name = "models",
    .summary = "List the models that have a name",
    .operands = "",
    .description =
        "Models are YAML files. They are looked for in ./models and in the folder that weft\n"
        "came with; every command takes the path of a model file as well.",
    .options_size = sizeof(models_options),
    .options = options_table,
    .run = run,
};
