/* Small stored runs for tests: written by the store itself, into a folder that is removed again. */
#ifndef WF_TESTS_RUNS_H
#define WF_TESTS_RUNS_H

#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "store/store.h"
#include "test.h"
#include "weft/eval.h"

static wf_context cx;

static char base[64];

__attribute__((destructor)) static void remove_base(void) {
    char command[160];
    if (!base[0]) return;
    snprintf(command, sizeof command, "chmod -R u+w '%s'; rm -rf '%s'", base, base);
    if (system(command) != 0) fprintf(stderr, "cannot remove %s\n", base);
    base[0] = 0;
}

/* A fresh folder for the runs of one test; the one before is removed. */
__attribute__((unused)) static const char *fresh_dir(void) {
    static char runs[96];
    remove_base();
    snprintf(base, sizeof base, "/tmp/weft-test-store-XXXXXX");
    CHECK(mkdtemp(base) != NULL);
    snprintf(runs, sizeof runs, "%s/runs", base);
    return runs;
}

__attribute__((unused)) static wf_store *open_store(const char *dir) {
    wf_store *store = NULL;
    CHECK_OK(&cx, wf_store_open(&store, &cx, dir));
    return store;
}

__attribute__((unused)) static wf_run_description description_of(const char *model, uint64_t seed) {
    static const char *const classes[] = {"cat", "dog"};
    return (wf_run_description){
        .model = model,
        .family = "cnn",
        .dataset = "pets",
        .data_hash = "abc123",
        .train_count = 80,
        .validation_count = 20,
        .test_count = 4,
        .class_names = classes,
        .class_count = 2,
        .seed = seed,
        .epochs_planned = 3,
        .batch_size = 32,
        .threads = 2,
        .precision = "float32",
        .cpu = "a CPU",
        .isa = "v3",
        .version = "0.1.0",
        .parameters = 161830,
        .madds = 1234567,
        .claim = {"acc .919 (9,186 right), loss .243", .919, (double)NAN, .243},
    };
}

__attribute__((unused)) static wf_epoch_record epoch_of(int epoch) {
    return (wf_epoch_record){.epoch = epoch,
                             .loss = 1.0 / epoch,
                             .accuracy = .5 + .1 * epoch,
                             .val_loss = epoch == 2 ? (double)NAN : .3 / epoch,
                             .val_accuracy = .6,
                             .learning_rate = 1e-3,
                             .seconds = 1.5 * epoch,
                             .ms_per_step = 10.0 * epoch};
}

__attribute__((unused)) static char *evaluation_text(void) {
    const int32_t labels[] = {0, 0, 1, 1};
    const float p[] = {.9f, .1f, .4f, .6f, .2f, .8f, .1f, .9f};
    static const char *const names[] = {"cat", "dog"};
    wf_evaluation *e = NULL;
    char *text = NULL;
    CHECK_OK(&cx, wf_evaluation_create(&e, &cx, labels, p, 4, 2, names));
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    wf_evaluation_destroy(e);
    return text;
}

__attribute__((unused)) static wf_run *start(wf_store *store, const char *model, uint64_t seed) {
    wf_run *run = NULL;
    wf_run_description d = description_of(model, seed);
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, model));
    CHECK_OK(&cx, wf_run_describe(&cx, run, &d));
    return run;
}

/* A whole run: three epochs, a test, finished. */
__attribute__((unused)) static void finish_one(wf_store *store, const char *model, uint64_t seed) {
    wf_run *run = start(store, model, seed);
    for (int i = 1; i <= 3; i++) {
        wf_epoch_record r = epoch_of(i);
        CHECK_OK(&cx, wf_run_record_epoch(&cx, run, &r));
    }
    char *test = evaluation_text();
    CHECK_OK(&cx, wf_run_record_test(&cx, run, test, "best"));
    wf_text_free(test);
    CHECK_OK(&cx, wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL));
    wf_run_close(run);
}

__attribute__((unused)) static wf_run_list list_of(wf_store *store, const char *filter) {
    wf_run_list list = {0};
    CHECK_OK(&cx, wf_store_list(&list, &cx, store, filter));
    return list;
}

__attribute__((unused)) static char *text_of(const char *dir, const char *id, const char *file) {
    char path[512];
    uint8_t *text = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/%s/%s", dir, id, file);
    CHECK_OK(&cx, wf_file_read(&text, &size, &cx, path, 1 << 20));
    return (char *)text;
}

__attribute__((unused)) static void overwrite(const char *dir, const char *file, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL);
    CHECK(fputs(text, f) >= 0);
    CHECK_INT(fclose(f), 0);
}

#endif
