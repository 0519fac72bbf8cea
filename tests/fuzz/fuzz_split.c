#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/files.h"
#include "weft/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf_split split = {0};
    const wf_dataset dataset = {.train = {.count = 50}};
    char path[64];
    int fd = memfd_create("split", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size &&
        wf_split_read(&split, &cx, path, &dataset) == WF_OK)
        wf_split_reset(&split);
    if (fd >= 0) close(fd);
    return 0;
}
