/* SQL of the user: it reads, and nothing else. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "store/database.h"
#include "store/internal.h"

enum { STEPS_PER_LOOK = 10000, MAX_CELLS = 4000000, MAX_VALUE_BYTES = 1 << 24 };

/* ---- what a statement may do ---- */

static bool is_one_of(const char *word, const char *const *words) {
    for (; word && *words; words++)
        if (sqlite3_stricmp(word, *words) == 0) return true;
    return false;
}

/* Reading of tables and asking for the schema; no file is opened, nothing is set. */
static int authorize(void *user, int action, const char *first, const char *second,
                     const char *database, const char *trigger) {
    static const char *const questions[] = {"table_info",       "table_xinfo", "table_list",
                                            "index_list",       "index_info",  "index_xinfo",
                                            "foreign_key_list", NULL};
    static const char *const forbidden[] = {"load_extension", "readfile", "writefile", "edit",
                                            NULL};
    (void)user;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_FUNCTION: return is_one_of(second, forbidden) ? SQLITE_DENY : SQLITE_OK;
    /* json_each() and its like declare themselves so; a statement that does it is no SELECT */
    case SQLITE_UPDATE: return sqlite3_stricmp(first, "sqlite_master") ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA: return is_one_of(first, questions) ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_DENY;
    }
}

static int is_late(void *user) { return wf_clock_s() > *(const double *)user; }

