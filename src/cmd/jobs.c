#include "cmd/jobs.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "cmd/jobs_parts.h"
#include "cmd/results.h"

wf_status wf_jobs_add(wf_jobs *jobs, wf_context *cx, wf_experiment *experiment, const char *name,
                      const char *label) {
    wf_job job = {.experiment = *experiment};
    *experiment = (wf_experiment){0};
    wf_status status = name ? wf_strdup(&job.name, cx, name) : WF_OK;
    if (status == WF_OK) status = wf_strdup(&job.label, cx, label);
    if (status == WF_OK)
        status = wf_realloc(&jobs->items, cx, jobs->count, jobs->count + 1, sizeof *jobs->items);
    if (status == WF_OK) {
        jobs->items[jobs->count++] = job;
        return WF_OK;
    }
    wf_experiment_reset(&job.experiment);
    wf_free(job.name);
    wf_free(job.label);
    return status;
}

void wf_jobs_reset(wf_jobs *jobs) {
    for (size_t i = 0; i < jobs->count; i++) {
        wf_job *job = &jobs->items[i];
        wf_experiment_reset(&job->experiment);
        wf_free(job->name);
        wf_free(job->label);
        wf_free(job->path);
    }
    wf_free(jobs->items);
    *jobs = (wf_jobs){0};
}

wf_status wf_jobs_check(wf_context *cx, const wf_jobs *jobs) {
    const wf_job *first = NULL;
    int others = -1;
    for (size_t i = 0; i < jobs->count; i++) {
        if (jobs->items[i].state != WF_JOB_FAILED) continue;
        if (!first ||
            (first->error.code == WF_E_DIVERGED && jobs->items[i].error.code != WF_E_DIVERGED))
            first = &jobs->items[i];
        others++;
    }
    if (!first) return WF_OK;
    *cx = first->error;
    char more[40] = "";
    if (others) snprintf(more, sizeof more, " (and %d more failed)", others);
    snprintf(cx->message, sizeof cx->message, "%.100s: %.600s%s", first->label,
             first->error.message, more);
    return first->error.code;
}

int wf_jobs_are_results(wf_status checked) { return checked == WF_OK || checked == WF_E_DIVERGED; }

/* ---- one call ---- */

typedef struct crew_member {
    wf__worker worker;
    wf_job *job;
    wf__message last; /* the progress told last */
} crew_member;

typedef struct crew {
    wf_jobs *jobs;
    wf_session *session;
    const wf_jobs_options *options;
    char **resume;        /* [count] the run with which a job goes on, NULL: a new one */
    size_t next;          /* jobs before it are begun or ended */
    size_t ended;         /* of all, those that were reused included */
    crew_member *members; /* [n] */
    int n, running, shows_epochs;
    double began_s, deadline_s; /* deadline 0: none */
    double work, done_work;     /* of what is trained in this call */
    wf_status stopped;          /* why nothing more is begun; WF_OK: nothing stops */
    wf_context why;             /* of a failure that is none of a job's */
    wf_bar bar;
} crew;

static int is_to_do(const crew *c, size_t i) { return c->jobs->items[i].state == WF_JOB_OPEN; }

static double seconds_left(const crew *c) {
    double share = c->done_work;
    for (int i = 0; i < c->n; i++)
        if (c->members[i].worker.pid) share += c->members[i].last.share * c->members[i].job->work;
    double elapsed = wf_clock_s() - c->began_s;
    return share > 0 ? elapsed * (c->work - share) / share : (double)NAN;
}

/* "12 of 90 ━━━━ 34 min 00 s left - cnn-16, repeat 0, fold 3: epoch 4/10, accuracy 0.87" */
static void draw(crew *c) {
    char bar[WF_BAR_BYTES], left[32], line[1024];
    if (c->shows_epochs || !wf_bar_is_due(&c->bar)) return;
    double left_s = seconds_left(c);
    int at = snprintf(line, sizeof line, "%zu of %zu %s", c->ended, c->jobs->count,
                      wf_bar_text(bar, (int64_t)c->ended, (int64_t)c->jobs->count));
    if (isfinite(left_s))
        at += snprintf(line + at, sizeof line - (size_t)at, " %s left", wf_duration(left, left_s));
    for (int i = 0; i < c->n && at < (int)sizeof line - 1; i++) {
        const crew_member *m = &c->members[i];
        if (!m->worker.pid) continue;
        at += snprintf(line + at, sizeof line - (size_t)at, " - %.60s", m->job->label);
        if (m->last.epochs && at < (int)sizeof line - 1)
            at += snprintf(line + at, sizeof line - (size_t)at, ": epoch %d/%d, accuracy %.4f",
                           m->last.epoch, m->last.epochs, m->last.accuracy);
    }
    wf_bar_draw(&c->bar, line);
}

