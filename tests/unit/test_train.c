/* The training loop: it learns, tells what it does, and its bits depend on nothing but the seed. */
#include <stdlib.h>

#include "base/hash.h"
#include "train_fixture.h"

TEST(every_optimizer_and_loss_overfits_64_images) {
    static const struct {
        const char *optimizer, *rate, *loss;
    } runs[] = {{"adam", "0.01", "sparse_categorical_crossentropy"},
                {"adamw", "0.01", "categorical_crossentropy"},
                {"rmsprop", "0.003", "categorical_crossentropy"},
                {"sgd", "0.1", "sparse_categorical_crossentropy"},
                {"adam", "0.01", "binary_crossentropy"},
                {"adam", "0.01", "mean_squared_error"}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        setup s;
        setup_open(&s, 2);
        s.data.n_train = 64;
        s.data.n_validation = 0;
        s.recipe->epochs = 40;
        s.recipe->batch_size = 16;
        CHECK_OK(&s.cx, wf_recipe_set_optimizer(s.recipe, &s.cx, runs[i].optimizer));
        CHECK_OK(&s.cx, wf_recipe_set_loss(s.recipe, &s.cx, runs[i].loss));
        set_optimizer(&s, "learning_rate", runs[i].rate);
        CHECK_OK(&s.cx, setup_fit(&s));
        wf_predict_result fit = {0};
        wf_predict_options o = {.images = &s.images,
                                .index = s.train_index,
                                .n = 64,
                                .normalization = unit_scale,
                                .recipe = s.recipe};
        CHECK_OK(&s.cx, wf_predict(&fit, NULL, s.params, &s.cx, s.pool, &o));
        CHECK(fit.accuracy > 0.98);
        CHECK(s.result.history[39].loss < 0.5 * s.result.history[0].loss);
        setup_close(&s);
    }
}

static void hash_params(char out[WF_HASH_HEX], const wf_params *p) {
    wf_hash_bytes(out, WF_HASH_SHA256, p->value, (size_t)p->graph->total_size * sizeof *p->value);
}

TEST(any_number_of_threads_gives_the_same_bits) {
    static const int threads[] = {1, 2, 3, 5, 1};
    char first[WF_HASH_HEX] = "", hash[WF_HASH_HEX];
    wf_epoch_figures last = {0};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        setup s;
        setup_open(&s, threads[i]);
        s.recipe->epochs = 2;
        set_optimizer(&s, "global_clipnorm", "0.5");
        CHECK_OK(&s.cx, setup_fit(&s));
        hash_params(hash, s.params);
        if (i == 0) {
            memcpy(first, hash, sizeof first);
            last = s.result.history[1];
        }
        CHECK_STR(hash, first);
        CHECK(s.result.history[1].loss == last.loss);
        CHECK(s.result.history[1].val_loss == last.val_loss);
        CHECK(s.result.history[1].accuracy == last.accuracy);
        setup_close(&s);
    }
}

TEST(another_seed_gives_other_bits) {
    char hash[2][WF_HASH_HEX];
    for (uint64_t seed = 0; seed < 2; seed++) {
        setup s;
        setup_open(&s, 2);
        s.recipe->epochs = 1;
        s.options.seed = seed; /* the start is the same: only shuffling and dropout differ */
        CHECK_OK(&s.cx, setup_fit(&s));
        hash_params(hash[seed], s.params);
        setup_close(&s);
    }
    CHECK(strcmp(hash[0], hash[1]) != 0);
}

/* ---- events ---- */

typedef struct recording {
    int begins, steps, epochs, ends, order_errors;
    wf_train_event last_step, last_epoch, end;
    double rates[64];
    double batch_loss_sum; /* of the last epoch, weighted */
    int64_t images;
    long allocations, second_step_allocations, worst_growth;
} recording;

static void record(void *user, const wf_train_event *e) {
    recording *r = user;
    long now = wf__alloc_count();
    switch (e->kind) {
    case WF_TRAIN_BEGIN: r->begins++; break;
    case WF_TRAIN_STEP:
        if (e->step > 1 && now - r->allocations > r->worst_growth)
            r->worst_growth = now - r->allocations;
        if (e->step != r->steps % 7 + 1 || e->figures.epoch != r->epochs + 1) r->order_errors++;
        if (r->steps < 64) r->rates[r->steps] = e->figures.learning_rate;
        if (e->step == 1) r->batch_loss_sum = 0, r->images = 0;
        r->batch_loss_sum += e->batch_loss * e->batch_images;
        r->images += e->batch_images;
        r->steps++;
        r->last_step = *e;
        break;
    case WF_TRAIN_EPOCH_END:
        r->epochs++;
        if (e->n_history != r->epochs || e->history[r->epochs - 1].loss != e->figures.loss)
            r->order_errors++;
        r->last_epoch = *e;
        break;
    case WF_TRAIN_END:
        r->ends++;
        r->end = *e;
        break;
    }
    r->allocations = now;
}

