/* How large the things are that bear an image's labels. */
#include <string.h>

#include "base/alloc.h"
#include "data/label_sets.h"

enum { IMAGE, LABEL, WIDTH, HEIGHT, WANTED };

static const char *const names[WANTED] = {"image", "label", "width", "height"};

typedef struct objects {
    wf_images *images;
    const wf__label_classes *classes;
    const char *file;
    int column[WANTED]; /* from 1 */
    int columns;
} objects;

static wf_status find_columns(objects *o, wf_context *cx, const wf__record *header) {
    o->columns = header->count;
    for (int w = 0; w < WANTED; w++) {
        for (int i = 0; i < header->count; i++) {
            if (strcmp(header->fields[i], names[w]) != 0) continue;
            WF_REQUIRE(o->column[w] == 0, WF_E_DATA,
                       "%s: line %lld, column %d: a second column is called %s, expected one",
                       o->file, (long long)header->line, i + 1, names[w]);
            o->column[w] = i + 1;
        }
        WF_REQUIRE(o->column[w], WF_E_DATA,
                   "%s: line 1: found no column called %s, expected it in the header | the first "
                   "line is: image,label,width,height",
                   o->file, names[w]);
    }
    return WF_OK;
}

/* A whole number from `least` to `most`. */
static wf_status take_number(int64_t *out, wf_context *cx, const objects *o, const wf__record *r,
                             int which, int64_t least, int64_t most) {
    const char *text = r->fields[o->column[which] - 1];
    const size_t digits = strspn(text, "0123456789");
    int64_t number = 0;
    for (size_t i = 0; i < digits && number <= most; i++) number = 10 * number + (text[i] - '0');
    WF_REQUIRE(digits > 0 && !text[digits] && number >= least && number <= most, WF_E_DATA,
               "%s: line %lld, column %d: found the %s \"%.40s\", expected a whole number from "
               "%lld to %lld",
               o->file, (long long)r->line, o->column[which], names[which], text, (long long)least,
               (long long)most);
    *out = number;
    return WF_OK;
}

static wf_status take_object(const objects *o, wf_context *cx, const wf__record *r) {
    int64_t image = 0, width = 0, height = 0;
    WF_REQUIRE(r->count == o->columns, WF_E_DATA,
               "%s: line %lld: found %d columns, expected %d as in the header", o->file,
               (long long)r->line, r->count, o->columns);
    WF_TRY(take_number(&image, cx, o, r, IMAGE, 0, o->images->count - 1));
    WF_TRY(take_number(&width, cx, o, r, WIDTH, 1, UINT16_MAX));
    WF_TRY(take_number(&height, cx, o, r, HEIGHT, 1, UINT16_MAX));
    const char *label = r->fields[o->column[LABEL] - 1];
    const int32_t class = wf__label_find(o->classes, label);
    WF_REQUIRE(class >= 0, WF_E_DATA,
               "%s: line %lld, column %d: found the label \"%.60s\", expected one of the %zu of %s",
               o->file, (long long)r->line, o->column[LABEL], label, o->classes->names.count,
               o->classes->source);
    const int64_t at = image * o->images->n_labels + class;
    WF_REQUIRE(o->images->label_sets[at], WF_E_DATA,
               "%s: line %lld, column %d: found the label \"%.60s\", which image %lld has not | "
               "the file belongs to other labels",
               o->file, (long long)r->line, o->column[LABEL], label, (long long)image);
    const uint16_t size = (uint16_t)(width > height ? width : height);
    if (size > o->images->object_sizes[at]) o->images->object_sizes[at] = size;
    return WF_OK;
}

wf_status wf__label_objects_parse(wf_images *images, wf_context *cx, char *text, size_t size,
                                  const char *name, const wf__label_classes *classes) {
    objects o = {.images = images, .classes = classes, .file = name};
    wf__records records;
    wf__record one;
    WF_TRY(wf__records_begin(&records, cx, text, size, name));
    WF_TRY(wf__records_next(&one, &records, cx));
    WF_TRY(find_columns(&o, cx, &one));
    WF_TRY(wf__images_alloc_sizes(images, cx));
    for (;;) {
        WF_TRY(wf__records_next(&one, &records, cx));
        if (one.count == 0) return WF_OK;
        WF_TRY(take_object(&o, cx, &one));
    }
}
