/* The training loop. Order of what happens at an epoch's end: validation, schedule, best weights,
 * early stopping, event, checkpoint. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "train/free_run.h"
#include "train/recipe.h"
#include "train/state.h"

typedef struct fit {
    const wf_recipe *recipe;
    const wf_train_options *options;
    const wf_graph *graph;
    wf_params *params;
    wf_params *average;         /* of the parameters; NULL: none is kept */
    wf__rows train, validation; /* validation.n is 0 when there is none */
    wf__targets targets, validation_targets;
    wf__free_run own, validation_own; /* what the model says itself */
    wf_plan *train_plan, *validation_plan;
    int batch_size, validation_batch;
    int64_t steps;  /* per epoch */
    int32_t *order; /* [n_train], this epoch's */
    float *best;    /* [total_size] or NULL */
    wf_epoch_figures *history;
    wf__train_identity identity;
    wf__train_state state;
    double began_s, saved_s; /* on the clock: this call, its last checkpoint */
    double batch_loss;       /* of the last step, and of how many images */
    int32_t batch_images;
} fit;

/* ---- what is watched ---- */

static int has_validation(const fit *f) { return f->validation.n > 0; }

/* What is validated, kept as the best and handed over: averaged weights where there are such. */
static wf_params *judged(const fit *f) { return f->average ? f->average : f->params; }

/* ---- birth and death ---- */

static wf_status create_plans(fit *f, wf_context *cx, wf_pool *pool) {
    wf_plan_options options = {.mode = WF_PLAN_TRAIN,
                               .precision = f->options->precision,
                               .batch_size = f->batch_size,
                               .seed = f->options->seed,
                               .loss = &f->recipe->loss,
                               .optimizer = &f->recipe->optimizer,
                               .augmentation = &f->recipe->augmentation,
                               .average = {.params = f->average,
                                           .decay = f->recipe->ema.decay,
                                           .has_warmup = f->recipe->ema.warmup}};
    wf__free_run_options own = {&f->targets.options, f->recipe, f->options->precision,
                                f->batch_size};
    WF_TRY(wf_plan_create(&f->train_plan, cx, f->graph, f->params, pool, &options));
    WF_TRY(wf__free_run_create(&f->own, cx, f->params, pool, &own));
    if (!has_validation(f)) return WF_OK;
    options = (wf_plan_options){.mode = WF_PLAN_EVALUATE,
                                .precision = f->options->precision,
                                .batch_size = f->validation_batch,
                                .loss = &f->recipe->loss};
    own.batch = f->validation_batch;
    if (f->targets.options.order == WF_ORDER_FREE)
        WF_TRY(wf__free_run_create(&f->validation_own, cx, judged(f), pool, &own));
    return wf_plan_create(&f->validation_plan, cx, f->graph, judged(f), pool, &options);
}

static wf_status allocate(fit *f, wf_context *cx) {
    WF_TRY(wf_alloc(&f->order, cx, (size_t)f->train.n, sizeof *f->order));
    WF_TRY(wf_alloc(&f->history, cx, (size_t)f->recipe->epochs, sizeof *f->history));
    if (f->options->best_path || wf_recipe_ends_with_best(f->recipe))
        WF_TRY(wf_alloc(&f->best, cx, (size_t)f->graph->total_size, sizeof *f->best));
    if (f->recipe->ema.is_on) WF_TRY(wf_params_copy(&f->average, cx, f->params));
    return WF_OK;
}

static void release(fit *f) {
    wf_plan_destroy(f->train_plan);
    wf_plan_destroy(f->validation_plan);
    wf__free_run_reset(&f->own);
    wf__free_run_reset(&f->validation_own);
    wf_params_destroy(f->average);
    wf__targets_reset(&f->targets);
    wf__targets_reset(&f->validation_targets);
    wf_free(f->order);
    wf_free(f->best);
    wf_free(f->history);
}

