#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* live.csv as it is, and once more behind a place that its first byte makes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    char *text = malloc(size + 1);
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    for (int is_known = 0; is_known < 2; is_known++) {
        wf_series series = {0};
        wf_series_place place = {.inode = 7, .offset = size ? 4 * data[0] - 9 : 0, .step = 3};
        bool is_anew = false;
        wf__series_parse(&series, &is_anew, &cx, text, size, is_known ? 7 : 8, &place);
        wf_series_reset(&series);
    }
    free(text);
    return 0;
}
