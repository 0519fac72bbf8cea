/* Schedules against their formulas, and what a recipe says by default. */
#include "base/alloc.h"
#include "test.h"
#include "train/recipe.h"

enum { S = 5 }; /* steps per epoch */

static wf_recipe *recipe;
static wf_schedule_state state;

/* A schedule with its settings: key, text, ..., NULL. */
static void use(const char *name, const char *const *options) {
    wf_context cx = {0};
    wf_recipe_destroy(recipe);
    recipe = NULL;
    CHECK_OK(&cx, wf_recipe_create(&recipe, &cx));
    CHECK_OK(&cx, wf_recipe_set_schedule(recipe, &cx, name));
    for (int i = 0; options[i]; i += 2)
        CHECK_OK(&cx, wf_fields_set(&cx, name, recipe->schedule.class->fields,
                                    recipe->schedule.config, options[i], options[i + 1]));
    wf_schedule_state_init(&state);
}
#define USE(...) use_list((const char *const[]){__VA_ARGS__, NULL})
static void use_list(const char *const *words) { use(words[0], words + 1); }

static double rate_at(int64_t epoch, int64_t step, int64_t epochs, double warmup) {
    return wf_schedule_rate(&recipe->schedule,
                            &(wf_schedule_point){.base_rate = 0.01,
                                                 .epoch = epoch,
                                                 .epochs = epochs,
                                                 .step = step,
                                                 .steps_per_epoch = S,
                                                 .state = &state},
                            warmup);
}

TEST(constant_is_constant) {
    USE("constant");
    for (int e = 0; e < 20; e++) CHECK_NEAR(rate_at(e, e % S, 20, 0), 0.01, 0);
}

TEST(hold_exponential_holds_eight_epochs_and_then_falls) {
    USE("hold_exponential");
    double expected = 0.01;
    for (int e = 0; e < 20; e++) {
        if (e >= 8) expected *= exp(-0.1);
        for (int s = 0; s < S; s++) CHECK_NEAR(rate_at(e, s, 20, 0), expected, 1e-15);
    }
    USE("hold_exponential", "hold_epochs", "2", "decay", "0.5");
    CHECK_NEAR(rate_at(1, 0, 20, 0), 0.01, 0);
    CHECK_NEAR(rate_at(3, 0, 20, 0), 0.01 * exp(-1.0), 1e-15);
}

TEST(step_falls_every_few_epochs) {
    USE("step", "every", "3", "gamma", "0.5");
    for (int e = 0; e < 12; e++) CHECK_NEAR(rate_at(e, 1, 12, 0), 0.01 * pow(0.5, e / 3), 1e-15);
}

TEST(cosine_ends_at_the_minimum) {
    USE("cosine", "minimum", "0.002");
    CHECK_NEAR(rate_at(0, 0, 4, 0), 0.01, 1e-15);
    CHECK_NEAR(rate_at(2, 0, 4, 0), 0.006, 1e-15);
    CHECK_NEAR(rate_at(4, 0, 4, 0), 0.002, 1e-15);
    for (int t = 1; t < 4 * S; t++)
        CHECK(rate_at(t / S, t % S, 4, 0) < rate_at((t - 1) / S, (t - 1) % S, 4, 0));
}

/* torch.optim.lr_scheduler.OneCycleLR(max_lr=.01, total_steps=20) of PyTorch 1.13. */
TEST(one_cycle_is_pytorchs) {
    static const double cosine[20] = {
        0.000399999999999999, 0.001316718427000251, 0.003716718427000252, 0.006683281572999748,
        0.009083281572999747, 0.010000000000000000, 0.009874640062350875, 0.009504846320134737,
        0.008909161775710500, 0.008117456539497631, 0.007169430017913008, 0.006112620219362892,
        0.005000020000000000, 0.003887419780637108, 0.002830609982086992, 0.001882583460502370,
        0.001090878224289500, 0.000495193679865263, 0.000125399937649126, 0.000000040000000000};
    USE("one_cycle");
    for (int t = 0; t < 20; t++) CHECK_NEAR(rate_at(t / S, t % S, 4, 0), cosine[t], 1e-15);
    USE("one_cycle", "anneal", "linear", "rise", "0.5", "start_divisor", "10");
    CHECK_NEAR(rate_at(0, 0, 4, 0), 0.001, 1e-15);
    CHECK_NEAR(rate_at(1, 4, 4, 0), 0.01, 1e-15);
    CHECK_NEAR(rate_at(3, 4, 4, 0), 1e-7, 1e-15);
    /* one step in all divides by nothing */
    CHECK(isfinite(rate_at(0, 0, 1, 0)));
}

