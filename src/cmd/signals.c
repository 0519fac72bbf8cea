#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

static volatile sig_atomic_t seen;

static void on_signal(int number) {
    /* a terminal that closes may say so twice, by its shell and by the kernel */
    if (seen && number != SIGHUP) _exit(WF_EXIT_INTERRUPTED);
    seen = 1;
}

/* A closed terminal stops as Ctrl-C does, unless nohup asked to go on; a reader that went away
 * (`weft train | head`) must not kill the training. */
void wf_signals_install(void) {
    struct sigaction action = {0}, hangup = {0};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, NULL, &hangup);
    if (hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

void wf_signals_follow(void) {
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct sigaction action = {0};
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    action.sa_handler = on_signal;
    sigaction(WF_SIGNAL_STOP, &action, NULL);
    action.sa_handler = SIG_IGN;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaction(ignored[i], &action, NULL);
}

int wf_signals_seen(void) { return seen; }

const volatile sig_atomic_t *wf_signals_flag(void) { return &seen; }
