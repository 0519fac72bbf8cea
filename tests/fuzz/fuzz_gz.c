#include "base/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf_source source = {0};
    static uint8_t buffer[50000];
    size_t got = sizeof buffer;
    if (wf_source_init(&source, &cx, data, size, "fuzz") != WF_OK) return 0;
    while (got == sizeof buffer)
        if (wf_source_read(&got, &source, &cx, buffer, sizeof buffer) != WF_OK) break;
    wf_source_reset(&source);
    return 0;
}
