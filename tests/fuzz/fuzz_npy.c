#include "io/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf_tensor tensor = {0};
    if (wf_npy_parse(&tensor, &cx, data, size, "fuzz") == WF_OK) wf_npy_reset(&tensor);
    return 0;
}
