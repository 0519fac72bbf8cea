/* The index: one table whose rows repeat what the run folders say. It holds nothing of its own:
 * a damaged file is simply made again. This is the only place that knows SQLite. */
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "store/internal.h"
#include "store/summary_fields.h"

/* Raise it with every change of the table: an index of another version is made again. */
enum { SCHEMA_VERSION = 2, BUSY_MS = 10000, STAMP_BYTES = 256 };

#define AS_TEXT(field) ", " #field " TEXT NOT NULL"
#define AS_INTEGER(field) ", " #field " INTEGER NOT NULL"
#define AS_REAL(field) ", " #field " REAL"
static const char SCHEMA[] =
    "CREATE TABLE runs(id TEXT PRIMARY KEY, stamp TEXT NOT NULL" WF_SUMMARY_FIELDS(
        AS_TEXT, AS_INTEGER, AS_REAL) ") WITHOUT ROWID;"
                                      "CREATE INDEX runs_by_model ON runs(model, started);"
                                      "CREATE INDEX runs_by_name ON runs(name, started);";

#define AS_NAME(field) ", " #field
#define AS_MARK(field) ", ?"
static const char UPSERT[] = "INSERT OR REPLACE INTO runs(id, stamp" WF_SUMMARY_FIELDS(
    AS_NAME, AS_NAME, AS_NAME) ") VALUES(?, ?" WF_SUMMARY_FIELDS(AS_MARK, AS_MARK, AS_MARK) ")";
static const char SELECT[] = "SELECT id" WF_SUMMARY_FIELDS(
    AS_NAME, AS_NAME,
    AS_NAME) " FROM runs WHERE ?1 IS NULL OR model = ?1 OR name = ?1 ORDER BY started, id";

struct wf__index {
    sqlite3 *db;
    char *path;
    bool is_damaged;
};

bool wf__index_is_damaged(const wf__index *index) { return index->is_damaged; }

static wf_status fail(wf_context *cx, wf__index *index, int result) {
    int kind = result & 0xFF;
    index->is_damaged = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_ERROR ||
                        kind == SQLITE_SCHEMA;
    if (kind == SQLITE_NOMEM) return WF_FAIL(WF_E_NOMEM, "%s: out of memory", index->path);
    return WF_FAIL(WF_E_IO, "%s: %s | the index may be deleted, it is made again from the folders",
                   index->path, index->db ? sqlite3_errmsg(index->db) : sqlite3_errstr(result));
}

#define TRY_SQL(call)                                                                              \
    do {                                                                                           \
        int result_ = (call);                                                                      \
        if (result_ != SQLITE_OK) return fail(cx, index, result_);                                 \
    } while (0)

static wf_status execute(wf_context *cx, wf__index *index, const char *sql) {
    TRY_SQL(sqlite3_exec(index->db, sql, NULL, NULL, NULL));
    return WF_OK;
}

