/* Images with any number of labels: IDX files or pictures, and CSV files that name the labels. */
#include "data/label_sets.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { TRAIN, VALIDATION, TEST, PARTS, MAX_FOLDERS = 64 /* below each other */ };

static const char *const part_names[PARTS] = {"train", "validation", "test"};
/* What files and the column split call the parts. */
static const char *const part_words[PARTS][4] = {
    {"train", "training"}, {"val", "validation", "valid"}, {"test"}};

/* One labels.csv, or up to three <part>-labels.csv; with images in IDX files or without. */
typedef struct layout {
    char *labels[PARTS], *images[PARTS], *objects[PARTS], *classes, *single;
} layout;

static void layout_reset(layout *l) {
    for (int p = 0; p < PARTS; p++) {
        wf_free(l->labels[p]);
        wf_free(l->images[p]);
        wf_free(l->objects[p]);
    }
    wf_free(l->classes);
    wf_free(l->single);
}

/* ---- what is there ---- */

/* <folder>/<word><rest>, plain or gzip; NULL if there is no such file. */
static wf_status find_file(char **out, wf_context *cx, const char *folder, const char *word,
                           const char *rest) {
    static const char *const ends[] = {"", ".gz"};
    for (int i = 0; i < 2; i++) {
        wf_str path = {0};
        wf_str_addf(&path, cx, "%s/%s%s%s", folder, word, rest, ends[i]);
        WF_TRY(path.status);
        if (wf_path_exists(path.text)) {
            *out = path.text;
            return WF_OK;
        }
        wf_str_reset(&path);
    }
    return WF_OK;
}

static wf_status find_part(layout *l, wf_context *cx, const char *folder, int part) {
    for (int w = 0; w < 4 && part_words[part][w]; w++) {
        const char *word = part_words[part][w];
        if (!l->labels[part]) WF_TRY(find_file(&l->labels[part], cx, folder, word, "-labels.csv"));
        if (!l->objects[part])
            WF_TRY(find_file(&l->objects[part], cx, folder, word, "-objects.csv"));
        if (!l->images[part])
            WF_TRY(wf__idx_find_file(&l->images[part], cx, folder, "", word, "images", 3));
    }
    return WF_OK;
}

static wf_status find_layout(layout *l, wf_context *cx, const char *folder) {
    bool is_labels = false;
    WF_TRY(find_file(&l->classes, cx, folder, "classes", ".txt"));
    for (int p = 0; p < PARTS; p++) WF_TRY(find_part(l, cx, folder, p));
    if (l->labels[TRAIN]) return WF_OK;
    WF_TRY(find_file(&l->single, cx, folder, "labels", ".csv"));
    if (!l->single) return WF_OK;
    WF_TRY(wf__label_file_is(&is_labels, cx, l->single));
    for (int p = 0; p < PARTS && is_labels; p++)
        WF_REQUIRE(!l->labels[p], WF_E_DATA,
                   "%s: stands beside %s, though one file holds all parts | name it "
                   "train-labels.csv, or take the other one away",
                   l->single, l->labels[p]);
    if (is_labels) return WF_OK;
    wf_free(l->single); /* another's file, beside folders of classes perhaps */
    l->single = NULL;
    return WF_OK;
}

/* Where the training images are IDX files, those of the other parts are. */
static wf_status check_pairs(wf_context *cx, const layout *l) {
    for (int p = 0; p < PARTS && l->images[TRAIN]; p++) {
        WF_REQUIRE(!l->images[p] || l->labels[p], WF_E_NOTFOUND,
                   "%s: its labels are missing | put the file %s-labels.csv beside it",
                   l->images[p], part_words[p][0]);
        WF_REQUIRE(!l->labels[p] || l->images[p], WF_E_NOTFOUND,
                   "%s: its images are missing | put the file %s-images-idx3-ubyte beside it",
                   l->labels[p], part_words[p][0]);
    }
    return WF_OK;
}

