/* config.yaml of a stored run, and what several of them have different. */
#ifndef WF_REPORT_RUN_CONFIG_H
#define WF_REPORT_RUN_CONFIG_H

#include "store/store.h"

/* The run's config.yaml with one line per value: "model.training.epochs" and "3". */
typedef struct wf_run_setting {
    char *key, *text;
} wf_run_setting;

typedef struct wf_run_config {
    wf_run_setting *items;
    size_t count, capacity;
} wf_run_config;

/* Errors: as wf_yaml_parse; WF_E_NOTFOUND (no config.yaml), WF_E_IO. */
wf_status wf_run_config_read(wf_run_config *out, wf_context *cx, const wf_run *run);
/* The same; empty where there is none that can be read.  Errors: WF_E_NOMEM. */
wf_status wf_run_config_find(wf_run_config *out, wf_context *cx, const wf_run *run);
void wf_run_config_reset(wf_run_config *config);
/* NULL when there is no such key. */
const char *wf_run_config_get(const wf_run_config *config, const char *key);
/* Whether two runs were trained alike but for their seed: every value is the same. Where data, a
 * split or first weights came from does not count, nor what a model file says about its model. An
 * empty configuration, that of a run without one, differs from none. */
int wf_run_configs_share_recipe(const wf_run_config *a, const wf_run_config *b);

enum { WF_RUNS_MAX_COMPARED = 16 };

/* Two or more runs side by side: {"runs": [id], "judged_on": [part], "configuration": {key: [text
 * or null]}, "figures": {name: [number or null]}}, one element per run; of the configuration what
 * is not the same in all of them. Release with json_decref.
 * Errors: WF_E_ARG (too many or too few), and as wf_run_config_read. */
wf_status wf_runs_comparison(json_t **out, wf_context *cx, const wf_run *const *runs, size_t count);

#endif