static void observe_loss(double loss) {
    wf_schedule_observe(&state, &recipe->schedule, (const double[4]){loss, 0.5, loss, 0.5});
}

TEST(reduce_on_plateau_waits_cools_down_and_has_a_floor) {
    USE("reduce_on_plateau", "patience", "2", "factor", "0.1", "cooldown", "1", "min_rate", "5e-5");
    observe_loss(1.0);
    CHECK_NEAR(rate_at(1, 0, 9, 0), 0.01, 0);
    observe_loss(1.0);     /* wait 1 */
    observe_loss(0.99999); /* within min_delta: wait 2, reduce */
    CHECK_NEAR(rate_at(3, 0, 9, 0), 0.001, 1e-15);
    observe_loss(1.0); /* the cooldown's last epoch counts again, as in Keras: wait 1 */
    CHECK_NEAR(rate_at(4, 0, 9, 0), 0.001, 1e-15);
    observe_loss(1.0); /* wait 2, reduce */
    CHECK_NEAR(rate_at(5, 0, 9, 0), 0.0001, 1e-15);
    observe_loss(0.5); /* better */
    observe_loss(0.6);
    CHECK_NEAR(rate_at(7, 0, 9, 0), 0.0001, 1e-15);
    observe_loss(0.6);
    CHECK_NEAR(rate_at(8, 0, 9, 0), 0.00005, 1e-15); /* the floor */
    observe_loss(NAN);
    observe_loss(NAN);
    CHECK_NEAR(rate_at(8, 0, 9, 0), 0.00005, 1e-15);
}

TEST(plateau_of_an_accuracy_rises) {
    USE("reduce_on_plateau", "patience", "1", "monitor", "val_accuracy");
    wf_schedule_observe(&state, &recipe->schedule, (const double[4]){1, 0.5, 1, 0.5});
    wf_schedule_observe(&state, &recipe->schedule, (const double[4]){2, 0.6, 1, 0.5});
    CHECK_NEAR(state.factor, 1, 0);
    wf_schedule_observe(&state, &recipe->schedule, (const double[4]){1, 0.6, 1, 0.9});
    CHECK_NEAR(state.factor, 0.1, 0);
}

TEST(warmup_rises_linearly_on_top_of_any_schedule) {
    USE("constant");
    for (int t = 0; t < 10; t++)
        CHECK_NEAR(rate_at(t / S, t % S, 4, 2), 0.01 * (t + 1) / 10, 1e-15);
    CHECK_NEAR(rate_at(2, 0, 4, 2), 0.01, 0);
    CHECK_NEAR(rate_at(0, 0, 4, 0.6), 0.01 / 3, 1e-15); /* three steps */
    CHECK_NEAR(rate_at(0, 2, 4, 0.6), 0.01, 0);
    USE("step", "every", "1", "gamma", "0.5");
    CHECK_NEAR(rate_at(1, 0, 4, 2), 0.005 * 0.6, 1e-15);
}

