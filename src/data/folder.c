/* A folder with one subfolder per class, directly or under train/, val/ and test/. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "data/formats.h"

/* The image files of a part, and of which class each is. */
typedef struct listing {
    char **paths;
    int32_t *labels;
    int64_t count;
    size_t capacity;
    int64_t ignored;
} listing;

static void listing_reset(listing *l) {
    for (int64_t i = 0; i < l->count; i++) wf_free(l->paths[i]);
    wf_free(l->paths);
    wf_free(l->labels);
    *l = (listing){0};
}

static wf_status listing_add(listing *l, wf_context *cx, const char *folder, const char *name,
                             int32_t label) {
    if ((size_t)l->count == l->capacity) {
        size_t more = l->capacity ? 2 * l->capacity : 256;
        WF_TRY(wf_realloc(&l->labels, cx, l->capacity, more, sizeof *l->labels));
        WF_TRY(wf_realloc(&l->paths, cx, l->capacity, more, sizeof *l->paths));
        l->capacity = more;
    }
    WF_TRY(wf_path_join(&l->paths[l->count], cx, folder, name));
    l->labels[l->count++] = label;
    return WF_OK;
}

bool wf__is_picture_name(const char *name) {
    return wf_path_has_suffix(name, ".png") || wf_path_has_suffix(name, ".jpg") ||
           wf_path_has_suffix(name, ".jpeg");
}

/* The files of one class, sorted by name. */
static wf_status list_class(listing *l, wf_context *cx, const char *folder, int32_t label) {
    wf_status status = WF_OK;
    wf_names names = {0};
    WF_TRY(wf_dir_list(&names, cx, folder));
    for (size_t i = 0; i < names.count; i++) {
        if (names.items[i][0] == '.') continue;
        if (wf__is_picture_name(names.items[i]))
            WF_TRY_OR(listing_add(l, cx, folder, names.items[i], label));
        else l->ignored++;
    }
done:
    wf_names_reset(&names);
    return status;
}

/* The visible subfolders of `folder`, sorted. */
static wf_status list_classes(wf_names *out, wf_context *cx, const char *folder) {
    wf_status status = WF_OK;
    wf_names all = {0};
    char *path = NULL;
    size_t kept = 0;
    WF_TRY(wf_dir_list(&all, cx, folder));
    for (size_t i = 0; i < all.count; i++) {
        WF_TRY_OR(wf_path_join(&path, cx, folder, all.items[i]));
        bool keep = all.items[i][0] != '.' && wf_path_is_dir(path);
        wf_free(path);
        path = NULL;
        char *name = all.items[i];
        all.items[i] = all.items[kept];
        all.items[kept] = name;
        kept += keep;
    }
    for (size_t i = kept; i < all.count; i++) wf_free(all.items[i]);
    all.count = kept;
    *out = all;
    all = (wf_names){0};
done:
    wf_names_reset(&all);
    return status;
}

static wf_status class_of(int32_t *out, wf_context *cx, const wf_names *classes, const char *name,
                          const char *folder) {
    for (size_t i = 0; i < classes->count; i++) {
        if (strcmp(classes->items[i], name) == 0) {
            *out = (int32_t)i;
            return WF_OK;
        }
    }
    return WF_FAIL(WF_E_DATA,
                   "%s: found the class \"%s\", expected one of the %zu classes of the training "
                   "part (%s ... %s)",
                   folder, name, classes->count, classes->items[0],
                   classes->items[classes->count - 1]);
}

static wf_status list_part(listing *l, wf_context *cx, const char *folder,
                           const wf_names *classes) {
    wf_status status = WF_OK;
    wf_names here = {0};
    char *path = NULL;
    WF_TRY(list_classes(&here, cx, folder));
    for (size_t i = 0; i < here.count; i++) {
        int32_t label = 0;
        WF_TRY_OR(class_of(&label, cx, classes, here.items[i], folder));
        WF_TRY_OR(wf_path_join(&path, cx, folder, here.items[i]));
        WF_TRY_OR(list_class(l, cx, path, label));
        wf_free(path);
        path = NULL;
    }
    WF_REQUIRE_OR(l->count >= 1, WF_E_DATA,
                  "%s: found no PNG or JPEG file, expected images in its "
                  "%zu class folders",
                  folder, here.count);
done:
    wf_free(path);
    wf_names_reset(&here);
    return status;
}

static wf_status decode(wf_images *out, wf_context *cx, const char *path, wf__conversion *c) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read(&bytes, &size, cx, path, WF_IMAGE_MAX_FILE));
    wf_status status;
    if (wf__is_png(bytes, size)) status = wf__png_decode(out, cx, bytes, size, path, c);
    else if (wf__is_jpeg(bytes, size)) status = wf__jpeg_decode(out, cx, bytes, size, path);
    else
        status =
            WF_FAIL(WF_E_DATA, "%s: at byte 0: found neither a PNG nor a JPEG signature", path);
    wf_free(bytes);
    return status;
}

/* Decodes image i into its place; the first one decides what is not `wanted`. */
static wf_status read_image(wf_images *all, const wf__wanted *wanted, wf_context *cx,
                            char *const *paths, int64_t count, int64_t i, wf__conversion *c) {
    wf_status status = WF_OK;
    wf_images image = {0};
    const char *path = paths[i];
    WF_TRY(decode(&image, cx, path, c));
    WF_TRY_OR(wf__images_convert(&image, cx, *wanted, c, path));
    if (!all->pixels)
        WF_TRY_OR(wf__images_alloc(all, cx, count, image.height, image.width, image.channels, true,
                                   path));
    WF_REQUIRE_OR(
        image.height == all->height && image.width == all->width && image.channels == all->channels,
        WF_E_DATA,
        "%s: found %d x %d pixels of %d channel(s), expected %d x %d of %d as in %s | ask "
        "for a height, a width and channels, and the images are converted",
        path, image.height, image.width, image.channels, all->height, all->width, all->channels,
        paths[0]);
    memcpy(all->pixels + (size_t)i * wf__image_bytes(all), image.pixels, wf__image_bytes(all));
done:
    wf_images_reset(&image);
    return status;
}

