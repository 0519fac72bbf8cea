/* The I/O shim: every byte that weft reads from or writes to a disk passes here. Writing is atomic
 * (temporary in the same folder, write, fsync, rename, fsync of the folder) or append-only. */
#ifndef WF_BASE_FILES_H
#define WF_BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Compressed data may grow at most this much (but 1 MiB is always allowed). */
enum { WF_GZ_MAX_RATIO = 200, WF_GZ_FREE_BYTES = 1 << 20 };

/* --- reading ------------------------------------------------------------------------------- */

/* The whole file. A 0 byte follows the data and is not counted, so that text can be parsed in
 * place. Free *out with wf_free.
 * Errors: WF_E_NOTFOUND, WF_E_IO, WF_E_LIMIT (more than `limit` bytes), WF_E_NOMEM. */
wf_status wf_file_read(uint8_t **out, size_t *out_size, wf_context *cx, const char *path,
                       size_t limit);

/* As wf_file_read; a file that begins with the gzip magic is inflated, `limit` counts what comes
 * out. Errors: also WF_E_DATA (damaged, truncated), WF_E_LIMIT (ratio above 200:1). */
wf_status wf_file_read_gz(uint8_t **out, size_t *out_size, wf_context *cx, const char *path,
                          size_t limit);

/* Plain or gzip data in memory, read one piece after another. `name` is for error texts. */
typedef struct wf_source {
    const char *name;
    const uint8_t *data; /* borrowed */
    size_t size;         /* of `data` */
    size_t used;         /* bytes of `data` consumed */
    uint64_t offset;     /* bytes delivered */
    bool is_gz;
    void *stream; /* zlib's state, NULL for plain data */
    int state;    /* of the inflation */
} wf_source;

/* Errors: WF_E_NOMEM. `data` and `name` must live as long as the source. */
wf_status wf_source_init(wf_source *out, wf_context *cx, const uint8_t *data, size_t size,
                         const char *name);
/* The most bytes that may still come: exact for plain data, by ratio for gzip. Check declared sizes
 * against it before allocating. */
uint64_t wf_source_remaining(const wf_source *s);
/* Up to `size` bytes; *out_size is less only at the end of the data.
 * Errors: WF_E_DATA (damaged or cut off, with the offset), WF_E_LIMIT (ratio). */
wf_status wf_source_read(size_t *out_size, wf_source *s, wf_context *cx, void *buffer, size_t size);
/* NULL-safe; frees zlib's state, not the data. */
void wf_source_reset(wf_source *s);

/* `size` bytes, at most 2^30, as one gzip member without name or time: the same data give the same
 * bytes. Free *out with wf_free.  Errors: WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf_gz_pack(uint8_t **out, size_t *out_size, wf_context *cx, const void *data,
                     size_t size);

/* --- atomic writing ------------------------------------------------------------------------ */

/* Writes or replaces `path`: either the old file or the whole new one is there, never a part. */
wf_status wf_file_write(wf_context *cx, const char *path, const void *data, size_t size);

/* The same for output that comes in pieces. */
typedef struct wf_writer wf_writer;
wf_status wf_writer_open(wf_writer **out, wf_context *cx, const char *path);
wf_status wf_writer_add(wf_writer *w, wf_context *cx, const void *data, size_t size);
wf_status wf_writer_addf(wf_writer *w, wf_context *cx, const char *format, ...) WF_PRINTF(3, 4);
/* Makes the file appear and ends the writer, whatever the result. On failure the old file stays,
 * but for one case: when the last step, fsync of the folder, fails, the new file is in place. */
wf_status wf_writer_commit(wf_writer *w, wf_context *cx);
/* Ends the writer without a trace. NULL is legal. */
void wf_writer_abort(wf_writer *w);

/* --- appending ----------------------------------------------------------------------------- */

/* Creates the file if need be. Each wf_append_add is one write call, unbuffered: give whole lines.
 * When that write fails half-way, the file is cut back to its old length. */
typedef struct wf_append wf_append;
wf_status wf_append_open(wf_append **out, wf_context *cx, const char *path);
wf_status wf_append_add(wf_append *a, wf_context *cx, const void *data, size_t size);
/* fsync. */
wf_status wf_append_sync(wf_append *a, wf_context *cx);
/* fsync and close; ends the appender whatever the result. NULL is legal. */
wf_status wf_append_close(wf_append *a, wf_context *cx);
/* Closes without fsync, what need not outlive a power cut. NULL is legal. */
void wf_append_drop(wf_append *a);

/* --- folders and paths --------------------------------------------------------------------- */

/* mkdir -p; an existing folder is fine. */
wf_status wf_dir_create(wf_context *cx, const char *path);
/* Creates parent/name-<n> with the smallest n >= 1 that is free (and `parent` as mkdir -p). The
 * creation is exclusive: two processes never get the same one. Free *out with wf_free. */
wf_status wf_dir_create_numbered(char **out, wf_context *cx, const char *parent, const char *name);

typedef struct wf_names {
    char **items;
    size_t count;
} wf_names;
/* The entries' names, sorted by byte value, without "." and "..".
 * Errors: WF_E_NOTFOUND, WF_E_IO, WF_E_NOMEM. */
wf_status wf_dir_list(wf_names *out, wf_context *cx, const char *path);
void wf_names_reset(wf_names *names);

/* The bytes of the files in a folder and below; links count nothing.
 * Errors: WF_E_NOTFOUND, WF_E_IO, WF_E_NOMEM. */
wf_status wf_dir_size(uint64_t *out, wf_context *cx, const char *path);
/* rm -r; links are removed, not followed.  Errors: as wf_dir_size. */
wf_status wf_dir_remove(wf_context *cx, const char *path);
/* A descriptor that holds the folder's lock until it is closed or its process ends, however that
 * ends; -1 where folders cannot be locked, or where `wait` is false and somebody holds it (errno is
 * EWOULDBLOCK). */
int wf_dir_lock(const char *path, bool wait);

bool wf_path_exists(const char *path);
bool wf_path_is_dir(const char *path);
bool wf_path_is_link(const char *path); /* itself, wherever it leads */
/* Points into `path` behind the last slash. */
const char *wf_path_base(const char *path);
/* True when `path` ends in `suffix`, letters' case ignored (".png"). */
bool wf_path_has_suffix(const char *path, const char *suffix);
/* The last part of a path, without slashes at its end. Free *out with wf_free. */
wf_status wf_path_name(char **out, wf_context *cx, const char *path);
/* "a/b" from "a" and "b"; one slash between them. Free *out with wf_free. */
wf_status wf_path_join(char **out, wf_context *cx, const char *folder, const char *name);
/* The folder of `path`, "." if it names none. Free *out with wf_free. */
wf_status wf_path_folder(char **out, wf_context *cx, const char *path);
/* Errors: WF_E_NOTFOUND, WF_E_IO. */
wf_status wf_file_size(uint64_t *out, wf_context *cx, const char *path);
/* rename(2) and fsync of the folder of `to`. */
wf_status wf_file_rename(wf_context *cx, const char *from, const char *to);
/* A file that does not exist is fine. */
wf_status wf_file_remove(wf_context *cx, const char *path);

/* --- for tests ----------------------------------------------------------------------------- */

/* The k-th write, fsync, rename, mkdir or creating open from now on fails (1 is the next; a failing
 * write first stores half of its bytes, as a full disk does); 0 switches it off. */
void wf__io_fail_at(long k);
long wf__io_count(void);

#endif
