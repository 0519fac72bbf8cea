/* A bash function made from the tables. */
#include <string.h>

#include "cmd/cmd.h"

static void add_words(wf_str *out, wf_context *cx, const wf_option *table) {
    for (const wf_option *o = table; o && o->name; o++) wf_str_addf(out, cx, " --%s", o->name);
}

static void add_script(wf_str *out, wf_context *cx) {
    wf_str_add(out, cx,
               "# bash completion for weft; put this line into ~/.bashrc:\n"
               "#   source <(weft completion bash)\n"
               "_weft() {\n"
               "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
               "    local command=${COMP_WORDS[1]} words=\n"
               "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
               "        COMPREPLY=($(compgen -W \"--version --help");
    for (size_t i = 0; i < wf_command_count(); i++)
        wf_str_addf(out, cx, " %s", wf_command_at(i)->name);
    wf_str_add(out, cx,
               "\" -- \"$word\"))\n        return\n    fi\n    case $command:$before in\n");
    for (size_t i = 0; i < wf_command_count(); i++) {
        const wf_command *c = wf_command_at(i);
        for (const wf_option *o = c->options; o && o->name; o++) {
            if (o->kind != WF_OPTION_CHOICE) continue;
            wf_str_addf(out, cx, "    %s:--%s) COMPREPLY=($(compgen -W \"", c->name, o->name);
            for (const char *at = o->argument; *at; at++)
                wf_str_add_bytes(out, cx, *at == '|' ? " " : at, 1);
            wf_str_add(out, cx, "\" -- \"$word\")); return ;;\n");
        }
    }
    wf_str_add(
        out, cx,
        "    *:--dataset) COMPREPLY=($(compgen -W \"$(weft datasets --names)\" -- \"$word\") "
        "$(compgen -f -- \"$word\")); return ;;\n"
        "    help:help) COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; i < wf_command_count(); i++)
        wf_str_addf(out, cx, "%s%s", i ? " " : "", wf_command_at(i)->name);
    wf_str_add(out, cx, "\" -- \"$word\")); return ;;\n    esac\n    case $command in\n");
    for (size_t i = 0; i < wf_command_count(); i++) {
        const wf_command *c = wf_command_at(i);
        wf_str_addf(out, cx, "    %s) words=\"", c->name);
        add_words(out, cx, c->options);
        add_words(out, cx, wf_common_options());
        wf_str_add(out, cx, "\" ;;\n");
    }
    wf_str_add(out, cx,
               "    esac\n"
               "    if [[ $word != -* ]]; then\n"
               "        case $command in\n"
               "        train|summary|bench) words=$(weft models --names) ;;\n"
               "        evaluate|predict) words=$(weft runs --names) ;;\n"
               "        compare) words=\"$(weft models --names) $(weft runs --names)\" ;;\n"
               "        runs) words=\"list show compare query tag delete gc export rebuild $(weft "
               "runs --names)\" ;;\n"
               "        layers) words=$(weft layers --names) ;;\n"
               "        compose) words=outfits ;;\n"
               "        completion) words=bash ;;\n"
               "        *) words= ;;\n"
               "        esac\n"
               "    fi\n"
               "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
               "}\n"
               "complete -o default -F _weft weft\n");
}

static wf_status run(wf_cli *cli, const void *options) {
    (void)options;
    wf_context *cx = &cli->cx;
    WF_REQUIRE(!strcmp(cli->operands[0], "bash"), WF_E_ARG,
               "no completion for the shell \"%s\" | there is one for bash", cli->operands[0]);
    wf_str script = {0};
    add_script(&script, cx);
    wf_status status = script.status;
    if (status == WF_OK && cli->is_json) cli->result = json_pack("{s:s}", "script", script.text);
    else if (status == WF_OK) wf_print(cli, "%s", script.text);
    wf_str_reset(&script);
    return status;
}

const wf_command wf_command_completion = {
    .name = "completion",
    .summary = "Print a script that completes weft's words in a shell",
    .operands = "SHELL",
    .min_operands = 1,
    .max_operands = 1,
    .description = "SHELL is bash.",
    .examples = "source <(weft completion bash)",
    .run = run,
};