static wf_status prepare(fit *f, wf_context *cx, const wf_train_data *data) {
    const wf_recipe *r = f->recipe;
    f->train = (wf__rows){.images = data->train,
                          .index = data->train_index,
                          .n = data->n_train,
                          .normalization = &data->normalization};
    if (data->validation && data->n_validation > 0)
        f->validation = (wf__rows){.images = data->validation,
                                   .index = data->validation_index,
                                   .n = data->n_validation,
                                   .normalization = &data->normalization};
    WF_TRY(wf__rows_check(cx, f->graph, &f->train, &r->loss, "training"));
    if (has_validation(f))
        WF_TRY(wf__rows_check(cx, f->graph, &f->validation, &r->loss, "validation"));
    WF_TRY(
        wf__targets_create(&f->targets, &f->train, cx, f->graph, &r->loss, NULL, f->options->seed));
    if (has_validation(f))
        WF_TRY(wf__targets_create(&f->validation_targets, &f->validation, cx, f->graph, &r->loss,
                                  f->targets.rank, f->options->seed));
    WF_TRY(wf_recipe_check(cx, r, has_validation(f)));
    f->batch_size = r->batch_size < f->train.n ? r->batch_size : (int)f->train.n;
    f->validation_batch =
        f->validation.n < WF_EVALUATE_BATCH ? (int)f->validation.n : WF_EVALUATE_BATCH;
    f->steps = (f->train.n + f->batch_size - 1) / f->batch_size;
    f->identity = (wf__train_identity){.seed = f->options->seed,
                                       .batch_size = r->batch_size,
                                       .n_train = f->train.n,
                                       .n_validation = f->validation.n,
                                       .loss = r->loss.class->name,
                                       .optimizer = r->optimizer.class->name,
                                       .schedule = r->schedule.class->name};
    wf__train_state_init(&f->state);
    return WF_OK;
}

/* ---- events ---- */

static wf_epoch_figures figures_now(const fit *f) {
    const wf__train_state *s = &f->state;
    double seen = (double)(s->seen ? s->seen : 1), steps = (double)(s->step ? s->step : 1);
    return (wf_epoch_figures){.epoch = (int32_t)s->epochs_done + 1,
                              .loss = s->loss_sum / seen,
                              .accuracy = (double)s->correct / seen,
                              .val_loss = NAN,
                              .val_accuracy = NAN,
                              .learning_rate = s->learning_rate,
                              .seconds = s->epoch_s,
                              .ms_per_step = 1e3 * s->steps_s / steps};
}

static void emit(const fit *f, wf_train_event_kind kind, const wf_epoch_figures *figures,
                 int64_t step) {
    const wf__train_state *s = &f->state;
    if (!f->options->sink) return;
    wf_train_event event = {.kind = kind,
                            .epochs = f->recipe->epochs,
                            .step = step,
                            .steps = f->steps,
                            .figures = *figures,
                            .batch_loss = f->batch_loss,
                            .batch_images = f->batch_images,
                            .history = f->history,
                            .n_history = (int32_t)s->epochs_done,
                            .best_epoch = (int32_t)s->best_epoch,
                            .stopped_early = s->stopped_early != 0,
                            .total_seconds = s->total_s + s->epoch_s};
    f->options->sink(f->options->sink_user, &event);
}

/* ---- files ---- */

static wf_status write_checkpoint(fit *f, wf_context *cx) {
    wf__checkpoint c = {.params = f->params,
                        .average = f->average,
                        .state = &f->state,
                        .identity = &f->identity,
                        .best = f->best,
                        .history = f->history};
    f->saved_s = wf_clock_s();
    return f->options->checkpoint_path ? wf__checkpoint_write(cx, f->options->checkpoint_path, &c)
                                       : WF_OK;
}

static wf_status write_last(const fit *f, wf_context *cx) {
    return f->options->last_path ? wf_weights_save(cx, f->options->last_path, judged(f)) : WF_OK;
}

static wf_status resume(fit *f, wf_context *cx) {
    wf__checkpoint c = {.params = f->params,
                        .average = f->average,
                        .state = &f->state,
                        .identity = &f->identity,
                        .best = f->best,
                        .history = f->history,
                        .history_capacity = f->recipe->epochs};
    WF_TRY(wf__checkpoint_read(&c, cx, f->options->resume_path));
    WF_REQUIRE(f->state.step <= f->steps, WF_E_MODEL,
               "checkpoint %s stands at step %" PRId64 " of an epoch, which has %" PRId64,
               f->options->resume_path, f->state.step, f->steps);
    return WF_OK;
}