/* ---- which row is of which part ---- */

/* The rows of all files, one file after another. */
typedef struct listed {
    const wf__label_file *file;
    const wf__label_row *row;
    int part;
} listed;

typedef struct listing {
    wf__label_file files[PARTS];
    listed *rows;
    int64_t count, of_part[PARTS];
} listing;

static void listing_reset(listing *l) {
    for (int p = 0; p < PARTS; p++) wf__label_file_reset(&l->files[p]);
    wf_free(l->rows);
}

static wf_status part_of(int *out, wf_context *cx, const wf__label_file *f,
                         const wf__label_row *row) {
    for (int p = 0; p < PARTS; p++)
        for (int w = 0; w < 4 && part_words[p][w]; w++)
            if (!row->split || !strcmp(row->split, part_words[p][w])) {
                *out = p;
                return WF_OK;
            }
    return WF_FAIL(WF_E_DATA,
                   "%s: line %lld, column %d: found the split \"%.40s\", expected train, val or "
                   "test",
                   f->name, (long long)row->line, f->split_column, row->split);
}

static wf_status read_rows(listing *l, wf_context *cx, const layout *where) {
    int64_t count = 0;
    for (int p = 0; p < PARTS; p++) {
        const char *path = !where->single ? where->labels[p] : p == TRAIN ? where->single : NULL;
        if (path) WF_TRY(wf__label_file_read(&l->files[p], cx, path));
        count += l->files[p].count;
    }
    WF_TRY(wf_alloc(&l->rows, cx, (size_t)count, sizeof *l->rows));
    for (int p = 0; p < PARTS; p++)
        for (int64_t i = 0; i < l->files[p].count; i++) {
            listed *one = &l->rows[l->count++];
            *one = (listed){&l->files[p], &l->files[p].rows[i], p};
            if (where->single) WF_TRY(part_of(&one->part, cx, one->file, one->row));
            l->of_part[one->part]++;
        }
    WF_REQUIRE(l->of_part[TRAIN] > 0, WF_E_DATA,
               "%s: found no row whose split is train, expected at least one", l->files[0].name);
    return WF_OK;
}

static wf_status read_classes(wf__label_classes *out, wf_context *cx, const layout *where,
                              const listing *l) {
    uint8_t *text = NULL, *in_train = NULL;
    size_t size = 0;
    if (where->classes) {
        WF_TRY(wf_file_read(&text, &size, cx, where->classes, WF_CSV_MAX_LINE));
        wf_status status = wf__label_classes_parse(out, cx, (char *)text, size, where->classes);
        wf_free(text);
        return status;
    }
    const wf__label_file *f = &l->files[TRAIN];
    WF_TRY(wf_alloc(&in_train, cx, (size_t)f->count, 1));
    for (int64_t i = 0; i < f->count; i++) in_train[i] = l->rows[i].part == TRAIN;
    wf_status status = wf__label_classes_of(out, cx, f, in_train);
    wf_free(in_train);
    return status;
}

/* ---- pictures ---- */

static const char *picture_name(const listed *one) {
    const char *name = one->row->image;
    while (name[0] == '.' && name[1] == '/') name += 2;
    return name;
}

static int compare_listed(const void *left, const void *right) {
    const listed *a = *(const listed *const *)left, *b = *(const listed *const *)right;
    int order = strcmp(picture_name(a), picture_name(b));
    return order ? order : (a > b) - (a < b);
}

