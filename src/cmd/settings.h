/* What the environment and the options say about places: data, runs, models. */
#ifndef WF_CMD_SETTINGS_H
#define WF_CMD_SETTINGS_H

#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "spec/model.h"
#include "store/store.h"
#include "weft/data.h"

/* Options of every command that opens data. */
typedef struct wf_data_flags {
    const char *data_dir;
    int is_offline;
} wf_data_flags;

#define WF_DATA_OPTIONS(type, member)                                                              \
    {"data-dir",                                                                                   \
     0,                                                                                            \
     WF_OPTION_TEXT,                                                                               \
     offsetof(type, member.data_dir),                                                              \
     "DIR",                                                                                        \
     NULL,                                                                                         \
     "WEFT_DATA",                                                                                  \
     0,                                                                                            \
     0,                                                                                            \
     "look for data sets in this folder first"},                                                   \
    {                                                                                              \
        "offline", 0, WF_OPTION_FLAG, offsetof(type, member.is_offline), NULL, NULL,               \
            "WEFT_OFFLINE", 0, 0, "download nothing"                                               \
    }

#define WF_RUNS_OPTION(type, member)                                                               \
    {                                                                                              \
        "runs", 0, WF_OPTION_TEXT, offsetof(type, member), "DIR", "runs", "WEFT_RUNS", 0, 0,       \
            "folder of the runs"                                                                   \
    }

/* How the data reader is called; keeps the texts and the progress bar that `options` points at. */
typedef struct wf_data_settings {
    wf_dataset_options options;
    char *cache_dir;
    wf_bar bar;
} wf_data_settings;

/* Errors: WF_E_NOMEM. The struct must stay where it is until its reset. */
wf_status wf_data_settings_init(wf_data_settings *out, wf_cli *cli, const wf_data_flags *flags);
void wf_data_settings_reset(wf_data_settings *s);

/* wf_dataset_open; whatever fails there is a matter of data (exit status 3), and what the reader
 * converted is noted. */
wf_status wf_data_open(wf_dataset **out, wf_cli *cli, const char *name_or_path,
                       wf_data_settings *settings);

/* ---- runs ---- */

/* Says what the store has to report of its database, to be called before it is closed. */
void wf_note_store(const wf_cli *cli, const wf_store *store);

/* ---- models ---- */

/* Folders in which models are looked for, in this order: ./models, that of the source tree, that of
 * the installation. Only those that exist. Free each with wf_free. */
enum { WF_MAX_MODEL_FOLDERS = 4 };
wf_status wf_model_folders(char *out[WF_MAX_MODEL_FOLDERS], int *out_count, wf_context *cx);

/* wf_model_find and wf_model_names in these folders. */
wf_status wf_model_locate(char **out, wf_context *cx, const char *name_or_path);
wf_status wf_model_list(wf_names *out, wf_context *cx);
/* wf_model_spec_set for every item. `classes` of the file follows the output, so that the last
 * layer can be changed; the data set's own number of classes is checked later. */
wf_status wf_model_apply(wf_model_spec *model, wf_context *cx, const wf_texts *settings);
/* Reads the model of that name or path; whatever is wrong with it is a matter of configuration. */
wf_status wf_model_load(wf_model_spec **out, wf_cli *cli, const char *name_or_path);

#endif