/* ---- stopping ---- */

static int is_discarded(const fit *f) {
    return f->options->stop && *f->options->stop == WF_TRAIN_DISCARD;
}

/* Saves everything and returns `code`; the texts are kept from what saving may record. */
static wf_status interrupt(fit *f, wf_context *cx, wf_status code, const char *why) {
    const wf__train_state *s = &f->state;
    const char *hint =
        f->options->checkpoint_path ? WF_HINT "a checkpoint is saved, training can go on" : "";
    if (is_discarded(f)) {
        hint = ", without saving";
    } else {
        WF_TRY(write_checkpoint(f, cx));
        WF_TRY(write_last(f, cx));
    }
    return WF_FAIL(code,
                   "%s in epoch %" PRId64 " of %" PRId32 " after step %" PRId64 " of %" PRId64 "%s",
                   why, s->epochs_done + 1, f->recipe->epochs, s->step, f->steps, hint);
}

static int is_stop_raised(const fit *f) { return f->options->stop && *f->options->stop; }

static wf_status stop_if_asked(fit *f, wf_context *cx) {
    double limit = f->options->max_seconds;
    if (is_stop_raised(f)) return interrupt(f, cx, WF_E_INTERRUPTED, "stopped");
    if (limit > 0 && wf_clock_s() - f->began_s >= limit)
        return interrupt(f, cx, WF_E_TIME, "the time limit was reached");
    return WF_OK;
}

/* `where`: in the epoch. The hint stays. */
static wf_status explain_divergence(const fit *f, wf_context *cx, const char *where) {
    char text[sizeof cx->message] = "the loss is not finite", hint[sizeof cx->hint] = "";
    if (cx) memcpy(text, cx->message, sizeof text);
    if (cx) memcpy(hint, cx->hint, sizeof hint);
    return WF_FAIL(WF_E_DIVERGED, "epoch %" PRId64 ", %s: %s | %s", f->state.epochs_done + 1, where,
                   text, hint);
}

/* ---- an epoch ---- */

static void shuffle(fit *f) {
    wf_rng rng;
    for (int64_t i = 0; i < f->train.n; i++)
        f->order[i] = f->train.index ? f->train.index[i] : (int32_t)i;
    wf_rng_init(&rng, f->options->seed, WF_STREAM_SHUFFLE, (uint32_t)f->state.epochs_done);
    wf_rng_shuffle(&rng, f->order, (size_t)f->train.n);
}

static double rate_of_next_step(const fit *f) {
    const wf__train_state *s = &f->state;
    const wf_optim_common *optimizer = f->recipe->optimizer.config;
    return wf_schedule_rate(&f->recipe->schedule,
                            &(wf_schedule_point){.base_rate = optimizer->learning_rate,
                                                 .epoch = s->epochs_done,
                                                 .epochs = f->recipe->epochs,
                                                 .step = s->step,
                                                 .steps_per_epoch = f->steps,
                                                 .state = &s->schedule},
                            f->recipe->warmup_epochs);
}

static wf_status run_step(fit *f, wf_context *cx) {
    wf__train_state *s = &f->state;
    wf__rows shuffled = f->train;
    shuffled.index = f->order;
    int64_t first = s->step * f->batch_size, rest = f->train.n - first;
    wf_batch batch = wf__rows_batch(&shuffled, first, rest < f->batch_size ? rest : f->batch_size);
    wf_batch_result result = {0};
    batch.epoch = (uint32_t)s->epochs_done;
    batch.learning_rate = rate_of_next_step(f);
    WF_TRY(wf__free_run_prepare(&f->own, cx, &batch));
    wf_status status = wf_plan_run(&result, f->train_plan, cx, &batch);
    if (status == WF_E_DIVERGED) {
        char where[64];
        snprintf(where, sizeof where, "step %" PRId64 " of %" PRId64, s->step + 1, f->steps);
        return explain_divergence(f, cx, where);
    }
    if (status != WF_OK) return status;
    f->batch_loss = result.loss;
    f->batch_images = (int32_t)batch.n;
    s->learning_rate = batch.learning_rate;
    s->loss_sum += result.loss * batch.n;
    s->correct += result.correct;
    s->seen += batch.n;
    s->step++;
    return WF_OK;
}

