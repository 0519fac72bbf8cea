/* Every model file learns: it overfits 64 images, and what it learns from a small part of the
 * training images holds for images it has not seen. A gradient check alone proves neither.
 *
 * The models are those that stand in models/; each gives two tests, overfits_<model> and
 * reaches_floor_<model>, but models of outfits, whose canvases have any number of labels: they
 * overfit only. Models of many multiply-adds learn fewer images by heart; under WEFT_TEST_FULL
 * (make check-models) as many as the others. Under WEFT_TEST_QUICK, which is for lower ISA levels,
 * only a few models are trained, and for fewer steps. */
#include <stdlib.h>

#include "nn/fields.h"
#include "spec/model.h"
#include "scratch.h"
#include "test.h"
#include "weft/compose.h"
#include "weft/data.h"
#include "weft/train.h"

enum { SEED = 0 };

/* Where the losses must end: 64 images known by heart, with some confidence. An untrained model's
 * loss is 2.3, and one that is right by a hair everywhere would be at .69. */
enum { OVERFIT_IMAGES = 64, FEW_OVERFIT_IMAGES = 16 };
static const double overfit_loss = 0.1;

/* How many epochs of 4 steps that may take. Half of the models need about 30; lstm-2x128-relu,
 * whose loss jumps as relu lets an LSTM's state grow, has needed 170 and, under another seed, over
 * 300. */
static const char *const overfit_epochs = "training.epochs=1500";

/* What stands for all models in a quick run. */
static const char *const quick_models[] = {"cnn-16", "cnn-16-bilstm", "gru-128", "lenet-5"};
enum { N_QUICK = sizeof quick_models / sizeof *quick_models };

/* The part of the data that the floors are for. */
typedef struct floor_task {
    int64_t train_images, test_images;
    const char *epochs, *batch_size;
    double floors[WF_FAMILY_HYBRID + 1]; /* accuracy, by wf_family */
} floor_task;

static const floor_task full_task = {
    .train_images = 3000,
    .test_images = 2000,
    .epochs = "training.epochs=2",
    .batch_size = "training.batch_size=32",
    /* the lowest of seeds 0, 1 and 2, less about .06 */
    .floors = {[WF_FAMILY_OTHER] = 0.2,
               [WF_FAMILY_CNN] = 0.65,
               [WF_FAMILY_RNN] = 0.56,
               [WF_FAMILY_HYBRID] = 0.62},
};

static const floor_task quick_task = {
    .train_images = 1000,
    .test_images = 500,
    .epochs = "training.epochs=2",
    .batch_size = "training.batch_size=32",
    .floors = {[WF_FAMILY_OTHER] = 0.2,
               [WF_FAMILY_CNN] = 0.62,
               [WF_FAMILY_RNN] = 0.47,
               [WF_FAMILY_HYBRID] = 0.61},
};

static const char *const folders[] = {WF_SOURCE_DIR "/models"};

static wf_context cx;
static int is_quick, is_full;
static wf_pool *pool;
static wf_dataset *dataset, *canvases;

/* ---- one model in training ---- */

typedef struct learner {
    const wf_dataset *dataset;
    wf_model_spec *spec;
    wf_params *params;
    wf_split split;
    wf_train_data data;
    wf_normalization normalization;
} learner;

static void set(learner *l, const char *assignment) {
    CHECK_OK(&cx, wf_model_spec_set(l->spec, &cx, assignment));
}

static int is_of_outfits(const char *model) { return strncmp(model, "outfits-", 8) == 0; }

static void make_canvases(void) {
    const wf_compose_options options = {
        .dependence = 1, .seed = SEED, .n_train = OVERFIT_IMAGES, .n_test = 1};
    CHECK_OK(&cx, wf_compose_outfits(&cx, pool, dataset, &options, scratch("outfits")));
    CHECK_OK(&cx, wf_dataset_open(&canvases, &cx, scratch("outfits"), NULL));
}

/* The model as its file says. */
static void learner_open(learner *l, const char *model) {
    char *path = NULL;
    *l = (learner){0};
    if (!pool) CHECK_OK(&cx, wf_pool_create(&pool, &cx, 0));
    if (!dataset) CHECK_OK(&cx, wf_dataset_open(&dataset, &cx, "fashion-mnist", NULL));
    if (is_of_outfits(model) && !canvases) make_canvases();
    l->dataset = is_of_outfits(model) ? canvases : dataset;
    CHECK_OK(&cx, wf_model_find(&path, &cx, model, folders, 1));
    CHECK_OK(&cx, wf_model_spec_read(&l->spec, &cx, path));
    wf_text_free(path);
}

