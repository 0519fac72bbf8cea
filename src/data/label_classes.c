/* Which names there are, and what a row's names make of an image. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "data/label_sets.h"

/* Takes the next name off "Bag| Dress", without the blanks around it; NULL behind the last. The
 * text is cut into its names on the way. */
static char *take_name(char **at) {
    char *first = *at;
    if (!first) return NULL;
    char *last = first + strcspn(first, "|");
    *at = *last ? last + 1 : NULL;
    while (first < last && (*first == ' ' || *first == '\t')) first++;
    while (first < last && (last[-1] == ' ' || last[-1] == '\t')) last--;
    *last = 0;
    return first;
}

static bool is_blank(const char *text) { return text[strspn(text, " \t")] == 0; }

/* ---- the order by name ---- */

typedef struct named {
    const char *name;
    int32_t index;
} named;

static int compare_named(const void *left, const void *right) {
    return strcmp(((const named *)left)->name, ((const named *)right)->name);
}

/* Sets classes->order; *out_twice is a name that is there twice, or NULL. */
static wf_status sort_names(wf__label_classes *classes, const char **out_twice, wf_context *cx) {
    named *sorted = NULL;
    size_t n = classes->names.count;
    WF_TRY(wf_alloc(&sorted, cx, n, sizeof *sorted));
    wf_status status = wf_alloc(&classes->order, cx, n, sizeof *classes->order);
    if (status == WF_OK) {
        for (size_t i = 0; i < n; i++) sorted[i] = (named){classes->names.items[i], (int32_t)i};
        qsort(sorted, n, sizeof *sorted, compare_named);
        *out_twice = NULL;
        for (size_t i = 0; i < n; i++) {
            classes->order[i] = sorted[i].index;
            if (i && !strcmp(sorted[i].name, sorted[i - 1].name)) *out_twice = sorted[i].name;
        }
    }
    wf_free(sorted);
    return status;
}

int32_t wf__label_find(const wf__label_classes *classes, const char *name) {
    size_t low = 0, high = classes->names.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(classes->names.items[classes->order[middle]], name);
        if (order == 0) return classes->order[middle];
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return -1;
}

/* ---- classes.txt ---- */

static wf_status add_class(wf__label_classes *c, wf_context *cx, char *name, int64_t line,
                           const char *file) {
    WF_REQUIRE(!strchr(name, '|'), WF_E_DATA,
               "%s: line %lld: found the name \"%.60s\", expected one without |, which separates "
               "labels | one name per line",
               file, (long long)line, name);
    WF_REQUIRE(c->names.count < WF_MAX_CLASSES, WF_E_LIMIT,
               "%s: line %lld: more than %d classes, at most that many are allowed", file,
               (long long)line, WF_MAX_CLASSES);
    WF_TRY(wf_strdup(&c->names.items[c->names.count], cx, take_name(&name)));
    c->names.count++;
    return WF_OK;
}

wf_status wf__label_classes_parse(wf__label_classes *out, wf_context *cx, char *text, size_t size,
                                  const char *name) {
    wf_status status = WF_OK;
    wf__label_classes c = {.source = "classes.txt"};
    const char *twice = NULL;
    int64_t line = 0;
    WF_REQUIRE(!memchr(text, 0, size), WF_E_DATA, "%s: at byte %zu: found a 0 byte, expected text",
               name, strlen(text));
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3; /* a byte order mark */
    WF_TRY_OR(wf_alloc(&c.names.items, cx, WF_MAX_CLASSES, sizeof *c.names.items));
    while (text && *text) {
        char *next = strchr(text, '\n');
        if (next) *next++ = 0;
        text[strcspn(text, "\r")] = 0;
        line++;
        if (!is_blank(text)) WF_TRY_OR(add_class(&c, cx, text, line, name));
        text = next;
    }
    WF_REQUIRE_OR(c.names.count >= 2, WF_E_DATA,
                  "%s: found %zu class name(s), expected at least 2, one per line", name,
                  c.names.count);
    WF_TRY_OR(sort_names(&c, &twice, cx));
    WF_REQUIRE_OR(!twice, WF_E_DATA, "%s: found the name \"%.60s\" twice, expected each once", name,
                  twice);
    *out = c;
    c = (wf__label_classes){0};
done:
    wf__label_classes_reset(&c);
    return status;
}

/* ---- names of the rows ---- */