static bool leaves_folder(const char *path) {
    if (*path == '/') return true;
    for (const char *at = path; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
        if (!strncmp(at, "..", 2) && (at[2] == '/' || !at[2])) return true;
    return false;
}

static wf_status picture_path(char **out, wf_context *cx, const listed *one, const char *folder) {
    const char *name = one->row->image;
    WF_REQUIRE(!leaves_folder(name), WF_E_DATA,
               "%s: line %lld, column %d: found \"%.200s\", expected a path below %s",
               one->file->name, (long long)one->row->line, one->file->image_column, name, folder);
    WF_TRY(wf_path_join(out, cx, folder, picture_name(one)));
    WF_REQUIRE(wf_path_exists(*out) && !wf_path_is_dir(*out), WF_E_DATA,
               "%s: line %lld, column %d: there is no picture \"%.200s\", expected a PNG or JPEG "
               "file below %s | put it there, or take the row away",
               one->file->name, (long long)one->row->line, one->file->image_column, name, folder);
    return WF_OK;
}

/* Pictures below `folder` that no row names. */
typedef struct unlisted {
    const listed *const *sorted;
    size_t listed;
    int64_t count;
    char *first;
} unlisted;

static bool is_listed(const unlisted *u, const char *name) {
    size_t low = 0, high = u->listed;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(picture_name(u->sorted[middle]), name);
        if (order == 0) return true;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return false;
}

/* `below` is the path from the folder to here, "" or ending in a slash. */
static wf_status find_unlisted(unlisted *u, wf_context *cx, const char *folder, const char *below,
                               int depth) {
    wf_names names = {0};
    WF_REQUIRE(depth < MAX_FOLDERS, WF_E_LIMIT, "%s: more than %d folders below each other", folder,
               MAX_FOLDERS);
    WF_TRY(wf_dir_list(&names, cx, folder));
    wf_status status = WF_OK;
    for (size_t i = 0; i < names.count && status == WF_OK; i++) {
        wf_str name = {0};
        char *path = NULL;
        if (names.items[i][0] == '.') continue;
        wf_str_addf(&name, cx, "%s%s", below, names.items[i]);
        status = name.status;
        if (status == WF_OK) status = wf_path_join(&path, cx, folder, names.items[i]);
        if (status == WF_OK && wf_path_is_dir(path)) {
            wf_str_add(&name, cx, "/");
            status = name.status;
            if (status == WF_OK) status = find_unlisted(u, cx, path, name.text, depth + 1);
        } else if (status == WF_OK && wf__is_picture_name(name.text) && !is_listed(u, name.text)) {
            if (u->count++ == 0) status = wf_strdup(&u->first, cx, name.text);
        }
        wf_free(path);
        wf_str_reset(&name);
    }
    wf_names_reset(&names);
    return status;
}

/* No picture twice; those without a row are noted and left out. */
static wf_status check_pictures(wf_str *notes, wf_context *cx, const listing *l,
                                const char *folder) {
    const listed **sorted = NULL;
    unlisted u = {.listed = (size_t)l->count};
    wf_status status;
    WF_TRY(wf_alloc(&sorted, cx, (size_t)l->count, sizeof *sorted));
    for (int64_t i = 0; i < l->count; i++) sorted[i] = &l->rows[i];
    qsort(sorted, (size_t)l->count, sizeof *sorted, compare_listed);
    u.sorted = sorted;
    for (int64_t i = 1; i < l->count; i++) {
        const listed *a = sorted[i - 1], *b = sorted[i];
        WF_REQUIRE_OR(strcmp(picture_name(a), picture_name(b)) != 0, WF_E_DATA,
                      "%s: line %lld, column %d: found \"%.200s\" again, it is in line %lld of %s, "
                      "expected one row per image",
                      b->file->name, (long long)b->row->line, b->file->image_column, b->row->image,
                      (long long)a->row->line, wf_path_base(a->file->name));
    }
    WF_TRY_OR(find_unlisted(&u, cx, folder, "", 0));
    if (u.count)
        wf_str_addf(notes, cx, "%lld picture(s) without a row left out: %s%s\n", (long long)u.count,
                    u.first, u.count > 1 ? " ..." : "");
    status = notes->status;
done:
    wf_free(u.first);
    wf_free(sorted);
    return status;
}

static wf_status read_pictures(wf_images *out, wf_str *notes, wf_context *cx, const listing *l,
                               int part, const char *folder, const wf_dataset_options *o) {
    wf_names paths = {0};
    wf__conversion conversion = {0};
    wf_status status;
    WF_TRY_OR(wf_alloc(&paths.items, cx, (size_t)l->of_part[part], sizeof *paths.items));
    for (int64_t i = 0; i < l->count; i++)
        if (l->rows[i].part == part)
            WF_TRY_OR(picture_path(&paths.items[paths.count++], cx, &l->rows[i], folder));
    WF_TRY_OR(wf__pictures_read(out, &conversion, cx, folder, paths.items, l->of_part[part], o));
    wf_free(out->labels);
    out->labels = NULL;
    wf__conversion_notes(notes, cx, part_names[part], &conversion);
    status = notes->status;
done:
    wf_names_reset(&paths);
    return status;
}

/* ---- rows of an IDX file ---- */

static wf_status row_number(int64_t *out, wf_context *cx, const listed *one, int64_t count) {
    const char *text = one->row->image;
    size_t digits = strspn(text, "0123456789");
    int64_t number = 0;
    for (size_t i = 0; i < digits && number < count; i++) number = 10 * number + (text[i] - '0');
    WF_REQUIRE(digits > 0 && !text[digits] && number < count, WF_E_DATA,
               "%s: line %lld, column %d: found the image \"%.40s\", expected a row from 0 to %lld",
               one->file->name, (long long)one->row->line, one->file->image_column, text,
               (long long)count - 1);
    *out = number;
    return WF_OK;
}

/* to[i]: the image of the part's i-th row. Every image has one. */
static wf_status number_rows(int64_t *to, wf_context *cx, const listing *l, int part,
                             int64_t count) {
    wf_status status = WF_OK;
    uint8_t *seen = NULL;
    int64_t n = 0, missing = 0, first = -1;
    WF_TRY(wf_alloc(&seen, cx, (size_t)count, 1));
    for (int64_t i = 0; i < l->count; i++) {
        const listed *one = &l->rows[i];
        int64_t number = 0;
        if (one->part != part) continue;
        WF_TRY_OR(row_number(&number, cx, one, count));
        WF_REQUIRE_OR(
            !seen[number], WF_E_DATA,
            "%s: line %lld, column %d: found image %lld again, expected one row per image",
            one->file->name, (long long)one->row->line, one->file->image_column, (long long)number);
        seen[number] = 1;
        to[n++] = number;
    }
    for (int64_t i = count - 1; i >= 0; i--)
        if (!seen[i]) {
            first = i;
            missing++;
        }
    WF_REQUIRE_OR(missing == 0, WF_E_DATA,
                  "%s: found no row for %lld of the %lld images, image %lld is the first, expected "
                  "one for each | an image without labels has a row with an empty field",
                  l->files[part].name, (long long)missing, (long long)count, (long long)first);
done:
    wf_free(seen);
    return status;
}

/* ---- a part ---- */

static wf_status fill_sets(wf_images *images, wf_context *cx, const listing *l, int part,
                           const wf__label_classes *classes, const int64_t *to) {
    int64_t n = 0;
    WF_TRY(wf__images_alloc_sets(images, cx, (int32_t)classes->names.count));
    for (int64_t i = 0; i < l->count; i++) {
        const listed *one = &l->rows[i];
        if (one->part != part) continue;
        size_t at = (size_t)(to ? to[n] : n) * classes->names.count;
        WF_TRY(wf__label_set(images->label_sets + at, cx, one->file, one->row, classes));
        n++;
    }
    return WF_OK;
}

static wf_status read_objects(wf_images *images, wf_context *cx, const char *path,
                              const wf__label_classes *classes) {
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read_gz(&text, &size, cx, path, INT32_MAX));
    wf_status status = wf__label_objects_parse(images, cx, (char *)text, size, path, classes);
    wf_free(text);
    return status;
}

