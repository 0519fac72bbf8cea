/* Images with labels: where they come from, how they are split and normalised. */
#ifndef WEFT_DATA_H
#define WEFT_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Threads, where nothing else is said: any, one context each, as long as nobody changes what is
 * given. */

/* Images of one size, channels last; 1 channel is grey, 3 are red, green, blue. */
typedef struct wf_images {
    int64_t count;
    int32_t height, width, channels;
    uint8_t *pixels; /* [count][height][width][channels] */
    int32_t *labels; /* [count], or NULL when there are none or any number per image */
    /* [count][n_labels], 1 where the image has that label, else 0; NULL: one label each, or none */
    uint8_t *label_sets;
    int32_t n_labels; /* 0 without label_sets */
    /* [count][n_labels] pixels of the longer side of what bears that label, of several the largest;
     * 0: it is not there. NULL: not known */
    uint16_t *object_sizes;
} wf_images;

enum { WF_SMALL_OBJECT = 14 }; /* an object is small whose longer side has at most so many pixels */

/* A data set in memory. The struct is transparent and read-only for its users. */
typedef struct wf_dataset {
    char *name;           /* "fashion-mnist", or the last part of the path */
    char *source;         /* where it was found */
    wf_images train;      /* never empty */
    wf_images validation; /* count 0 if there is none */
    wf_images test;       /* count 0 if there is none */
    int32_t n_classes;
    char **class_names;    /* [n_classes] */
    int32_t is_multilabel; /* 1: images have any number of labels, in label_sets of n_classes */
    char sha256[65];       /* over sizes, pixels and labels of all parts; "" if not all were read */
    char test_sha256[65];  /* the same over the test part alone */
    char *notes;           /* what was converted on the way: lines ended by '\n', "" if none */
} wf_dataset;

/* Called now and then while something long goes on; `total` is 0 when it is not known.
 * Return non-zero to stop, which ends the call with WF_E_INTERRUPTED. */
typedef int (*wf_progress_fn)(void *user, const char *what, int64_t done, int64_t total);

/* Zero-initialise; every field may stay 0. */
typedef struct wf_dataset_options {
    int32_t height, width, channels; /* wanted; 0: as the data is */
    int as_first; /* 1: of PNG and JPEG files what is not wanted above is as in the first training
                         image, and the others are converted; 0: others are an error */
    int32_t max_side;         /* then of at most so many pixels a side; 0: any number */
    const char *label_column; /* CSV: the label's column; NULL: "label" or the first */
    const char *data_dir;     /* holds <name>/, or is it; NULL: none */
    const char *system_dir;   /* NULL: /usr/share/datasets */
    const char *cache_dir;    /* holds <name>/, downloads go there; NULL: none */
    const char *base_url;     /* instead of the published address; NULL: the published one */
    int allow_download;
    int only_test; /* 1: training images may stay unread, which IDX files make use of: train.pixels
                      is then NULL, its labels are there */
    wf_progress_fn progress;
    void *progress_user;
} wf_dataset_options;

/* Opens a registered name (looked up in data_dir, system_dir, cache_dir, then downloaded if that is
 * allowed). Any other text is a path to: a folder or prefix of IDX files, plain or gzip; a CSV
 * file, or a folder with *train.csv and *test.csv; a folder with one subfolder per class of PNG and
 * JPEG files, directly or under train/, val/ and test/; or a .zip, .tar, .tar.gz or .tgz of one of
 * these, which is unpacked into cache_dir for the time of the call. `options` may be NULL.
 * Images with any number of labels: a folder with train-labels.csv, and val-labels.csv and
 * test-labels.csv where there are such parts, of columns image,labels; `labels` are names separated
 * by |, `image` is a row of train-images-idx3-ubyte (from 0), or without that file the path of a
 * PNG or JPEG in the folder. Beside such IDX files train-objects.csv and so on may say how large
 * things are: columns image,label,width,height, a line per object. Or labels.csv for such paths,
 * with a column split (train, val, test)
 * where there is more than a training part. classes.txt, a name per line, says which names there
 * are and in which order; without it: those of the training part, sorted.
 * Errors: WF_E_NOTFOUND (the hint names the package or the files that help), WF_E_DATA (file,
 * offset or line and column, found, expected), WF_E_LIMIT, WF_E_IO, WF_E_NETWORK, WF_E_INTERRUPTED,
 * WF_E_ARG, WF_E_NOMEM.  Threads: any, one context each. */
