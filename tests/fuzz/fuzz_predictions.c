#include "store/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf_predictions p = {0};
    if (wf__predictions_parse(&p, &cx, (const char *)data, size, "fuzz.csv") == WF_OK)
        wf_predictions_reset(&p);
    return 0;
}