/* A connection that cannot write; of a database in memory there is only the one. */
static wf_status guard(sqlite3 **out, wf_context *cx, wf__database *db, double *deadline_s) {
    sqlite3 *reader = db->handle;
    if (db->inode) {
        int result =
            sqlite3_open_v2(db->path, &reader, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
        if (result != SQLITE_OK) sqlite3_close(reader);
        WF__TRY_SQL(result);
        sqlite3_busy_timeout(reader, WF__BUSY_MS);
    }
    sqlite3_limit(reader, SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
    sqlite3_set_authorizer(reader, authorize, NULL);
    sqlite3_progress_handler(reader, STEPS_PER_LOOK, is_late, deadline_s);
    *out = reader;
    return WF_OK;
}

static void unguard(sqlite3 *reader, const wf__database *db) {
    sqlite3_progress_handler(reader, 0, NULL, NULL);
    sqlite3_set_authorizer(reader, NULL, NULL);
    if (reader != db->handle) sqlite3_close(reader);
}

/* ---- failures ---- */

static wf_status fail(wf_context *cx, wf__database *db, sqlite3 *reader, int result,
                      double max_seconds) {
    switch (result & 0xFF) {
    case SQLITE_INTERRUPT:
        return WF_FAIL(WF_E_LIMIT, "the query took more than %g s | --max-time 10m allows more",
                       max_seconds);
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return WF_FAIL(WF_E_ARG,
                       "the query does more than read | SELECT ... is possible; weft runs "
                       "tag and delete change runs");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_NOMEM:
    case SQLITE_IOERR: return wf__database_fail(cx, db, result);
    default:
        return WF_FAIL(WF_E_ARG,
                       "the query cannot be run: %s | tables: runs, environments, epochs, metrics, "
                       "class_scores, folds, artefacts, tags; views: summary, classes",
                       sqlite3_errmsg(reader));
    }
}

static wf_status check_statement(wf_context *cx, sqlite3_stmt *s, const char *rest) {
    WF_REQUIRE(s, WF_E_ARG, "the query is empty | weft runs query \"SELECT * FROM summary\"");
    WF_REQUIRE(rest[strspn(rest, " \t\r\n;")] == 0, WF_E_ARG,
               "the query must be one statement, behind it stands \"%.60s\"", rest);
    WF_REQUIRE(sqlite3_stmt_readonly(s) && sqlite3_column_count(s) > 0, WF_E_ARG,
               "the query must be a SELECT");
    return WF_OK;
}

/* ---- the answer ---- */

static json_t *clean_text(wf_context *cx, const char *text) {
    char *clean = NULL;
    if (wf_utf8_clean(&clean, cx, text ? text : "") != WF_OK) return NULL;
    json_t *value = json_string(clean);
    wf_free(clean);
    return value;
}

/* Bytes as SQLite writes them: X'0aff'. */
static json_t *blob_text(wf_context *cx, const uint8_t *bytes, int count) {
    wf_str text = {0};
    wf_str_add(&text, cx, "X'");
    for (int i = 0; i < count; i++) wf_str_addf(&text, cx, "%02x", bytes[i]);
    wf_str_add(&text, cx, "'");
    json_t *value = text.status == WF_OK ? json_string(text.text) : NULL;
    wf_str_reset(&text);
    return value;
}

static json_t *cell(wf_context *cx, sqlite3_stmt *s, int column) {
    switch (sqlite3_column_type(s, column)) {
    case SQLITE_NULL: return json_null();
    case SQLITE_INTEGER: return json_integer(sqlite3_column_int64(s, column));
    case SQLITE_FLOAT: return wf_json_real(sqlite3_column_double(s, column));
    case SQLITE_BLOB: {
        const uint8_t *bytes = sqlite3_column_blob(s, column);
        return blob_text(cx, bytes, sqlite3_column_bytes(s, column));
    }
    default: return clean_text(cx, (const char *)sqlite3_column_text(s, column));
    }
}

static wf_status append(wf_context *cx, json_t *list, json_t *value) {
    WF_REQUIRE(value && json_array_append_new(list, value) == 0, WF_E_NOMEM,
               "out of memory for the query's answer");
    return WF_OK;
}

static wf_status take_row(wf_context *cx, json_t *rows, sqlite3_stmt *s) {
    json_t *row = json_array();
    WF_TRY(append(cx, rows, row));
    for (int i = 0; i < sqlite3_column_count(s); i++) WF_TRY(append(cx, row, cell(cx, s, i)));
    return WF_OK;
}

static wf_status take_answer(json_t *answer, wf_context *cx, sqlite3_stmt *s, int *result) {
    json_t *columns = json_object_get(answer, "columns"), *rows = json_object_get(answer, "rows");
    size_t cells = 0, width = (size_t)sqlite3_column_count(s);
    for (int i = 0; i < sqlite3_column_count(s); i++)
        WF_TRY(append(cx, columns, clean_text(cx, sqlite3_column_name(s, i))));
    while ((*result = sqlite3_step(s)) == SQLITE_ROW) {
        cells += width;
        WF_REQUIRE(cells <= MAX_CELLS, WF_E_LIMIT,
                   "the query's answer has more than %zu rows | add LIMIT 1000", MAX_CELLS / width);
        WF_TRY(take_row(cx, rows, s));
    }
    return WF_OK;
}

wf_status wf__query(json_t **out, wf_context *cx, wf__database *db, const char *sql,
                    double max_seconds) {
    sqlite3 *reader = NULL;
    sqlite3_stmt *s = NULL;
    const char *rest = "";
    double deadline_s = wf_clock_s() + max_seconds;
    WF_TRY(guard(&reader, cx, db, &deadline_s));
    db->is_damaged = false;
    wf_status status = WF_OK;
    json_t *answer = json_pack("{s:[], s:[]}", "columns", "rows");
    WF_REQUIRE_OR(answer, WF_E_NOMEM, "out of memory for the query's answer");
    int result = sqlite3_prepare_v2(reader, sql, -1, &s, &rest);
    if (result == SQLITE_OK) {
        WF_TRY_OR(check_statement(cx, s, rest));
        WF_TRY_OR(take_answer(answer, cx, s, &result));
    }
    if (result != SQLITE_DONE) {
        status = fail(cx, db, reader, result, max_seconds);
        goto done;
    }
    *out = json_incref(answer);
done:
    json_decref(answer);
    sqlite3_finalize(s);
    unguard(reader, db);
    return status;
}