wf_dataset_options wf__options_like(const wf_dataset_options *o, const wf_images *train) {
    wf_dataset_options like = *o;
    if (!o->as_first || !train->count) return like;
    like.height = train->height;
    like.width = train->width;
    like.channels = train->channels;
    return like;
}

/* As wanted, and what is not wanted as in the first image, with its sides in proportion. */
static wf_status first_form(wf__wanted *inout, wf_context *cx, const char *path,
                            const wf_dataset_options *o) {
    wf_images first = {0};
    wf__conversion ignored = {0};
    WF_TRY(decode(&first, cx, path, &ignored));
    const int32_t side = first.height > first.width ? first.height : first.width;
    const double scale = o->max_side && side > o->max_side ? (double)o->max_side / side : 1;
    const double height = round(first.height * scale), width = round(first.width * scale);
    if (!inout->height) inout->height = height > 1 ? (int32_t)height : 1;
    if (!inout->width) inout->width = width > 1 ? (int32_t)width : 1;
    if (!inout->channels) inout->channels = first.channels;
    wf_images_reset(&first);
    return WF_OK;
}

wf_status wf__pictures_read(wf_images *out, wf__conversion *conversion, wf_context *cx,
                            const char *what, char *const *paths, int64_t count,
                            const wf_dataset_options *o) {
    enum { REPORT_EVERY = 256 };
    wf__wanted wanted = {o->height, o->width, o->channels};
    if (o->as_first) WF_TRY(first_form(&wanted, cx, paths[0], o));
    for (int64_t i = 0; i < count; i++) {
        if (i % REPORT_EVERY == 0) WF_TRY(wf__progress(cx, o, what, i, count));
        WF_TRY(read_image(out, &wanted, cx, paths, count, i, conversion));
    }
    return WF_OK;
}

static wf_status open_part(wf_images *out, wf_str *notes, wf_context *cx, const char *part,
                           const char *folder, const wf_names *classes,
                           const wf_dataset_options *o) {
    wf_status status = WF_OK;
    listing l = {0};
    wf__conversion conversion = {0};
    WF_TRY_OR(list_part(&l, cx, folder, classes));
    WF_TRY_OR(wf__pictures_read(out, &conversion, cx, folder, l.paths, l.count, o));
    memcpy(out->labels, l.labels, (size_t)l.count * sizeof *out->labels);
    conversion.ignored_files = l.ignored;
    wf__conversion_notes(notes, cx, part, &conversion);
    status = notes->status;
done:
    listing_reset(&l);
    return status;
}

/* The subfolder of a part, under the first of its names that exists; NULL if none does. */
static wf_status part_folder(char **out, wf_context *cx, const char *folder,
                             const char *const *names) {
    for (; *names; names++) {
        char *path = NULL;
        WF_TRY(wf_path_join(&path, cx, folder, *names));
        if (wf_path_is_dir(path)) {
            *out = path;
            return WF_OK;
        }
        wf_free(path);
    }
    return WF_OK;
}

static wf_status take_classes(wf_dataset *d, wf_context *cx, wf_names *classes,
                              const char *folder) {
    WF_REQUIRE(classes->count >= 2 && classes->count <= WF_MAX_CLASSES, WF_E_DATA,
               "%s: found %zu class folders, expected 2 to %d, or IDX files, *train.csv "
               "or labels.csv",
               folder, classes->count, WF_MAX_CLASSES);
    d->n_classes = (int32_t)classes->count;
    d->class_names = classes->items;
    *classes = (wf_names){0};
    return WF_OK;
}

wf_status wf__open_folder(wf_dataset *d, wf_str *notes, wf_context *cx, const char *folder,
                          const wf_dataset_options *o) {
    static const char *const train_names[] = {"train", "training", NULL};
    static const char *const validation_names[] = {"val", "validation", "valid", NULL};
    static const char *const test_names[] = {"test", NULL};
    wf_status status = WF_OK;
    wf_names classes = {0};
    char *train = NULL, *validation = NULL, *test = NULL;
    WF_TRY_OR(part_folder(&train, cx, folder, train_names));
    if (train) {
        WF_TRY_OR(part_folder(&validation, cx, folder, validation_names));
        WF_TRY_OR(part_folder(&test, cx, folder, test_names));
    }
    const char *first = train ? train : folder;
    WF_TRY_OR(list_classes(&classes, cx, first));
    WF_TRY_OR(take_classes(d, cx, &classes, first));
    wf_names known = {d->class_names, (size_t)d->n_classes};
    WF_TRY_OR(open_part(&d->train, notes, cx, "train", first, &known, o));
    const wf_dataset_options like = wf__options_like(o, &d->train);
    if (validation)
        WF_TRY_OR(open_part(&d->validation, notes, cx, "validation", validation, &known, &like));
    if (test) WF_TRY_OR(open_part(&d->test, notes, cx, "test", test, &known, &like));
done:
    wf_names_reset(&classes);
    wf_free(train);
    wf_free(validation);
    wf_free(test);
    return status;
}
