/* What the files of src/data share: the decoders of each format and the conversion of images. */
#ifndef WF_DATA_FORMATS_H
#define WF_DATA_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/status.h"
#include "base/str.h"
#include "weft/data.h"

enum {
    WF_IMAGE_MAX_PIXELS = 64 << 20,
    WF_IMAGE_MAX_SIDE = 65535,
    WF_IMAGE_MAX_FILE = 256 << 20,
    WF_CSV_MAX_LINE = 1 << 20,
    WF_MAX_CLASSES = 4096 /* as many as can be judged: WF_EVAL_MAX_CLASSES */
};

/* --- images in memory ---------------------------------------------------------------------- */

/* Errors: WF_E_DATA (an extent < 1, channels not 1 or 3), WF_E_LIMIT (sides, 64 Mpixel). */
wf_status wf__image_check(wf_context *cx, int64_t height, int64_t width, int64_t channels,
                          const char *name);
/* Zeroed pixels, and labels if wanted. Errors: as wf__image_check; WF_E_NOMEM. */
wf_status wf__images_alloc(wf_images *out, wf_context *cx, int64_t count, int64_t height,
                           int64_t width, int64_t channels, bool with_labels, const char *name);
/* Zeroed label sets.  Errors: WF_E_NOMEM. */
wf_status wf__images_alloc_sets(wf_images *images, wf_context *cx, int32_t n_labels);
/* Zeroed sizes of objects, where there are label sets.  Errors: WF_E_NOMEM. */
wf_status wf__images_alloc_sizes(wf_images *images, wf_context *cx);
/* Bytes of one image. */
size_t wf__image_bytes(const wf_images *images);

/* The wanted size; 0 stands for "as it is". */
typedef struct wf__wanted {
    int32_t height, width, channels;
} wf__wanted;

/* What happened to a part's images, for the notes. */
typedef struct wf__conversion {
    int64_t resized, to_grey, to_color, blended, narrowed, ignored_files;
    int32_t from_height, from_width; /* of the first resized image */
    bool from_several;               /* sizes */
    int32_t to_height, to_width;
} wf__conversion;

/* Brings all images to the wanted size: luma (ITU-R 601) for grey, equal planes for colour,
 * bilinear with a filter as wide as the shrinking for the size. Changes *inout only on success. */
wf_status wf__images_convert(wf_images *inout, wf_context *cx, wf__wanted wanted,
                             wf__conversion *conversion, const char *name);
/* Adds a line per kind of conversion: "train: 12 images resized from 640x480 to 28x28 ...". */
void wf__conversion_notes(wf_str *notes, wf_context *cx, const char *part,
                          const wf__conversion *conversion);

/* --- decoders: from bytes in memory; `name` is for error texts -------------------------------- */

bool wf__is_png(const uint8_t *bytes, size_t size);
bool wf__is_jpeg(const uint8_t *bytes, size_t size);
/* One image of 1 or 3 channels; `conversion` counts blended and narrowed ones. */
wf_status wf__png_decode(wf_images *out, wf_context *cx, const uint8_t *bytes, size_t size,
                         const char *name, wf__conversion *conversion);
wf_status wf__jpeg_decode(wf_images *out, wf_context *cx, const uint8_t *bytes, size_t size,
                          const char *name);

/* Plain or gzip IDX. */
bool wf__is_idx(const uint8_t *bytes, size_t size);
wf_status wf__idx_images(wf_images *out, wf_context *cx, const uint8_t *bytes, size_t size,
                         const char *name);
wf_status wf__idx_labels(int32_t **out, int64_t *out_count, wf_context *cx, const uint8_t *bytes,
                         size_t size, const char *name);

typedef struct wf__csv_options {
    wf__wanted wanted;        /* decides how the pixel columns are read, where it fits */
    const char *label_column; /* NULL: "label", or the first */
    bool label_is_optional;   /* no labels where the columns are exactly an image */
} wf__csv_options;
wf_status wf__csv_parse(wf_images *out, wf_context *cx, const char *text, size_t size,
                        const char *name, const wf__csv_options *options);

/* --- drawing -------------------------------------------------------------------------------- */

