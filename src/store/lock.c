#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "store/internal.h"

/* The kernel drops the lock when its process ends, however it ends. */

wf_status wf__lock_take(int *out, wf_context *cx, const char *folder, bool wait) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    WF_REQUIRE(fd >= 0, WF_E_IO, "run %s: cannot open the folder: %s", folder, strerror(errno));
    /* A reader that looks whether the run is in use holds the lock for a moment: try again. */
    for (int attempt = 0; attempt < 20; attempt++) {
        if (flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) == 0) {
            *out = fd;
            return WF_OK;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) break;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    int reason = errno;
    close(fd);
    WF_REQUIRE(reason == EWOULDBLOCK || reason == EINTR, WF_E_IO,
               "run %s: cannot lock the folder: %s", folder, strerror(reason));
    *out = -1;
    return WF_OK;
}

void wf__lock_free(int lock) {
    if (lock >= 0) close(lock);
}

bool wf__lock_is_held(const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    bool is_held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return is_held;
}
