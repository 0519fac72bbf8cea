/* Weights files and checkpoints: nothing is lost, nothing foreign is taken, and a resumed run has
 * the bits of one that was never interrupted. */
#include <stdlib.h>

#include "base/files.h"
#include "io/safetensors.h"
#include "train_fixture.h"

/* ---- weights ---- */

TEST(weights_come_back_bit_for_bit) {
    setup a, b;
    setup_open(&a, 1);
    setup_open(&b, 1);
    const char *path = temporary("weights.safetensors");
    a.recipe->epochs = 1;
    CHECK_OK(&a.cx, setup_fit(&a));
    CHECK_OK(&a.cx, wf_weights_save(&a.cx, path, a.params));
    uint64_t generation = b.params->generation;
    CHECK_OK(&b.cx, wf_weights_load(b.params, &b.cx, path));
    CHECK(memcmp(a.params->value, b.params->value, (size_t)a.graph->total_size * sizeof(float)) ==
          0);
    CHECK(b.params->generation != generation);
    wf_safetensors *file = NULL;
    CHECK_OK(&a.cx, wf_safetensors_read(&file, &a.cx, path));
    CHECK_INT(file->n_tensors, a.graph->n_params);
    CHECK(wf_safetensors_find(file, "conv2d/kernel") != NULL);
    CHECK(wf_safetensors_find(file, "batch_normalization/moving_variance") != NULL);
    wf_safetensors_destroy(file);
    setup_close(&a);
    setup_close(&b);
}

TEST(weights_of_another_model_are_refused_by_name) {
    setup s;
    setup_open(&s, 1);
    wf_graph *wider = new_model("6");
    wf_params *other = NULL;
    const char *path = temporary("other.safetensors");
    CHECK_OK(&s.cx, wf_params_create(&other, &s.cx, wider, 1));
    CHECK_OK(&s.cx, wf_weights_save(&s.cx, path, other));
    float before = s.params->value[0];
    CHECK_INT(wf_weights_load(s.params, &s.cx, path), WF_E_MODEL);
    CHECK(strstr(s.cx.message, "conv2d/kernel") && strstr(s.cx.message, "(3, 3, 1, 6)") &&
          strstr(s.cx.message, "(3, 3, 1, 5)"));
    CHECK(s.params->value[0] == before);
    /* an entry too few, one too many */
    wf_safetensors *file = NULL;
    CHECK_OK(&s.cx, wf_weights_save(&s.cx, path, s.params));
    CHECK_OK(&s.cx, wf_safetensors_read(&file, &s.cx, path));
    const char *cut = temporary("cut.safetensors");
    CHECK_OK(&s.cx,
             wf_safetensors_write(&s.cx, cut, file->tensors + 1, file->n_tensors - 1, NULL, 0));
    CHECK_INT(wf_weights_load(s.params, &s.cx, cut), WF_E_MODEL);
    CHECK(strstr(s.cx.message, file->tensors[0].name) != NULL);
    wf_tensor more[32];
    memcpy(more, file->tensors, file->n_tensors * sizeof *more);
    more[file->n_tensors] = more[0];
    more[file->n_tensors].name = "dense_7/kernel";
    CHECK_OK(&s.cx, wf_safetensors_write(&s.cx, cut, more, file->n_tensors + 1, NULL, 0));
    CHECK_INT(wf_weights_load(s.params, &s.cx, cut), WF_E_MODEL);
    CHECK(strstr(s.cx.message, "dense_7/kernel") != NULL);
    wf_safetensors_destroy(file);
    CHECK_FAILS(&s.cx, wf_weights_load(s.params, &s.cx, temporary("none")), WF_E_NOTFOUND);
    wf_params_destroy(other);
    wf_graph_destroy(wider);
    setup_close(&s);
}

static int is_entry_equal(const wf_params *a, const wf_params *b, const char *name) {
    for (int i = 0; i < a->graph->n_params; i++) {
        const wf_param_entry *x = &a->graph->params[i];
        if (strcmp(x->name, name)) continue;
        for (int j = 0; j < b->graph->n_params; j++) {
            const wf_param_entry *y = &b->graph->params[j];
            if (!strcmp(y->name, name) && x->size == y->size)
                return !memcmp(a->value + x->offset, b->value + y->offset,
                               (size_t)x->size * sizeof(float));
        }
    }
    return 0;
}

/* The wider model's convolution has another shape, its normalisation as well; its last layer has
 * another kernel and the same bias. */
