#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/runs.h"

static const wf_option options_table[] = {
    WF_RUNS_OPTION(wf_runs_options, runs),
    {"names", 0, WF_OPTION_FLAG, offsetof(wf_runs_options, only_names), NULL, NULL, NULL, 0, 0,
     "list: print the names only"},
    {"model", 0, WF_OPTION_TEXT, offsetof(wf_runs_options, model), "NAME", NULL, NULL, 0, 0,
     "list: runs of this model"},
    {"dataset", 0, WF_OPTION_TEXT, offsetof(wf_runs_options, dataset), "NAME", NULL, NULL, 0, 0,
     "list: runs on this data set"},
    {"tag", 0, WF_OPTION_TEXT, offsetof(wf_runs_options, tag), "NAME[=VALUE]", NULL, NULL, 0, 0,
     "list: runs with this tag"},
    {"status", 0, WF_OPTION_CHOICE, offsetof(wf_runs_options, status),
     "running|finished|interrupted|failed|abandoned", NULL, NULL, 0, 0,
     "list: runs of this status"},
    {"sort", 0, WF_OPTION_CHOICE, offsetof(wf_runs_options, sort), WF_RUN_SORTS, NULL, NULL, 0, 0,
     "list: best first; started: oldest first (the default)"},
    {"limit", 0, WF_OPTION_INT, offsetof(wf_runs_options, limit), "N", NULL, NULL, 1, 1e9,
     "list: the first N; by started the latest N"},
    {"format", 'f', WF_OPTION_CHOICE, offsetof(wf_runs_options, format), "text|csv|json", NULL,
     NULL, 0, 0, "query: form of the answer (default text)"},
    {"max-time", 0, WF_OPTION_TIME, offsetof(wf_runs_options, max_time), "TIME", NULL, NULL, 0, 1e9,
     "query: give up after 90s, 15m or 2h (default 30s)"},
    {"remove", 0, WF_OPTION_FLAG, offsetof(wf_runs_options, is_removal), NULL, NULL, NULL, 0, 0,
     "tag: take the tags away"},
    {"yes", 'y', WF_OPTION_FLAG, offsetof(wf_runs_options, is_sure), NULL, NULL, NULL, 0, 0,
     "delete: do not ask"},
    {"dry-run", 'n', WF_OPTION_FLAG, offsetof(wf_runs_options, is_dry), NULL, NULL, NULL, 0, 0,
     "gc: only say what would go"},
    {"output", 'o', WF_OPTION_TEXT, offsetof(wf_runs_options, output), "DIR", NULL, NULL, 0, 0,
     "export: write this folder, which must not be there yet"},
    {0}};

typedef struct verb {
    const char *name, *operands;
    int min, max;
    const char *options; /* those that it takes, beside --runs and the common ones */
    wf_status (*run)(const wf_runs_call *c);
} verb;

enum { MANY = 1000 };
static const verb verbs[] = {
    {"list", "[NAME]", 0, 1, " names model dataset tag status sort limit ", wf_runs_list},
    {"show", "RUN", 1, 1, "", wf_runs_show},
    {"compare", "RUN RUN...", 2, MANY, "", wf_runs_compare},
    {"query", "SQL", 1, 1, " format max-time ", wf_runs_query},
    {"tag", "RUN NAME[=VALUE]...", 2, MANY, " remove ", wf_runs_tag},
    {"delete", "RUN...", 1, MANY, " yes ", wf_runs_delete},
    {"gc", "", 0, 0, " dry-run ", wf_runs_gc},
    {"export", "RUN", 1, 1, " output ", wf_runs_export},
    {"rebuild", "", 0, 0, "", wf_runs_rebuild},
};

