#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "data/archive.h"
#include "data/download.h"
#include "data/formats.h"
#include "data/registry.h"

static const wf_dataset_options no_options;

wf_status wf__progress(wf_context *cx, const wf_dataset_options *o, const char *what, int64_t done,
                       int64_t total) {
    if (!o->progress || o->progress(o->progress_user, what, done, total) == 0) return WF_OK;
    return WF_FAIL(WF_E_INTERRUPTED, "%s: stopped", what);
}

void wf_dataset_destroy(wf_dataset *d) {
    if (!d) return;
    wf_free(d->name);
    wf_free(d->source);
    wf_images_reset(&d->train);
    wf_images_reset(&d->validation);
    wf_images_reset(&d->test);
    for (int32_t i = 0; d->class_names && i < d->n_classes; i++) wf_free(d->class_names[i]);
    wf_free(d->class_names);
    wf_free(d->notes);
    wf_free(d);
}

static wf_status check_options(wf_context *cx, const wf_dataset_options *o) {
    WF_REQUIRE(o->height >= 0 && o->width >= 0, WF_E_ARG,
               "images of %d x %d pixels are wanted, must be 0 (as they are) or more", o->height,
               o->width);
    WF_REQUIRE(o->channels == 0 || o->channels == 1 || o->channels == 3, WF_E_ARG,
               "images of %d channels are wanted, must be 0 (as they are), 1 or 3", o->channels);
    WF_REQUIRE(o->max_side >= 0, WF_E_ARG,
               "images of at most %d pixels a side are wanted, must be 0 (any number) or more",
               o->max_side);
    return wf__image_check(cx, o->height ? o->height : 1, o->width ? o->width : 1, 1, "options");
}

/* --- what is true of every data set ---------------------------------------------------------- */

static wf_status check_labels(wf_context *cx, const wf_images *images, int32_t n_classes,
                              const char *part, const char *source) {
    for (int64_t i = 0; i < images->count && images->labels; i++)
        WF_REQUIRE(images->labels[i] < n_classes, WF_E_DATA,
                   "%s: %s image %lld: found label %d, expected 0 to %d", source, part,
                   (long long)i, images->labels[i], n_classes - 1);
    return WF_OK;
}

static wf_status check_part(wf_context *cx, const wf_dataset *d, const wf_images *part,
                            const char *name) {
    const wf_images *t = &d->train;
    if (part->count == 0) return WF_OK;
    WF_REQUIRE(
        part->height == t->height && part->width == t->width && part->channels == t->channels,
        WF_E_DATA,
        "%s: found %s images of %d x %d pixels and %d channel(s), expected %d x %d and %d as "
        "in the training part",
        d->source, name, part->height, part->width, part->channels, t->height, t->width,
        t->channels);
    return check_labels(cx, part, d->n_classes, name, d->source);
}

static wf_status name_classes(wf_dataset *d, wf_context *cx, const wf__registered *r) {
    char number[16];
    WF_TRY(wf_alloc(&d->class_names, cx, (size_t)d->n_classes, sizeof *d->class_names));
    for (int32_t i = 0; i < d->n_classes; i++) {
        snprintf(number, sizeof number, "%d", i);
        WF_TRY(wf_strdup(&d->class_names[i], cx, r ? r->class_names[i] : number));
    }
    return WF_OK;
}

/* IDX and CSV hold numbers only: how many classes there are, and their names. `r` is the registered
 * set (`is_sure`), or the one that the file names recall. */
static wf_status find_classes(wf_dataset *d, wf_context *cx, const wf__registered *r,
                              bool is_sure) {
    int32_t most = 0;
    for (int64_t i = 0; i < d->train.count; i++)
        if (d->train.labels[i] > most) most = d->train.labels[i];
    d->n_classes = is_sure ? r->info.n_classes : most + 1;
    if (r && r->info.n_classes != d->n_classes) r = NULL;
    WF_REQUIRE(d->n_classes >= 2, WF_E_DATA, "%s: found one class only, expected at least 2",
               d->source);
    WF_TRY(name_classes(d, cx, r));
    return check_labels(cx, &d->train, d->n_classes, "training", d->source);
}