TEST(pretrained_weights_are_taken_where_name_and_shape_are_the_same) {
    setup s;
    setup_open(&s, 1);
    wf_graph *wider = new_model("6");
    wf_params *other = NULL, *before = NULL;
    wf_pretrained fates[32];
    const char *path = temporary("pretrained.safetensors");
    s.recipe->epochs = 1;
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK_OK(&s.cx, wf_weights_save(&s.cx, path, s.params));
    CHECK_OK(&s.cx, wf_params_create(&other, &s.cx, wider, 2));
    CHECK_OK(&s.cx, wf_params_copy(&before, &s.cx, other));
    const uint64_t generation = other->generation;
    CHECK_OK(&s.cx, wf_weights_load_pretrained(fates, other, &s.cx, path));
    CHECK(other->generation != generation);
    CHECK(is_entry_equal(other, s.params, "dense/bias"));
    CHECK(!is_entry_equal(before, s.params, "dense/bias"));
    for (int i = 0; i < wider->n_params; i++) {
        const char *name = wider->params[i].name;
        const int is_bias = !strcmp(name, "dense/bias");
        CHECK_INT(fates[i], is_bias ? WF_PRETRAINED_TAKEN : WF_PRETRAINED_OTHER_FORM);
        if (!is_bias) CHECK(is_entry_equal(other, before, name));
    }
    /* all of the same model, moving statistics too; without a report */
    wf_params *twin = NULL;
    CHECK_OK(&s.cx, wf_params_create(&twin, &s.cx, s.graph, 3));
    CHECK_OK(&s.cx, wf_weights_load_pretrained(NULL, twin, &s.cx, path));
    CHECK(!memcmp(twin->value, s.params->value, (size_t)s.graph->total_size * sizeof(float)));
    /* of another type, then nothing that fits */
    const uint8_t bytes[4] = {0};
    const wf_tensor foreign[] = {{"dense/bias", WF_DTYPE_U8, {.rank = 1, .dim = {4}}, bytes},
                                 {"stem/kernel", WF_DTYPE_U8, {.rank = 1, .dim = {4}}, bytes}};
    const char *none = temporary("foreign.safetensors");
    CHECK_OK(&s.cx, wf_safetensors_write(&s.cx, none, foreign, 2, NULL, 0));
    CHECK_INT(wf_weights_load_pretrained(NULL, twin, &s.cx, none), WF_E_MODEL);
    CHECK(strstr(s.cx.message, "none of its 2 entries") && strstr(s.cx.message, "small"));
    CHECK(!memcmp(twin->value, s.params->value, (size_t)s.graph->total_size * sizeof(float)));
    wf_params_destroy(twin);
    wf_params_destroy(before);
    wf_params_destroy(other);
    wf_graph_destroy(wider);
    setup_close(&s);
}

/* ---- interruption ---- */

typedef struct stopper {
    int64_t after; /* steps of this call, or ends of epochs */
    int at_ends;
    volatile sig_atomic_t flag;
    wf_train_stop wish; /* 0: WF_TRAIN_SAVE */
} stopper;

static void count_down(void *user, const wf_train_event *e) {
    stopper *stop = user;
    if (e->kind == (stop->at_ends ? WF_TRAIN_EPOCH_END : WF_TRAIN_STEP) && --stop->after == 0)
        stop->flag = stop->wish ? (sig_atomic_t)stop->wish : WF_TRAIN_SAVE;
}

/* A recipe in which everything has state or a position: plateaus, early stopping, best weights,
 * clipping, augmentation. */
static void use_rich_recipe(setup *s) {
    wf_recipe *r = s->recipe;
    CHECK_OK(&s->cx, wf_recipe_set_schedule(r, &s->cx, "reduce_on_plateau"));
    const wf_field *fields = r->schedule.class->fields;
    CHECK_OK(&s->cx, wf_fields_set(&s->cx, "s", fields, r->schedule.config, "patience", "1"));
    CHECK_OK(&s->cx, wf_fields_set(&s->cx, "s", fields, r->schedule.config, "min_delta", "0.05"));
    CHECK_OK(&s->cx, wf_fields_set(&s->cx, "s", fields, r->schedule.config, "factor", "0.5"));
    set_optimizer(s, "learning_rate", "0.05");
    set_optimizer(s, "clipnorm", "1");
    r->warmup_epochs = 0.5;
    r->early_stopping = (wf_early_stopping){
        .is_on = 1, .monitor = WF_MONITOR_VAL_LOSS, .patience = 3, .restore_best = 1};
    r->epochs = 5;
    r->ema = (wf_ema){.is_on = 1, .decay = 0.8, .warmup = 1};
    CHECK_OK(&s->cx, wf_augmentation_add(&r->augmentation, &s->cx, "random_shift"));
    CHECK_OK(&s->cx, wf_augmentation_add(&r->augmentation, &s->cx, "mixup"));
}

