/* A sweep's trainings: all combinations, then the best one in full. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/sweep_parts.h"

/* ---- experiments ---- */

/* The experiment under the settings of `trial`; *flags lives as long as the call. */
static wf_status make_experiment(wf_experiment *out, wf_one_sweep *o, wf_experiment_flags flags,
                                 size_t trial, int64_t seed) {
    wf_cli *cli = o->all->cli;
    size_t n = o->trials.axis_count;
    wf_str *settings = NULL;
    flags.set = (wf_texts){0};
    wf_status status = wf_alloc(&settings, &cli->cx, n, sizeof *settings);
    if (status == WF_OK) status = wf_alloc(&flags.set.items, &cli->cx, n, sizeof(char *));
    for (size_t a = 0; a < n && status == WF_OK; a++) {
        wf_str_addf(&settings[a], &cli->cx, "%s=%s", o->trials.axes[a].path,
                    wf_trials_value(&o->trials, trial, a));
        status = settings[a].status;
        flags.set.items[flags.set.count++] = settings[a].text;
    }
    if (status == WF_OK) status = wf_experiment_create(out, cli, o->model, &flags, seed);
    for (size_t a = 0; settings && a < n; a++) wf_str_reset(&settings[a]);
    wf_free(settings);
    wf_free(flags.set.items);
    return status;
}

/* A sweep chooses by validation images, so there must be some. */
static wf_status check_validation(wf_sweeping *all, const wf_experiment *e) {
    WF_TRY(wf_session_open_data(&all->session, e->dataset, e->model));
    int has_some = e->model->recipe->validation > 0 || all->session.dataset->validation.count > 0;
    wf_context *cx = &all->cli->cx;
    WF_REQUIRE(
        has_some, WF_E_ARG,
        "sweep of %s: its recipe keeps no validation images, by which a sweep chooses | give "
        "--validation 0.2",
        e->model->name);
    return WF_OK;
}

static void add_label(wf_str *out, wf_context *cx, const wf_one_sweep *o, size_t trial,
                      int64_t seed) {
    wf_str_add(out, cx, o->model);
    for (size_t i = 0; i < o->varied_count; i++)
        wf_str_addf(out, cx, ", %s=%s", o->trials.axes[o->varied[i]].path,
                    wf_trials_value(&o->trials, trial, o->varied[i]));
    wf_str_addf(out, cx, ", seed %lld", (long long)seed);
}

static wf_status add_jobs(wf_jobs *jobs, wf_one_sweep *o, wf_experiment_flags flags, size_t trial,
                          int is_trial) {
    wf_context *cx = &o->all->cli->cx;
    for (int64_t k = 0; k < o->all->options->seeds; k++) {
        int64_t seed = o->all->options->seed + k;
        wf_experiment e = {0};
        wf_str label = {0}, name = {0};
        WF_TRY(make_experiment(&e, o, flags, trial, seed));
        e.is_trial = is_trial;
        wf_status status = is_trial ? check_validation(o->all, &e) : WF_OK;
        add_label(&label, cx, o, trial, seed);
        wf_str_addf(&name, cx, "%s-sweep", e.model->name);
        if (status == WF_OK) status = label.status != WF_OK ? label.status : name.status;
        if (status == WF_OK)
            status = wf_jobs_add(jobs, cx, &e, is_trial ? name.text : NULL, label.text);
        else wf_experiment_reset(&e);
        wf_str_reset(&label);
        wf_str_reset(&name);
        WF_TRY(status);
    }
    return WF_OK;
}

static wf_status run_jobs(wf_jobs *jobs, wf_sweeping *all) {
    wf_context *cx = &all->cli->cx;
    double left_s = all->deadline_s > 0 ? all->deadline_s - wf_clock_s() : 0;
    WF_REQUIRE(all->deadline_s <= 0 || left_s > 0, WF_E_TIME,
               "the time is over before the sweep was complete | the same call goes on");
    const wf_jobs_options options = {.runs = all->options->runs,
                                     .tensorboard = all->options->tensorboard,
                                     .workers = all->options->jobs,
                                     .max_seconds = left_s};
    return wf_jobs_run(jobs, &all->session, &options);
}