static wf_status find_verb(const verb **out, wf_context *cx, const char *name) {
    enum { COUNT = sizeof verbs / sizeof *verbs };
    const char *names[COUNT];
    for (int i = 0; i < COUNT; i++) {
        names[i] = verbs[i].name;
        if (strcmp(name, names[i]) != 0) continue;
        *out = &verbs[i];
        return WF_OK;
    }
    const char *nearest = wf_str_nearest(name, names, COUNT);
    if (nearest)
        return WF_FAIL(WF_E_ARG, "weft runs cannot \"%s\" | did you mean weft runs %s?", name,
                       nearest);
    return WF_FAIL(WF_E_ARG, "weft runs cannot \"%s\" | see weft help runs", name);
}

static int is_given(const wf_option *o, const wf_runs_options *options) {
    const void *at = (const char *)options + o->offset;
    switch (o->kind) {
    case WF_OPTION_FLAG: return *(const int *)at;
    case WF_OPTION_INT: return *(const int64_t *)at != WF_UNSET;
    case WF_OPTION_REAL:
    case WF_OPTION_TIME: return !isnan(*(const double *)at);
    default: return *(const char *const *)at != NULL;
    }
}

/* An option of another verb is a mistake, not something to be passed over. */
static wf_status check_options(wf_context *cx, const verb *v, const wf_runs_options *options) {
    for (const wf_option *o = options_table; o->name; o++) {
        char word[32];
        if (o->offset == offsetof(wf_runs_options, runs) || !is_given(o, options)) continue;
        snprintf(word, sizeof word, " %s ", o->name);
        WF_REQUIRE(strstr(v->options, word), WF_E_ARG,
                   "weft runs %s takes no --%s | --%s is for %s", v->name, o->name, o->name,
                   o->help);
    }
    return WF_OK;
}

static wf_status run(wf_cli *cli, const void *given) {
    const wf_runs_options *o = given;
    wf_context *cx = &cli->cx;
    const verb *v = &verbs[0];
    int skipped = cli->operand_count > 0;
    if (skipped) WF_TRY(find_verb(&v, cx, cli->operands[0]));
    wf_runs_call c = {cli, o, NULL, cli->operands + skipped, cli->operand_count - skipped};
    WF_REQUIRE(c.count >= v->min && c.count <= v->max, WF_E_ARG,
               "weft runs %s takes %s, %d arguments were given | weft runs lists what there is",
               v->name, *v->operands ? v->operands : "no arguments", c.count);
    WF_TRY(check_options(cx, v, o));
    WF_TRY(wf_store_open(&c.store, cx, o->runs));
    wf_status status = v->run(&c);
    wf_note_store(cli, c.store);
    wf_store_close(c.store);
    return status;
}

const wf_command wf_command_runs = {
    .name = "runs",
    .summary = "List, compare, query, tag, delete and export the runs",
    .operands = "[VERB [ARGUMENT]...]",
    .max_operands = MANY + 1,
    .description =
        "  list [NAME]               the runs, or those of a model or name (the default)\n"
        "  show RUN                  one run with its epochs\n"
        "  compare RUN RUN...        what their configurations have different, and all figures\n"
        "  query SQL                 ask the database of the runs, runs/weft.db; it only reads\n"
        "  tag RUN NAME[=VALUE]...   note something about a run; --remove takes it away\n"
        "  delete RUN...             take runs away for good\n"
        "  gc                        remove checkpoints of finished runs and what was left behind\n"
        "  export RUN -o DIR         a folder of CSV and JSON, laid out as a run of MLflow\n"
        "  rebuild                   make the database again from the folders of the runs\n"
        "\n"
        "NAME is a model's or a run's name; RUN is a run's folder, its id (gru-128-2), or a\n"
        "name: then the latest finished run of that name. delete wants a folder or an id.",
    .examples = "weft runs\n"
                "weft runs list --model gru-128 --sort accuracy --limit 3\n"
                "weft runs compare gru-128-1 gru-128-2\n"
                "weft runs query \"SELECT model, max(accuracy) FROM summary GROUP BY model\"\n"
                "weft runs tag gru-128-1 best note=\"for the talk\"\n"
                "weft runs gc --dry-run\n"
                "weft runs export gru-128-1 -o exported",
    .options_size = sizeof(wf_runs_options),
    .options = options_table,
    .run = run,
};