TEST(monitors_know_their_direction) {
    CHECK(wf_monitor_is_better(WF_MONITOR_VAL_LOSS, 0.5, 0.6, 0));
    CHECK(!wf_monitor_is_better(WF_MONITOR_VAL_LOSS, 0.5, 0.5, 0));
    CHECK(!wf_monitor_is_better(WF_MONITOR_LOSS, 0.55, 0.6, 0.1));
    CHECK(wf_monitor_is_better(WF_MONITOR_ACCURACY, 0.7, 0.6, 0.05));
    CHECK(!wf_monitor_is_better(WF_MONITOR_VAL_ACCURACY, 0.6, 0.7, 0));
    CHECK(wf_monitor_is_better(WF_MONITOR_VAL_ACCURACY, 0.1, NAN, 0));
    CHECK(!wf_monitor_is_better(WF_MONITOR_VAL_LOSS, NAN, NAN, 0));
    CHECK_STR(wf_monitor_name(WF_MONITOR_VAL_LOSS), "val_loss");
    CHECK_STR(wf_monitor_name(WF_MONITOR_ACCURACY), "accuracy");
}

TEST(registry_is_complete) {
    CHECK(wf_schedule_count() >= 6);
    for (size_t i = 0; i < wf_schedule_count(); i++) {
        const wf_schedule_class *class = wf_schedule_at(i);
        CHECK(class->name && class->summary && class->fields && class->rate);
        CHECK(wf_schedule_find(class->name) == class);
        USE(class->name);
        double rate = rate_at(0, 1, 4, 0);
        CHECK(rate > 0 && rate <= 0.01);
    }
    CHECK(wf_schedule_at(wf_schedule_count()) == NULL);
}

/* ---- recipes ---- */

TEST(recipe_defaults_are_keras) {
    wf_context cx = {0};
    wf_recipe *r = NULL;
    CHECK_OK(&cx, wf_recipe_create(&r, &cx));
    CHECK_INT(r->epochs, 10);
    CHECK_INT(r->batch_size, 32);
    CHECK_NEAR(r->validation, 0, 0);
    CHECK_INT(r->test_weights, WF_WEIGHTS_LAST);
    CHECK_INT(r->early_stopping.is_on, 0);
    CHECK_INT(r->early_stopping.monitor, WF_MONITOR_VAL_LOSS);
    CHECK_STR(r->loss.class->name, "sparse_categorical_crossentropy");
    CHECK_STR(r->optimizer.class->name, "adam");
    CHECK_NEAR(((wf_optim_common *)r->optimizer.config)->learning_rate, 0.001, 0);
    CHECK_STR(r->schedule.class->name, "constant");
    wf_recipe_destroy(r);
    wf_recipe_destroy(NULL);
}

TEST(recipe_fields_are_set_by_their_yaml_text) {
    wf_context cx = {0};
    wf_recipe *r = NULL;
    CHECK_OK(&cx, wf_recipe_create(&r, &cx));
    CHECK_OK(&cx, wf_fields_set(&cx, "training", wf_recipe_fields, r, "validation", "0.2"));
    CHECK_OK(&cx, wf_fields_set(&cx, "training", wf_recipe_fields, r, "test_weights", "best"));
    CHECK_OK(&cx, wf_fields_set(&cx, "early_stopping", wf_early_stopping_fields, &r->early_stopping,
                                "patience", "2"));
    CHECK_NEAR(r->validation, 0.2, 0);
    CHECK_INT(r->test_weights, WF_WEIGHTS_BEST);
    CHECK_INT(r->early_stopping.patience, 2);
    CHECK_FAILS(&cx, wf_fields_set(&cx, "training", wf_recipe_fields, r, "batch_size", "0"),
                WF_E_ARG);
    wf_recipe_destroy(r);
}

TEST(unknown_names_suggest_the_nearest_and_change_nothing) {
    wf_context cx = {0};
    wf_recipe *r = NULL;
    CHECK_OK(&cx, wf_recipe_create(&r, &cx));
    CHECK_INT(wf_recipe_set_optimizer(r, &cx, "adm"), WF_E_ARG);
    CHECK(strstr(cx.hint, "adam") != NULL);
    CHECK_STR(r->optimizer.class->name, "adam");
    CHECK_INT(wf_recipe_set_loss(r, &cx, "mean_square_error"), WF_E_ARG);
    CHECK(strstr(cx.hint, "mean_squared_error") != NULL);
    CHECK_INT(wf_recipe_set_schedule(r, &cx, "zzzzzzzzzz"), WF_E_ARG);
    CHECK(r->loss.config && r->optimizer.config);
    wf_recipe_destroy(r);
}