/* ---- one model ---- */

static wf_status find_varied(wf_one_sweep *o) {
    WF_TRY(wf_alloc(&o->varied, &o->all->cli->cx, o->trials.axis_count, sizeof *o->varied));
    for (size_t a = 0; a < o->trials.axis_count; a++)
        if (o->trials.axes[a].count != 1) o->varied[o->varied_count++] = a;
    return WF_OK;
}

/* A flag would be set on top of each trial's own value. */
static wf_status check_flags(wf_context *cx, const wf_sweep_options *given, const char *axis) {
    const struct {
        const char *path, *flag;
        int is_given;
    } flags[] = {{"training.epochs=", "--epochs", given->experiment.epochs != WF_UNSET},
                 {"training.batch_size=", "--batch-size", given->experiment.batch_size != WF_UNSET},
                 {"training.validation=", "--validation", !isnan(given->experiment.validation)}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        WF_REQUIRE(!flags[i].is_given || strncmp(axis, flags[i].path, strlen(flags[i].path)) != 0,
                   WF_E_ARG, "--set %s: %s says otherwise | leave one of them out", axis,
                   flags[i].flag);
    return WF_OK;
}

wf_status wf__sweep_begin(wf_one_sweep *o, const char *const *axes, size_t count) {
    wf_context *cx = &o->all->cli->cx;
    const wf_sweep_options *given = o->all->options;
    const char **texts = NULL;
    wf_status status = WF_OK;
    for (size_t i = 0; i < count; i++) WF_TRY(check_flags(cx, given, axes[i]));
    if (given->random != WF_UNSET)
        WF_TRY(wf_trials_random(&o->trials, cx, axes, count, (size_t)given->random,
                                (uint64_t)given->seed));
    else WF_TRY(wf_trials_grid(&o->trials, cx, axes, count));
    WF_TRY(find_varied(o));
    WF_TRY(wf_alloc(&texts, cx, o->varied_count, sizeof *texts));
    for (size_t i = 0; i < o->varied_count; i++) texts[i] = o->trials.axes[o->varied[i]].path;
    status = wf_sweep_create(&o->sweep, cx, o->model, texts, o->varied_count);
    if (status == WF_OK) {
        o->sweep->by_loss = !strcmp(given->monitor, "val_loss");
        o->sweep->against_first = given->suite != NULL; /* the model as its report has it */
    }
    wf_free(texts);
    return status;
}

static wf_status add_run(wf_one_sweep *o, const wf_job *job) {
    wf_context *cx = &o->all->cli->cx;
    wf_run *run = NULL;
    const wf_recipe *recipe = job->experiment.model->recipe;
    o->sweep->takes_best_epoch = wf_recipe_ends_with_best(recipe);
    o->sweep->watched = (int)wf_recipe_watched(recipe, 1);
    if (!job->path) {
        o->sweep->rows[o->sweep->row_count - 1].failed_count++;
        return WF_OK;
    }
    WF_TRY(wf_run_open(&run, cx, o->all->store, job->path));
    wf_status status = wf_sweep_add_run(o->sweep, cx, run);
    wf_run_close(run);
    return status;
}

/* Adds the runs of one trial as a row; `trial` counts in the order of the jobs. */
static wf_status add_row(wf_one_sweep *o, const wf_jobs *jobs, size_t trial) {
    wf_context *cx = &o->all->cli->cx;
    const char **values = NULL;
    size_t seeds = (size_t)o->all->options->seeds;
    WF_TRY(wf_alloc(&values, cx, o->varied_count, sizeof *values));
    for (size_t i = 0; i < o->varied_count; i++)
        values[i] = wf_trials_value(&o->trials, trial, o->varied[i]);
    wf_status status = wf_sweep_add_row(o->sweep, cx, values);
    wf_free(values);
    for (size_t k = 0; k < seeds && status == WF_OK; k++)
        status = add_run(o, &jobs->items[trial * seeds + k]);
    return status;
}

wf_status wf__sweep_try_all(wf_one_sweep *o) {
    wf_context *cx = &o->all->cli->cx;
    wf_jobs jobs = {0};
    wf_status status = WF_OK;
    for (size_t t = 0; t < o->trials.count; t++)
        WF_TRY_OR(add_jobs(&jobs, o, o->all->options->experiment, t, 1));
    WF_TRY_OR(run_jobs(&jobs, o->all));
    for (size_t i = 0; i < jobs.count; i++)
        if (jobs.items[i].state == WF_JOB_FAILED)
            wf_note(o->all->cli, "%s: %s\n", jobs.items[i].label, jobs.items[i].error.message);
    for (size_t t = 0; t < o->trials.count; t++) WF_TRY_OR(add_row(o, &jobs, t));
    WF_TRY_OR(wf_sweep_finish(o->sweep, cx));
    if (!wf_jobs_are_results(wf_jobs_check(&o->failure, &jobs))) goto done;
    wf_context_reset(&o->failure);
done:
    wf_jobs_reset(&jobs);
    return status;
}

/* The trial whose settings the best row has. */
static size_t best_trial(const wf_one_sweep *o) {
    const wf_sweep_row *best = &o->sweep->rows[0];
    for (size_t t = 0; t < o->trials.count; t++) {
        size_t same = 0;
        while (same < o->varied_count &&
               !strcmp(wf_trials_value(&o->trials, t, o->varied[same]), best->values[same]))
            same++;
        if (same == o->varied_count) return t;
    }
    return 0;
}

/* ---- the best in full ---- */

static wf_status describe_final(wf_one_sweep *o, const wf_jobs *jobs) {
    wf_context *cx = &o->all->cli->cx;
    double *accuracies = NULL;
    wf_status status = wf_alloc(&accuracies, cx, jobs->count, sizeof *accuracies);
    wf_run_summary summary = {0};
    for (size_t i = 0; i < jobs->count && status == WF_OK; i++) {
        wf_run *run = NULL;
        status = wf_run_open(&run, cx, o->all->store, jobs->items[i].path);
        if (status == WF_OK) status = wf_run_read_summary(&summary, cx, run);
        accuracies[i] = summary.accuracy;
        wf_str_addf(&o->final, cx, "%s%s", i ? ", " : "In full: ", summary.id);
        wf_run_summary_reset(&summary);
        wf_run_close(run);
    }
    wf_spread spread = wf_spread_of(accuracies, status == WF_OK ? jobs->count : 0);
    wf_free(accuracies);
    WF_TRY(status);
    if (spread.count)
        wf_str_addf(&o->final, cx, ", %d epochs at most, test accuracy %.4f",
                    (int)jobs->items[0].experiment.model->recipe->epochs, spread.mean);
    if (spread.count > 1) wf_str_addf(&o->final, cx, " ± %.4f", spread.sd);
    if (spread.count) wf_str_add(&o->final, cx, " (the test images were used once per run).");
    return o->final.status;
}

wf_status wf__sweep_train_best(wf_one_sweep *o) {
    wf_context *cx = &o->all->cli->cx;
    wf_jobs jobs = {0};
    wf_experiment_flags flags = o->all->options->experiment;
    flags.epochs = WF_UNSET;
    wf_status status = WF_OK;
    WF_TRY_OR(add_jobs(&jobs, o, flags, best_trial(o), 0));
    WF_TRY_OR(run_jobs(&jobs, o->all));
    WF_TRY_OR(wf_jobs_check(cx, &jobs));
    WF_TRY_OR(describe_final(o, &jobs));
done:
    wf_jobs_reset(&jobs);
    return status;
}
