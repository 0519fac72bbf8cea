/* Data sets in one file: .zip, .tar, .tar.gz, .tgz. Only this knows libarchive. */
#ifndef WF_DATA_ARCHIVE_H
#define WF_DATA_ARCHIVE_H

#include "base/str.h"
#include "weft/data.h"

/* An archive may hold so many members, of at most so many bytes, and may grow as gzip files may
 * (WF_GZ_MAX_RATIO). */
enum { WF_ARCHIVE_MAX_MEMBERS = 2 << 20, WF_ARCHIVE_MAX_DEPTH = 16, WF_ARCHIVE_MAX_NAME = 1024 };
#define WF_ARCHIVE_MAX_BYTES ((int64_t)8 << 30)

/* By the ending of its name. */
int wf__archive_is_name(const char *path);

typedef struct wf__unpacked {
    char *folder; /* made for it, below the cache; NULL: nothing is unpacked */
    char *root;   /* where the data begin: in there, below folders that hold one folder only */
    int lock;     /* held on the folder while it is in use; whoever is killed drops it */
} wf__unpacked;

/* Unpacks files and folders; hidden ones, and what macOS puts beside, are left out, and noted.
 * Errors: WF_E_NOTFOUND, WF_E_DATA (no archive, damaged, a member that is no file or folder, leads
 * out of the archive, is there twice, or is encrypted), WF_E_LIMIT; messages name archive and
 * member. WF_E_ARG (no cache), WF_E_INTERRUPTED, WF_E_IO, WF_E_NOMEM. Nothing stays on failure, and
 * what a process that was killed has left there goes. */
wf_status wf__archive_unpack(wf__unpacked *out, wf_str *notes, wf_context *cx, const char *path,
                             const wf_dataset_options *options);
/* Removes the folder. A message that names a path in it names the archive's member from now on. */
void wf__unpacked_reset(wf__unpacked *u, wf_context *cx, const char *path);

#endif