/* `labels_only`: without the pixels, as many images as there are rows. */
static wf_status open_idx_part(wf_images *out, wf_str *notes, wf_context *cx, const layout *where,
                               const listing *l, int part, const wf__label_classes *classes,
                               bool labels_only, const wf_dataset_options *o) {
    int64_t *to = NULL;
    if (labels_only) out->count = l->of_part[part];
    else
        WF_TRY(
            wf__idx_read_images(out, notes, cx, part_names[part], where->images[part], false, o));
    WF_TRY(wf_alloc(&to, cx, (size_t)l->of_part[part], sizeof *to));
    wf_status status = number_rows(to, cx, l, part, out->count);
    if (status == WF_OK) status = fill_sets(out, cx, l, part, classes, to);
    wf_free(to);
    if (status == WF_OK && !labels_only && where->objects[part])
        status = read_objects(out, cx, where->objects[part], classes);
    return status;
}

static void note_unused(wf_str *notes, wf_context *cx, const wf_images *train,
                        const wf__label_classes *classes) {
    int unused = 0;
    size_t width = classes->names.count;
    for (size_t c = 0; c < width; c++) {
        int is_used = 0;
        for (size_t i = 0; i < (size_t)train->count && !is_used; i++)
            is_used = train->label_sets[i * width + c];
        if (is_used) continue;
        wf_str_addf(notes, cx, "%s%s", unused++ ? ", " : "train: no image has the label ",
                    classes->names.items[c]);
    }
    if (unused) wf_str_add(notes, cx, "\n");
}

