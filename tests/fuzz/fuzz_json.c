#include "base/json.h"
#include "eval/prior.h"
#include "report/study.h"

/* Documents that weft reads back. */
static void read_back(wf_context *cx, const json_t *document) {
    wf_prior *prior = NULL;
    wf_study_run run;
    if (wf_prior_from_json(&prior, cx, document, "fuzz") == WF_OK) wf_prior_destroy(prior);
    if (wf_study_run_from_json(&run, cx, document, "fuzz") == WF_OK) wf_study_run_reset(&run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    json_t *value = NULL;
    wf_str text = {0};
    if (wf_json_parse(&value, &cx, (const char *)data, size, "fuzz", WF_JSON_MAX_BYTES) != WF_OK)
        return 0;
    read_back(&cx, value);
    if (wf_json_text(&text, &cx, value, WF_JSON_PRETTY) != WF_OK) __builtin_trap();
    json_t *again = NULL;
    if (wf_json_parse(&again, &cx, text.text, text.length, "again", SIZE_MAX) != WF_OK ||
        !json_equal(value, again))
        __builtin_trap();
    wf_str_reset(&text);
    json_decref(again);
    json_decref(value);
    return 0;
}
