/* What the files of the I/O shim share; nobody else includes it. */
#ifndef WF_BASE_FILES_IO_H
#define WF_BASE_FILES_IO_H

#include "base/status.h"

/* As the system calls, with errno, through the hook of wf__io_fail_at. */
int wf__io_mkdir(const char *path);
int wf__io_rename(const char *from, const char *to);

/* fsync of the folder that holds `path`. */
wf_status wf__io_sync_folder(wf_context *cx, const char *path);

/* Records errno: "path: what: reason". */
wf_status wf__io_fail(wf_context *cx, const char *what, const char *path);

#endif
