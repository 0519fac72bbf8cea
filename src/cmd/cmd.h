/* What the commands share. This folder alone prints, reads the environment and handles signals.
 *
 * A command is one wf_command in one file `cmd_*.c` and one line in `commands.def`. Its option
 * table makes the parser, the help text, the shell completion and the man page. */
#ifndef WF_CMD_CMD_H
#define WF_CMD_CMD_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/status.h"
#include "base/str.h"

enum { WF_SCHEMA_VERSION = 1 };

/* What the shell sees. Usage and configuration are 2, whichever status says so. */
enum {
    WF_EXIT_OK = 0,
    WF_EXIT_RUNTIME = 1,
    WF_EXIT_USAGE = 2,
    WF_EXIT_DATA = 3,
    WF_EXIT_MODEL = 4,
    WF_EXIT_GATE = 5,
    WF_EXIT_TIME = 75,
    WF_EXIT_INTERRUPTED = 130
};

/* ---- options ---- */

typedef enum wf_option_kind {
    WF_OPTION_FLAG,   /* int: 1 when given */
    WF_OPTION_TEXT,   /* const char *; NULL when not given. `argument` "[=DIR]": may be left out,
                         the text is then "" */
    WF_OPTION_CHOICE, /* const char *; `argument` lists the words: "v2|v3|v4" */
    WF_OPTION_INT,    /* int64_t; WF_UNSET when not given */
    WF_OPTION_REAL,   /* double; NAN when not given */
    WF_OPTION_TIME,   /* double, seconds; "90", "90s", "15m", "2h"; NAN when not given */
    WF_OPTION_LIST    /* wf_texts; may be given several times */
} wf_option_kind;

#define WF_UNSET INT64_MIN

typedef struct wf_texts {
    const char **items;
    size_t count;
} wf_texts;

typedef struct wf_option {
    const char *name; /* without the dashes */
    char letter;      /* the short form, 0 for none */
    wf_option_kind kind;
    size_t offset;        /* into the command's option struct */
    const char *argument; /* "N", "DIR"; NULL for a flag */
    const char *initial;  /* the default, as one would type it; NULL: not given */
    const char *variable; /* environment variable, NULL for none */
    double min, max;      /* INT and REAL: inclusive */
    const char *help;
} wf_option;

typedef struct wf_cli wf_cli;

typedef struct wf_command {
    const char *name, *summary;
    const char *operands; /* "MODEL", "RUN FILE...", "" */
    int min_operands, max_operands;
    const char *description; /* more lines for the help text, or NULL */
    const char *examples;    /* lines without indentation, or NULL */
    size_t options_size;
    const wf_option *options; /* ends with a NULL name; NULL for none */
    wf_status (*run)(wf_cli *cli, const void *options);
} wf_command;

/* The registry, in the order of commands.def. */
size_t wf_command_count(void);
const wf_command *wf_command_at(size_t i);
const wf_command *wf_command_find(const char *name);
/* The nearest command's name, or NULL. */
const char *wf_command_nearest(const char *name);
/* The options that every command has; ends with a NULL name. Their offsets are into wf_cli. */
const wf_option *wf_common_options(void);

/* One call of the program. */
struct wf_cli {
    wf_context cx;
    const wf_command *command; /* NULL: none was named */
    char **operands;
    int operand_count;
    int is_json, is_quiet, wants_help;
    int exit_code;  /* for the shell when the command fails; 0: what the status says */
    json_t *result; /* --json: the document; schema_version is put before its keys */
    wf_str line;    /* the call, as one would type it */
};

/* Defaults, then the environment, then the arguments; operands are counted.
 * Errors: WF_E_ARG, WF_E_NOMEM. */
wf_status wf_options_parse(wf_cli *cli, void *options, int argc, char **argv);
/* Frees the lists inside. */
void wf_options_reset(const wf_command *command, void *options);

/* ---- texts ---- */

/* "weft help", or the help of one command. */
void wf_help_overview(wf_str *out, wf_context *cx);
void wf_help_command(wf_str *out, wf_context *cx, const wf_command *command);

/* To standard output; quiet under --json. Trailing errors are found when the program ends. */
void wf_print(const wf_cli *cli, const char *format, ...) WF_PRINTF(2, 3);
/* To standard error; quiet under --quiet. */
void wf_note(const wf_cli *cli, const char *format, ...) WF_PRINTF(2, 3);

/* "1.2 MB". Returns `buffer`. */
const char *wf_bytes_text(char buffer[32], double bytes);
/* Columns of the terminal behind `fd`, or `otherwise`. */
int wf_terminal_width(int fd, int otherwise);

/* A table of texts with aligned columns. */
typedef struct wf_table {
    int columns;
    unsigned right; /* bit i: column i is aligned to the right; those behind bit 31 as it says */
    char **cells;
    int *width; /* [columns] of the widest cell so far */
    size_t count;
} wf_table;
void wf_table_init(wf_table *t, int columns, unsigned right);
/* The next cell, row after row; NULL is "". Errors: WF_E_NOMEM. */
wf_status wf_table_add(wf_table *t, wf_context *cx, const char *text);
wf_status wf_table_addf(wf_table *t, wf_context *cx, const char *format, ...) WF_PRINTF(3, 4);
void wf_table_print(const wf_table *t, const wf_cli *cli);
void wf_table_reset(wf_table *t);

/* ---- stopping ---- */

/* From now on the first SIGINT, SIGTERM or SIGHUP is only noted, the second ends the program at
 * once; SIGPIPE is ignored. */
void wf_signals_install(void);
/* In a child process: the parent alone says when to stop, by WF_SIGNAL_STOP. What a terminal or a
 * supervisor sends to all processes at once is ignored, so that it counts once. */
#define WF_SIGNAL_STOP SIGUSR1
void wf_signals_follow(void);
int wf_signals_seen(void);
const volatile sig_atomic_t *wf_signals_flag(void);

#endif