/* With `limit` training images, each class as often as in the whole. */
static void learner_split(learner *l, int64_t limit) {
    CHECK_OK(&cx, wf_split_create(&l->split, &cx, l->dataset, 0, SEED, limit));
    CHECK_INT(l->split.n_train, limit);
    CHECK_OK(&cx, wf_normalization_create(&l->normalization, &cx,
                                          (wf_normalization_kind)l->spec->recipe->normalization,
                                          &l->dataset->train, l->split.train, l->split.n_train));
    l->data = (wf_train_data){.train = &l->dataset->train,
                              .train_index = l->split.train,
                              .n_train = l->split.n_train,
                              .normalization = l->normalization};
}

static void learner_close(learner *l) {
    wf_split_reset(&l->split);
    wf_params_destroy(l->params);
    wf_model_spec_destroy(l->spec);
}

static void set_field(const wf_layer_spec *layer, const char *key, const char *text) {
    CHECK_OK(&cx, wf_fields_set(&cx, layer->class->name, layer->class->fields, layer->config, key,
                                text));
}

/* Moving statistics must follow within the few steps there are. */
static void hasten_statistics(learner *l) {
    for (int i = 0; i < l->spec->graph->n_nodes; i++) {
        const wf_layer_spec *layer = &l->spec->graph->nodes[i].spec;
        if (strcmp(layer->class->name, "batch_normalization") == 0)
            set_field(layer, "momentum", "0.9");
    }
}

/* Of so many multiply-adds per image that it would take longest by far. */
static int is_large(const learner *l) {
    const int64_t many = 15000000;
    const wf_graph *g = l->spec->graph;
    int64_t madds = 0;
    for (int i = 0; i < g->n_nodes; i++) madds += g->nodes[i].madds;
    return madds >= many;
}

static wf_predict_result predict(learner *l, const wf_images *images, const int32_t *index,
                                 int64_t n) {
    wf_predict_result result = {0};
    wf_predict_options options = {.images = images,
                                  .index = index,
                                  .n = n,
                                  .normalization = l->normalization,
                                  .recipe = l->spec->recipe};
    CHECK_OK(&cx, wf_predict(&result, NULL, l->params, &cx, pool, &options));
    CHECK_INT(result.n, n);
    return result;
}

/* ---- overfitting ---- */

/* What keeps a model from learning by heart goes, in the layers inside of layers too. */
static void make_forgetless(const wf_layer_spec *layer) {
    if (layer->class->flags & WF_LAYER_RANDOM && strcmp(layer->class->fields->key, "rate") == 0)
        set_field(layer, "rate", "0");
    for (const wf_field *f = layer->class->fields; f && f->key; f++) {
        if (strcmp(f->key, "recurrent_dropout") == 0) set_field(layer, f->key, "0");
        if (f->kind == WF_FIELD_LAYER)
            make_forgetless((const wf_layer_spec *)((const char *)layer->config + f->offset));
    }
}

typedef struct overfit_watch {
    volatile sig_atomic_t is_done;
    wf_epoch_figures last;
} overfit_watch;

/* The images stand for validation, so that an epoch ends with their figures in inference mode. */
static void stop_when_overfitted(void *user, const wf_train_event *event) {
    overfit_watch *w = user;
    if (event->kind != WF_TRAIN_EPOCH_END) return;
    w->last = event->figures;
    w->is_done = event->figures.val_accuracy == 1 && event->figures.val_loss < overfit_loss;
}