static wf_status open_parts(wf_dataset *d, wf_str *notes, wf_context *cx, const layout *where,
                            const listing *l, const wf__label_classes *classes, const char *folder,
                            const wf_dataset_options *o) {
    wf_images *parts[PARTS] = {&d->train, &d->validation, &d->test};
    bool is_idx = where->images[TRAIN] && !where->single;
    bool only_test = is_idx && o->only_test && l->of_part[TEST];
    if (!is_idx) WF_TRY(check_pictures(notes, cx, l, folder));
    for (int p = 0; p < PARTS; p++) {
        if (!l->of_part[p] || (only_test && p == VALIDATION)) continue;
        if (is_idx) {
            WF_TRY(open_idx_part(parts[p], notes, cx, where, l, p, classes, only_test && p == TRAIN,
                                 o));
            continue;
        }
        const wf_dataset_options like = wf__options_like(o, &d->train);
        WF_TRY(read_pictures(parts[p], notes, cx, l, p, folder, &like));
        WF_TRY(fill_sets(parts[p], cx, l, p, classes, NULL));
    }
    if (only_test) {
        d->train.height = d->test.height;
        d->train.width = d->test.width;
        d->train.channels = d->test.channels;
    }
    note_unused(notes, cx, &d->train, classes);
    return notes->status;
}

wf_status wf__open_label_sets(wf_dataset *d, bool *out_found, wf_str *notes, wf_context *cx,
                              const char *folder, const wf_dataset_options *o) {
    layout where = {0};
    listing rows = {0};
    wf__label_classes classes = {0};
    wf_status status;
    WF_TRY_OR(find_layout(&where, cx, folder));
    *out_found = where.labels[TRAIN] || where.single;
    if (!*out_found) goto done;
    WF_TRY_OR(check_pairs(cx, &where));
    WF_TRY_OR(read_rows(&rows, cx, &where));
    WF_TRY_OR(read_classes(&classes, cx, &where, &rows));
    WF_TRY_OR(open_parts(d, notes, cx, &where, &rows, &classes, folder, o));
    d->is_multilabel = 1;
    d->n_classes = (int32_t)classes.names.count;
    d->class_names = classes.names.items;
    classes.names = (wf_names){0};
done:
    wf__label_classes_reset(&classes);
    listing_reset(&rows);
    layout_reset(&where);
    return status;
}
