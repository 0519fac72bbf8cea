#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "data/formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t big_endian(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Makes every chunk's checksum right, else hardly any change would get past it. */
static void mend(uint8_t *data, size_t size) {
    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        size_t length = big_endian(data + at);
        if (length > size - at - 12) return;
        uint32_t crc = (uint32_t)crc32(0, data + at + 4, (unsigned)length + 4);
        for (int i = 0; i < 4; i++)
            data[at + 8 + length + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
        at += length + 12;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf_images image = {0};
    wf__conversion conversion = {0};
    uint8_t *mended = malloc(size ? size : 1);
    if (!mended) return 0;
    if (size) memcpy(mended, data, size);
    mend(mended, size);
    if (wf__png_decode(&image, &cx, mended, size, "fuzz", &conversion) == WF_OK)
        wf_images_reset(&image);
    free(mended);
    return 0;
}
