/* One image per line: a label and pixels from 0 to 255, separated by commas, with or without a
 * header line. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "data/formats.h"

typedef struct csv {
    const char *at, *end, *name;
    int64_t line;       /* of `at`, from 1 */
    int64_t n_columns;  /* of the first line */
    int64_t label;      /* column, from 0; -1: none */
    int32_t last_label; /* of the line that was just read */
} csv;

typedef struct field {
    const char *text;
    size_t length;
} field;

/* [begin, end) of the next line that is not blank, without its line break; NULL at the end. */
static wf_status next_line(const char **out_begin, const char **out_end, csv *c, wf_context *cx) {
    while (c->at < c->end) {
        const char *begin = c->at;
        const char *stop = memchr(begin, '\n', (size_t)(c->end - begin));
        const char *end = stop ? stop : c->end;
        c->at = stop ? stop + 1 : c->end;
        c->line++;
        WF_REQUIRE(end - begin <= WF_CSV_MAX_LINE, WF_E_LIMIT,
                   "%s: line %lld: %td bytes, at most %d are allowed", c->name, (long long)c->line,
                   end - begin, WF_CSV_MAX_LINE);
        if (end > begin && end[-1] == '\r') end--;
        if (end > begin) {
            *out_begin = begin;
            *out_end = end;
            return WF_OK;
        }
    }
    *out_begin = NULL;
    *out_end = NULL;
    return WF_OK;
}

/* Takes a field off the line, without blanks and quotes around it. */
static field take_field(const char **at, const char *end) {
    const char *stop = memchr(*at, ',', (size_t)(end - *at));
    const char *last = stop ? stop : end, *first = *at;
    *at = stop ? stop + 1 : end + 1;
    while (first < last && (*first == ' ' || *first == '\t')) first++;
    while (first < last && (last[-1] == ' ' || last[-1] == '\t')) last--;
    if (last - first >= 2 && *first == '"' && last[-1] == '"') {
        first++;
        last--;
    }
    return (field){first, (size_t)(last - first)};
}

/* A whole number up to 9 digits; false if it is anything else. */
static bool to_number(int32_t *out, field f) {
    if (f.length == 0 || f.length > 9) return false;
    int32_t value = 0;
    for (size_t i = 0; i < f.length; i++) {
        if (f.text[i] < '0' || f.text[i] > '9') return false;
        value = 10 * value + (f.text[i] - '0');
    }
    *out = value;
    return true;
}

static wf_status fail_field(wf_context *cx, const csv *c, int64_t column, field f,
                            const char *expected) {
    return WF_FAIL(WF_E_DATA, "%s: line %lld, column %lld: found \"%.*s\", expected %s", c->name,
                   (long long)c->line, (long long)column + 1, f.length < 40 ? (int)f.length : 40,
                   f.text, expected);
}

static bool is_square(int64_t n, int64_t *out_side) {
    int64_t side = 1;
    while (side * side < n) side++;
    *out_side = side;
    return side * side == n;
}

/* What image `n` columns are: as wanted if that fits, or square and grey, or square and colour. */
static bool find_shape(int64_t n, wf__wanted w, int64_t *height, int64_t *width,
                       int64_t *channels) {
    int64_t wanted = (int64_t)w.height * w.width * (w.channels ? w.channels : 1);
    *channels = 1;
    if (wanted > 0 && wanted == n) {
        *height = w.height;
        *width = w.width;
        *channels = w.channels ? w.channels : 1;
        return true;
    }
    if (n >= 1 && is_square(n, height)) {
        *width = *height;
        return true;
    }
    if (n >= 3 && n % 3 == 0 && is_square(n / 3, height)) {
        *width = *height;
        *channels = 3;
        return true;
    }
    return false;
}

