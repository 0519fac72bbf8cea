/* Stratified folds of a cross-validation. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/str.h"
#include "data/formats.h"

/* first[c]: where class c begins when the images are sorted by class, the classes in the order in
 * which they appear; the images of a sorted row are dealt to the folds one after another. */
static wf_status sort_classes(int64_t *first, wf_context *cx, const wf_dataset *d,
                              const wf_split *kept, int32_t folds) {
    int64_t *size = NULL, begun = 0;
    wf_status status = WF_OK;
    WF_TRY(wf_alloc(&size, cx, (size_t)d->n_classes, sizeof *size));
    for (int64_t i = 0; i < kept->n_train; i++) size[d->train.labels[kept->train[i]]]++;
    for (int32_t c = 0; c < d->n_classes; c++)
        WF_REQUIRE_OR(
            !size[c] || size[c] >= folds, WF_E_ARG,
            "%d folds, but class %s has %lld images, must be %d or more | fewer folds, or "
            "more images",
            folds, d->class_names ? d->class_names[c] : "", (long long)size[c], folds);
    for (int32_t c = 0; c < d->n_classes; c++) first[c] = -1;
    for (int64_t i = 0; i < kept->n_train; i++) {
        int32_t c = d->train.labels[kept->train[i]];
        if (first[c] >= 0) continue;
        first[c] = begun;
        begun += size[c];
    }
done:
    wf_free(size);
    return status;
}

static wf_status deal(wf_folds *f, wf_context *cx, const wf_dataset *d, wf_split *kept,
                      int32_t repeat, uint64_t seed) {
    int64_t *next = NULL;
    WF_TRY(wf_alloc(&next, cx, (size_t)d->n_classes, sizeof *next));
    wf_status status = sort_classes(next, cx, d, kept, f->folds);
    if (status == WF_OK) {
        wf_rng rng;
        wf_rng_init(&rng, seed, WF_STREAM_FOLDS, (uint32_t)repeat);
        wf_rng_shuffle(&rng, kept->train, (size_t)kept->n_train);
        for (int64_t i = 0; i < kept->n_train; i++) {
            int32_t image = kept->train[i];
            f->fold[image] = (int16_t)(next[d->train.labels[image]]++ % f->folds);
        }
    }
    wf_free(next);
    return status;
}

/* The same for images with any number of labels, by iterative stratification: every label has its
 * share of each fold, as near as whole images allow. Folds that are drawn by whole sets would not,
 * for of 10 labels there are up to 1,024 sets, most of them with fewer images than there are folds.
 */
static wf_status deal_sets(wf_folds *f, wf_context *cx, const wf_dataset *d, const wf_split *kept,
                           int32_t repeat, uint64_t seed) {
    int64_t sizes[WF_MAX_FOLDS], n = kept->n_train;
    int16_t *part_of = NULL;
    wf_rng rng;
    WF_REQUIRE(n >= f->folds, WF_E_ARG, "%d folds of %lld images, each must hold one at least",
               f->folds, (long long)n);
    for (int32_t p = 0; p < f->folds; p++) sizes[p] = n / f->folds + (p < n % f->folds);
    WF_TRY(wf_alloc(&part_of, cx, (size_t)n, sizeof *part_of));
    wf_rng_init(&rng, seed, WF_STREAM_FOLDS, (uint32_t)repeat);
    wf_status status =
        wf__stratify_sets(part_of, cx, &d->train, kept->train, n, sizes, f->folds, &rng);
    for (int64_t i = 0; i < n && status == WF_OK; i++) f->fold[kept->train[i]] = part_of[i];
    wf_free(part_of);
    return status;
}

wf_status wf_folds_create(wf_folds *out, wf_context *cx, const wf_dataset *d, int32_t folds,
                          int32_t repeat, uint64_t seed, int64_t limit) {
    wf_status status = WF_OK;
    wf_folds f = {.folds = folds, .count = d->train.count};
    wf_split kept = {0};
    WF_REQUIRE(folds >= 2 && folds <= WF_MAX_FOLDS, WF_E_ARG, "%d folds, must be from 2 to %d",
               folds, WF_MAX_FOLDS);
    WF_REQUIRE(repeat >= 0, WF_E_ARG, "repeat %d, must be 0 or more", repeat);
    WF_TRY(wf_split_create(&kept, cx, d, 0, seed, limit));
    WF_TRY_OR(wf_alloc(&f.fold, cx, (size_t)f.count, sizeof *f.fold));
    for (int64_t i = 0; i < f.count; i++) f.fold[i] = -1;
    if (d->is_multilabel) WF_TRY_OR(deal_sets(&f, cx, d, &kept, repeat, seed));
    else WF_TRY_OR(deal(&f, cx, d, &kept, repeat, seed));
    *out = f;
    f = (wf_folds){0};
done:
    wf_folds_reset(&f);
    wf_split_reset(&kept);
    return status;
}

wf_status wf_folds_split(wf_split *out, wf_context *cx, const wf_folds *f, const wf_dataset *d,
                         int32_t fold, double fraction, uint64_t seed) {
    wf_status status = WF_OK;
    wf_split s = {0};
    WF_REQUIRE(fold >= 0 && fold < f->folds, WF_E_ARG, "fold %d of %d, must be from 0 to %d", fold,
               f->folds, f->folds - 1);
    WF_REQUIRE(f->count == d->train.count, WF_E_ARG,
               "the folds are those of %lld images, data set %s has %lld", (long long)f->count,
               d->name, (long long)d->train.count);
    WF_TRY_OR(wf_alloc(&s.train, cx, (size_t)f->count, sizeof *s.train));
    WF_TRY_OR(wf_alloc(&s.held_out, cx, (size_t)f->count, sizeof *s.held_out));
    for (int64_t i = 0; i < f->count; i++) {
        if (f->fold[i] == fold) s.held_out[s.n_held_out++] = (int32_t)i;
        else if (f->fold[i] >= 0) s.train[s.n_train++] = (int32_t)i;
    }
    WF_TRY_OR(wf__split_cut(&s, cx, d, fraction, seed, 0));
    *out = s;
    s = (wf_split){0};
done:
    wf_split_reset(&s);
    return status;
}

wf_status wf_folds_write(wf_context *cx, const char *path, const wf_folds *f) {
    wf_writer *w = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf_writer_open(&w, cx, path));
    WF_TRY_OR(wf_writer_addf(w, cx, "index,fold\n"));
    for (int64_t i = 0; i < f->count; i++)
        if (f->fold[i] >= 0)
            WF_TRY_OR(wf_writer_addf(w, cx, "%lld,%d\n", (long long)i, f->fold[i]));
    return wf_writer_commit(w, cx);
done:
    wf_writer_abort(w);
    return status;
}

void wf_folds_reset(wf_folds *folds) {
    wf_free(folds->fold);
    *folds = (wf_folds){0};
}
