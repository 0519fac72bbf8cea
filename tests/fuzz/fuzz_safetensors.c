#include "io/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf_safetensors *file = NULL;
    if (wf_safetensors_parse(&file, &cx, data, size, "fuzz") == WF_OK) wf_safetensors_destroy(file);
    return 0;
}