TEST(events_tell_every_step_and_epoch_once) {
    setup s;
    recording r = {0};
    setup_open(&s, 2);
    s.options.sink = record;
    s.options.sink_user = &r;
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK_INT(r.begins, 1);
    CHECK_INT(r.steps, 28);
    CHECK_INT(r.epochs, 4);
    CHECK_INT(r.ends, 1);
    CHECK_INT(r.order_errors, 0);
    CHECK_INT(r.last_step.steps, 7);
    CHECK_INT(r.last_step.epochs, 4);
    CHECK(isnan(r.last_step.figures.val_loss));
    /* what the last step says is what the epoch stores */
    CHECK(r.last_step.figures.loss == r.last_epoch.figures.loss);
    CHECK(r.last_step.figures.accuracy == r.last_epoch.figures.accuracy);
    /* and what the batches say together */
    CHECK_INT(r.images, 203);
    CHECK_INT(r.last_step.batch_images, 203 % 32);
    CHECK_NEAR(r.batch_loss_sum / 203, r.last_epoch.figures.loss, 1e-12);
    CHECK(isfinite(r.last_epoch.figures.val_loss));
    CHECK(s.result.history[3].val_accuracy == r.last_epoch.figures.val_accuracy);
    CHECK_INT(s.result.epochs, 4);
    CHECK_INT(s.result.weights_epoch, 4);
    CHECK(r.end.total_seconds > 0 && r.end.total_seconds == s.result.seconds);
    CHECK(r.last_epoch.figures.ms_per_step > 0);
    setup_close(&s);
}

TEST(steps_allocate_nothing) {
    setup s;
    recording r = {0};
    setup_open(&s, 3);
    s.options.sink = record;
    s.options.sink_user = &r;
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK_INT(r.steps, 28);
    CHECK_INT(r.worst_growth, 0);
    setup_close(&s);
}

TEST(rates_follow_the_schedule_step_by_step) {
    setup s;
    recording r = {0};
    setup_open(&s, 1);
    s.options.sink = record;
    s.options.sink_user = &r;
    s.recipe->warmup_epochs = 1;
    CHECK_OK(&s.cx, wf_recipe_set_schedule(s.recipe, &s.cx, "step"));
    CHECK_OK(&s.cx, wf_fields_set(&s.cx, "step", s.recipe->schedule.class->fields,
                                  s.recipe->schedule.config, "every", "2"));
    CHECK_OK(&s.cx, setup_fit(&s));
    for (int t = 0; t < 28; t++)
        CHECK_NEAR(r.rates[t], t < 7 ? 0.001 * (t + 1) / 7 : t < 14 ? 0.001 : 0.0001, 1e-12);
    setup_close(&s);
}

/* ---- prediction ---- */

TEST(prediction_gives_probabilities_whatever_the_batch_size) {
    setup s;
    setup_open(&s, 2);
    s.recipe->epochs = 2;
    CHECK_OK(&s.cx, setup_fit(&s));
    static float whole[MAX_IMAGES * CLASSES], parts[MAX_IMAGES * CLASSES];
    wf_predict_result a = {0}, b = {0};
    wf_predict_options o = {.images = &s.images, .normalization = unit_scale, .recipe = s.recipe};
    CHECK_OK(&s.cx, wf_predict(&a, whole, s.params, &s.cx, s.pool, &o));
    CHECK_INT(a.n, MAX_IMAGES);
    o.batch_size = 7;
    CHECK_OK(&s.cx, wf_predict(&b, parts, s.params, &s.cx, s.pool, &o));
    int correct = 0;
    double loss = 0;
    for (int i = 0; i < MAX_IMAGES; i++) {
        double sum = 0;
        int best = 0;
        for (int k = 0; k < CLASSES; k++) {
            sum += whole[i * CLASSES + k];
            CHECK_NEAR(parts[i * CLASSES + k], whole[i * CLASSES + k], 1e-5);
            if (whole[i * CLASSES + k] > whole[i * CLASSES + best]) best = k;
        }
        CHECK_NEAR(sum, 1, 1e-5);
        correct += best == s.images.labels[i];
        loss -= log((double)whole[i * CLASSES + s.images.labels[i]]);
    }
    CHECK_NEAR(a.accuracy, correct / (double)MAX_IMAGES, 1e-12);
    CHECK_NEAR(a.loss, loss / MAX_IMAGES, 1e-5);
    CHECK_NEAR(b.loss, a.loss, 1e-5);
    /* the validation figures of the last epoch are those of a prediction */
    o = (wf_predict_options){.images = &s.images,
                             .index = s.validation_index,
                             .n = 60,
                             .normalization = unit_scale,
                             .recipe = s.recipe};
    CHECK_OK(&s.cx, wf_predict(&b, NULL, s.params, &s.cx, s.pool, &o));
    CHECK(b.loss == s.result.history[1].val_loss && b.accuracy == s.result.history[1].val_accuracy);
    /* without labels */
    wf_images unlabelled = s.images;
    unlabelled.labels = NULL;
    o = (wf_predict_options){.images = &unlabelled, .normalization = unit_scale};
    CHECK_OK(&s.cx, wf_predict(&b, parts, s.params, &s.cx, s.pool, &o));
    CHECK(isnan(b.loss) && isnan(b.accuracy));
    for (int i = 0; i < MAX_IMAGES * CLASSES; i++) CHECK_NEAR(parts[i], whole[i], 1e-5);
    setup_close(&s);
}

