#include "cmd/settings.h"
#include "spec/summary.h"

typedef struct summary_options {
    wf_texts set;
} summary_options;

static const wf_option options_table[] = {
    {"set", 's', WF_OPTION_LIST, offsetof(summary_options, set), "PATH=VALUE", NULL, NULL, 0, 0,
     "change one value of the model file, as layers.lstm.units=56"},
    {0}};

static wf_status run(wf_cli *cli, const void *given) {
    const summary_options *o = given;
    wf_context *cx = &cli->cx;
    wf_model_spec *model = NULL;
    wf_str text = {0};
    WF_TRY(wf_model_load(&model, cli, cli->operands[0]));
    wf_status status = wf_model_apply(model, cx, &o->set);
    if (status == WF_OK && cli->is_json) status = wf_summary_json(&cli->result, cx, model);
    else if (status == WF_OK) status = wf_summary_text(&text, cx, model);
    if (status == WF_OK && text.text) wf_print(cli, "%s", text.text);
    wf_str_reset(&text);
    wf_model_spec_destroy(model);
    return status;
}

const wf_command wf_command_summary = {
    .name = "summary",
    .summary = "Show a model's layers, shapes, parameters and cost",
    .operands = "MODEL",
    .min_operands = 1,
    .max_operands = 1,
    .examples = "weft summary lstm-186\nweft summary lstm-186 --set layers.lstm.units=56",
    .options_size = sizeof(summary_options),
    .options = options_table,
    .run = run,
};