static void hash_number(wf_hash *h, int64_t value) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
    wf_hash_add(h, bytes, sizeof bytes);
}

static void hash_part(wf_hash *h, const wf_images *images) {
    hash_number(h, images->count);
    hash_number(h, images->height);
    hash_number(h, images->width);
    hash_number(h, images->channels);
    if (images->count == 0) return;
    wf_hash_add(h, images->pixels, (size_t)images->count * wf__image_bytes(images));
    if (images->label_sets) {
        hash_number(h, images->n_labels);
        wf_hash_add(h, images->label_sets, (size_t)images->count * (size_t)images->n_labels);
    }
    for (int64_t i = 0; i < images->count && images->labels; i++) {
        uint32_t label = (uint32_t)images->labels[i];
        uint8_t bytes[4] = {(uint8_t)label, (uint8_t)(label >> 8), (uint8_t)(label >> 16),
                            (uint8_t)(label >> 24)};
        wf_hash_add(h, bytes, sizeof bytes);
    }
}

/* Names go into documents and databases, which take UTF-8 only. */
static wf_status clean_name(char **inout, wf_context *cx) {
    char *clean = NULL;
    if (!*inout || wf_utf8_is_clean(*inout)) return WF_OK;
    WF_TRY(wf_utf8_clean(&clean, cx, *inout));
    wf_free(*inout);
    *inout = clean;
    return WF_OK;
}

/* Checks, names, hash and notes, the same for every format. */
static wf_status finish(wf_dataset *d, wf_str *notes, wf_context *cx, const wf__registered *r,
                        const wf_dataset_options *o) {
    wf_hash h;
    WF_TRY(clean_name(&d->name, cx));
    for (int32_t i = 0; i < d->n_classes; i++) WF_TRY(clean_name(&d->class_names[i], cx));
    WF_TRY(check_part(cx, d, &d->validation, "validation"));
    WF_TRY(check_part(cx, d, &d->test, "test"));
    wf_hash_init(&h, WF_HASH_SHA256);
    hash_part(&h, &d->test);
    wf_hash_hex(&h, d->test_sha256);
    bool is_whole = d->train.pixels;
    if (is_whole) {
        wf_hash_init(&h, WF_HASH_SHA256);
        hash_part(&h, &d->train);
        hash_part(&h, &d->validation);
        hash_part(&h, &d->test);
        wf_hash_hex(&h, d->sha256);
    }
    bool is_native = r && is_whole && (!o->height || o->height == r->info.height) &&
                     (!o->width || o->width == r->info.width) &&
                     (!o->channels || o->channels == r->info.channels);
    if (is_native && r->decoded && strcmp(r->decoded, d->sha256) != 0)
        wf_str_addf(notes, cx,
                    "the data differ from %s as published (SHA-256 %.16s..., not %.16s...)\n",
                    r->info.name, d->sha256, r->decoded);
    WF_TRY(notes->status);
    return wf_strdup(&d->notes, cx, notes->text ? notes->text : "");
}

/* --- finding the format ---------------------------------------------------------------------- */

typedef struct place {
    char *folder;       /* of the IDX files, or of everything */
    char *prefix;       /* of the IDX files */
    const char *single; /* a CSV file */
} place;

static bool ends_like_csv(const char *path) {
    return wf_path_has_suffix(path, ".csv") || wf_path_has_suffix(path, ".csv.gz");
}

