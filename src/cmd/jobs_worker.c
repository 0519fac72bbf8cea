/* Child processes: how they begin, what they tell, how they end. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/jobs_parts.h"

_Static_assert(sizeof(wf__message) <= PIPE_BUF, "a message is written at once");

/* Signals wait until the child has said which of them concern it. */
wf_status wf__worker_start(wf__worker *out, wf_context *cx, void (*body)(void *user, int fd),
                           void *user) {
    int ends[2];
    sigset_t all, before;
    pid_t parent = getpid();
    WF_REQUIRE(pipe(ends) == 0, WF_E_IO, "cannot make a pipe: %s", strerror(errno));
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t pid = fork();
    int reason = errno;
    if (pid == 0) {
        close(ends[0]);
        wf_signals_follow();
        prctl(PR_SET_PDEATHSIG, WF_SIGNAL_STOP);
        if (getppid() != parent) _exit(WF_EXIT_INTERRUPTED);
        sigprocmask(SIG_SETMASK, &before, NULL);
        body(user, ends[1]);
        _exit(0);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (pid < 0) close(ends[0]);
    WF_REQUIRE(pid > 0, WF_E_IO, "cannot start a process: %s", strerror(reason));
    *out = (wf__worker){.pid = pid, .fd = ends[0]};
    return WF_OK;
}

int wf__worker_read(wf__message *out, const wf__worker *w) {
    ssize_t n;
    do n = read(w->fd, out, sizeof *out);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *out;
}

void wf__worker_stop(const wf__worker *w) { kill(w->pid, WF_SIGNAL_STOP); }

void wf__worker_end(char out[128], wf__worker *w) {
    int how = 0;
    pid_t ended;
    do ended = waitpid(w->pid, &how, 0);
    while (ended < 0 && errno == EINTR);
    close(w->fd);
    *w = (wf__worker){0};
    out[0] = 0;
    if (WIFSIGNALED(how))
        snprintf(out, 128, "its process was killed by signal %d (%s)", WTERMSIG(how),
                 strsignal(WTERMSIG(how)));
    else if (WEXITSTATUS(how))
        snprintf(out, 128, "its process ended with status %d", WEXITSTATUS(how));
}

void wf__worker_tell(int fd, const wf__message *m) {
    ssize_t n;
    do n = write(fd, m, sizeof *m);
    while (n < 0 && errno == EINTR);
}

/* ---- training ---- */

typedef struct teller {
    int fd;
    double told_s;
} teller;

static void tell_progress(void *user, const wf_train_event *e) {
    teller *t = user;
    double now = wf_clock_s();
    if (e->kind == WF_TRAIN_STEP && now - t->told_s < 0.2) return;
    t->told_s = now;
    double done = e->figures.epoch - 1;
    if (e->kind == WF_TRAIN_STEP) done += (double)e->step / (double)e->steps;
    else if (e->kind == WF_TRAIN_EPOCH_END) done += 1;
    wf__message m = {.kind = WF__TELL_PROGRESS,
                     .epoch = e->figures.epoch,
                     .epochs = e->epochs,
                     .accuracy = e->figures.accuracy,
                     .share = done > 0 ? done / e->epochs : 0};
    wf__worker_tell(t->fd, &m);
}

void wf__worker_train(void *user, int fd) {
    wf__task *task = user;
    wf_session *s = task->session;
    wf_cli *cli = s->cli;
    teller teller = {.fd = fd};
    char *path = NULL;
    wf_run_settings settings = {.runs = task->runs,
                                .name = task->job->name,
                                .resume = task->resume,
                                .tensorboard = task->tensorboard,
                                .max_seconds = task->max_seconds,
                                .sink = tell_progress,
                                .sink_user = &teller};
    cli->is_quiet |= !task->shows_epochs;
    wf_context_reset(&cli->cx);
    wf_status status = wf_session_start(s, task->threads);
    if (status == WF_OK) status = wf_session_train(&path, s, &task->job->experiment, &settings);
    wf__message end = {.kind = WF__TELL_END, .status = status, .error = cli->cx};
    if (path) snprintf(end.path, sizeof end.path, "%s", path);
    wf__worker_tell(fd, &end);
    wf_free(path);
}
