/* CSV as RFC 4180 has it, with the columns image, labels and perhaps split. */
#include <string.h>

#include "base/alloc.h"
#include "data/label_sets.h"

/* ---- the header and the rows ---- */

static wf_status find_columns(wf__label_file *f, wf_context *cx, const wf__record *header) {
    const struct {
        const char *name;
        int *column;
    } wanted[] = {
        {"image", &f->image_column}, {"labels", &f->labels_column}, {"split", &f->split_column}};
    for (int w = 0; w < 3; w++) {
        for (int i = 0; i < header->count; i++) {
            if (strcmp(header->fields[i], wanted[w].name) != 0) continue;
            WF_REQUIRE(*wanted[w].column == 0, WF_E_DATA,
                       "%s: line %lld, column %d: a second column is called %s, expected one",
                       f->name, (long long)header->line, i + 1, wanted[w].name);
            *wanted[w].column = i + 1;
        }
        WF_REQUIRE(w == 2 || *wanted[w].column, WF_E_DATA,
                   "%s: line %lld: found no column called %s, expected it in the header | the "
                   "first line is: image,labels",
                   f->name, (long long)header->line, wanted[w].name);
    }
    return WF_OK;
}

static wf_status take_row(wf__label_file *f, wf_context *cx, const wf__record *r, int columns) {
    WF_REQUIRE(r->count == columns, WF_E_DATA,
               "%s: line %lld, column %d: found %s, expected %d columns as in the header%s",
               f->name, (long long)r->line, r->count < columns ? r->count + 1 : columns + 1,
               r->count < columns ? "the end of the line" : "another field", columns,
               r->count > columns ? WF_HINT "labels are separated by |, not by commas" : "");
    const char *image = r->fields[f->image_column - 1];
    WF_REQUIRE(*image, WF_E_DATA, "%s: line %lld, column %d: the image is empty, expected its %s",
               f->name, (long long)r->line, f->image_column, "row number or path");
    f->rows[f->count++] =
        (wf__label_row){.image = image,
                        .labels = r->fields[f->labels_column - 1],
                        .split = f->split_column ? r->fields[f->split_column - 1] : NULL,
                        .line = r->line};
    return WF_OK;
}

wf_status wf__label_file_parse(wf__label_file *out, wf_context *cx, char *text, size_t size,
                               const char *name) {
    wf_status status;
    wf__label_file f = {.name = name, .text = text};
    wf__records r;
    wf__record one;
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    WF_TRY_OR(wf__records_begin(&r, cx, text, size, name));
    WF_TRY_OR(wf__records_next(&one, &r, cx));
    WF_REQUIRE_OR(one.count > 0, WF_E_DATA,
                  "%s: found an empty file, expected the header image,labels", name);
    WF_TRY_OR(find_columns(&f, cx, &one));
    WF_TRY_OR(wf_alloc(&f.rows, cx, lines, sizeof *f.rows));
    for (int columns = one.count;;) {
        WF_TRY_OR(wf__records_next(&one, &r, cx));
        if (one.count == 0) break;
        WF_TRY_OR(take_row(&f, cx, &one, columns));
    }
    WF_REQUIRE_OR(f.count > 0, WF_E_DATA, "%s: found only a header, expected a line per image",
                  name);
    *out = f;
    f = (wf__label_file){0};
done:
    wf__label_file_reset(&f);
    return status;
}

wf_status wf__label_file_read(wf__label_file *out, wf_context *cx, const char *path) {
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read_gz(&text, &size, cx, path, INT32_MAX));
    return wf__label_file_parse(out, cx, (char *)text, size, path);
}

void wf__label_file_reset(wf__label_file *f) {
    wf_free(f->rows);
    wf_free(f->text);
    *f = (wf__label_file){0};
}

wf_status wf__label_file_is(bool *out, wf_context *cx, const char *path) {
    uint8_t *text = NULL;
    size_t size = 0;
    wf__records r;
    wf__record header = {0};
    wf__label_file f = {.name = path};
    wf_context quiet = {0};
    WF_TRY(wf_file_read_gz(&text, &size, cx, path, INT32_MAX));
    *out = wf__records_begin(&r, &quiet, (char *)text, size, path) == WF_OK &&
           wf__records_next(&header, &r, &quiet) == WF_OK &&
           find_columns(&f, &quiet, &header) == WF_OK;
    wf_free(text);
    return WF_OK;
}
