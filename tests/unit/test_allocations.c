/* A training step takes no memory after the warm-up: neither through wf_alloc nor behind its back.
 * Every call of the C library's allocator is counted; under a sanitizer, which brings its own, only
 * those through wf_alloc. */
#include <stdatomic.h>

#include "nn/plan.h"
#include "spec/model.h"
#include "train_fixture.h"

static const char *const folders[] = {WF_SOURCE_DIR "/models"};

/* ---- counting ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

static long allocation_count(void) { return wf__alloc_count(); }

#else

static atomic_long calls;

static long allocation_count(void) { return atomic_load(&calls); }

/* glibc's own names for what stands in for its allocator below */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

__attribute__((visibility("default"))) void *malloc(size_t size) {
    atomic_fetch_add(&calls, 1);
    return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size) {
    atomic_fetch_add(&calls, 1);
    return __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size) {
    atomic_fetch_add(&calls, 1);
    return __libc_realloc(old, size);
}

__attribute__((visibility("default"))) void *aligned_alloc(size_t alignment, size_t size) {
    atomic_fetch_add(&calls, 1);
    return __libc_memalign(alignment, size);
}

__attribute__((visibility("default"))) int posix_memalign(void **out, size_t alignment,
                                                          size_t size) {
    atomic_fetch_add(&calls, 1);
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : 12; /* ENOMEM */
}

#endif

TEST(allocations_are_counted) {
    const long before = allocation_count();
    wf_context cx = {0};
    char *text = NULL;
    CHECK_OK(&cx, wf_strdup(&text, &cx, "weft"));
    CHECK(allocation_count() > before);
    wf_free(text);
}

/* ---- every model ---- */

enum { BATCH = 12, WARMUP = 2, STEPS = 4, MODEL_IMAGES = 64, MOST_STEPS = 16 };

/* Neither gathering in any order, nor a partial batch, nor another epoch may want memory. */
static void run_steps(wf_plan *plan, const wf_graph *g, const wf_images *images, int steps) {
    static int32_t index[MODEL_IMAGES], sequences[MODEL_IMAGES * MOST_STEPS];
    const wf_shape *output = &g->nodes[g->output].shape;
    const int length = output->rank == 2 ? (int)output->dim[0] : 0;
    CHECK(length <= MOST_STEPS);
    for (int i = 0; i < MODEL_IMAGES; i++) index[i] = (i * 37) % MODEL_IMAGES;
    for (int i = 0; i < MODEL_IMAGES * length; i++) sequences[i] = -1;
    for (int i = 0; i < MODEL_IMAGES && length; i++) sequences[i * length] = i % 10;
    for (int i = 0; i < steps; i++) {
        wf_context cx = {0};
        wf_batch_result result;
        const wf_batch batch = {.pixels = images->pixels,
                                .index = index + i * BATCH,
                                .labels = images->labels,
                                .sequences = sequences,
                                .sequence_length = length,
                                .n = i % 2 ? BATCH : BATCH / 2 + 1,
                                .epoch = (uint32_t)i,
                                .learning_rate = 0.001};
        CHECK_OK(&cx, wf_plan_run(&result, plan, &cx, &batch));
    }
}

static void check_model(const char *name, wf_precision precision, wf_pool *pool,
                        const wf_images *images) {
    wf_context cx = {0};
    char *path = NULL;
    wf_model_spec *spec = NULL;
    wf_params *params = NULL;
    wf_plan *plan = NULL;
    CHECK_OK(&cx, wf_model_find(&path, &cx, name, folders, 1));
    CHECK_OK(&cx, wf_model_spec_read(&spec, &cx, path));
    wf_free(path);
    CHECK_OK(&cx, wf_params_create(&params, &cx, spec->graph, 1));
    const wf_plan_options options = {.mode = WF_PLAN_TRAIN,
                                     .precision = precision,
                                     .batch_size = BATCH,
                                     .loss = &spec->recipe->loss,
                                     .optimizer = &spec->recipe->optimizer};
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, spec->graph, params, pool, &options));
    run_steps(plan, spec->graph, images, WARMUP);
    const long before = allocation_count();
    run_steps(plan, spec->graph, images, STEPS);
    const long made = allocation_count() - before;
    if (made) printf("%s, %s: %ld\n", name, wf_precision_name(precision), made);
    CHECK_INT(made, 0);
    wf_plan_destroy(plan);
    wf_params_destroy(params);
    wf_model_spec_destroy(spec);
}

TEST(training_steps_of_every_model_allocate_nothing) {
    wf_context cx = {0};
    wf_names names = {0};
    wf_pool *pool = NULL;
    static uint8_t pixels[MODEL_IMAGES * 64 * 64]; /* of the largest input */
    static int32_t labels[MODEL_IMAGES];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 7919 >> 3);
    for (int i = 0; i < MODEL_IMAGES; i++) labels[i] = i % 10;
    const wf_images images = {.count = MODEL_IMAGES,
                              .height = 64,
                              .width = 64,
                              .channels = 1,
                              .pixels = pixels,
                              .labels = labels};
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    CHECK_OK(&cx, wf_model_names(&names, &cx, folders, 1));
    CHECK(names.count >= 18);
    /* builds with sanitizers take long: a few models only */
    const size_t step = getenv("WEFT_TEST_QUICK") ? 7 : 1;
    for (size_t i = 0; i < names.count; i += step) {
        check_model(names.items[i], WF_FLOAT32, pool, &images);
        check_model(names.items[i], WF_BFLOAT16, pool, &images);
    }
    wf_names_reset(&names);
    wf_pool_destroy(pool);
}

/* ---- the loop ---- */

typedef struct counts {
    long first, last; /* behind an epoch's first step and its last */
    int epochs;
} counts;

static void count(void *user, const wf_train_event *event) {
    counts *c = user;
    if (event->kind != WF_TRAIN_STEP) return;
    if (event->step == 1) c->first = allocation_count();
    if (event->step != event->steps) return;
    c->last = allocation_count();
    CHECK_INT(c->last - c->first, 0);
    c->epochs++;
}

TEST(epochs_allocate_nothing_between_their_steps) {
    setup s;
    setup_open(&s, 2);
    counts c = {0};
    s.options.sink = count;
    s.options.sink_user = &c;
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK_INT(c.epochs, 4);
    setup_close(&s);
}

TEST_MAIN()
