/* A composed set: the same bytes with any number of threads, others with another seed. */
#include "base/hash.h"
#include "garments.h"
#include "scratch.h"
#include "test.h"
#include "weft/compose.h"

enum { FILES = 9 };

static const char *const files[FILES] = {
    "train-images-idx3-ubyte", "train-labels.csv", "train-objects.csv",
    "test-images-idx3-ubyte",  "test-labels.csv",  "test-objects.csv",
    "distribution.json",       "canvases.png",     "classes.txt"};

static wf_context cx;

/* Composes the set `name`: 2,100 and 70 canvases, so that blocks and items end early. */
static void compose(char hashes[FILES][WF_HASH_HEX], const char *name, uint64_t seed,
                    double dependence, int threads) {
    const wf_compose_options o = {
        .dependence = dependence, .seed = seed, .n_train = 2100, .n_test = 70};
    wf_pool *pool = NULL;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, threads));
    CHECK_OK(&cx, wf_compose_outfits(&cx, pool, garments(), &o, scratch(name)));
    wf_pool_destroy(pool);
    for (int i = 0; i < FILES; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", name, files[i]);
        CHECK_OK(&cx, wf_hash_file(hashes[i], &cx, WF_HASH_SHA256, scratch(path)));
    }
}

TEST(any_number_of_threads) {
    static const int threads[] = {1, 2, 3, 5};
    char first[FILES][WF_HASH_HEX], next[FILES][WF_HASH_HEX];
    for (int t = 0; t < 4; t++) {
        char name[16];
        snprintf(name, sizeof name, "threads-%d", threads[t]);
        compose(t ? next : first, name, 5, 1, threads[t]);
        for (int i = 0; t && i < FILES; i++) CHECK_STR(next[i], first[i]);
    }
}

TEST(a_seed_changes_everything) {
    char a[FILES][WF_HASH_HEX], b[FILES][WF_HASH_HEX];
    compose(a, "seed-1", 1, 1, 2);
    compose(b, "seed-2", 2, 1, 2);
    for (int i = 0; i < FILES - 1; i++) CHECK(strcmp(a[i], b[i]) != 0);
    CHECK_STR(a[FILES - 1], b[FILES - 1]);
}

/* Training and test canvases are not the same draws. */
TEST(parts_differ) {
    uint8_t *train = NULL, *test = NULL;
    size_t train_size = 0, test_size = 0;
    char hashes[FILES][WF_HASH_HEX];
    compose(hashes, "parts", 3, 1, 2);
    CHECK_OK(&cx, wf_file_read(&train, &train_size, &cx, scratch("parts/train-labels.csv"), 1e6));
    CHECK_OK(&cx, wf_file_read(&test, &test_size, &cx, scratch("parts/test-labels.csv"), 1e6));
    CHECK(train_size > test_size && test_size > 70);
    CHECK(memcmp(train, test, test_size) != 0);
    free(train);
    free(test);
}

TEST_MAIN()