TEST(what_does_not_fit_the_model_is_refused) {
    setup s;
    setup_open(&s, 1);
    wf_images other = s.images;
    other.height = 4;
    other.width = 16;
    s.data.train = &other;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_SHAPE);
    s.data.train = &s.images;
    s.images.labels[17] += 100;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_DATA);
    s.images.labels[17] -= 100;
    s.train_index[5] = MAX_IMAGES;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_ARG);
    s.train_index[5] = 5;
    s.data.normalization.channels = 3;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_ARG);
    s.data.normalization.channels = 1;
    s.data.n_train = 0;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_ARG);
    s.data.n_train = 203;
    s.recipe->early_stopping.is_on = 1;
    s.data.n_validation = 0;
    CHECK_FAILS(&s.cx, setup_fit(&s), WF_E_ARG);
    CHECK(s.result.history == NULL);
    setup_close(&s);
}

TEST(a_step_is_timed) {
    setup s;
    setup_open(&s, 2);
    wf_bench_result r = {0};
    wf_bench_options o = {.recipe = s.recipe, .seconds = 0.05};
    CHECK_OK(&s.cx, wf_bench_step(&r, s.params, &s.cx, s.pool, &o));
    CHECK(r.steps >= 1 && r.min_ms > 0 && r.min_ms <= r.median_ms && r.median_ms <= r.p90_ms);
    CHECK(r.images_per_s > 0 && r.plan_bytes > 0);
    o.images = &s.images;
    o.batch_size = 100;
    CHECK_OK(&s.cx, wf_bench_step(&r, s.params, &s.cx, s.pool, &o));
    o.batch_size = MAX_IMAGES + 1;
    CHECK_FAILS(&s.cx, wf_bench_step(&r, s.params, &s.cx, s.pool, &o), WF_E_ARG);
    setup_close(&s);
}

TEST(timing_answers_needs_no_labels_and_changes_nothing) {
    setup s;
    setup_open(&s, 2);
    wf_images unlabelled = s.images;
    unlabelled.labels = NULL;
    wf_bench_result r = {0};
    wf_bench_options o = {
        .recipe = s.recipe, .batch_size = 1, .seconds = 0.01, .images = &unlabelled};
    CHECK_FAILS(&s.cx, wf_bench_step(&r, s.params, &s.cx, s.pool, &o), WF_E_DATA);
    o.is_inference = 1;
    const uint64_t generation = s.params->generation;
    CHECK_OK(&s.cx, wf_bench_step(&r, s.params, &s.cx, s.pool, &o));
    CHECK(r.steps >= 1 && r.median_ms > 0);
    CHECK(s.params->generation == generation && s.params->step == 0);
    setup_close(&s);
}

TEST(training_survives_every_failing_allocation) {
    long k = 1;
    for (wf_status status = WF_E_NOMEM; status != WF_OK; k++) {
        setup s;
        setup_open(&s, 2);
        s.recipe->epochs = 1;
        s.recipe->test_weights = WF_WEIGHTS_BEST;
        wf__alloc_fail_at(k);
        status = setup_fit(&s);
        wf__alloc_fail_at(0);
        CHECK(status == WF_OK || (status == WF_E_NOMEM && !s.result.history));
        setup_close(&s);
        CHECK(k < 2000);
    }
    CHECK(k > 5);
}

TEST_MAIN()