/* Deals the n training images `from` of a multi-label set to parts of these sizes, which add up to
 * n, so that every part has its share of every label: iterative stratification, in an order given
 * by `rng`. part_of[i] belongs to from[i].  Errors: WF_E_NOMEM.
 * Source: Sechidis, Tsoumakas, Vlahavas 2011, "On the stratification of multi-label data" */
wf_status wf__stratify_sets(int16_t *part_of, wf_context *cx, const wf_images *train,
                            const int32_t *from, int64_t n, const int64_t *sizes, int parts,
                            wf_rng *rng);

/* Of the training images listed in inout->train, round(fraction * their number) become validation,
 * stratified, under the seed; the rest is cut down to `limit` (0: all).
 * Errors: WF_E_ARG (as wf_split_create), WF_E_NOMEM; inout may then be half done. */
wf_status wf__split_cut(wf_split *inout, wf_context *cx, const wf_dataset *d, double fraction,
                        uint64_t seed, int64_t limit);

/* --- whole data sets ------------------------------------------------------------------------ */

/* Calls the user's progress function. Errors: WF_E_INTERRUPTED. */
wf_status wf__progress(wf_context *cx, const wf_dataset_options *options, const char *what,
                       int64_t done, int64_t total);

/* Four IDX files; the paths of a part are NULL where it is absent. */
typedef struct wf__idx_files {
    char *train_images, *train_labels, *test_images, *test_labels;
} wf__idx_files;
/* Looks for <folder>/<prefix>train-images... Nothing found: all NULL, no error. */
wf_status wf__idx_find(wf__idx_files *out, wf_context *cx, const char *folder, const char *prefix);
void wf__idx_files_reset(wf__idx_files *files);

/* The path of <folder>/<prefix><part>-<kind>-idx<axes>-ubyte in the first of its usual spellings
 * that exists; NULL if none does. */
wf_status wf__idx_find_file(char **out, wf_context *cx, const char *folder, const char *prefix,
                            const char *part, const char *kind, int axes);
/* Images without labels, in the wanted size.  Errors: as wf__idx_images, wf__images_convert. */
wf_status wf__idx_read_images(wf_images *out, wf_str *notes, wf_context *cx, const char *part,
                              const char *path, bool is_transposed, const wf_dataset_options *o);

/* What the parts behind the training part take: with o->as_first its form. */
wf_dataset_options wf__options_like(const wf_dataset_options *o, const wf_images *train);
/* PNG and JPEG files in the wanted size, the first one's where none is; labels are 0.
 * Errors: as wf__images_convert; WF_E_DATA (no image, another size), WF_E_NOTFOUND, WF_E_IO. */
wf_status wf__pictures_read(wf_images *out, wf__conversion *conversion, wf_context *cx,
                            const char *what, char *const *paths, int64_t count,
                            const wf_dataset_options *options);
bool wf__is_picture_name(const char *name);

/* A folder's *train.csv and *test.csv. Nothing found: all NULL. Errors: WF_E_DATA (several). */
typedef struct wf__csv_files {
    char *train, *validation, *test;
} wf__csv_files;
wf_status wf__csv_find(wf__csv_files *out, wf_context *cx, const char *folder);
void wf__csv_files_reset(wf__csv_files *files);

/* Fill the parts (with the wanted size) and notes; the folder reader sets the class names too. The
 * caller destroys `d` on failure. */
wf_status wf__open_idx(wf_dataset *d, wf_str *notes, wf_context *cx, const wf__idx_files *files,
                       bool is_transposed, const wf_dataset_options *options);
wf_status wf__open_csv(wf_dataset *d, wf_str *notes, wf_context *cx, const wf__csv_files *files,
                       const wf_dataset_options *options);
/* What lies in a folder of images with any number of labels; *out_found: whether it is one.
 * Errors: WF_E_DATA (file, line and column, found, expected), as the other readers. */
wf_status wf__open_label_sets(wf_dataset *d, bool *out_found, wf_str *notes, wf_context *cx,
                              const char *folder, const wf_dataset_options *options);
wf_status wf__open_folder(wf_dataset *d, wf_str *notes, wf_context *cx, const char *folder,
                          const wf_dataset_options *options);

#endif