/* "dir/emnist-balanced" and "dir/emnist-balanced-train-images-idx3-ubyte.gz" are both a prefix. */
static wf_status split_prefix(place *p, wf_context *cx, const char *path) {
    static const char *const starts[] = {"train-images", "train-labels", "t10k-images",
                                         "t10k-labels",  "test-images",  "test-labels"};
    wf_str s = {0};
    const char *base = wf_path_base(path), *cut = NULL;
    for (size_t i = 0; i < sizeof starts / sizeof *starts && !cut; i++)
        cut = strstr(base, starts[i]);
    if (cut) wf_str_add_bytes(&s, cx, base, (size_t)(cut - base));
    else wf_str_addf(&s, cx, "%s%s", base, base[0] && base[strlen(base) - 1] == '-' ? "" : "-");
    WF_TRY(s.status);
    if (!s.text) WF_TRY(wf_strdup(&s.text, cx, ""));
    p->prefix = s.text;
    return wf_path_folder(&p->folder, cx, path);
}

static wf_status find_place(place *p, wf_context *cx, const char *path) {
    if (wf_path_is_dir(path)) {
        WF_TRY(wf_strdup(&p->folder, cx, path));
        return wf_strdup(&p->prefix, cx, "");
    }
    if (ends_like_csv(path)) {
        WF_REQUIRE(wf_path_exists(path), WF_E_NOTFOUND, "%s: there is no such file", path);
        p->single = path;
        return WF_OK;
    }
    return split_prefix(p, cx, path);
}

static wf_status fail_unknown(wf_context *cx, const char *path) {
    const char *nearest = strchr(path, '/') ? NULL : wf__registry_nearest(path);
    WF_REQUIRE(wf_path_exists(path), WF_E_NOTFOUND,
               "data set %s: there is no such name, file or folder | %s%s%s", path,
               nearest ? "did you mean " : "weft datasets lists the names", nearest ? nearest : "",
               nearest ? "?" : "");
    return WF_FAIL(WF_E_DATA,
                   "%s: found no known form of data, expected IDX files, CSV, a folder with one "
                   "subfolder of images per class, or labels.csv with the columns image and labels",
                   path);
}

/* Reads what lies at `p`, whatever its form. */
static wf_status open_place(wf_dataset *d, wf_str *notes, wf_context *cx, const place *p,
                            const char *path, const wf__registered *r,
                            const wf_dataset_options *o) {
    wf_status status = WF_OK;
    wf__idx_files idx = {0};
    wf__csv_files csv = {0};
    const bool is_unpacked = strcmp(path, d->source) != 0;
    const wf__registered *known =
        r ? r : wf__registry_guess(is_unpacked ? wf_path_base(path) : d->name);
    if (!r && wf_path_is_dir(path)) {
        bool has_sets = false;
        WF_TRY(wf__open_label_sets(d, &has_sets, notes, cx, path, o));
        if (has_sets) return WF_OK;
    }
    if (p->folder) WF_TRY_OR(wf__idx_find(&idx, cx, p->folder, r ? r->prefix : p->prefix));
    if (idx.train_images) {
        WF_TRY_OR(wf__open_idx(d, notes, cx, &idx, r && r->is_transposed, o));
        WF_TRY_OR(find_classes(d, cx, known, r != NULL));
        goto done;
    }
    if (p->single) WF_TRY_OR(wf_strdup(&csv.train, cx, p->single));
    else if (wf_path_is_dir(path)) WF_TRY_OR(wf__csv_find(&csv, cx, path));
    if (csv.train) {
        if (!known) known = wf__registry_guess(wf_path_base(csv.train));
        WF_TRY_OR(wf__open_csv(d, notes, cx, &csv, o));
        WF_TRY_OR(find_classes(d, cx, known, r != NULL));
    } else if (wf_path_is_dir(path)) {
        WF_TRY_OR(wf__open_folder(d, notes, cx, path, o));
    } else {
        status = fail_unknown(cx, path);
    }
done:
    wf__csv_files_reset(&csv);
    wf__idx_files_reset(&idx);
    return status;
}

/* The folder of a registered data set, downloaded if need be. */
static wf_status provide(char **out, wf_context *cx, const wf__registered *r,
                         const wf_dataset_options *o) {
    WF_TRY(wf__registry_locate(out, cx, r, o));
    if (*out) return WF_OK;
    if (!o->allow_download) return wf__registry_fail(cx, r, o, WF_E_NOTFOUND, NULL);
    WF_TRY(wf__download_dataset(cx, r, o));
    return wf_path_join(out, cx, o->cache_dir, r->info.name);
}