WF_API wf_status wf_dataset_open(wf_dataset **out, wf_context *cx, const char *name_or_path,
                                 const wf_dataset_options *options);

/* NULL is legal. */
WF_API void wf_dataset_destroy(wf_dataset *dataset);

/* Reads the images of one PNG, JPEG, IDX (labels beside it are not sought) or CSV file (with or
 * without a label column), converted to the wanted size. *out_notes says what was converted, "" if
 * nothing was; free it with wf_text_free, the images with wf_images_reset. `options` may be NULL.
 * Errors: as wf_dataset_open. */
WF_API wf_status wf_image_read(wf_images *out, char **out_notes, wf_context *cx, const char *path,
                               const wf_dataset_options *options);

WF_API void wf_images_reset(wf_images *images);

/* A copy of the n >= 1 images of these rows, in this order, with their labels if there are any.
 * Errors: WF_E_ARG (a row outside of `from`), WF_E_DATA (no rows), WF_E_NOMEM. */
WF_API wf_status wf_images_pick(wf_images *out, wf_context *cx, const wf_images *from,
                                const int32_t *index, int64_t n);

/* --- the registry -------------------------------------------------------------------------- */

typedef struct wf_dataset_info {
    const char *name, *summary, *licence, *homepage;
    const char *debian_package; /* NULL if Debian has none */
    const char *url;            /* folder of the files to download; NULL: by hand from homepage */
    int64_t n_train, n_test;
    int32_t height, width, channels, n_classes;
    int64_t download_bytes; /* of all files as published */
} wf_dataset_info;

/* The i-th registered data set, NULL behind the last.  Threads: any. */
WF_API const wf_dataset_info *wf_dataset_info_at(size_t i);

/* Where `name` is found now, without opening it: *out is a path to free with wf_text_free, or NULL.
 * Errors: WF_E_NOTFOUND (no such registered name, with the nearest), WF_E_NOMEM. */
WF_API wf_status wf_dataset_locate(char **out, wf_context *cx, const char *name,
                                   const wf_dataset_options *options);

/* --- splits -------------------------------------------------------------------------------- */

/* Indices into dataset->train, each list ascending. */
typedef struct wf_split {
    int32_t *train;
    int64_t n_train;
    int32_t *validation; /* NULL if n_validation is 0 */
    int64_t n_validation;
    int32_t *held_out; /* of a fold: judged after training; NULL if n_held_out is 0 */
    int64_t n_held_out;
} wf_split;

/* Draws round(fraction * count) validation images, stratified per class (largest remainder), under
 * the seed; then cuts the rest down to `limit` images, stratified too (0: all of them).
 * Where images have any number of labels, by iterative stratification (Sechidis et al. 2011).
 * Validation does not depend on `limit`. A data set's own validation part is not touched.
 * Errors: WF_E_ARG (fraction outside [0, 1), nothing left to train on, limit < 0), WF_E_NOMEM. */
WF_API wf_status wf_split_create(wf_split *out, wf_context *cx, const wf_dataset *dataset,
                                 double fraction, uint64_t seed, int64_t limit);

/* CSV with the columns index,part; part is train, validation or held_out; ascending; written
 * atomically.
 * Errors: WF_E_IO, WF_E_NOMEM. */
WF_API wf_status wf_split_write(wf_context *cx, const char *path, const wf_split *split);

