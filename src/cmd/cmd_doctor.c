/* Everything that somebody else would ask first when something does not work. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/threads.h"
#include "base/version.h"
#include "cmd/machine.h"
#include "cmd/settings.h"

typedef struct doctor_options {
    wf_data_flags data;
    const char *runs, *isa;
} doctor_options;

static const wf_option options_table[] = {
    WF_DATA_OPTIONS(doctor_options, data),
    WF_RUNS_OPTION(doctor_options, runs),
    {"isa", 0, WF_OPTION_CHOICE, offsetof(doctor_options, isa), "v2|v3|v4|v4_bf16|v4_amx", NULL,
     "WEFT_ISA", 0, 0, "show what these kernels would be; the best that the CPU has if not given"},
    {0}};

/* All that --isa may be on this CPU, best first. */
static wf_status check_levels(wf_cli *cli, json_t *document) {
    wf_context *cx = &cli->cx;
    json_t *levels = json_array();
    const wf_kernels *level;
    WF_TRY(wf_json_put(document, cx, "levels", levels));
    wf_print(cli, "levels    ");
    for (int i = 0; (level = wf_kernels_at(i)); i++) {
        wf_print(cli, " %s", level->isa);
        WF_TRY(wf_json_append(levels, cx, json_string(level->isa)));
    }
    wf_print(cli, "\n");
    return WF_OK;
}

static wf_status check_cpu(wf_cli *cli, json_t *document, const char *isa) {
    wf_context *cx = &cli->cx;
    const wf_kernels *kernels = NULL;
    char level[16];
    WF_TRY(wf_kernels_choose(&kernels, cx, isa));
    json_t *features = json_object();
    WF_TRY(wf_json_put(document, cx, "cpu",
                       json_pack("{s:s, s:i, s:o}", "name", wf_cpu_name(), "usable", wf_cpu_count(),
                                 "features", features)));
    wf_print(cli, "CPU        %s\n           %d usable;", wf_cpu_name(), wf_cpu_count());
    for (int i = 0; wf_cpu_feature_at(i).name; i++) {
        wf_cpu_feature f = wf_cpu_feature_at(i);
        wf_print(cli, " %s%s", f.is_there ? "" : "no-", f.name);
        WF_TRY(wf_json_put(features, cx, f.name, json_boolean(f.is_there)));
    }
    wf_print(cli, "\nkernels    %s%s\n", wf_isa_text(level, kernels),
             isa ? " (as asked for)" : " (the best for this CPU)");
    WF_TRY(wf_json_put(document, cx, "kernels", json_string(level)));
    WF_TRY(check_levels(cli, document));
    wf_print(cli, "threads    %d\n", wf_cpu_count());
    return wf_json_put(document, cx, "threads", json_integer(wf_cpu_count()));
}

static wf_status check_libraries(wf_cli *cli, json_t *document) {
    wf_context *cx = &cli->cx;
    json_t *libraries = json_object();
    WF_TRY(wf_json_put(document, cx, "libraries", libraries));
    for (int i = 0; wf_library_at(i).name; i++) {
        wf_library library = wf_library_at(i);
        wf_print(cli, "%-11s%-10s %-9s %s\n", i ? "" : "libraries", library.name, library.version,
                 library.purpose);
        WF_TRY(wf_json_put(libraries, cx, library.name, json_string(library.version)));
    }
    return WF_OK;
}

static wf_status add_missing(json_t *missing, wf_context *cx, const char *what,
                             const char *command) {
    return wf_json_append(missing, cx, json_pack("{s:s, s:s}", "what", what, "command", command));
}

static wf_status check_data(wf_cli *cli, json_t *document, json_t *missing,
                            const wf_data_flags *flags) {
    wf_context *cx = &cli->cx;
    wf_data_settings settings;
    json_t *data = json_object();
    WF_TRY(wf_json_put(document, cx, "datasets", data));
    wf_status status = wf_data_settings_init(&settings, cli, flags);
    for (size_t i = 0; status == WF_OK && wf_dataset_info_at(i); i++) {
        const wf_dataset_info *info = wf_dataset_info_at(i);
        char *found = NULL, command[128];
        status = wf_dataset_locate(&found, cx, info->name, &settings.options);
        if (status == WF_OK)
            status = wf_json_put(data, cx, info->name, wf_json_text_or_null(found));
        wf_print(cli, "%-11s%-14s %s\n", i ? "" : "data", info->name,
                 found       ? found
                 : info->url ? "not here; downloaded when used"
                             : "not here");
        if (status == WF_OK && !found && info->debian_package) {
            snprintf(command, sizeof command, "apt-get install %s", info->debian_package);
            status = add_missing(missing, cx, info->name, command);
        }
        wf_text_free(found);
    }
    wf_data_settings_reset(&settings);
    return status;
}

static wf_status check_places(wf_cli *cli, json_t *document, const char *runs) {
    wf_context *cx = &cli->cx;
    char *folders[WF_MAX_MODEL_FOLDERS];
    int count = 0;
    json_t *models = json_array();
    WF_TRY(wf_json_put(document, cx, "model_folders", models));
    WF_TRY(wf_model_folders(folders, &count, cx));
    wf_status status = WF_OK;
    for (int i = 0; i < count; i++) {
        wf_print(cli, "%-11s%s\n", i ? "" : "models", folders[i]);
        if (status == WF_OK) status = wf_json_append(models, cx, json_string(folders[i]));
        wf_free(folders[i]);
    }
    if (!count) wf_print(cli, "models     no folder of models; models can be given by path\n");
    int is_there = wf_path_is_dir(runs), is_writable = is_there && access(runs, W_OK) == 0;
    wf_print(cli, "runs       %s%s\n", runs,
             !is_there      ? " (made by the first run)"
             : !is_writable ? " (cannot be written to)"
                            : "");
    if (status != WF_OK) return status;
    return wf_json_put(document, cx, "runs", json_string(runs));
}

static void print_missing(const wf_cli *cli, const json_t *missing) {
    size_t i;
    json_t *one;
    if (!json_array_size(missing)) wf_print(cli, "missing    nothing\n");
    json_array_foreach(missing, i, one) {
        wf_print(cli, "%-11s%s: %s\n", i ? "" : "missing",
                 json_string_value(json_object_get(one, "what")),
                 json_string_value(json_object_get(one, "command")));
    }
}

static wf_status run(wf_cli *cli, const void *given) {
    const doctor_options *o = given;
    wf_context *cx = &cli->cx;
    json_t *document = json_object(), *missing = json_array();
    wf_print(cli, "weft       %s%s%s\n", WF_VERSION, *WF_COMMIT ? ", commit " : "", WF_COMMIT);
    wf_status status = wf_json_put(document, cx, "version", json_string(WF_VERSION));
    if (status == WF_OK) status = wf_json_put(document, cx, "commit", json_string(WF_COMMIT));
    if (status == WF_OK) status = check_cpu(cli, document, o->isa);
    if (status == WF_OK) status = check_libraries(cli, document);
    if (status == WF_OK) status = check_data(cli, document, missing, &o->data);
    if (status == WF_OK) status = check_places(cli, document, o->runs);
    if (status == WF_OK) status = wf_json_put(document, cx, "missing", json_incref(missing));
    if (status == WF_OK) print_missing(cli, missing);
    json_decref(missing);
    return wf_json_hand_over(&cli->result, document, status);
}

const wf_command wf_command_doctor = {
    .name = "doctor",
    .summary = "Show the machine, the libraries, the data, and what is missing",
    .operands = "",
    .options_size = sizeof(doctor_options),
    .options = options_table,
    .run = run,
};
