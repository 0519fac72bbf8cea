/* Help texts, all made from the tables. */
#include <string.h>

#include "cmd/cmd.h"

enum { LEFT = 26, WIDTH = 79 };

/* `text` broken into lines that begin at column LEFT; the first continues the current line. */
static void add_wrapped(wf_str *out, wf_context *cx, const char *text) {
    size_t column = LEFT;
    const char *separator = "";
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column + strlen(separator) + word > WIDTH) {
            wf_str_addf(out, cx, "\n%*s", LEFT, "");
            column = LEFT;
            separator = "";
        }
        wf_str_add(out, cx, separator);
        wf_str_add_bytes(out, cx, text, word);
        column += strlen(separator) + word;
        separator = " ";
        text += word;
        text += strspn(text, " ");
    }
    wf_str_add(out, cx, "\n");
}

static void add_option(wf_str *out, wf_context *cx, const wf_option *o) {
    wf_str head = {0}, help = {0};
    if (o->letter) wf_str_addf(&head, cx, "  -%c, --%s", o->letter, o->name);
    else wf_str_addf(&head, cx, "      --%s", o->name);
    if (o->argument) wf_str_addf(&head, cx, "%s%s", *o->argument == '[' ? "" : " ", o->argument);
    if (head.length + 2 <= LEFT) wf_str_addf(out, cx, "%-*s", LEFT, head.text ? head.text : "");
    else wf_str_addf(out, cx, "%s\n%*s", head.text, LEFT, "");
    wf_str_add(&help, cx, o->help);
    if (o->initial) wf_str_addf(&help, cx, " (default %s)", o->initial);
    if (o->variable) wf_str_addf(&help, cx, " [%s]", o->variable);
    add_wrapped(out, cx, help.text ? help.text : "");
    if (help.status != WF_OK) out->status = help.status;
    if (head.status != WF_OK) out->status = head.status;
    wf_str_reset(&head);
    wf_str_reset(&help);
}

void wf_help_command(wf_str *out, wf_context *cx, const wf_command *c) {
    wf_str_addf(out, cx, "Usage: weft %s%s%s [OPTION]...\n\n%s.\n", c->name,
                *c->operands ? " " : "", c->operands, c->summary);
    if (c->description) wf_str_addf(out, cx, "\n%s\n", c->description);
    wf_str_add(out, cx, "\nOptions:\n");
    for (const wf_option *o = c->options; o && o->name; o++) add_option(out, cx, o);
    for (const wf_option *o = wf_common_options(); o->name; o++) add_option(out, cx, o);
    if (!c->examples) return;
    wf_str_add(out, cx, "\nExamples:\n");
    for (const char *line = c->examples; *line;) {
        size_t n = strcspn(line, "\n");
        wf_str_add(out, cx, "  ");
        wf_str_add_bytes(out, cx, line, n);
        wf_str_add(out, cx, "\n");
        line += n + (line[n] == '\n');
    }
}

void wf_help_overview(wf_str *out, wf_context *cx) {
    wf_str_add(out, cx,
               "Usage: weft COMMAND [OPTION]...\n\n"
               "Trains, judges and compares image classifiers of convolutional and recurrent "
               "layers.\n\nCommands:\n");
    for (size_t i = 0; i < wf_command_count(); i++) {
        const wf_command *c = wf_command_at(i);
        wf_str_addf(out, cx, "  %-12s%s\n", c->name, c->summary);
    }
    wf_str_add(
        out, cx,
        "\nAn option goes before its environment variable, that before the model file.\n"
        "\nEnvironment:\n"
        "  WEFT_RUNS       folder of the runs (default runs)\n"
        "  WEFT_DATA       folder in which data sets are looked for first\n"
        "  WEFT_OFFLINE    1: download nothing\n"
        "  WEFT_THREADS    threads that compute (default: all CPUs)\n"
        "  WEFT_ISA        kernels: v2, v3, v4, v4_bf16 or v4_amx (default: the best of the CPU)\n"
        "  WEFT_PRECISION  float32 (default), bfloat16 or auto\n"
        "  WEFT_JOBS       trainings side by side (default: what a short measurement finds)\n"
        "  WEFT_PORT       port of the live page (default 9338, or a free one)\n"
        "  WEFT_TOKEN      what whoever looks at it must know\n"
        "  XDG_CACHE_HOME  downloads go to its subfolder weft (default ~/.cache)\n"
        "\nExit status:\n"
        "  0    done\n"
        "  1    failed while running\n"
        "  2    wrong usage or configuration\n"
        "  3    data missing or damaged\n"
        "  4    incompatible model or checkpoint\n"
        "  5    a required figure was not reached\n"
        "  75   time limit reached; the run can be resumed\n"
        "  130  interrupted; the run can be resumed\n"
        "\n'weft help COMMAND' shows the options of one command.\n");
}
