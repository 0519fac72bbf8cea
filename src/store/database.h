/* The SQLite file <runs>/weft.db: how it is opened, migrated, repaired and written. It holds
 * nothing of its own: its rows repeat what the run folders say (ADR 6, ADR 16). Only files that
 * include this know SQLite.
 *
 * Nobody sees "database is locked": writers take the lock at once (BEGIN IMMEDIATE), hold it for
 * moments and wait for each other; readers wait for nobody (WAL). */
#ifndef WF_STORE_DATABASE_H
#define WF_STORE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/str.h"
#include "store/store.h"

#define WF_STORE_FILE "weft.db"

enum { WF__BUSY_MS = 10000 };

/* The text of every step of the schema, in order; NULL at the end. Step i makes version i + 1 of
 * version i. Made of migrations/ by the build. */
extern const char *const wf__migrations[];

typedef struct wf__database {
    sqlite3 *handle;
    char *path;
    ino_t inode;      /* of the file as it was opened; 0: in memory */
    bool is_damaged;  /* the last failure means that the file itself is bad */
    char reason[128]; /* of the last failure, in SQLite's words */
} wf__database;

/* Opens or makes the file in `dir` and brings its schema up to date. A damaged one is set aside and
 * made anew, which *note tells; so is the one with the inode `suspect` (0: none). Where the folder
 * cannot be written, a database in memory serves.
 * Errors: WF_E_UNSUPPORTED (written by a newer weft: left as it is), WF_E_NOMEM. */
wf_status wf__database_open(wf__database **out, wf_context *cx, const char *dir, ino_t suspect,
                            wf_str *note);
void wf__database_close(wf__database *db); /* NULL is legal */

/* Records what SQLite said. Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf__database_fail(wf_context *cx, wf__database *db, int result);

#define WF__TRY_SQL(call)                                                                          \
    do {                                                                                           \
        int result_ = (call);                                                                      \
        if (result_ != SQLITE_OK) return wf__database_fail(cx, db, result_);                       \
    } while (0)

/* Statements without result. */
wf_status wf__database_do(wf_context *cx, wf__database *db, const char *sql);
/* Waits for the only writer's lock; then WF_TRY(... COMMIT), or roll back. */
wf_status wf__database_begin(wf_context *cx, wf__database *db);
wf_status wf__database_commit(wf_context *cx, wf__database *db);
void wf__database_rollback(wf__database *db);

/* SQL NULL: "". */
wf_status wf__column_text(char **out, wf_context *cx, sqlite3_stmt *s, int column);
int wf__bind_text(sqlite3_stmt *s, int column, const char *text);

/* ---- import.c ---- */

/* Makes the rows of run `id` what its folder says: none when there is no such folder. To be called
 * inside of a transaction, so that of two processes the later one has read the later files. */
wf_status wf__import_run(wf_context *cx, wf__database *db, const char *dir, const char *id);

/* What changes whenever one of the folder's files does. */
wf_status wf__stamp_of(char out[WF_HASH_HEX], wf_context *cx, const char *folder);

/* ---- refresh.c ---- */

/* Brings the rows of all runs up to date with the folders of `dir`; what could not be taken in is
 * added to `note`. */
wf_status wf__refresh(wf_context *cx, wf__database *db, const char *dir, wf_str *note);
/* The same for one run. */
wf_status wf__refresh_run(wf_context *cx, wf__database *db, const char *dir, const char *id);

/* ---- select.c ---- */

wf_status wf__select(wf_run_list *out, wf_context *cx, wf__database *db, const char *dir,
                     const wf_run_filter *filter);
/* The statement of wf__select, its parameters in the order of the filter's fields. */
wf_status wf__select_text(wf_str *out, wf_context *cx, const wf_run_filter *filter);

/* ---- query.c ---- */

wf_status wf__query(json_t **out, wf_context *cx, wf__database *db, const char *sql,
                    double max_seconds);

#endif