/* Counts the columns; tells a header by a field that is no number, and finds the label in it. */
static wf_status read_first_line(csv *c, bool *out_is_header, wf_context *cx, const char *begin,
                                 const char *end, const char *label_column) {
    const char *wanted = label_column ? label_column : "label";
    bool is_header = false;
    int64_t label = -1, n = 0;
    int32_t number;
    for (const char *at = begin; at <= end; n++) {
        field f = take_field(&at, end);
        if (!to_number(&number, f)) is_header = true;
        if (f.length == strlen(wanted) && memcmp(f.text, wanted, f.length) == 0) {
            WF_REQUIRE(label < 0, WF_E_DATA, "%s: line %lld: two columns are called %s", c->name,
                       (long long)c->line, wanted);
            label = n;
        }
    }
    WF_REQUIRE(!label_column || (is_header && label >= 0), WF_E_DATA,
               "%s: line %lld: found no column called %s, expected it in the header", c->name,
               (long long)c->line, label_column);
    c->n_columns = n;
    c->label = is_header ? label : -1;
    *out_is_header = is_header;
    return WF_OK;
}

/* How many lines with data follow. */
static wf_status count_lines(int64_t *out, csv c, wf_context *cx) {
    const char *begin, *end;
    int64_t n = 0;
    for (;;) {
        WF_TRY(next_line(&begin, &end, &c, cx));
        if (!begin) break;
        n++;
    }
    *out = n;
    return WF_OK;
}

static wf_status read_line(csv *c, wf_context *cx, const char *at, const char *end,
                           uint8_t *pixels) {
    int64_t column = 0;
    for (; at <= end && column < c->n_columns; column++) {
        field f = take_field(&at, end);
        int32_t value = 0;
        bool is_label = column == c->label;
        if (!to_number(&value, f) || value > (is_label ? WF_MAX_CLASSES - 1 : 255))
            return fail_field(cx, c, column, f,
                              is_label ? "a label, a whole number from 0 to 4095"
                                       : "a pixel, a whole number from 0 to 255");
        if (is_label) c->last_label = value;
        else *pixels++ = (uint8_t)value;
    }
    WF_REQUIRE(column == c->n_columns && at > end, WF_E_DATA,
               "%s: line %lld, column %lld: found %s, expected %lld columns as in the first line",
               c->name, (long long)c->line, (long long)column + 1,
               at > end ? "the end of the line" : "another field", (long long)c->n_columns);
    return WF_OK;
}

static wf_status read_lines(csv *c, wf_images *images, wf_context *cx) {
    size_t bytes = wf__image_bytes(images);
    for (size_t i = 0; i < (size_t)images->count; i++) {
        const char *begin, *end;
        WF_TRY(next_line(&begin, &end, c, cx));
        WF_TRY(read_line(c, cx, begin, end, images->pixels + i * bytes));
        if (images->labels) images->labels[i] = c->last_label;
    }
    return WF_OK;
}

wf_status wf__csv_parse(wf_images *out, wf_context *cx, const char *text, size_t size,
                        const char *name, const wf__csv_options *options) {
    csv c = {.at = text, .end = text + size, .name = name, .label = -1};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) c.at += 3; /* a byte order mark */
    const char *begin, *end;
    bool is_header = false;
    csv start = c;
    WF_TRY(next_line(&begin, &end, &c, cx));
    WF_REQUIRE(begin, WF_E_DATA, "%s: found an empty file, expected a line per image", name);
    WF_TRY(read_first_line(&c, &is_header, cx, begin, end, options->label_column));
    if (!is_header) {
        start.n_columns = c.n_columns;
        start.label = c.label;
        c = start;
    }

    int64_t height = 0, width = 0, channels = 0, n = 0;
    bool is_image = find_shape(c.n_columns, options->wanted, &height, &width, &channels);
    const bool lacks_label = c.label < 0 && is_image && height > 1 && !options->label_is_optional;
    if (c.label < 0 && !(options->label_is_optional && is_image)) c.label = 0;
    int64_t n_pixels = c.n_columns - (c.label >= 0);
    WF_REQUIRE(!lacks_label || find_shape(n_pixels, options->wanted, &height, &width, &channels),
               WF_E_DATA,
               "%s: found %lld columns, which are the pixels of an image, and no label | images "
               "without labels can be asked about with weft predict, not trained or tested with",
               name, (long long)c.n_columns);
    WF_REQUIRE(find_shape(n_pixels, options->wanted, &height, &width, &channels), WF_E_DATA,
               "%s: line %lld: found %lld pixel columns, expected a square number such as 784 = 28 "
               "x 28, or three times one | give the height and width of the images",
               name, (long long)c.line + !is_header, (long long)n_pixels);
    WF_TRY(count_lines(&n, c, cx));
    WF_REQUIRE(n >= 1, WF_E_DATA, "%s: found only a header, expected a line per image", name);
    WF_REQUIRE((uint64_t)n * (uint64_t)n_pixels <= size, WF_E_DATA,
               "%s: %lld lines of %lld pixels are more than its %zu bytes can hold", name,
               (long long)n, (long long)n_pixels, size);

    wf_images images = {0};
    WF_TRY(wf__images_alloc(&images, cx, n, height, width, channels, c.label >= 0, name));
    wf_status status = read_lines(&c, &images, cx);
    if (status == WF_OK) *out = images;
    else wf_images_reset(&images);
    return status;
}