/* From now on nothing is begun; what runs saves and ends. */
static void stop(crew *c, wf_status status) {
    if (c->stopped != WF_OK) return;
    c->stopped = status;
    for (int i = 0; i < c->n; i++)
        if (c->members[i].worker.pid) wf__worker_stop(&c->members[i].worker);
}

static void tell_ended(crew *c, const wf_job *job) {
    c->ended++;
    if (!c->options->ended || c->stopped != WF_OK) return;
    wf_status status = c->options->ended(c->options->user, job);
    if (status == WF_OK) return;
    c->why = c->session->cli->cx;
    stop(c, status);
}

/* ---- before ---- */

/* `found` failed, and would again. */
static wf_status take_failed(crew *c, wf_job *job, const wf_run_summary *found) {
    WF_TRY(wf_strdup(&job->path, &c->session->cli->cx, found->path));
    job->state = WF_JOB_FAILED;
    job->error = (wf_context){.code = WF_E_DIVERGED};
    snprintf(job->error.message, sizeof job->error.message, "%s", found->reason);
    snprintf(job->error.hint, sizeof job->error.hint, "weft runs delete %.200s, to train it again",
             found->id);
    wf_note(c->session->cli, "weft: %s: %s\n", job->label, job->error.message);
    tell_ended(c, job);
    return WF_OK;
}

/* The store is closed before anything forks. */
static wf_status find_runs(crew *c) {
    wf_cli *cli = c->session->cli;
    wf_context *cx = &cli->cx;
    wf_store *store = NULL;
    wf_run_list list = {0};
    size_t reused = 0;
    wf_status status;
    WF_TRY_OR(wf_store_open(&store, cx, c->options->runs));
    WF_TRY_OR(wf_store_list(&list, cx, store, NULL));
    for (size_t i = 0; i < c->jobs->count; i++) {
        wf_job *job = &c->jobs->items[i];
        const wf_experiment *e = &job->experiment;
        const wf_graph *g = e->model->graph;
        const wf_run_summary *found = NULL;
        if (job->state != WF_JOB_OPEN) {
            c->ended++;
            continue;
        }
        WF_TRY_OR(wf_session_open_data(c->session, e->dataset, e->model));
        const wf_dataset *d = c->session->dataset;
        const wf_recipe *recipe = e->model->recipe;
        double images = (double)(e->limit ? e->limit : d->train.count), madds = 1;
        for (int k = 0; k < g->n_nodes; k++) madds += (double)g->nodes[k].madds;
        job->steps = recipe->epochs * ceil(images / recipe->batch_size);
        job->work = madds * images * recipe->epochs;
        wf_free(job->path);
        job->path = NULL;
        WF_TRY_OR(wf__jobs_find(&found, cli, &list, e, d->sha256));
        if (found && found->status == WF_RUN_FINISHED)
            WF_TRY_OR(wf_strdup(&job->path, cx, found->path));
        else if (c->options->results)
            WF_TRY_OR(wf_result_restore(&job->path, cx, store, c->options->results, e, d->sha256));
        if (!job->path && found && found->status == WF_RUN_FAILED) {
            WF_TRY_OR(take_failed(c, job, found));
            continue;
        }
        if (!job->path) {
            if (found) WF_TRY_OR(wf_strdup(&c->resume[i], cx, found->path));
            continue;
        }
        job->state = WF_JOB_REUSED;
        reused++;
        if (c->options->shows_epochs)
            wf_note(cli, "%s: trained already\n", wf_path_base(job->path));
        tell_ended(c, job);
    }
    if (reused && !c->options->shows_epochs)
        wf_note(cli, "%zu of %zu are trained already\n", reused, c->jobs->count);
done:
    wf_run_list_reset(&list);
    wf_note_store(cli, store);
    wf_store_close(store);
    return status;
}

