#include "shapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *path, int line, const char *what) {
    fprintf(stderr, "%s:%d: %s\n", path, line, what);
    abort();
}

static void copy_word(char out[32], const char *word, size_t length, const char *path, int line) {
    if (length == 0 || length > 31) fail(path, line, "a key or value is empty or too long");
    memcpy(out, word, length);
    out[length] = '\0';
}

/* "n=3 h=7 ..." into items; the text is without its line end. */
static void parse_line(shapes_problem *p, const char *path) {
    for (const char *at = p->text; *at != '\0';) {
        size_t length = strcspn(at, " ");
        const char *equals = memchr(at, '=', length);
        if (equals == NULL) fail(path, p->line, "a word is not KEY=VALUE");
        if (p->count == SHAPES_MAX_ITEMS) fail(path, p->line, "too many words");
        shapes_item *item = &p->items[p->count];
        size_t key = (size_t)(equals - at);
        copy_word(item->key, at, key, path, p->line);
        copy_word(item->value, equals + 1, length - key - 1, path, p->line);
        if (shapes_text(p, item->key, NULL) != NULL) fail(path, p->line, "a key stands twice");
        p->count++;
        at += length;
        at += strspn(at, " ");
    }
}

shapes_problem *shapes_load(const char *folder, const char *layer, int *count) {
    char path[4096], line[200];
    snprintf(path, sizeof path, "%s/%s.txt", folder, layer);
    FILE *f = fopen(path, "r");
    if (f == NULL) fail(path, 0, "cannot be opened");
    shapes_problem *all = NULL;
    int used = 0;
    for (int number = 1; fgets(line, sizeof line, f) != NULL; number++) {
        size_t length = strcspn(line, "\n");
        if (line[length] != '\n') fail(path, number, "the line is too long or does not end");
        line[length] = '\0';
        if (line[0] == '#' || line[0] == '\0') continue;
        all = realloc(all, (size_t)(used + 1) * sizeof *all);
        if (all == NULL) fail(path, number, "out of memory");
        shapes_problem *p = &all[used++];
        memset(p, 0, sizeof *p);
        snprintf(p->layer, sizeof p->layer, "%s", layer);
        snprintf(p->text, sizeof p->text, "%s", line);
        p->line = number;
        parse_line(p, path);
    }
    fclose(f);
    if (used == 0) fail(path, 0, "holds no problem");
    *count = used;
    return all;
}

const char *shapes_text(const shapes_problem *p, const char *key, const char *otherwise) {
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->items[i].key, key) == 0) return p->items[i].value;
    return otherwise;
}

int shapes_list(const shapes_problem *p, const char *key, long out[SHAPES_MAX_LIST]) {
    const char *at = shapes_text(p, key, NULL);
    int count = 0;
    while (at != NULL) {
        char *end;
        if (count == SHAPES_MAX_LIST) fail(p->layer, p->line, "a list is too long");
        out[count++] = strtol(at, &end, 10);
        if (end == at || (*end != '\0' && *end != ',')) fail(p->layer, p->line, "not a number");
        at = *end == ',' ? end + 1 : NULL;
    }
    return count;
}

long shapes_int(const shapes_problem *p, const char *key, long otherwise) {
    long list[SHAPES_MAX_LIST];
    return shapes_list(p, key, list) > 0 ? list[0] : otherwise;
}

double shapes_real(const shapes_problem *p, const char *key, double otherwise) {
    const char *text = shapes_text(p, key, NULL);
    return text != NULL ? strtod(text, NULL) : otherwise;
}

bool shapes_bool(const shapes_problem *p, const char *key, bool otherwise) {
    const char *text = shapes_text(p, key, NULL);
    return text != NULL ? strcmp(text, "true") == 0 : otherwise;
}

void shapes_pair(const shapes_problem *p, const char *key, long otherwise, long out[2]) {
    long list[SHAPES_MAX_LIST];
    int count = shapes_list(p, key, list);
    out[0] = count > 0 ? list[0] : otherwise;
    out[1] = count > 1 ? list[1] : out[0];
}

int shapes_input(const shapes_problem *p, int i, long out[3]) {
    long own[SHAPES_MAX_LIST];
    const int extents = shapes_list(p, i == 1 ? "value" : i == 2 ? "key" : "", own);
    if (extents > 0 && extents <= 3) {
        for (int k = 0; k < extents; k++) out[k] = own[k];
        return extents;
    }
    bool is_sequence = shapes_text(p, "t", NULL) != NULL;
    long width[SHAPES_MAX_LIST], rank = 0;
    int widths = shapes_list(p, is_sequence ? "f" : "c", width);
    if (widths == 0) fail(p->layer, p->line, "the input has no last extent");
    if (is_sequence) out[rank++] = shapes_int(p, "t", 0);
    if (shapes_text(p, "h", NULL) != NULL) {
        out[rank++] = shapes_int(p, "h", 0);
        out[rank++] = shapes_int(p, "w", 0);
    }
    out[rank++] = width[i < widths ? i : 0];
    return (int)rank;
}

int shapes_input_count(const shapes_problem *p) {
    long width[SHAPES_MAX_LIST];
    int widths = shapes_list(p, shapes_text(p, "t", NULL) != NULL ? "f" : "c", width);
    if (shapes_text(p, "value", NULL)) return shapes_text(p, "key", NULL) ? 3 : 2;
    return widths > 1 ? widths : (int)shapes_int(p, "inputs", 1);
}

bool shapes_is_config(const char *key) {
    static const char *const others[] = {"n", "h",      "w",     "c",     "t",
                                         "f", "inputs", "layer", "value", "key"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(key, others[i]) == 0) return false;
    return true;
}
