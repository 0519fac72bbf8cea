#include "store/database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/version.h"
#include "store/internal.h"

enum { PATIENCE_S = 120 };

wf_status wf__database_fail(wf_context *cx, wf__database *db, int result) {
    int kind = result & 0xFF;
    db->is_damaged = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_ERROR ||
                     kind == SQLITE_SCHEMA;
    bool has_text = db->handle && (sqlite3_errcode(db->handle) & 0xFF) == kind;
    snprintf(db->reason, sizeof db->reason, "%s",
             has_text ? sqlite3_errmsg(db->handle) : sqlite3_errstr(result));
    if (kind == SQLITE_NOMEM) return WF_FAIL(WF_E_NOMEM, "%s: out of memory", db->path);
    return WF_FAIL(WF_E_IO, "%s: %s | weft runs rebuild makes it again from the run folders",
                   db->path, db->reason);
}

wf_status wf__database_do(wf_context *cx, wf__database *db, const char *sql) {
    WF__TRY_SQL(sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
    return WF_OK;
}

/* SQLite itself waits for WF__BUSY_MS, but not in every case: not, for instance, for the process
 * that repairs what a killed one left behind. */
wf_status wf__database_begin(wf_context *cx, wf__database *db) {
    double end_s = wf_clock_s() + PATIENCE_S;
    for (;;) {
        int result = sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (result == SQLITE_OK) return WF_OK;
        int kind = result & 0xFF;
        bool is_busy = kind == SQLITE_BUSY || kind == SQLITE_LOCKED || kind == SQLITE_PROTOCOL;
        if (!is_busy || wf_clock_s() > end_s) return wf__database_fail(cx, db, result);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

wf_status wf__database_commit(wf_context *cx, wf__database *db) {
    return wf__database_do(cx, db, "COMMIT");
}

void wf__database_rollback(wf__database *db) {
    if (!sqlite3_get_autocommit(db->handle)) sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

wf_status wf__column_text(char **out, wf_context *cx, sqlite3_stmt *s, int column) {
    const char *text = (const char *)sqlite3_column_text(s, column);
    return wf_strdup(out, cx, text ? text : "");
}

int wf__bind_text(sqlite3_stmt *s, int column, const char *text) {
    return sqlite3_bind_text(s, column, text, -1, SQLITE_TRANSIENT);
}

/* ---- opening ---- */

/* The first word that a pragma answers with. */
static wf_status ask(char out[64], wf_context *cx, wf__database *db, const char *sql) {
    sqlite3_stmt *s = NULL;
    WF__TRY_SQL(sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL));
    int result = sqlite3_step(s);
    if (result == SQLITE_ROW) snprintf(out, 64, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    if (result != SQLITE_ROW) return wf__database_fail(cx, db, result);
    return WF_OK;
}

static int known_version(void) {
    int count = 0;
    while (wf__migrations[count]) count++;
    return count;
}

static wf_status read_version(int *out, wf_context *cx, wf__database *db) {
    char answer[64] = "";
    WF_TRY(ask(answer, cx, db, "PRAGMA user_version"));
    long version = strtol(answer, NULL, 10);
    WF_REQUIRE(
        version <= known_version(), WF_E_UNSUPPORTED,
        "%s: is a store of version %ld, weft %s knows versions up to %d | use the newer weft "
        "that wrote it, or another folder of runs; if it is removed, it is made again from "
        "the run folders",
        db->path, version, WF_VERSION, known_version());
    *out = version < 0 ? 0 : (int)version;
    return WF_OK;
}

/* All missing steps or none: a store that is cut off from the disk half-way is as it was. */
static wf_status migrate(wf_context *cx, wf__database *db) {
    int version = 0;
    char pragma[64];
    WF_TRY(read_version(&version, cx, db));
    if (version == known_version()) return WF_OK;
    WF_TRY(wf__database_begin(cx, db));
    wf_status status = read_version(&version, cx, db);
    for (; status == WF_OK && wf__migrations[version]; version++)
        status = wf__database_do(cx, db, wf__migrations[version]);
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", version);
    if (status == WF_OK) status = wf__database_do(cx, db, pragma);
    if (status == WF_OK) status = wf__database_commit(cx, db);
    if (status != WF_OK) wf__database_rollback(db);
    return status;
}

/* When the last process goes, SQLite would take in the log and remove its file under an exclusive
 * lock, which turns others away. close_file does the first without that lock; the file stays. */
static wf_status keep_log_file(wf_context *cx, wf__database *db) {
    int on = 1;
    WF__TRY_SQL(sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &on));
    WF__TRY_SQL(sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL));
    return WF_OK;
}

static wf_status open_file(wf_context *cx, wf__database *db, const char *path) {
    char answer[64] = "";
    struct stat file = {0};
    bool is_file = path == db->path;
    int version;
    db->is_damaged = false;
    WF__TRY_SQL(sqlite3_open_v2(
        path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
    WF__TRY_SQL(sqlite3_busy_timeout(db->handle, WF__BUSY_MS));
    WF_TRY(read_version(&version, cx, db)); /* before anything is written */
    if (is_file) WF_TRY(keep_log_file(cx, db));
    WF_TRY(ask(answer, cx, db, "PRAGMA journal_mode = WAL"));
    WF_TRY(wf__database_do(cx, db, "PRAGMA synchronous = NORMAL"));
    WF_TRY(migrate(cx, db));
    WF_TRY(wf__database_do(cx, db, "PRAGMA foreign_keys = ON"));
    WF_TRY(ask(answer, cx, db, "PRAGMA quick_check(1)"));
    if (strcmp(answer, "ok") != 0) return wf__database_fail(cx, db, SQLITE_CORRUPT);
    db->inode = is_file && stat(path, &file) == 0 ? file.st_ino : 0;
    return WF_OK;
}

/* The log is taken in and emptied if nobody uses it at this moment; else whoever closes later does
 * it. */
static void close_file(wf__database *db) {
    if (db->handle) {
        sqlite3_busy_timeout(db->handle, 0);
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    sqlite3_close(db->handle);
    db->handle = NULL;
}

void wf__database_close(wf__database *db) {
    if (!db) return;
    close_file(db);
    wf_free(db->path);
    wf_free(db);
}

/* <path><suffix> gets the name <path>.damaged-<when><suffix>, or goes. */
static wf_status set_file_aside(wf_context *cx, const char *path, const char *suffix,
                                const char *when, bool is_kept) {
    wf_str from = {0}, to = {0};
    wf_str_addf(&from, cx, "%s%s", path, suffix);
    wf_str_addf(&to, cx, "%s.damaged-%s%s", path, when, suffix);
    wf_status status = from.status != WF_OK ? from.status : to.status;
    uint64_t size = 0;
    wf_context quiet = {0};
    bool has_content = status == WF_OK && wf_file_size(&size, &quiet, from.text) == WF_OK && size;
    if (status == WF_OK && is_kept && has_content) status = wf_file_rename(cx, from.text, to.text);
    else if (status == WF_OK) status = wf_file_remove(cx, from.text);
    wf_str_reset(&from);
    wf_str_reset(&to);
    return status;
}

/* weft.db becomes weft.db.damaged-20260131T120000.000Z, its log likewise. */
static wf_status set_aside(wf_context *cx, const wf__database *db, const char *reason,
                           wf_str *note) {
    char now[32], when[32];
    size_t n = 0;
    wf__time_text(now);
    for (const char *at = now; *at; at++)
        if (*at != ':' && *at != '-') when[n++] = *at;
    when[n] = 0;
    WF_TRY(set_file_aside(cx, db->path, "-shm", when, false));
    WF_TRY(set_file_aside(cx, db->path, "-wal", when, true));
    WF_TRY(set_file_aside(cx, db->path, "", when, true));
    wf_str_addf(note, cx,
                "%s was damaged (%s): it is kept as %s.damaged-%s and made again from the run "
                "folders\n",
                db->path, reason, db->path, when);
    return note->status;
}

/* Under the lock of the runs folder: of two processes that find the file damaged, the second sees
 * the repaired one. */
static wf_status open_or_repair(wf_context *cx, wf__database *db, const char *dir, ino_t suspect,
                                wf_str *note) {
    wf_status status = WF_OK;
    struct stat file = {0};
    int lock = -1;
    WF_TRY(wf__lock_take(&lock, cx, dir, true));
    bool is_suspect = suspect && stat(db->path, &file) == 0 && file.st_ino == suspect;
    if (is_suspect) WF_TRY_OR(set_aside(cx, db, "it does not hold what its schema says", note));
    status = open_file(cx, db, db->path);
    if (status != WF_OK && db->is_damaged) {
        close_file(db);
        WF_TRY_OR(set_aside(cx, db, db->reason, note));
        WF_TRY_OR(open_file(cx, db, db->path));
    }
done:
    wf__lock_free(lock);
    return status;
}

wf_status wf__database_open(wf__database **out, wf_context *cx, const char *dir, ino_t suspect,
                            wf_str *note) {
    wf_status status = WF_OK;
    wf__database *db = NULL;
    wf_context quiet = {0};
    WF_TRY(wf_alloc(&db, cx, 1, sizeof *db));
    WF_TRY_OR(wf_path_join(&db->path, cx, dir, WF_STORE_FILE));
    status = open_or_repair(&quiet, db, dir, suspect, note);
    if (status == WF_E_IO) { /* a folder that may only be read, a full disk */
        close_file(db);
        status = open_file(&quiet, db, ":memory:");
    }
    if (status != WF_OK) {
        if (cx) *cx = quiet;
        goto done;
    }
    *out = db;
    db = NULL;
done:
    wf__database_close(db);
    return status;
}
