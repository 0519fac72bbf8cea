/* Reading, writing and changing a model file while every n-th allocation fails. */
#include "test.h"

#include "base/alloc.h"
#include "spec/model.h"
#include "spec/summary.h"

static wf_context cx;

typedef wf_status (*action_fn)(void);

static const char path[] = WF_SOURCE_DIR "/models/cnn-32-bilstm.yaml";

/* The action fails with WF_E_NOMEM for every k until there are fewer allocations than k. */
static void check_survives(action_fn run, int at_least) {
    int failures = 0;
    for (long k = 1; k < 10000; k++) {
        wf__alloc_fail_at(k);
        wf_status status = run();
        wf__alloc_fail_at(0);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_NOMEM);
        failures++;
    }
    CHECK(failures >= at_least && failures < 9999);
}

static wf_status read_model(void) {
    wf_model_spec *spec = NULL;
    wf_status status = wf_model_spec_read(&spec, &cx, path);
    if (status != WF_OK && spec) return WF_E_INTERNAL; /* out-parameters stay untouched */
    wf_model_spec_destroy(spec);
    return status;
}

TEST(reading) { check_survives(read_model, 100); }

static wf_model_spec *held;

static wf_status write_model(void) {
    wf_str text = {0};
    wf_status status = wf_model_spec_write(&text, &cx, held);
    wf_str_reset(&text);
    return status;
}

static wf_status set_layer(void) {
    return wf_model_spec_set(held, &cx, "layers.bidirectional.layer.units=60");
}

static wf_status set_layers(void) {
    return wf_model_spec_set(held, &cx, "layers.conv2d*.filters=8");
}

static wf_status set_training(void) {
    return wf_model_spec_set(held, &cx, "training.optimizer={sgd: {momentum: 0.5}}");
}

static wf_status set_augmentation(void) {
    return wf_model_spec_set(held, &cx, "training.augmentation=[random_flip, {cutout: {size: 3}}]");
}

static wf_status set_name(void) { return wf_model_spec_set(held, &cx, "name=other"); }

static wf_status summarise(void) {
    wf_str text = {0};
    wf_status status = wf_summary_text(&text, &cx, held);
    wf_str_reset(&text);
    return status;
}

TEST(writing_setting_and_summing_up) {
    CHECK_OK(&cx, wf_model_spec_read(&held, &cx, path));
    check_survives(write_model, 3);
    check_survives(set_layer, 30);
    CHECK_INT(held->graph->nodes[6].shape.dim[0], 120);
    check_survives(set_layers, 30);
    check_survives(set_training, 8);
    check_survives(set_augmentation, 8);
    check_survives(set_training, 8); /* copies the pipeline */
    check_survives(set_name, 4);
    check_survives(summarise, 2);
    wf_model_spec_destroy(held);
}

static wf_status find_model(void) {
    static const char *const folders[] = {"/nowhere", WF_SOURCE_DIR "/models"};
    char *found = NULL;
    wf_names names = {0};
    wf_status status = wf_model_find(&found, &cx, "lstm-186", folders, 2);
    if (status == WF_OK) status = wf_model_names(&names, &cx, folders, 2);
    wf_free(found);
    wf_names_reset(&names);
    return status;
}

TEST(finding) { check_survives(find_model, 20); }

TEST_MAIN()
