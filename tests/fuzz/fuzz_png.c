#include "data/formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf_images image = {0};
    wf__conversion conversion = {0};
    if (wf__png_decode(&image, &cx, data, size, "fuzz", &conversion) == WF_OK)
        wf_images_reset(&image);
    return 0;
}
