/* The command line: GNU options in any order, --name=value, -n value, -nvalue, -qn value, "--". */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/cmd.h"

static const wf_option common[] = {{"json", 0, WF_OPTION_FLAG, offsetof(wf_cli, is_json), NULL,
                                    NULL, NULL, 0, 0, "one JSON document on standard output"},
                                   {"quiet", 'q', WF_OPTION_FLAG, offsetof(wf_cli, is_quiet), NULL,
                                    NULL, NULL, 0, 0, "no progress on standard error"},
                                   {"help", 'h', WF_OPTION_FLAG, offsetof(wf_cli, wants_help), NULL,
                                    NULL, NULL, 0, 0, "show this text"},
                                   {0}};

const wf_option *wf_common_options(void) { return common; }

/* How the user named an option: "--epochs", "-e" or "WEFT_EPOCHS". */
typedef struct origin {
    const char *dashes, *name;
    int length;
} origin;

static int is_word_of(const char *words, const char *text) {
    size_t n = strlen(text);
    for (const char *at = words; at; at = strchr(at, '|')) {
        if (*at == '|') at++;
        size_t m = strcspn(at, "|");
        if (n == m && !memcmp(at, text, n)) return 1;
    }
    return 0;
}

static wf_status parse_int(int64_t *out, wf_context *cx, const wf_option *o, origin from,
                           const char *text) {
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    int is_number = end != text && !*end && errno == 0;
    WF_REQUIRE(is_number && (double)value >= o->min && (double)value <= o->max, WF_E_ARG,
               "%s%.*s is \"%s\", must be a whole number from %.0f to %.0f", from.dashes,
               from.length, from.name, text, o->min, o->max);
    *out = value;
    return WF_OK;
}

static wf_status parse_real(double *out, wf_context *cx, const wf_option *o, origin from,
                            const char *text) {
    char *end = NULL;
    double value = strtod(text, &end);
    double unit = 1;
    if (o->kind == WF_OPTION_TIME) {
        if (end != text && strchr("smh", *end) && *end) {
            unit = *end == 's' ? 1 : *end == 'm' ? 60 : 3600;
            end++;
        }
        WF_REQUIRE(end != text && !*end && value > 0 && isfinite(value), WF_E_ARG,
                   "%s%.*s is \"%s\", must be a time above 0 such as 90, 90s, 15m or 2h",
                   from.dashes, from.length, from.name, text);
    } else {
        WF_REQUIRE(end != text && !*end && value >= o->min && value <= o->max, WF_E_ARG,
                   "%s%.*s is \"%s\", must be a number from %g to %g", from.dashes, from.length,
                   from.name, text, o->min, o->max);
    }
    *out = value * unit;
    return WF_OK;
}

static wf_status add_text(wf_texts *list, wf_context *cx, const char *text) {
    WF_TRY(wf_realloc(&list->items, cx, list->count, list->count + 1, sizeof *list->items));
    list->items[list->count++] = text;
    return WF_OK;
}

/* --name or --name=value: the word behind it is another one's. */
static int takes_no_word(const wf_option *o) { return o->argument && *o->argument == '['; }

static wf_status set_value(wf_cli *cli, const wf_option *o, void *options, origin from,
                           const char *text) {
    wf_context *cx = &cli->cx;
    char *at = (char *)options + o->offset;
    switch (o->kind) {
    case WF_OPTION_FLAG: {
        int is_off = !strcmp(text, "0") || !strcmp(text, "");
        WF_REQUIRE(is_off || !strcmp(text, "1"), WF_E_ARG, "%s%.*s is \"%s\", must be 0 or 1",
                   from.dashes, from.length, from.name, text);
        *(int *)(void *)at = !is_off;
        return WF_OK;
    }
    case WF_OPTION_CHOICE:
        WF_REQUIRE(is_word_of(o->argument, text), WF_E_ARG, "%s%.*s is \"%s\", must be one of %s",
                   from.dashes, from.length, from.name, text, o->argument);
        *(const char **)(void *)at = text;
        return WF_OK;
    case WF_OPTION_TEXT:
        WF_REQUIRE(*text || takes_no_word(o), WF_E_ARG, "%s%.*s is empty, must be %s", from.dashes,
                   from.length, from.name, o->argument);
        *(const char **)(void *)at = text;
        return WF_OK;
    case WF_OPTION_INT: return parse_int((int64_t *)(void *)at, cx, o, from, text);
    case WF_OPTION_REAL:
    case WF_OPTION_TIME: return parse_real((double *)(void *)at, cx, o, from, text);
    case WF_OPTION_LIST: return add_text((wf_texts *)(void *)at, cx, text);
    }
    return WF_FAIL(WF_E_INTERNAL, "option --%s has no kind", o->name);
}

static wf_status set_initial(wf_cli *cli, const wf_command *command, void *options) {
    for (const wf_option *o = command->options; o && o->name; o++) {
        char *at = (char *)options + o->offset;
        if (o->kind == WF_OPTION_INT) *(int64_t *)(void *)at = WF_UNSET;
        if (o->kind == WF_OPTION_REAL || o->kind == WF_OPTION_TIME) *(double *)(void *)at = NAN;
        origin from = {"--", o->name, (int)strlen(o->name)};
        if (o->initial) WF_TRY(set_value(cli, o, options, from, o->initial));
        const char *text = o->variable ? getenv(o->variable) : NULL;
        if (text && *text) {
            from = (origin){"", o->variable, (int)strlen(o->variable)};
            WF_TRY(set_value(cli, o, options, from, text));
        }
    }
    return WF_OK;
}

