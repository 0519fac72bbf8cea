#include <string.h>

#include "base/alloc.h"
#include "data/label_sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Text with a 0 behind it, as files are read. */
static char *copy_text(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    char *text = NULL;
    if (wf_alloc(&text, &cx, size + 1, 1) == WF_OK && size) memcpy(text, data, size);
    return text;
}

static void read_sets(const wf__label_file *f, const wf__label_classes *c) {
    wf_context cx = {0};
    uint8_t *set = NULL;
    if (wf_alloc(&set, &cx, c->names.count, 1) != WF_OK) return;
    for (int64_t i = 0; i < f->count; i++) {
        memset(set, 0, c->names.count);
        wf__label_set(set, &cx, f, &f->rows[i], c);
    }
    wf_free(set);
}

/* The same text as a file of objects of images that have every label. */
static void read_objects(const wf__label_classes *c, const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf_images images = {.count = 3};
    char *text = copy_text(data, size);
    if (wf__images_alloc_sets(&images, &cx, (int32_t)c->names.count) == WF_OK) {
        memset(images.label_sets, 1, 3 * c->names.count);
        wf__label_objects_parse(&images, &cx, text, size, "fuzz", c);
    }
    wf_images_reset(&images);
    wf_free(text);
}

/* The whole as a file of labels with its own names, and as classes.txt. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    wf__label_file f = {0};
    wf__label_classes c = {0};
    char *text = copy_text(data, size);
    if (wf__label_classes_parse(&c, &cx, text, size, "fuzz") == WF_OK) wf__label_classes_reset(&c);
    wf_free(text);
    if (wf__label_file_parse(&f, &cx, copy_text(data, size), size, "fuzz") != WF_OK) return 0;
    if (wf__label_classes_of(&c, &cx, &f, NULL) == WF_OK) {
        read_sets(&f, &c);
        read_objects(&c, data, size);
        wf__label_classes_reset(&c);
    }
    wf__label_file_reset(&f);
    return 0;
}