/* How many side by side. */
static wf_status choose_workers(crew *c) {
    const wf_jobs_options *o = c->options;
    wf_session *s = c->session;
    const wf_job *largest = NULL;
    size_t open = 0;
    int workers = (int)o->workers;
    for (size_t i = 0; i < c->jobs->count; i++) {
        wf_job *job = &c->jobs->items[i];
        if (!is_to_do(c, i)) continue;
        open++;
        c->work += job->work;
        if (!largest || job->work > largest->work) largest = job;
    }
    if (!open) return WF_OK;
    int is_given = o->workers != WF_UNSET && o->workers > 0;
    if (!is_given) {
        workers = 1;
        WF_TRY(wf_session_open_data(s, largest->experiment.dataset, largest->experiment.model));
        if (s->threads > 1 && c->stopped == WF_OK)
            workers = wf__jobs_pace(s, largest, open, o->max_seconds);
    }
    if (workers > s->threads) workers = s->threads;
    if ((size_t)workers > open) workers = (int)open;
    c->shows_epochs = workers == 1 && o->shows_epochs;
    c->jobs->workers = workers;
    if (workers > 1)
        wf_note(s->cli, "%d side by side, with %d of %d threads each\n", workers,
                s->threads / workers, s->threads);
    WF_TRY(wf_alloc(&c->members, &s->cli->cx, (size_t)workers, sizeof *c->members));
    c->n = workers;
    return WF_OK;
}

/* ---- meanwhile ---- */

static wf_status begin(crew *c, crew_member *m, size_t i) {
    wf_job *job = &c->jobs->items[i];
    const wf_experiment *e = &job->experiment;
    wf__task task = {.session = c->session,
                     .job = job,
                     .resume = c->resume[i],
                     .runs = c->options->runs,
                     .tensorboard = c->options->tensorboard,
                     .max_seconds = c->deadline_s > 0 ? c->deadline_s - wf_clock_s() : 0,
                     .threads = c->session->threads / c->n,
                     .shows_epochs = c->shows_epochs};
    WF_TRY(wf_session_open_data(c->session, e->dataset, e->model)); /* open already, mostly */
    *m = (crew_member){.job = job};
    WF_TRY(wf__worker_start(&m->worker, &c->session->cli->cx, wf__worker_train, &task));
    c->running++;
    return WF_OK;
}

static void begin_all(crew *c) {
    for (int i = 0; i < c->n && c->stopped == WF_OK; i++) {
        if (c->members[i].worker.pid) continue;
        while (c->next < c->jobs->count && !is_to_do(c, c->next)) c->next++;
        if (c->next == c->jobs->count) return;
        if (c->deadline_s > 0 && wf_clock_s() >= c->deadline_s) {
            stop(c, WF_E_TIME);
            return;
        }
        wf_status status = begin(c, &c->members[i], c->next++);
        if (status == WF_OK) continue;
        c->why = c->session->cli->cx;
        stop(c, status);
    }
}

/* "cnn-16, repeat 0, fold 3: accuracy 0.9034 in 12 s - 12 of 90, 34 min 10 s left" */
static void say_ended(crew *c, const wf_job *job) {
    wf_context ignored = {0};
    wf_run_summary s = {0};
    wf_run *run = NULL;
    char line[1280], time[32], left[32];
    if (job->state == WF_JOB_FAILED) {
        snprintf(line, sizeof line, "weft: %.400s: %s", job->label, job->error.message);
        wf_bar_end(&c->bar, line);
        return;
    }
    if (c->shows_epochs) return;
    if (wf_run_open(&run, &ignored, NULL, job->path) != WF_OK) return;
    if (wf_run_read_summary(&s, &ignored, run) == WF_OK) {
        int at = snprintf(line, sizeof line, "%.400s:", job->label);
        if (isfinite(s.accuracy))
            at += snprintf(line + at, sizeof line - (size_t)at, " accuracy %.4f", s.accuracy);
        at += snprintf(line + at, sizeof line - (size_t)at, " in %s - %zu of %zu",
                       wf_duration(time, s.total_s), c->ended, c->jobs->count);
        if (c->ended < c->jobs->count)
            snprintf(line + at, sizeof line - (size_t)at, ", %s left",
                     wf_duration(left, seconds_left(c)));
        wf_bar_end(&c->bar, line);
    }
    wf_run_summary_reset(&s);
    wf_run_close(run);
}