wf_status wf_dataset_open(wf_dataset **out, wf_context *cx, const char *name_or_path,
                          const wf_dataset_options *options) {
    const wf_dataset_options *o = options ? options : &no_options;
    const wf__registered *r = wf__registry_find(name_or_path);
    wf_status status = WF_OK;
    wf_dataset *d = NULL;
    wf_str notes = {0};
    wf__unpacked unpacked = {.lock = -1};
    place p = {0};
    WF_TRY(check_options(cx, o));
    WF_TRY(wf_alloc(&d, cx, 1, sizeof *d));
    if (r) WF_TRY_OR(provide(&d->source, cx, r, o));
    else WF_TRY_OR(wf_strdup(&d->source, cx, name_or_path));
    WF_TRY_OR(wf_path_name(&d->name, cx, name_or_path));
    if (!r && wf__archive_is_name(d->source) && !wf_path_is_dir(d->source))
        WF_TRY_OR(wf__archive_unpack(&unpacked, &notes, cx, d->source, o));
    const char *path = unpacked.root ? unpacked.root : d->source;
    WF_TRY_OR(find_place(&p, cx, path));
    WF_TRY_OR(open_place(d, &notes, cx, &p, path, r, o));
    WF_TRY_OR(finish(d, &notes, cx, r, o));
    *out = d;
    d = NULL;
done:
    wf__unpacked_reset(&unpacked, cx, name_or_path);
    wf_free(p.folder);
    wf_free(p.prefix);
    wf_str_reset(&notes);
    wf_dataset_destroy(d);
    return status;
}

/* --- single files ---------------------------------------------------------------------------- */

static wf_status decode_file(wf_images *out, wf_context *cx, const char *path,
                             const wf_dataset_options *o, wf__conversion *conversion) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    wf_status status = WF_OK;
    WF_TRY(wf_file_read_gz(&bytes, &size, cx, path, SIZE_MAX - 1));
    wf__csv_options csv = {.wanted = {o->height, o->width, o->channels},
                           .label_column = o->label_column,
                           .label_is_optional = true};
    if (wf__is_png(bytes, size)) status = wf__png_decode(out, cx, bytes, size, path, conversion);
    else if (wf__is_jpeg(bytes, size)) status = wf__jpeg_decode(out, cx, bytes, size, path);
    else if (wf__is_idx(bytes, size)) status = wf__idx_images(out, cx, bytes, size, path);
    else if (memchr(bytes, 0, size) == NULL)
        status = wf__csv_parse(out, cx, (const char *)bytes, size, path, &csv);
    else status = WF_FAIL(WF_E_DATA, "%s: at byte 0: found no PNG, JPEG, IDX or CSV", path);
    wf_free(bytes);
    return status;
}

wf_status wf_image_read(wf_images *out, char **out_notes, wf_context *cx, const char *path,
                        const wf_dataset_options *options) {
    const wf_dataset_options *o = options ? options : &no_options;
    wf_status status = WF_OK;
    wf_images images = {0};
    wf__conversion conversion = {0};
    wf_str notes = {0};
    wf__wanted wanted = {o->height, o->width, o->channels};
    WF_TRY(check_options(cx, o));
    WF_TRY_OR(decode_file(&images, cx, path, o, &conversion));
    WF_TRY_OR(wf__images_convert(&images, cx, wanted, &conversion, path));
    wf__conversion_notes(&notes, cx, wf_path_base(path), &conversion);
    wf_str_add(&notes, cx, "");
    WF_TRY_OR(notes.status);
    *out = images;
    *out_notes = notes.text;
    images = (wf_images){0};
    notes = (wf_str){0};
done:
    wf_images_reset(&images);
    wf_str_reset(&notes);
    return status;
}
