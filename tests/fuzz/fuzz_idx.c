#include "base/alloc.h"
#include "data/formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf_images images = {0};
    int32_t *labels = NULL;
    int64_t n = 0;
    if (wf__idx_images(&images, &cx, data, size, "fuzz") == WF_OK) wf_images_reset(&images);
    if (wf__idx_labels(&labels, &n, &cx, data, size, "fuzz") == WF_OK) wf_free(labels);
    return 0;
}
