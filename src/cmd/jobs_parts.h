/* What the files jobs*.c share. */
#ifndef WF_CMD_JOBS_PARTS_H
#define WF_CMD_JOBS_PARTS_H

#include <sys/types.h>

#include "cmd/jobs.h"

/* ---- jobs_find.c: is it there already? ---- */

/* The latest run of `list` with the same configuration on the same data: finished, or one that can
 * go on; NULL when there is none.  Errors: WF_E_NOMEM. */
wf_status wf__jobs_find(const wf_run_summary **out, wf_cli *cli, const wf_run_list *list,
                        const wf_experiment *e, const char *data_hash);

/* ---- jobs_worker.c: child processes ---- */

/* What a child tells. All are of one size, below PIPE_BUF, so that each is written at once. */
typedef enum wf__tell { WF__TELL_PROGRESS, WF__TELL_PACE, WF__TELL_END } wf__tell;
typedef struct wf__message {
    wf__tell kind;
    int32_t epoch, epochs;  /* PROGRESS: the epoch that runs, from 1 */
    double accuracy, share; /* PROGRESS: on the training images so far; done of the whole, 0 to 1 */
    double ms;              /* PACE: of a training step */
    wf_status status;       /* END */
    wf_context error;
    char path[2048]; /* END: the run's folder, "" for none */
} wf__message;

typedef struct wf__worker {
    pid_t pid; /* 0: none runs */
    int fd;    /* reads messages */
} wf__worker;

/* Forks; the child calls body(user, fd) and ends. A signal to stop reaches it through
 * wf__worker_stop alone, or when this process dies.  Errors: WF_E_IO. */
wf_status wf__worker_start(wf__worker *out, wf_context *cx, void (*body)(void *user, int fd),
                           void *user);
/* Waits for the next message; 0 when there is none for the child has ended. */
int wf__worker_read(wf__message *out, const wf__worker *w);
void wf__worker_stop(const wf__worker *w);
/* Waits for the end; `out` says how the child died when it was killed or failed, else "". */
void wf__worker_end(char out[128], wf__worker *w);
/* In the child. */
void wf__worker_tell(int fd, const wf__message *m);

/* What one child trains. */
typedef struct wf__task {
    wf_session *session;
    const wf_job *job;
    const char *resume; /* the run to go on with, NULL: a new one */
    const char *runs, *tensorboard;
    double max_seconds;
    int threads, shows_epochs;
} wf__task;
/* A body for wf__worker_start; `user` is a wf__task. */
void wf__worker_train(void *user, int fd);

/* ---- jobs_pace.c: how many side by side? ---- */

/* Times training steps of the job that has the most to do, with all threads in one process, then
 * with fewer in several at once; returns the number with which `n` such jobs end first. It is 1
 * where timing is impossible or would take longer than it can save. */
int wf__jobs_pace(wf_session *s, const wf_job *job, size_t n, double max_seconds);

#endif