/* Trains to the epoch's end. The clock is looked at once per step: what a sink does counts. */
static wf_status run_steps(fit *f, wf_context *cx) {
    wf__train_state *s = &f->state;
    double before = wf_clock_s();
    shuffle(f);
    WF_TRY(wf__targets_begin_epoch(&f->targets, cx, &f->train, (uint32_t)s->epochs_done));
    while (s->step < f->steps) {
        WF_TRY(run_step(f, cx));
        double now = wf_clock_s();
        s->steps_s += now - before;
        s->epoch_s += now - before;
        before = now;
        wf_epoch_figures figures = figures_now(f);
        emit(f, WF_TRAIN_STEP, &figures, s->step);
        WF_TRY(stop_if_asked(f, cx));
    }
    return WF_OK;
}

static wf_status validate(fit *f, wf_context *cx, wf_epoch_figures *figures) {
    wf_predict_result result = {0};
    double before = wf_clock_s();
    if (!has_validation(f)) return WF_OK;
    WF_TRY(wf__free_run_arrange(&f->validation_own, cx, &f->validation,
                                f->validation_targets.sequences));
    wf_status status = wf__rows_evaluate(&result, NULL, cx, f->validation_plan, &f->validation,
                                         f->validation_batch, 1, f->options->stop);
    if (status == WF_E_INTERRUPTED)
        return interrupt(f, cx, WF_E_INTERRUPTED, "stopped during validation");
    if (status == WF_E_DIVERGED) return explain_divergence(f, cx, "validation");
    if (status != WF_OK) return status;
    figures->val_loss = result.loss;
    figures->val_accuracy = result.accuracy;
    figures->seconds += wf_clock_s() - before;
    return WF_OK;
}

/* Whether training should stop (Keras' EarlyStopping). */
static int should_stop(wf__train_state *s, const wf_early_stopping *e, const double figures[4]) {
    double value = figures[e->monitor];
    if (!e->is_on) return 0;
    s->stop_wait++;
    if (wf_monitor_is_better((wf_monitor)e->monitor, value, s->stop_best, e->min_delta)) {
        s->stop_best = value;
        s->stop_wait = 0;
    }
    return s->stop_wait > 0 && s->stop_wait >= e->patience && s->epochs_done > 1;
}

static wf_status keep_if_best(fit *f, wf_context *cx, const double figures[4]) {
    wf__train_state *s = &f->state;
    wf_monitor monitor = wf_recipe_watched(f->recipe, has_validation(f));
    if (!wf_monitor_is_better(monitor, figures[monitor], s->best_value, 0)) return WF_OK;
    s->best_value = figures[monitor];
    s->best_epoch = s->epochs_done;
    if (f->best) memcpy(f->best, judged(f)->value, (size_t)f->graph->total_size * sizeof *f->best);
    return f->options->best_path ? wf_weights_save(cx, f->options->best_path, judged(f)) : WF_OK;
}

static wf_status end_epoch(fit *f, wf_context *cx, wf_epoch_figures *now) {
    wf__train_state *s = &f->state;
    const double figures[4] = {now->val_loss, now->val_accuracy, now->loss, now->accuracy};
    f->history[s->epochs_done++] = *now;
    s->total_s += now->seconds;
    s->step = s->correct = s->seen = 0;
    s->loss_sum = s->epoch_s = s->steps_s = 0;
    wf_schedule_observe(&s->schedule, &f->recipe->schedule, figures);
    WF_TRY(keep_if_best(f, cx, figures));
    s->stopped_early = should_stop(s, &f->recipe->early_stopping, figures);
    s->is_over = s->stopped_early || s->epochs_done >= f->recipe->epochs;
    emit(f, WF_TRAIN_EPOCH_END, now, f->steps);
    if (is_discarded(f)) return WF_OK;
    if (s->is_over || wf_clock_s() - f->saved_s >= f->options->checkpoint_every_s)
        return write_checkpoint(f, cx);
    return WF_OK;
}