static void check_same_history(const wf_train_result *a, const wf_train_result *b) {
    CHECK_INT(a->epochs, b->epochs);
    CHECK_INT(a->best_epoch, b->best_epoch);
    CHECK_INT(a->weights_epoch, b->weights_epoch);
    for (int i = 0; i < a->epochs; i++) {
        const wf_epoch_figures *x = &a->history[i], *y = &b->history[i];
        CHECK(x->epoch == y->epoch && x->loss == y->loss && x->accuracy == y->accuracy);
        CHECK(x->val_loss == y->val_loss && x->val_accuracy == y->val_accuracy);
        CHECK(x->learning_rate == y->learning_rate);
    }
}

static void check_same_file(const char *a, const char *b) {
    wf_context cx = {0};
    uint8_t *x = NULL, *y = NULL;
    size_t nx = 0, ny = 0;
    CHECK_OK(&cx, wf_file_read(&x, &nx, &cx, a, 1 << 20));
    CHECK_OK(&cx, wf_file_read(&y, &ny, &cx, b, 1 << 20));
    CHECK(nx == ny && memcmp(x, y, nx) == 0);
    wf_free(x);
    wf_free(y);
}

TEST(a_resumed_run_has_the_bits_of_an_uninterrupted_one) {
    static const int cuts[] = {1, 4, 7, 8, 14, 20, 34};
    setup whole;
    setup_open(&whole, 2);
    use_rich_recipe(&whole);
    const char *best = temporary("whole-best"), *last = temporary("whole-last");
    const char *best2 = temporary("best"), *last2 = temporary("last"), *at = temporary("ckpt");
    whole.options.best_path = best;
    whole.options.last_path = last;
    CHECK_OK(&whole.cx, setup_fit(&whole));
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        stopper stop = {.after = cuts[i]};
        setup part, rest;
        setup_open(&part, 3);
        use_rich_recipe(&part);
        part.options.checkpoint_path = at;
        part.options.best_path = best2;
        part.options.last_path = last2;
        part.options.sink = count_down;
        part.options.sink_user = &stop;
        part.options.stop = &stop.flag;
        CHECK_FAILS(&part.cx, setup_fit(&part), WF_E_INTERRUPTED);
        CHECK_INT(part.params->step, cuts[i]);
        /* another process: other start values, other number of threads */
        setup_open(&rest, 1);
        use_rich_recipe(&rest);
        wf_params_destroy(rest.params);
        rest.params = NULL;
        CHECK_OK(&rest.cx, wf_params_create(&rest.params, &rest.cx, rest.graph, 999));
        rest.options.resume_path = rest.options.checkpoint_path = at;
        rest.options.best_path = best2;
        rest.options.last_path = last2;
        CHECK_OK(&rest.cx, setup_fit(&rest));
        CHECK(same_params(whole.params, rest.params));
        check_same_history(&whole.result, &rest.result);
        check_same_file(best, best2);
        check_same_file(last, last2);
        setup_close(&part);
        setup_close(&rest);
    }
    setup_close(&whole);
}

TEST(stopping_at_every_step_changes_nothing) {
    setup whole, s;
    const char *at = temporary("every");
    setup_open(&whole, 2);
    whole.recipe->epochs = 2;
    CHECK_OK(&whole.cx, setup_fit(&whole));
    setup_open(&s, 2);
    s.recipe->epochs = 2;
    s.options.checkpoint_path = at;
    s.options.max_seconds = 1e-9;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_TIME);
    s.options.resume_path = at;
    int calls = 1;
    wf_status status = WF_E_TIME;
    for (; status == WF_E_TIME && calls < 50; calls++) status = setup_fit(&s);
    CHECK_INT(status, WF_OK);
    CHECK(calls >= 14);
    CHECK(same_params(whole.params, s.params));
    check_same_history(&whole.result, &s.result);
    /* and once more when all is done */
    CHECK_OK(&s.cx, setup_fit(&s));
    check_same_history(&whole.result, &s.result);
    setup_close(&whole);
    setup_close(&s);
}

