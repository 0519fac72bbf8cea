#include "data/formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf_images images = {0};
    const wf__csv_options options[] = {{.label_column = NULL},
                                       {.label_is_optional = true, .wanted = {2, 2, 1}},
                                       {.label_column = "kind"}};
    for (int i = 0; i < 3; i++)
        if (wf__csv_parse(&images, &cx, (const char *)data, size, "fuzz", &options[i]) == WF_OK)
            wf_images_reset(&images);
    return 0;
}
