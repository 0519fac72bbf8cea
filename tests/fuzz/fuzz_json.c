#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    json_t *value = NULL;
    wf_str text = {0};
    if (wf_json_parse(&value, &cx, (const char *)data, size, "fuzz", WF_JSON_MAX_BYTES) != WF_OK)
        return 0;
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