/* A growing list of names, sorted and without doubles now and then, so that it stays short. */
static int compare_texts(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void unite(wf_names *names) {
    size_t kept = 0;
    qsort(names->items, names->count, sizeof *names->items, compare_texts);
    for (size_t i = 0; i < names->count; i++) {
        if (kept && !strcmp(names->items[kept - 1], names->items[i])) wf_free(names->items[i]);
        else names->items[kept++] = names->items[i];
    }
    names->count = kept;
}

/* Adds the names of one row; `names` has room for twice WF_MAX_CLASSES. */
static wf_status add_names(wf_names *names, wf_context *cx, const wf__label_file *f,
                           const wf__label_row *row) {
    char *copy = NULL, *at, *name;
    if (is_blank(row->labels)) return WF_OK;
    WF_TRY(wf_strdup(&copy, cx, row->labels));
    wf_status status = WF_OK;
    for (at = copy; status == WF_OK && (name = take_name(&at));) {
        if (!*name) continue; /* refused by wf__label_set */
        status = wf_strdup(&names->items[names->count], cx, name);
        if (status == WF_OK && ++names->count == 2 * WF_MAX_CLASSES) {
            unite(names);
            if (names->count > WF_MAX_CLASSES)
                status = WF_FAIL(WF_E_LIMIT,
                                 "%s: line %lld: more than %d classes, at most that "
                                 "many are allowed",
                                 f->name, (long long)row->line, WF_MAX_CLASSES);
        }
    }
    wf_free(copy);
    return status;
}

wf_status wf__label_classes_of(wf__label_classes *out, wf_context *cx, const wf__label_file *f,
                               const uint8_t *in_train) {
    wf_status status = WF_OK;
    wf__label_classes c = {.source = f->name};
    const char *twice = NULL;
    WF_TRY_OR(wf_alloc(&c.names.items, cx, 2 * WF_MAX_CLASSES, sizeof *c.names.items));
    for (int64_t i = 0; i < f->count; i++)
        if (!in_train || in_train[i]) WF_TRY_OR(add_names(&c.names, cx, f, &f->rows[i]));
    unite(&c.names);
    WF_REQUIRE_OR(c.names.count >= 2 && c.names.count <= WF_MAX_CLASSES, WF_E_DATA,
                  "%s: found %zu class name(s) in column %d of the training rows, expected 2 to %d",
                  f->name, c.names.count, f->labels_column, WF_MAX_CLASSES);
    WF_TRY_OR(sort_names(&c, &twice, cx));
    *out = c;
    c = (wf__label_classes){0};
done:
    wf__label_classes_reset(&c);
    return status;
}

void wf__label_classes_reset(wf__label_classes *classes) {
    wf_names_reset(&classes->names);
    wf_free(classes->order);
    *classes = (wf__label_classes){0};
}

/* ---- one image ---- */

static wf_status fail_name(wf_context *cx, const wf__label_file *f, const wf__label_row *row,
                           const char *name, const wf__label_classes *classes) {
    const char *nearest =
        wf_str_nearest(name, (const char *const *)classes->names.items, classes->names.count);
    return WF_FAIL(
        WF_E_DATA,
        "%s: line %lld, column %d: found the label \"%.60s\", expected one of the %zu of "
        "%s | %s%s%s",
        f->name, (long long)row->line, f->labels_column, name, classes->names.count,
        strcmp(classes->source, "classes.txt") ? "the training part" : classes->source,
        nearest ? "did you mean " : "classes.txt, a name per line, says which there are",
        nearest ? nearest : "", nearest ? "?" : "");
}

wf_status wf__label_set(uint8_t *set, wf_context *cx, const wf__label_file *f,
                        const wf__label_row *row, const wf__label_classes *classes) {
    char *copy = NULL, *at, *name;
    wf_status status = WF_OK;
    if (is_blank(row->labels)) return WF_OK;
    WF_TRY(wf_strdup(&copy, cx, row->labels));
    for (at = copy; (name = take_name(&at));) {
        WF_REQUIRE_OR(*name, WF_E_DATA,
                      "%s: line %lld, column %d: found an empty label in \"%.60s\", expected names "
                      "separated by |",
                      f->name, (long long)row->line, f->labels_column, row->labels);
        int32_t class = wf__label_find(classes, name);
        if (class < 0) {
            status = fail_name(cx, f, row, name, classes);
            goto done;
        }
        WF_REQUIRE_OR(!set[class], WF_E_DATA,
                      "%s: line %lld, column %d: found the label \"%.60s\" twice, expected each "
                      "once",
                      f->name, (long long)row->line, f->labels_column, name);
        set[class] = 1;
    }
done:
    wf_free(copy);
    return status;
}