/* The one integer or the first word that a pragma answers with. */
static wf_status ask(char out[32], wf_context *cx, wf__index *index, const char *sql) {
    sqlite3_stmt *statement = NULL;
    TRY_SQL(sqlite3_prepare_v2(index->db, sql, -1, &statement, NULL));
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        snprintf(out, 32, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    if (result != SQLITE_ROW) return fail(cx, index, result);
    return WF_OK;
}

static void close_database(wf__index *index) {
    sqlite3_close(index->db);
    index->db = NULL;
}

void wf__index_close(wf__index *index) {
    if (!index) return;
    close_database(index);
    wf_free(index->path);
    wf_free(index);
}

/* Opens the file and sees to it that the table is there. */
static wf_status open_database(wf_context *cx, wf__index *index, const char *path) {
    char answer[32] = "";
    index->is_damaged = false;
    TRY_SQL(sqlite3_open_v2(
        path, &index->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
    TRY_SQL(sqlite3_busy_timeout(index->db, BUSY_MS));
    WF_TRY(ask(answer, cx, index, "PRAGMA journal_mode = WAL"));
    WF_TRY(execute(cx, index, "PRAGMA synchronous = NORMAL"));
    WF_TRY(execute(cx, index, "BEGIN IMMEDIATE"));
    WF_TRY(ask(answer, cx, index, "PRAGMA user_version"));
    if (strcmp(answer, "0") == 0) {
        char version[64];
        snprintf(version, sizeof version, "PRAGMA user_version = %d", SCHEMA_VERSION);
        WF_TRY(execute(cx, index, SCHEMA));
        WF_TRY(execute(cx, index, version));
    } else if (strtol(answer, NULL, 10) != SCHEMA_VERSION) {
        return fail(cx, index, SQLITE_SCHEMA);
    }
    WF_TRY(execute(cx, index, "COMMIT"));
    WF_TRY(ask(answer, cx, index, "PRAGMA quick_check(1)"));
    if (strcmp(answer, "ok") != 0) return fail(cx, index, SQLITE_CORRUPT);
    return WF_OK;
}

static wf_status remove_files(wf_context *cx, const wf__index *index) {
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        wf_str path = {0};
        wf_str_addf(&path, cx, "%s%s", index->path, suffixes[i]);
        wf_status status = path.status;
        if (status == WF_OK) status = wf_file_remove(cx, path.text);
        wf_str_reset(&path);
        WF_TRY(status);
    }
    return WF_OK;
}

/* Under the lock of the runs folder: of two processes that find the index damaged, the second sees
 * the repaired one. */
static wf_status open_or_rebuild(wf_context *cx, wf__index *index, const char *dir) {
    wf_status status = WF_OK;
    int lock = -1;
    WF_TRY(wf__lock_take(&lock, cx, dir, true));
    status = open_database(cx, index, index->path);
    if (status != WF_OK && index->is_damaged) {
        close_database(index);
        WF_TRY_OR(remove_files(cx, index));
        WF_TRY_OR(open_database(cx, index, index->path));
    }
done:
    wf__lock_free(lock);
    return status;
}

wf_status wf__index_open(wf__index **out, wf_context *cx, const char *dir) {
    wf_status status = WF_OK;
    wf__index *index = NULL;
    wf_context quiet = {0};
    WF_TRY(wf_alloc(&index, cx, 1, sizeof *index));
    WF_TRY_OR(wf_path_join(&index->path, cx, dir, "weft.db"));
    status = open_or_rebuild(&quiet, index, dir);
    if (status == WF_E_IO) { /* a folder that may only be read, a full disk */
        close_database(index);
        status = open_database(&quiet, index, ":memory:");
    }
    if (status != WF_OK) {
        if (cx) *cx = quiet;
        goto done;
    }
    *out = index;
    index = NULL;
done:
    wf__index_close(index);
    return status;
}

/* What changes whenever one of the files does: each is replaced as a whole, by rename. */
static wf_status stamp_of(char out[STAMP_BYTES], wf_context *cx, const char *folder) {
    static const char *const files[] = {WF_RUN_DESCRIPTION_FILE, WF_RUN_METRICS_FILE,
                                        WF_RUN_TEST_FILE, WF_RUN_FOLD_FILE};
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct stat s = {0};
        char *path = NULL;
        WF_TRY(wf_path_join(&path, cx, folder, files[i]));
        if (stat(path, &s) != 0) s = (struct stat){0};
        wf_free(path);
        int n = snprintf(out + used, STAMP_BYTES - used, "%llu:%lld.%09ld:%lld ",
                         (unsigned long long)s.st_ino, (long long)s.st_mtim.tv_sec,
                         s.st_mtim.tv_nsec, (long long)s.st_size);
        used += (size_t)n;
    }
    return WF_OK;
}

static int bind_text(sqlite3_stmt *s, int column, const char *text) {
    return sqlite3_bind_text(s, column, text, -1, SQLITE_TRANSIENT);
}

static wf_status upsert(wf_context *cx, wf__index *index, const wf_run_summary *row,
                        const char *stamp) {
    sqlite3_stmt *s = NULL;
    int column = 0, result = sqlite3_prepare_v2(index->db, UPSERT, -1, &s, NULL);
    if (result == SQLITE_OK) result = bind_text(s, ++column, row->id);
    if (result == SQLITE_OK) result = bind_text(s, ++column, stamp);
#define BIND_TEXT(field)                                                                           \
    if (result == SQLITE_OK) result = bind_text(s, ++column, row->field);
#define BIND_INTEGER(field)                                                                        \
    if (result == SQLITE_OK) result = sqlite3_bind_int64(s, ++column, row->field);
/* SQLite takes NaN for NULL. */
#define BIND_REAL(field)                                                                           \
    if (result == SQLITE_OK) result = sqlite3_bind_double(s, ++column, row->field);
    WF_SUMMARY_FIELDS(BIND_TEXT, BIND_INTEGER, BIND_REAL)
    if (result == SQLITE_OK) result = sqlite3_step(s);
    sqlite3_finalize(s);
    if (result != SQLITE_DONE) return fail(cx, index, result);
    return WF_OK;
}

/* *out is true when the row of `id` carries this stamp. */
static wf_status is_current(bool *out, wf_context *cx, wf__index *index, const char *id,
                            const char *stamp) {
    sqlite3_stmt *s = NULL;
    int result = sqlite3_prepare_v2(index->db, "SELECT 1 FROM runs WHERE id = ? AND stamp = ?", -1,
                                    &s, NULL);
    if (result == SQLITE_OK) result = bind_text(s, 1, id);
    if (result == SQLITE_OK) result = bind_text(s, 2, stamp);
    if (result == SQLITE_OK) result = sqlite3_step(s);
    sqlite3_finalize(s);
    if (result != SQLITE_ROW && result != SQLITE_DONE) return fail(cx, index, result);
    *out = result == SQLITE_ROW;
    return WF_OK;
}

static wf_status refresh_row(wf_context *cx, wf__index *index, const char *id, const char *folder) {
    char stamp[STAMP_BYTES];
    bool current = false;
    wf_run_summary row = {0};
    WF_TRY(stamp_of(stamp, cx, folder)); /* before reading: a change meanwhile is seen next time */
    WF_TRY(is_current(&current, cx, index, id, stamp));
    if (current) return WF_OK;
    WF_TRY(wf__summary_read(&row, cx, folder));
    wf_status status = upsert(cx, index, &row, stamp);
    wf_run_summary_reset(&row);
    return status;
}

static bool is_utf8(const char *text) {
    for (uint32_t code; (code = wf_utf8_next(&text)) != 0;)
        if (code == 0xFFFD) return false;
    return true;
}

/* Deletes the rows that no folder stands behind. `seen` is a temporary table of folder names. */
static wf_status refresh_all(wf_context *cx, wf__index *index, const char *dir,
                             const wf_names *names) {
    WF_TRY(execute(cx, index,
                   "CREATE TEMP TABLE IF NOT EXISTS seen(id TEXT PRIMARY KEY);"
                   "DELETE FROM seen"));
    for (size_t i = 0; i < names->count; i++) {
        char *folder = NULL;
        sqlite3_stmt *s = NULL;
        if (!is_utf8(names->items[i])) continue;
        WF_TRY(wf_path_join(&folder, cx, dir, names->items[i]));
        bool is_run = wf__run_is_folder(folder);
        wf_status status = is_run ? refresh_row(cx, index, names->items[i], folder) : WF_OK;
        wf_free(folder);
        WF_TRY(status);
        if (!is_run) continue;
        int result = sqlite3_prepare_v2(index->db, "INSERT INTO seen VALUES(?)", -1, &s, NULL);
        if (result == SQLITE_OK) result = bind_text(s, 1, names->items[i]);
        if (result == SQLITE_OK) result = sqlite3_step(s);
        sqlite3_finalize(s);
        if (result != SQLITE_DONE) return fail(cx, index, result);
    }
    return execute(cx, index, "DELETE FROM runs WHERE id NOT IN (SELECT id FROM seen)");
}

wf_status wf__index_refresh(wf_context *cx, wf__index *index, const char *dir) {
    wf_names names = {0};
    WF_TRY(execute(cx, index, "BEGIN IMMEDIATE"));
    wf_status status = wf_dir_list(&names, cx, dir); /* inside, so that lists follow each other */
    if (status == WF_OK) status = refresh_all(cx, index, dir, &names);
    if (status == WF_OK) status = execute(cx, index, "COMMIT");
    if (status != WF_OK) sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
    wf_names_reset(&names);
    return status;
}

static wf_status copy_text(char **out, wf_context *cx, sqlite3_stmt *s, int column) {
    const char *text = (const char *)sqlite3_column_text(s, column);
    return wf_strdup(out, cx, text ? text : "");
}

static wf_status take_row(wf_run_summary *row, wf_context *cx, sqlite3_stmt *s, const char *dir) {
    int column = 0;
    WF_TRY(copy_text(&row->id, cx, s, column));
    WF_TRY(wf_path_join(&row->path, cx, dir, row->id));
#define TAKE_TEXT(field) WF_TRY(copy_text(&row->field, cx, s, ++column));
#define TAKE_INTEGER(field) row->field = sqlite3_column_int64(s, ++column);
#define TAKE_REAL(field)                                                                           \
    row->field = sqlite3_column_type(s, ++column) == SQLITE_NULL                                   \
                     ? (double)NAN                                                                 \
                     : sqlite3_column_double(s, column);
    WF_SUMMARY_FIELDS(TAKE_TEXT, TAKE_INTEGER, TAKE_REAL)
    wf__summary_settle(row);
    return WF_OK;
}

wf_status wf__index_select(wf_run_list *out, wf_context *cx, wf__index *index, const char *dir,
                           const char *filter) {
    wf_status status = WF_OK;
    sqlite3_stmt *s = NULL;
    wf_run_list list = {0};
    size_t capacity = 0;
    int result = sqlite3_prepare_v2(index->db, SELECT, -1, &s, NULL);
    if (result == SQLITE_OK && filter) result = bind_text(s, 1, filter);
    if (result == SQLITE_OK) result = sqlite3_step(s);
    while (result == SQLITE_ROW) {
        if (list.count == capacity) {
            size_t wider = 2 * capacity + 16;
            WF_TRY_OR(wf_realloc(&list.runs, cx, list.count, wider, sizeof *list.runs));
            capacity = wider;
        }
        WF_TRY_OR(take_row(&list.runs[list.count++], cx, s, dir));
        result = sqlite3_step(s);
    }
    if (result != SQLITE_DONE) {
        status = fail(cx, index, result);
        goto done;
    }
    *out = list;
    list = (wf_run_list){0};
done:
    sqlite3_finalize(s);
    wf_run_list_reset(&list);
    return status;
}
