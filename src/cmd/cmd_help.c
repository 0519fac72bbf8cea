#include "cmd/cmd.h"

static wf_status run(wf_cli *cli, const void *options) {
    (void)options;
    wf_context *cx = &cli->cx;
    wf_str text = {0};
    if (cli->operand_count == 0) {
        wf_help_overview(&text, cx);
    } else {
        const wf_command *c = wf_command_find(cli->operands[0]);
        if (!c) {
            const char *nearest = wf_command_nearest(cli->operands[0]);
            if (nearest)
                return WF_FAIL(WF_E_ARG, "unknown command \"%s\" | did you mean weft help %s?",
                               cli->operands[0], nearest);
            return WF_FAIL(WF_E_ARG, "unknown command \"%s\" | see weft help", cli->operands[0]);
        }
        wf_help_command(&text, cx, c);
    }
    wf_status status = text.status;
    if (status == WF_OK && cli->is_json) cli->result = json_pack("{s:s}", "help", text.text);
    else if (status == WF_OK) wf_print(cli, "%s", text.text);
    wf_str_reset(&text);
    return status;
}

const wf_command wf_command_help = {
    .name = "help",
    .summary = "Show the commands, or the options of one",
    .operands = "[COMMAND]",
    .max_operands = 1,
    .run = run,
};