static void fail(wf_job *job, const wf_context *error, wf_status status) {
    job->state = WF_JOB_FAILED;
    job->error = *error;
    job->error.code = status;
}

/* The child has told its last, or died without a word. */
static void end(crew *c, crew_member *m, const wf__message *told) {
    wf_job *job = m->job;
    wf_context killed = {0}, *cx = &killed;
    char how[128];
    wf__worker_end(how, &m->worker);
    c->running--;
    if (told && *told->path && wf_strdup(&job->path, cx, told->path) != WF_OK)
        fail(job, cx, WF_E_NOMEM);
    else if (!told && c->stopped == WF_OK)
        fail(job, cx,
             WF_FAIL(WF_E_IO, "%s | the same call goes on with it", *how ? how : "it ended"));
    else if (told && told->status == WF_OK) job->state = WF_JOB_TRAINED;
    else if (told && told->status == WF_E_INTERRUPTED && c->stopped == WF_OK && !wf_signals_seen())
        fail(job, &told->error, told->status); /* by the live page: this one alone */
    else if (told && (told->status == WF_E_TIME || told->status == WF_E_INTERRUPTED))
        stop(c, told->status); /* the job stays open */
    else if (told) fail(job, &told->error, told->status);
    if (job->state == WF_JOB_OPEN) return;
    c->done_work += job->work;
    tell_ended(c, job);
    say_ended(c, job);
}

static void listen(crew *c, crew_member *m) {
    wf__message message;
    if (!wf__worker_read(&message, &m->worker)) end(c, m, NULL);
    else if (message.kind == WF__TELL_END) end(c, m, &message);
    else m->last = message;
}

static wf_status run_all(crew *c) {
    struct pollfd *fds = NULL;
    WF_TRY(wf_alloc(&fds, &c->session->cli->cx, (size_t)c->n, sizeof *fds));
    for (;;) {
        if (wf_signals_seen()) stop(c, WF_E_INTERRUPTED);
        begin_all(c);
        if (!c->running) break;
        for (int i = 0; i < c->n; i++) {
            const wf__worker *w = &c->members[i].worker;
            fds[i] = (struct pollfd){.fd = w->pid ? w->fd : -1, .events = POLLIN};
        }
        if (poll(fds, (nfds_t)c->n, 100) > 0)
            for (int i = 0; i < c->n; i++)
                if (fds[i].revents) listen(c, &c->members[i]);
        draw(c);
    }
    wf_bar_end(&c->bar, NULL);
    wf_free(fds);
    return WF_OK;
}

/* Why not all was done. */
static wf_status verdict(const crew *c) {
    wf_context *cx = &c->session->cli->cx;
    size_t open = c->jobs->count - c->ended;
    if (c->stopped == WF_OK) return WF_OK;
    if (c->why.code != WF_OK) {
        *cx = c->why;
        return c->stopped;
    }
    if (c->stopped == WF_E_TIME)
        return WF_FAIL(WF_E_TIME,
                       "the time is over, %zu of %zu trainings are not done | the same "
                       "call goes on",
                       open, c->jobs->count);
    return WF_FAIL(c->stopped, "stopped, %zu of %zu trainings are not done | the same call goes on",
                   open, c->jobs->count);
}

wf_status wf_jobs_run(wf_jobs *jobs, wf_session *s, const wf_jobs_options *options) {
    wf_context *cx = &s->cli->cx;
    crew c = {.jobs = jobs, .session = s, .options = options, .began_s = wf_clock_s()};
    wf_status status;
    if (options->max_seconds > 0) c.deadline_s = c.began_s + options->max_seconds;
    wf_bar_init(&c.bar, s->cli);
    jobs->workers = 0;
    WF_TRY_OR(wf_alloc(&c.resume, cx, jobs->count ? jobs->count : 1, sizeof *c.resume));
    WF_TRY_OR(find_runs(&c));
    WF_TRY_OR(choose_workers(&c));
    c.began_s = wf_clock_s();
    if (c.n) WF_TRY_OR(run_all(&c));
    status = verdict(&c);
done:
    for (size_t i = 0; c.resume && i < jobs->count; i++) wf_free(c.resume[i]);
    wf_free(c.resume);
    wf_free(c.members);
    return status;
}