TEST(stopping_may_leave_the_files_as_they_are) {
    setup s;
    stopper stop = {.after = 10, .wish = WF_TRAIN_DISCARD};
    const char *checkpoint = temporary("kept.ckpt"), *last = temporary("none.safetensors");
    setup_open(&s, 1);
    s.options.checkpoint_path = checkpoint;
    s.options.last_path = last;
    s.options.sink = count_down;
    s.options.sink_user = &stop;
    s.options.stop = &stop.flag;
    CHECK_INT(setup_fit(&s), WF_E_INTERRUPTED);
    CHECK(strstr(s.cx.message, "epoch 2 of 4 after step 3 of 7, without saving") != NULL);
    CHECK(!wf_path_exists(last));
    wf_checkpoint_info info = {0}; /* that of the first epoch's end */
    CHECK_OK(&s.cx, wf_checkpoint_read_info(&info, &s.cx, checkpoint));
    CHECK_INT(info.epochs, 1);
    CHECK_INT(info.step, 0);
    setup_close(&s);
}

/* Asked for at an epoch's end, too: whoever could not note the epoch has a checkpoint of the one
 * before. */
TEST(stopping_at_an_epochs_end_may_leave_the_files_as_they_are) {
    setup s;
    stopper stop = {.after = 2, .at_ends = 1, .wish = WF_TRAIN_DISCARD};
    setup_open(&s, 1);
    s.options.checkpoint_path = temporary("end.ckpt");
    s.options.sink = count_down;
    s.options.sink_user = &stop;
    s.options.stop = &stop.flag;
    CHECK_INT(setup_fit(&s), WF_E_INTERRUPTED);
    wf_checkpoint_info info = {0};
    CHECK_OK(&s.cx, wf_checkpoint_read_info(&info, &s.cx, s.options.checkpoint_path));
    CHECK_INT(info.epochs, 1);
    setup_close(&s);
}

TEST(more_epochs_go_on_where_the_last_one_ended) {
    setup whole, s;
    setup_open(&whole, 1);
    CHECK_OK(&whole.cx, setup_fit(&whole));
    setup_open(&s, 1);
    s.recipe->epochs = 2;
    s.options.checkpoint_path = temporary("more");
    CHECK_OK(&s.cx, setup_fit(&s));
    s.recipe->epochs = 4;
    s.options.resume_path = s.options.checkpoint_path;
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK(same_params(whole.params, s.params));
    check_same_history(&whole.result, &s.result);
    s.recipe->epochs = 3;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_MODEL);
    setup_close(&whole);
    setup_close(&s);
}

/* What another optimizer kept in the same parameters belongs to no checkpoint of this one. */
TEST(moments_of_an_optimizer_before_are_no_part_of_it) {
    setup fresh, s;
    setup_open(&fresh, 1);
    CHECK_OK(&fresh.cx, wf_recipe_set_optimizer(fresh.recipe, &fresh.cx, "sgd"));
    fresh.recipe->epochs = 2;
    fresh.options.checkpoint_path = temporary("moments");
    CHECK_OK(&fresh.cx, setup_fit(&fresh));
    setup_open(&s, 1);
    CHECK_OK(&s.cx, wf_recipe_set_optimizer(s.recipe, &s.cx, "adam"));
    s.recipe->epochs = 1;
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK_OK(&s.cx, wf_recipe_set_optimizer(s.recipe, &s.cx, "sgd"));
    s.recipe->epochs = 2;
    s.options.resume_path = fresh.options.checkpoint_path;
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK(same_params(fresh.params, s.params));
    setup_close(&fresh);
    setup_close(&s);
}

TEST(info_tells_where_a_checkpoint_stands) {
    setup s;
    stopper stop = {.after = 10};
    wf_checkpoint_info info = {0};
    setup_open(&s, 1);
    s.options.checkpoint_path = temporary("info");
    s.options.sink = count_down;
    s.options.sink_user = &stop;
    s.options.stop = &stop.flag;
    s.options.seed = 0xFEDCBA9876543210u;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_INTERRUPTED);
    CHECK_OK(&s.cx, wf_checkpoint_read_info(&info, &s.cx, s.options.checkpoint_path));
    CHECK_INT(info.epochs, 1);
    CHECK_INT(info.step, 3);
    CHECK(info.seed == 0xFEDCBA9876543210u);
    CHECK_INT(info.is_over, 0);
    CHECK_INT(info.best_epoch, 1);
    stop.flag = 0;
    s.options.resume_path = s.options.checkpoint_path;
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK_OK(&s.cx, wf_checkpoint_read_info(&info, &s.cx, s.options.checkpoint_path));
    CHECK_INT(info.epochs, 4);
    CHECK_INT(info.is_over, 1);
    setup_close(&s);
}