static const wf_option *find(const wf_option *table, const char *name, size_t length) {
    for (const wf_option *o = table; o && o->name; o++)
        if (strlen(o->name) == length && !memcmp(o->name, name, length)) return o;
    return NULL;
}

static const wf_option *find_letter(const wf_option *table, char letter) {
    for (const wf_option *o = table; o && o->name; o++)
        if (o->letter == letter) return o;
    return NULL;
}

static wf_status fail_unknown(wf_cli *cli, const char *name, size_t length) {
    enum { MAX = 64 };
    wf_context *cx = &cli->cx;
    const char *names[MAX];
    char text[MAX];
    size_t n = 0;
    for (const wf_option *o = cli->command->options; o && o->name && n < MAX; o++)
        names[n++] = o->name;
    for (const wf_option *o = common; o->name && n < MAX; o++) names[n++] = o->name;
    size_t copied = length < sizeof text - 1 ? length : sizeof text - 1;
    memcpy(text, name, copied);
    text[copied] = 0;
    const char *nearest = wf_str_nearest(text, names, n);
    if (nearest)
        return WF_FAIL(WF_E_ARG, "unknown option --%s | did you mean --%s?", text, nearest);
    return WF_FAIL(WF_E_ARG, "unknown option --%s | see weft help %s", text, cli->command->name);
}

/* The words not yet read. */
typedef struct words {
    int argc, next;
    char **argv;
} words;

static wf_status take_value(const char **out, wf_cli *cli, const wf_option *o, origin from,
                            words *w) {
    wf_context *cx = &cli->cx;
    WF_REQUIRE(w->next < w->argc, WF_E_ARG, "option %s%.*s needs a value: %s", from.dashes,
               from.length, from.name, o->argument);
    *out = w->argv[w->next++];
    return WF_OK;
}

static wf_status parse_long(wf_cli *cli, void *options, const char *word, words *w) {
    wf_context *cx = &cli->cx;
    size_t length = strcspn(word, "=");
    void *target = options;
    const wf_option *o = find(cli->command->options, word, length);
    if (!o) {
        o = find(common, word, length);
        target = cli;
    }
    if (!o) return fail_unknown(cli, word, length);
    origin from = {"--", word, (int)length};
    const char *value = word[length] ? word + length + 1 : NULL;
    if (o->kind == WF_OPTION_FLAG) {
        WF_REQUIRE(!value, WF_E_ARG, "option --%s takes no value, \"%s\" was given", o->name,
                   value);
        value = "1";
    } else if (!value && takes_no_word(o)) {
        value = "";
    } else if (!value) {
        WF_TRY(take_value(&value, cli, o, from, w));
    }
    return set_value(cli, o, target, from, value);
}

static wf_status parse_short(wf_cli *cli, void *options, const char *word, words *w) {
    wf_context *cx = &cli->cx;
    for (const char *at = word; *at; at++) {
        void *target = options;
        const wf_option *o = find_letter(cli->command->options, *at);
        if (!o) {
            o = find_letter(common, *at);
            target = cli;
        }
        WF_REQUIRE(o, WF_E_ARG, "unknown option -%c | see weft help %s", *at, cli->command->name);
        origin from = {"-", at, 1};
        if (o->kind == WF_OPTION_FLAG) {
            WF_TRY(set_value(cli, o, target, from, "1"));
            continue;
        }
        const char *value = at[1] ? at + 1 : NULL;
        if (!value) WF_TRY(take_value(&value, cli, o, from, w));
        return set_value(cli, o, target, from, value);
    }
    return WF_OK;
}

static wf_status check_operands(wf_cli *cli) {
    wf_context *cx = &cli->cx;
    const wf_command *c = cli->command;
    if (cli->wants_help) return WF_OK;
    WF_REQUIRE(cli->operand_count <= c->max_operands, WF_E_ARG,
               "\"%s\" is one argument too many | usage: weft %s %s%s[OPTION]...",
               cli->operands[c->max_operands], c->name, c->operands, *c->operands ? " " : "");
    WF_REQUIRE(cli->operand_count >= c->min_operands, WF_E_ARG,
               "weft %s needs %s | usage: weft %s %s [OPTION]...", c->name, c->operands, c->name,
               c->operands);
    return WF_OK;
}

wf_status wf_options_parse(wf_cli *cli, void *options, int argc, char **argv) {
    WF_TRY(set_initial(cli, cli->command, options));
    words w = {argc, 0, argv};
    cli->operands = argv; /* operands are moved to the front; they never outrun what is read */
    cli->operand_count = 0;
    int only_operands = 0;
    while (w.next < w.argc) {
        char *word = w.argv[w.next++];
        if (!only_operands && !strcmp(word, "--")) only_operands = 1;
        else if (!only_operands && word[0] == '-' && word[1] == '-')
            WF_TRY(parse_long(cli, options, word + 2, &w));
        else if (!only_operands && word[0] == '-' && word[1])
            WF_TRY(parse_short(cli, options, word + 1, &w));
        else cli->operands[cli->operand_count++] = word;
    }
    return check_operands(cli);
}

void wf_options_reset(const wf_command *command, void *options) {
    for (const wf_option *o = command->options; options && o && o->name; o++) {
        if (o->kind != WF_OPTION_LIST) continue;
        wf_texts *list = (wf_texts *)(void *)((char *)options + o->offset);
        wf_free(list->items);
        *list = (wf_texts){0};
    }
}