static void overfit(const char *model) {
    learner l;
    overfit_watch watch = {0};
    wf_train_result fit = {0};
    wf_train_options options = {
        .seed = SEED, .sink = stop_when_overfitted, .sink_user = &watch, .stop = &watch.is_done};
    learner_open(&l, model);
    const int images = is_large(&l) && !is_full ? FEW_OVERFIT_IMAGES : OVERFIT_IMAGES;
    learner_split(&l, images);
    set(&l, overfit_epochs);
    set(&l, "training.batch_size=16");
    set(&l, "training.schedule=constant");
    set(&l, "training.early_stopping=false");
    set(&l, "training.augmentation=false");
    set(&l, "training.ema=false");
    if (strcmp(l.spec->recipe->loss.class->name, "categorical_crossentropy") == 0)
        set(&l, "training.loss=categorical_crossentropy"); /* without label_smoothing */
    for (int i = 0; i < l.spec->graph->n_nodes; i++) make_forgetless(&l.spec->graph->nodes[i].spec);
    hasten_statistics(&l);
    l.data.validation = l.data.train;
    l.data.validation_index = l.data.train_index;
    l.data.n_validation = l.data.n_train;
    CHECK_OK(&cx, wf_params_create(&l.params, &cx, l.spec->graph, SEED));
    wf_predict_result before = predict(&l, &l.dataset->train, l.split.train, l.split.n_train);
    CHECK(before.accuracy < 0.5);
    wf_status status = wf_fit(&fit, l.params, &cx, pool, l.spec->recipe, &l.data, &options);
    printf("%s: %d of %d after %d epochs, loss %.4f, from %.4f\n", model,
           (int)(images * watch.last.val_accuracy + 0.5), images, watch.last.epoch,
           watch.last.val_loss, before.loss);
    if (watch.is_done) CHECK_FAILS(&cx, status, WF_E_INTERRUPTED);
    else CHECK_OK(&cx, status);
    wf_predict_result after = predict(&l, &l.dataset->train, l.split.train, l.split.n_train);
    CHECK(after.accuracy == 1);
    CHECK(after.loss < overfit_loss);
    wf_train_result_reset(&fit);
    learner_close(&l);
}

/* ---- floors ---- */

static void reach_floor(const char *model) {
    learner l;
    wf_train_result fit = {0};
    wf_train_options options = {.seed = SEED};
    learner_open(&l, model);
    const floor_task *task = is_quick || is_large(&l) ? &quick_task : &full_task;
    learner_split(&l, task->train_images);
    set(&l, task->epochs);
    set(&l, task->batch_size);
    set(&l, "training.early_stopping=false");
    hasten_statistics(&l);
    CHECK_OK(&cx, wf_params_create(&l.params, &cx, l.spec->graph, SEED));
    CHECK_OK(&cx, wf_fit(&fit, l.params, &cx, pool, l.spec->recipe, &l.data, &options));
    wf_images test = dataset->test;
    CHECK(test.count >= task->test_images);
    test.count = task->test_images;
    wf_predict_result after = predict(&l, &test, NULL, test.count);
    double floor = task->floors[l.spec->family];
    printf("%s (%s): accuracy %.4f, at least %.2f, loss %.4f\n", model,
           wf_family_name(l.spec->family), after.accuracy, floor, after.loss);
    CHECK(after.accuracy >= floor);
    wf_train_result_reset(&fit);
    learner_close(&l);
}

/* ---- a test per model and demand ---- */

typedef struct model_test {
    wf_test_case test; /* first: the harness holds pointers to it */
    char name[96];
    const char *model;
} model_test;

static const char *current_model(void) { return ((const model_test *)wf_test_current)->model; }

static void run_overfit(void) { overfit(current_model()); }
static void run_reach_floor(void) { reach_floor(current_model()); }

static wf_names models;
static size_t n_taken;

static int is_taken(const char *model) {
    for (size_t i = 0; i < N_QUICK; i++)
        if (strcmp(quick_models[i], model) == 0) return 1;
    return !is_quick;
}

TEST(model_files_are_found) { CHECK(is_quick ? n_taken == N_QUICK : n_taken >= 18); }

static void register_test(model_test *t, const char *prefix, const char *model, void (*run)(void)) {
    snprintf(t->name, sizeof t->name, "%s_%s", prefix, model);
    t->model = model;
    t->test = (wf_test_case){t->name, run, NULL};
    *wf_test_last = &t->test;
    wf_test_last = &t->test.next;
}

int main(int argc, char **argv) {
    is_quick = getenv("WEFT_TEST_QUICK") != NULL;
    is_full = getenv("WEFT_TEST_FULL") != NULL;
    model_test *tests = NULL;
    if (wf_model_names(&models, &cx, folders, 1) == WF_OK)
        tests = calloc(2 * models.count, sizeof *tests);
    for (size_t i = 0; tests && i < models.count; i++) {
        const char *model = models.items[i];
        if (!is_taken(model)) continue;
        register_test(&tests[2 * i], "overfits", model, run_overfit);
        if (!is_of_outfits(model))
            register_test(&tests[2 * i + 1], "reaches_floor", model, run_reach_floor);
        n_taken++;
    }
    int status = wf_test_main(argc > 1 ? argv[1] : NULL);
    wf_dataset_destroy(dataset);
    wf_dataset_destroy(canvases);
    wf_pool_destroy(pool);
    wf_names_reset(&models);
    free(tests);
    return status;
}