/* --- the files of a data set ----------------------------------------------------------------- */

static wf_status find_one(char **out, wf_context *cx, const wf_names *names, const char *folder,
                          const char *stem) {
    char suffix[2][32] = {{0}};
    strcat(strcpy(suffix[0], stem), ".csv");
    strcat(strcpy(suffix[1], suffix[0]), ".gz");
    const char *found = NULL;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        if (name[0] == '.') continue; /* what macOS lays beside files */
        if (!wf_path_has_suffix(name, suffix[0]) && !wf_path_has_suffix(name, suffix[1])) continue;
        WF_REQUIRE(!found, WF_E_DATA,
                   "%s: found both %s and %s, expected one file *%s | give the path of one file",
                   folder, found, name, suffix[0]);
        found = name;
    }
    return found ? wf_path_join(out, cx, folder, found) : WF_OK;
}

wf_status wf__csv_find(wf__csv_files *out, wf_context *cx, const char *folder) {
    wf_status status = WF_OK;
    wf_names names = {0};
    wf__csv_files f = {0};
    WF_TRY(wf_dir_list(&names, cx, folder));
    WF_TRY_OR(find_one(&f.train, cx, &names, folder, "train"));
    WF_TRY_OR(find_one(&f.validation, cx, &names, folder, "val"));
    if (!f.validation) WF_TRY_OR(find_one(&f.validation, cx, &names, folder, "validation"));
    WF_TRY_OR(find_one(&f.test, cx, &names, folder, "test"));
    *out = f;
    f = (wf__csv_files){0};
done:
    wf__csv_files_reset(&f);
    wf_names_reset(&names);
    return status;
}

void wf__csv_files_reset(wf__csv_files *files) {
    wf_free(files->train);
    wf_free(files->validation);
    wf_free(files->test);
    *files = (wf__csv_files){0};
}

static wf_status open_part(wf_images *out, wf_str *notes, wf_context *cx, const char *part,
                           const char *path, const wf_dataset_options *o) {
    wf_status status = WF_OK;
    uint8_t *bytes = NULL;
    size_t size = 0;
    wf__conversion conversion = {0};
    wf__csv_options options = {.wanted = {o->height, o->width, o->channels},
                               .label_column = o->label_column};
    if (!path) return WF_OK;
    WF_TRY(wf__progress(cx, o, path, 0, 0));
    WF_TRY(wf_file_read_gz(&bytes, &size, cx, path, SIZE_MAX - 1));
    WF_TRY_OR(wf__csv_parse(out, cx, (const char *)bytes, size, path, &options));
    WF_TRY_OR(wf__images_convert(out, cx, options.wanted, &conversion, path));
    wf__conversion_notes(notes, cx, part, &conversion);
    status = notes->status;
done:
    wf_free(bytes);
    return status;
}

wf_status wf__open_csv(wf_dataset *d, wf_str *notes, wf_context *cx, const wf__csv_files *files,
                       const wf_dataset_options *options) {
    WF_TRY(open_part(&d->train, notes, cx, "train", files->train, options));
    WF_TRY(open_part(&d->validation, notes, cx, "validation", files->validation, options));
    return open_part(&d->test, notes, cx, "test", files->test, options);
}