/* ---- refusal ---- */

TEST(checkpoints_of_another_run_are_refused) {
    setup s;
    setup_open(&s, 1);
    s.recipe->epochs = 1;
    s.options.checkpoint_path = temporary("mine");
    CHECK_OK(&s.cx, setup_fit(&s));
    s.options.resume_path = s.options.checkpoint_path;
    s.options.checkpoint_path = NULL;
    s.options.seed++;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_MODEL);
    s.options.seed--;
    s.recipe->batch_size = 16;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_MODEL);
    s.recipe->batch_size = 32;
    s.data.n_train--;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_MODEL);
    s.data.n_train++;
    CHECK_OK(&s.cx, wf_recipe_set_optimizer(s.recipe, &s.cx, "sgd"));
    CHECK_INT(setup_fit(&s), WF_E_MODEL);
    CHECK(strstr(s.cx.message, "adam") && strstr(s.cx.message, "sgd"));
    CHECK_OK(&s.cx, wf_recipe_set_optimizer(s.recipe, &s.cx, "adam"));
    CHECK_OK(&s.cx, setup_fit(&s));
    /* another model */
    wf_params_destroy(s.params);
    wf_graph_destroy(s.graph);
    s.graph = new_model("6");
    s.params = NULL;
    CHECK_OK(&s.cx, wf_params_create(&s.params, &s.cx, s.graph, 1));
    CHECK_INT(setup_fit(&s), WF_E_MODEL);
    CHECK(strstr(s.cx.message, "value/conv2d/kernel") != NULL);
    setup_close(&s);
}

TEST(damaged_checkpoints_are_refused_and_change_nothing) {
    setup s;
    uint8_t *bytes = NULL;
    size_t size = 0;
    wf_rng r;
    setup_open(&s, 1);
    s.recipe->epochs = 1;
    const char *path = temporary("whole"), *bad = temporary("bad");
    s.options.checkpoint_path = path;
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK_OK(&s.cx, wf_file_read(&bytes, &size, &s.cx, path, 1 << 20));
    s.options.checkpoint_path = NULL;
    s.options.resume_path = bad;
    wf_rng_init(&r, 1, WF_STREAM_TEST, 0);
    for (int i = 0; i < 60; i++) {
        size_t at = (size_t)wf_rng_below(&r, i < 40 ? 2000 : size);
        uint8_t before = bytes[at];
        if (i < 40) bytes[at] = (uint8_t)(bytes[at] ^ (1u << wf_rng_below(&r, 7)));
        CHECK_OK(&s.cx, wf_file_write(&s.cx, bad, bytes, i < 40 ? size : at));
        bytes[at] = before;
        wf_status status = setup_fit(&s); /* a harmless bit (a name's case, a number) may pass */
        CHECK(status == WF_OK || status == WF_E_DATA || status == WF_E_MODEL ||
              status == WF_E_LIMIT || status == WF_E_UNSUPPORTED);
        if (i >= 40) CHECK(status != WF_OK);
    }
    /* a weights file is no checkpoint */
    CHECK_OK(&s.cx, wf_weights_save(&s.cx, bad, s.params));
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_DATA);
    wf_checkpoint_info info;
    CHECK_FAILS(&s.cx, wf_checkpoint_read_info(&info, &s.cx, bad), WF_E_DATA);
    wf_free(bytes);
    setup_close(&s);
}

TEST(a_failing_disk_never_leaves_half_a_checkpoint) {
    setup s, again;
    setup_open(&s, 1);
    setup_open(&again, 1);
    s.recipe->epochs = again.recipe->epochs = 2;
    const char *path = temporary("disk");
    s.options.checkpoint_path = again.options.resume_path = path;
    s.options.best_path = temporary("disk-best");
    s.options.last_path = temporary("disk-last");
    long k = 1;
    for (wf_status status = WF_E_IO; status != WF_OK; k++) {
        wf__io_fail_at(k);
        status = setup_fit(&s);
        wf__io_fail_at(0);
        CHECK(status == WF_OK || status == WF_E_IO);
        wf_checkpoint_info info;
        wf_status found = wf_checkpoint_read_info(&info, &s.cx, path);
        CHECK(found == WF_OK || found == WF_E_NOTFOUND);
        if (found == WF_OK) CHECK_OK(&again.cx, setup_fit(&again));
        CHECK(k < 500);
    }
    CHECK(k > 10);
    setup_close(&s);
    setup_close(&again);
}

TEST_MAIN()
