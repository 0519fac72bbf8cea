/* Early stopping, best and last weights, and the end of a run that diverges. */
#include <stdlib.h>

#include "train_fixture.h"

static void use_early_stopping(setup *s, wf_monitor monitor, int patience, double min_delta) {
    s->recipe->early_stopping = (wf_early_stopping){
        .is_on = 1, .monitor = (int32_t)monitor, .patience = patience, .min_delta = min_delta};
}

TEST(training_stops_after_patience_epochs_without_improvement) {
    static const struct {
        int patience, epochs;
    } cases[] = {{0, 2}, {1, 2}, {2, 3}, {3, 4}, {20, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setup s;
        setup_open(&s, 1);
        s.recipe->epochs = 6;
        /* no loss falls by a hundred */
        use_early_stopping(&s, WF_MONITOR_VAL_LOSS, cases[i].patience, 100);
        CHECK_OK(&s.cx, setup_fit(&s));
        CHECK_INT(s.result.epochs, cases[i].epochs);
        CHECK_INT(s.result.stopped_early, cases[i].epochs < 6);
        CHECK_INT(s.result.weights_epoch, cases[i].epochs);
        setup_close(&s);
    }
}

TEST(improvement_resets_the_patience) {
    setup s;
    setup_open(&s, 1);
    s.recipe->epochs = 6;
    set_optimizer(&s, "learning_rate", "0.003");
    use_early_stopping(&s, WF_MONITOR_LOSS, 1, 0);
    CHECK_OK(&s.cx, setup_fit(&s));
    for (int i = 1; i < s.result.epochs; i++)
        if (s.result.history[i].loss >= s.result.history[i - 1].loss)
            CHECK_INT(s.result.epochs, i + 1);
    CHECK(s.result.epochs > 2);
    setup_close(&s);
}

static int argument_of_best(const wf_train_result *r, int rises) {
    int best = 0;
    for (int i = 1; i < r->epochs; i++) {
        double now = rises ? r->history[i].val_accuracy : -r->history[i].val_loss;
        double then = rises ? r->history[best].val_accuracy : -r->history[best].val_loss;
        if (now > then) best = i;
    }
    return best + 1;
}

/* Rates so high that the last epoch is not the best. */
static void use_high_rate(setup *s) {
    s->recipe->epochs = 8;
    set_optimizer(s, "learning_rate", "0.3");
}

static wf_predict_result evaluate(setup *s) {
    wf_predict_result result = {0};
    wf_predict_options o = {.images = &s->images,
                            .index = s->validation_index,
                            .n = 60,
                            .normalization = unit_scale,
                            .recipe = s->recipe};
    CHECK_OK(&s->cx, wf_predict(&result, NULL, s->params, &s->cx, s->pool, &o));
    return result;
}

TEST(best_weights_are_those_of_the_best_epoch) {
    for (int rises = 0; rises < 2; rises++) {
        setup s;
        setup_open(&s, 2);
        use_high_rate(&s);
        use_early_stopping(&s, rises ? WF_MONITOR_VAL_ACCURACY : WF_MONITOR_VAL_LOSS, 100, 0);
        s.options.best_path = temporary("best.safetensors");
        s.options.last_path = temporary("last.safetensors");
        CHECK_OK(&s.cx, setup_fit(&s));
        int best = argument_of_best(&s.result, rises);
        CHECK_INT(s.result.best_epoch, best);
        CHECK_INT(s.result.weights_epoch, 8);
        CHECK(evaluate(&s).loss == s.result.history[7].val_loss);
        CHECK_OK(&s.cx, wf_weights_load(s.params, &s.cx, s.options.best_path));
        CHECK(evaluate(&s).loss == s.result.history[best - 1].val_loss);
        CHECK_OK(&s.cx, wf_weights_load(s.params, &s.cx, s.options.last_path));
        CHECK(evaluate(&s).loss == s.result.history[7].val_loss);
        setup_close(&s);
    }
}

TEST(the_best_weights_are_restored_when_asked_for) {
    for (int by_test = 0; by_test < 2; by_test++) {
        setup s;
        setup_open(&s, 2);
        use_high_rate(&s);
        if (by_test) {
            s.recipe->test_weights = WF_WEIGHTS_BEST;
        } else {
            use_early_stopping(&s, WF_MONITOR_VAL_LOSS, 2, 0);
            s.recipe->early_stopping.restore_best = 1;
        }
        s.options.last_path = temporary("last");
        CHECK_OK(&s.cx, setup_fit(&s));
        int best = argument_of_best(&s.result, 0);
        CHECK(best < s.result.epochs); /* else this test shows nothing */
        CHECK_INT(s.result.weights_epoch, best);
        CHECK(evaluate(&s).loss == s.result.history[best - 1].val_loss);
        CHECK_OK(&s.cx, wf_weights_load(s.params, &s.cx, s.options.last_path));
        CHECK(evaluate(&s).loss == s.result.history[s.result.epochs - 1].val_loss);
        setup_close(&s);
    }
}

TEST(without_validation_the_training_loss_is_watched) {
    setup s;
    setup_open(&s, 1);
    s.data.validation = NULL;
    CHECK_OK(&s.cx, setup_fit(&s));
    int best = 1;
    for (int i = 1; i < 4; i++) {
        CHECK(isnan(s.result.history[i].val_loss));
        if (s.result.history[i].loss < s.result.history[best - 1].loss) best = i + 1;
    }
    CHECK_INT(s.result.best_epoch, best);
    setup_close(&s);
}

TEST(what_is_not_finite_ends_training_and_names_layer_and_step) {
    setup s;
    setup_open(&s, 2);
    s.data.normalization.scale[0] = INFINITY;
    s.options.checkpoint_path = temporary("diverged");
    s.options.last_path = temporary("diverged-last");
    float before = s.params->value[0];
    CHECK_INT(setup_fit(&s), WF_E_DIVERGED);
    CHECK(strstr(s.cx.message, "epoch 1, step 1 of 7") != NULL);
    CHECK(strstr(s.cx.message, "conv2d") || strstr(s.cx.message, "input"));
    CHECK(s.cx.hint[0] != '\0');
    CHECK(s.params->value[0] == before);
    CHECK(access(s.options.checkpoint_path, F_OK) != 0);
    CHECK(access(s.options.last_path, F_OK) != 0);
    setup_close(&s);
}

TEST(a_rate_far_too_high_diverges_later) {
    setup s;
    setup_open(&s, 2);
    CHECK_OK(&s.cx, wf_recipe_set_optimizer(s.recipe, &s.cx, "sgd"));
    wf_optim_common *common = s.recipe->optimizer.config;
    common->learning_rate = 1e38;
    CHECK_INT(setup_fit(&s), WF_E_DIVERGED);
    CHECK(strstr(s.cx.message, "step") != NULL);
    setup_close(&s);
}

/* No step comes after it that would see them: neither is validated nor written what it has made. */
TEST(weights_that_the_last_step_makes_infinite_are_not_kept) {
    for (int has_validation = 0; has_validation < 2; has_validation++) {
        setup s;
        setup_open(&s, 2);
        CHECK_OK(&s.cx, wf_recipe_set_optimizer(s.recipe, &s.cx, "sgd"));
        wf_optim_common *common = s.recipe->optimizer.config;
        common->learning_rate = 1e300;
        s.recipe->batch_size = 1 << 20;
        s.recipe->epochs = 1;
        if (!has_validation) s.data.validation = NULL;
        s.options.checkpoint_path = temporary("infinite");
        s.options.last_path = temporary("infinite-last");
        CHECK_INT(setup_fit(&s), WF_E_DIVERGED);
        CHECK(strstr(s.cx.message, "epoch 1: after its last step parameter ") != NULL);
        CHECK(access(s.options.checkpoint_path, F_OK) != 0);
        CHECK(access(s.options.last_path, F_OK) != 0);
        setup_close(&s);
    }
}

TEST_MAIN()
