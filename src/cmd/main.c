/* weft: dispatch, the error's way to the user, exit status. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "base/version.h"
#include "cmd/cmd.h"

static int exit_code_of(const wf_cli *cli, wf_status status) {
    if (status != WF_OK && cli->exit_code) return cli->exit_code;
    switch (status) {
    case WF_OK: return WF_EXIT_OK;
    case WF_E_ARG:
    case WF_E_SHAPE:
    case WF_E_NOTFOUND: return WF_EXIT_USAGE;
    case WF_E_DATA:
    case WF_E_LIMIT: return WF_EXIT_DATA;
    case WF_E_MODEL: return WF_EXIT_MODEL;
    case WF_E_GATE: return WF_EXIT_GATE;
    case WF_E_TIME: return WF_EXIT_TIME;
    case WF_E_INTERRUPTED: return WF_EXIT_INTERRUPTED;
    default: return WF_EXIT_RUNTIME;
    }
}

/* The document on standard output; NULL prints a last resort. */
static wf_status print_document(const json_t *document, wf_context *cx) {
    wf_str text = {0};
    wf_status status = wf_json_text(&text, cx, document, WF_JSON_PRETTY);
    if (status == WF_OK) fputs(text.text, stdout);
    wf_str_reset(&text);
    return status;
}

static void print_error(const wf_cli *cli, wf_status status) {
    const wf_context *cx = &cli->cx;
    const char *message = cx->message[0] ? cx->message : wf_status_meaning(status);
    if (!cli->is_json) {
        fprintf(stderr, "weft: %s\n", message);
        if (cx->hint[0]) fprintf(stderr, "      %s\n", cx->hint);
        return;
    }
    wf_context ignored = {0};
    char *said = NULL, *hint = NULL; /* names in it may be no UTF-8 */
    json_t *error = NULL;
    if (wf_utf8_clean(&said, &ignored, message) == WF_OK &&
        wf_utf8_clean(&hint, &ignored, cx->hint) == WF_OK)
        error = json_pack("{s:i, s:{s:s, s:s, s:s}}", "schema_version", WF_SCHEMA_VERSION, "error",
                          "code", wf_status_name(status), "message", said, "hint", hint);
    wf_free(said);
    wf_free(hint);
    if (!error || print_document(error, &ignored) != WF_OK)
        printf(
            "{\"schema_version\": %d, \"error\": {\"code\": \"%s\", \"message\": \"\", \"hint\": "
            "\"\"}}\n",
            WF_SCHEMA_VERSION, wf_status_name(status));
    json_decref(error);
}

static wf_status print_result(wf_cli *cli) {
    wf_context *cx = &cli->cx;
    json_t *document = json_object();
    wf_status status = wf_json_put(document, cx, "schema_version", json_integer(WF_SCHEMA_VERSION));
    if (status == WF_OK && cli->result && json_object_update(document, cli->result) != 0)
        status = WF_FAIL(WF_E_NOMEM, "out of memory for the JSON document");
    if (status == WF_OK) status = print_document(document, cx);
    json_decref(document);
    return status;
}

static wf_status run_command(wf_cli *cli, int argc, char **argv) {
    wf_context *cx = &cli->cx;
    const wf_command *c = cli->command;
    void *options = NULL;
    wf_status status = wf_alloc(&options, cx, 1, c->options_size ? c->options_size : 1);
    if (status != WF_OK) return status;
    status = wf_options_parse(cli, options, argc, argv);
    if (status == WF_OK && cli->wants_help) {
        wf_str text = {0};
        wf_help_command(&text, cx, c);
        status = text.status;
        if (status == WF_OK && cli->is_json) cli->result = json_pack("{s:s}", "help", text.text);
        else if (status == WF_OK) fputs(text.text, stdout);
        wf_str_reset(&text);
    } else if (status == WF_OK) {
        status = c->run(cli, options);
    }
    wf_options_reset(c, options);
    wf_free(options);
    return status;
}

static wf_status show_version(wf_cli *cli) {
    if (cli->is_json)
        cli->result = json_pack("{s:s, s:s}", "version", WF_VERSION, "commit", WF_COMMIT);
    else
        printf("weft %s%s%s%s\n", WF_VERSION, *WF_COMMIT ? " (" : "", WF_COMMIT,
               *WF_COMMIT ? ")" : "");
    return WF_OK;
}

static wf_status dispatch(wf_cli *cli, int argc, char **argv) {
    wf_context *cx = &cli->cx;
    int first = 1;
    while (first < argc && !strcmp(argv[first], "--json")) first++;
    const char *word = first < argc ? argv[first] : NULL;
    if (!word || !strcmp(word, "--help") || !strcmp(word, "-h")) word = "help";
    if (!strcmp(word, "--version")) return show_version(cli);
    WF_REQUIRE(word[0] != '-', WF_E_ARG, "unknown option %s before the command | see weft help",
               word);
    cli->command = wf_command_find(word);
    if (!cli->command) {
        const char *nearest = wf_command_nearest(word);
        if (nearest)
            return WF_FAIL(WF_E_ARG, "unknown command \"%s\" | did you mean weft %s?", word,
                           nearest);
        return WF_FAIL(WF_E_ARG, "unknown command \"%s\" | see weft help", word);
    }
    int rest = first + 1 < argc ? first + 1 : argc;
    return run_command(cli, argc - rest, argv + rest);
}

/* Errors of usage are documents as well, hence the early look. */
static int wants_json(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--json")) return 1;
    return 0;
}

/* 'it'\''s', as a shell takes it for one word. */
static void add_quoted(wf_str *line, wf_context *cx, const char *word) {
    wf_str_add(line, cx, "'");
    for (const char *quote; (quote = strchr(word, '\'')) != NULL; word = quote + 1) {
        wf_str_add_bytes(line, cx, word, (size_t)(quote - word));
        wf_str_add(line, cx, "'\\''");
    }
    wf_str_addf(line, cx, "%s'", word);
}

static wf_status note_line(wf_cli *cli, int argc, char **argv) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=./,:+@%[]";
    wf_str_add(&cli->line, &cli->cx, "weft");
    for (int i = 1; i < argc; i++) {
        int is_plain = *argv[i] && argv[i][strspn(argv[i], plain)] == 0;
        wf_str_add(&cli->line, &cli->cx, " ");
        if (is_plain) wf_str_add(&cli->line, &cli->cx, argv[i]);
        else add_quoted(&cli->line, &cli->cx, argv[i]);
    }
    return cli->line.status;
}

int main(int argc, char **argv) {
    setlocale(LC_CTYPE, "");
    wf_cli cli = {.is_json = wants_json(argc, argv)};
    wf_status status = note_line(&cli, argc, argv);
    if (status == WF_OK) status = dispatch(&cli, argc, argv);
    if (status == WF_OK && cli.is_json) status = print_result(&cli);
    int code = exit_code_of(&cli, status);
    if (status != WF_OK) print_error(&cli, status);
    json_decref(cli.result);
    wf_str_reset(&cli.line);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "weft: cannot write to standard output\n");
        if (code == WF_EXIT_OK) code = WF_EXIT_RUNTIME;
    }
    return code;
}