/* No step after the epoch's last one has seen what its update made of the weights. */
static wf_status check_weights(const fit *f, wf_context *cx) {
    const char *parameter = wf_plan_infinite_parameter(f->train_plan);
    WF_REQUIRE(!parameter, WF_E_DIVERGED,
               "epoch %" PRId64 ": after its last step parameter %s is not finite | lower the "
               "learning rate or clip gradients (global_clipnorm)",
               f->state.epochs_done + 1, parameter);
    return WF_OK;
}

static wf_status run_epoch(fit *f, wf_context *cx) {
    WF_TRY(run_steps(f, cx));
    WF_TRY(check_weights(f, cx));
    wf_epoch_figures figures = figures_now(f);
    WF_TRY(validate(f, cx, &figures));
    WF_TRY(end_epoch(f, cx, &figures));
    /* the stop may have come after the last step was looked at */
    return f->state.is_over ? WF_OK : stop_if_asked(f, cx);
}

/* ---- the whole ---- */

static wf_status finish(fit *f, wf_context *cx, wf_train_result *out) {
    const wf__train_state *s = &f->state;
    int restores = f->best && s->best_epoch > 0 && wf_recipe_ends_with_best(f->recipe);
    wf_epoch_figures last = f->history[s->epochs_done - 1];
    WF_TRY(write_last(f, cx));
    const float *weights = restores ? f->best : judged(f)->value;
    if (weights != f->params->value) {
        memcpy(f->params->value, weights, (size_t)f->graph->total_size * sizeof *weights);
        f->params->generation++;
    }
    emit(f, WF_TRAIN_END, &last, f->steps);
    *out = (wf_train_result){.epochs = (int32_t)s->epochs_done,
                             .best_epoch = (int32_t)s->best_epoch,
                             .weights_epoch = (int32_t)(restores ? s->best_epoch : s->epochs_done),
                             .stopped_early = s->stopped_early != 0,
                             .seconds = s->total_s,
                             .history = f->history};
    f->history = NULL; /* the caller's now */
    return WF_OK;
}

/* Training starts anew, whatever `params` was used for before. */
static void forget_moments(wf_params *params, const wf_optimizer *optimizer) {
    size_t size = (size_t)params->graph->trainable_size;
    const int n = optimizer->class->n_slots(optimizer->config);
    for (int i = 0; i < n; i++) memset(params->slots[i], 0, size * sizeof *params->slots[i]);
    for (int i = n; i < 3; i++) { /* another optimizer's */
        wf_free(params->slots[i]);
        params->slots[i] = NULL;
    }
    params->step = 0;
}

wf_status wf_fit(wf_train_result *out, wf_params *params, wf_context *cx, wf_pool *pool,
                 const wf_recipe *recipe, const wf_train_data *data,
                 const wf_train_options *options) {
    fit f = {.recipe = recipe, .options = options, .graph = params->graph, .params = params};
    wf_status status;
    f.began_s = f.saved_s = wf_clock_s();
    WF_TRY_OR(prepare(&f, cx, data));
    WF_TRY_OR(allocate(&f, cx));
    WF_TRY_OR(create_plans(&f, cx, pool));
    forget_moments(params, &recipe->optimizer);
    if (options->resume_path) WF_TRY_OR(resume(&f, cx));
    wf__train_state *s = &f.state;
    s->is_over = s->stopped_early || s->epochs_done >= recipe->epochs;
    wf_epoch_figures start = figures_now(&f);
    emit(&f, WF_TRAIN_BEGIN, &start, s->step);
    while (!s->is_over) WF_TRY_OR(run_epoch(&f, cx));
    status = finish(&f, cx, out);
done:
    release(&f);
    return status;
}

void wf_train_result_reset(wf_train_result *result) {
    wf_free(result->history);
    *result = (wf_train_result){0};
}
