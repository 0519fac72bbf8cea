/* CSV as RFC 4180 has it, with the columns image, labels and perhaps split. */
#include <string.h>

#include "base/alloc.h"
#include "data/label_sets.h"

enum { MOST_COLUMNS = 256 };

/* The text, and where in it the next record begins. Fields are unquoted in place. */
typedef struct records {
    char *at, *end;
    const char *name;
    int64_t line; /* of `at`, from 1 */
} records;

typedef struct record {
    char *fields[MOST_COLUMNS];
    int count;
    int64_t line; /* of its beginning */
} record;

static wf_status fail_quote(wf_context *cx, const records *r, int column, const char *found) {
    return WF_FAIL(WF_E_DATA,
                   "%s: line %lld, column %d: found %s, expected a closing quote before a comma or "
                   "the end of the line | a quote inside of a quoted field is written twice",
                   r->name, (long long)r->line, column, found);
}

/* The quoted field at r->at, which moves to the comma or line break behind it. */
static wf_status take_quoted(char **out, records *r, wf_context *cx, int column) {
    char *to = r->at, *from = r->at + 1;
    *out = to;
    for (; from < r->end; from++) {
        if (*from == '"') {
            if (from + 1 < r->end && from[1] == '"') from++;
            else break;
        }
        r->line += *from == '\n';
        *to++ = *from;
    }
    if (from == r->end) return fail_quote(cx, r, column, "the end of the file");
    from++;
    if (from < r->end && *from == '\r') from++;
    if (from < r->end && *from != ',' && *from != '\n')
        return fail_quote(cx, r, column, "text behind a quoted field");
    r->at = from;
    *to = 0;
    return WF_OK;
}

/* A field without quotes and without blanks around it. */
static char *take_plain(records *r) {
    char *first = r->at, *last;
    while (r->at < r->end && *r->at != ',' && *r->at != '\n') r->at++;
    last = r->at;
    if (last > first && last[-1] == '\r') last--;
    while (first < last && (*first == ' ' || *first == '\t')) first++;
    while (first < last && (last[-1] == ' ' || last[-1] == '\t')) last--;
    *last = 0; /* over the comma, the line break, or the 0 behind the text */
    return first;
}

/* The next record that is no blank line; count 0 at the end. */
static wf_status next_record(record *out, records *r, wf_context *cx) {
    out->count = 0;
    while (r->at < r->end && (*r->at == '\n' || (*r->at == '\r' && r->at[1] == '\n'))) {
        r->line += *r->at == '\n';
        r->at++;
    }
    const char *begin = r->at;
    out->line = r->line;
    while (r->at < r->end) {
        WF_REQUIRE(out->count < MOST_COLUMNS - 1, WF_E_LIMIT,
                   "%s: line %lld: %d columns or more, fewer are allowed", r->name,
                   (long long)r->line, MOST_COLUMNS);
        char **field = &out->fields[out->count++], stop;
        if (*r->at == '"') {
            WF_TRY(take_quoted(field, r, cx, out->count));
            stop = r->at < r->end ? *r->at : '\n';
        } else {
            char *last = memchr(r->at, '\n', (size_t)(r->end - r->at));
            const char *comma = memchr(r->at, ',', (size_t)((last ? last : r->end) - r->at));
            stop = comma ? ',' : '\n';
            *field = take_plain(r);
        }
        WF_REQUIRE(r->at - begin <= WF_CSV_MAX_LINE, WF_E_LIMIT,
                   "%s: line %lld: more than %d bytes, at most that many are allowed", r->name,
                   (long long)out->line, WF_CSV_MAX_LINE);
        if (r->at < r->end) r->at++;
        if (stop == '\n') {
            r->line++;
            return WF_OK;
        }
        if (r->at == r->end) out->fields[out->count++] = r->end; /* "a," ends in an empty field */
    }
    return WF_OK;
}

/* ---- the header and the rows ---- */

static wf_status find_columns(wf__label_file *f, wf_context *cx, const record *header) {
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

static wf_status take_row(wf__label_file *f, wf_context *cx, const record *r, int columns) {
    WF_REQUIRE(r->count == columns, WF_E_DATA,
               "%s: line %lld, column %d: found %s, expected %d columns as in the header%s",
               f->name, (long long)r->line, r->count < columns ? r->count + 1 : columns + 1,
               r->count < columns ? "the end of the line" : "another field", columns,
               r->count > columns ? " | labels are separated by |, not by commas" : "");
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

static wf_status start(records *out, wf_context *cx, char *text, size_t size, const char *name) {
    *out = (records){.at = text, .end = text + size, .name = name, .line = 1};
    WF_REQUIRE(!memchr(text, 0, size), WF_E_DATA, "%s: at byte %zu: found a 0 byte, expected text",
               name, strlen(text));
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) out->at += 3; /* a byte order mark */
    return WF_OK;
}

wf_status wf__label_file_parse(wf__label_file *out, wf_context *cx, char *text, size_t size,
                               const char *name) {
    wf_status status;
    wf__label_file f = {.name = name, .text = text};
    records r;
    record one;
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    WF_TRY_OR(start(&r, cx, text, size, name));
    WF_TRY_OR(next_record(&one, &r, cx));
    WF_REQUIRE_OR(one.count > 0, WF_E_DATA,
                  "%s: found an empty file, expected the header image,labels", name);
    WF_TRY_OR(find_columns(&f, cx, &one));
    WF_TRY_OR(wf_alloc(&f.rows, cx, lines, sizeof *f.rows));
    for (int columns = one.count;;) {
        WF_TRY_OR(next_record(&one, &r, cx));
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
    records r;
    record header = {0};
    wf__label_file f = {.name = path};
    wf_context quiet = {0};
    WF_TRY(wf_file_read_gz(&text, &size, cx, path, INT32_MAX));
    *out = start(&r, &quiet, (char *)text, size, path) == WF_OK &&
           next_record(&header, &r, &quiet) == WF_OK && find_columns(&f, &quiet, &header) == WF_OK;
    wf_free(text);
    return WF_OK;
}