TEST(copies_are_deep) {
    wf_context cx = {0};
    wf_recipe *r = NULL, *copy = NULL;
    CHECK_OK(&cx, wf_recipe_create(&r, &cx));
    CHECK_OK(&cx, wf_recipe_set_optimizer(r, &cx, "sgd"));
    CHECK_OK(&cx, wf_recipe_copy(&copy, &cx, r));
    ((wf_optim_common *)r->optimizer.config)->learning_rate = 7;
    CHECK_NEAR(((wf_optim_common *)copy->optimizer.config)->learning_rate, 0.01, 0);
    CHECK_STR(copy->optimizer.class->name, "sgd");
    wf_recipe_destroy(r);
    wf_recipe_destroy(copy);
}

TEST(watching_validation_needs_validation) {
    wf_context cx = {0};
    wf_recipe *r = NULL;
    CHECK_OK(&cx, wf_recipe_create(&r, &cx));
    CHECK_OK(&cx, wf_recipe_check(&cx, r, 0));
    CHECK(!wf_recipe_needs_validation(r));
    r->test_weights = WF_WEIGHTS_BEST;
    CHECK(wf_recipe_needs_validation(r));
    CHECK_FAILS(&cx, wf_recipe_check(&cx, r, 0), WF_E_ARG);
    CHECK_INT(wf_recipe_watched(r, 1), WF_MONITOR_VAL_LOSS);
    r->early_stopping.is_on = 1; /* what stops may be of training, what is tested is not */
    r->early_stopping.monitor = WF_MONITOR_ACCURACY;
    CHECK_INT(wf_recipe_watched(r, 1), WF_MONITOR_VAL_ACCURACY);
    r->early_stopping.monitor = WF_MONITOR_VAL_LOSS;
    r->early_stopping.is_on = 0;
    r->test_weights = WF_WEIGHTS_LAST;
    r->early_stopping.is_on = 1;
    CHECK(wf_recipe_needs_validation(r));
    CHECK_OK(&cx, wf_recipe_check(&cx, r, 1));
    CHECK_FAILS(&cx, wf_recipe_check(&cx, r, 0), WF_E_ARG);
    r->early_stopping.monitor = WF_MONITOR_ACCURACY;
    CHECK_INT(wf_recipe_watched(r, 1), WF_MONITOR_ACCURACY);
    CHECK(!wf_recipe_needs_validation(r));
    CHECK_OK(&cx, wf_recipe_check(&cx, r, 0));
    CHECK_OK(&cx, wf_recipe_set_schedule(r, &cx, "reduce_on_plateau"));
    CHECK(wf_recipe_needs_validation(r));
    CHECK_FAILS(&cx, wf_recipe_check(&cx, r, 0), WF_E_ARG);
    wf_recipe_destroy(r);
}

TEST(recipes_survive_every_failing_allocation) {
    wf_context cx = {0};
    wf_recipe *whole = NULL;
    CHECK_OK(&cx, wf_recipe_create(&whole, &cx));
    for (int copy = 0; copy < 2; copy++) {
        long k = 1;
        for (wf_status status = WF_E_NOMEM; status != WF_OK; k++) {
            wf_recipe *r = NULL;
            wf__alloc_fail_at(k);
            status = copy ? wf_recipe_copy(&r, &cx, whole) : wf_recipe_create(&r, &cx);
            wf__alloc_fail_at(0);
            CHECK(status == WF_E_NOMEM ? !r : status == WF_OK);
            wf_recipe_destroy(r);
        }
        CHECK(k > 2);
    }
    wf_recipe_destroy(whole);
}

TEST_MAIN()