/* Reads what wf_split_write wrote; an index that is not listed is in no part.
 * Errors: WF_E_NOTFOUND, WF_E_IO, WF_E_LIMIT, WF_E_DATA (line; index twice or outside [0, train
 * count), other part, no training image), WF_E_NOMEM. */
WF_API wf_status wf_split_read(wf_split *out, wf_context *cx, const char *path,
                               const wf_dataset *dataset);

WF_API void wf_split_reset(wf_split *split);

/* --- cross-validation ----------------------------------------------------------------------- */

enum { WF_MAX_FOLDS = 1000 };

/* In which fold each image of dataset->train is held out. */
typedef struct wf_folds {
    int32_t folds;
    int64_t count; /* images of dataset->train */
    int16_t *fold; /* [count], from 0; -1: in no fold, for `limit` left it out */
} wf_folds;

/* Deals the training images to stratified folds, in an order given by (seed, repeat): repeats are
 * independent of each other. `limit` images are drawn first, stratified (0: all); which ones does
 * not depend on the repeat. The folds' sizes, in all and per class, are those of scikit-learn's
 * StratifiedKFold(shuffle=True): each differ by one at most. Where images have any number of
 * labels, by iterative stratification: the sizes in all differ by one at most, those per label are
 * as equal as it makes them, and a label may have fewer images than there are folds.
 * Errors: WF_E_ARG (folds outside 2 ... WF_MAX_FOLDS, a class with fewer images than folds, repeat
 * or limit < 0), WF_E_NOMEM.
 * Source: Kohavi 1995, "A study of cross-validation and bootstrap for accuracy estimation" */
WF_API wf_status wf_folds_create(wf_folds *out, wf_context *cx, const wf_dataset *dataset,
                                 int32_t folds, int32_t repeat, uint64_t seed, int64_t limit);

/* The parts of one fold: its images are held out; round(fraction * count) of the others, drawn as
 * wf_split_create does, are for validation, the rest is for training.
 * Errors: WF_E_ARG (fold outside [0, folds), folds of another data set, fraction), WF_E_NOMEM. */
WF_API wf_status wf_folds_split(wf_split *out, wf_context *cx, const wf_folds *folds,
                                const wf_dataset *dataset, int32_t fold, double fraction,
                                uint64_t seed);

/* CSV with the columns index,fold; ascending; images in no fold are not listed; written atomically.
 * Errors: WF_E_IO, WF_E_NOMEM. */
WF_API wf_status wf_folds_write(wf_context *cx, const char *path, const wf_folds *folds);

WF_API void wf_folds_reset(wf_folds *folds);

/* --- what the network sees ------------------------------------------------------------------ */

typedef enum wf_normalization_kind {
    WF_NORMALIZATION_UNIT,       /* pixel / 255 */
    WF_NORMALIZATION_STANDARDIZE /* (pixel - mean) / deviation, per channel */
} wf_normalization_kind;

/* x = pixel * scale[c] + shift[c] */
typedef struct wf_normalization {
    int32_t channels;
    float scale[4], shift[4];
} wf_normalization;

/* "unit" or "standardize". Errors: WF_E_ARG. */
WF_API wf_status wf_normalization_kind_parse(wf_normalization_kind *out, wf_context *cx,
                                             const char *text);

/* Statistics are those of the images in `indices` (n of them; NULL: all, whatever n is), which
 * should be the training part only. A channel without variance is only shifted and divided by 255.
 * Errors: WF_E_ARG (no images, more than 4 channels). */
WF_API wf_status wf_normalization_create(wf_normalization *out, wf_context *cx,
                                         wf_normalization_kind kind, const wf_images *images,
                                         const int32_t *indices, int64_t n);

/* targets[n][n_classes] = 1 at the label, 0 elsewhere.
 * Errors: WF_E_DATA (label outside [0, n_classes)). */
WF_API wf_status wf_one_hot(float *targets, wf_context *cx, const int32_t *labels, int64_t n,
                            int32_t n_classes);

#ifdef __cplusplus
}
#endif
#endif
