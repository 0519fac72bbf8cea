/* The rows of one run, from its folder. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "store/database.h"
#include "store/internal.h"
#include "store/summary_fields.h"

/* Files are replaced as a whole, by rename, which changes their folder as well. */
wf_status wf__stamp_of(char out[WF_HASH_HEX], wf_context *cx, const char *folder) {
    static const char *const names[] = {WF_RUN_DESCRIPTION_FILE,
                                        WF_RUN_METRICS_FILE,
                                        WF_RUN_TEST_FILE,
                                        WF_RUN_FOLD_FILE,
                                        WF_RUN_TAGS_FILE,
                                        ".",
                                        "weights",
                                        "checkpoint",
                                        "report"};
    wf_hash hash;
    wf_hash_init(&hash, WF_HASH_SHA256);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat s = {0};
        char *path = NULL;
        WF_TRY(wf_path_join(&path, cx, folder, names[i]));
        if (stat(path, &s) != 0) s = (struct stat){0};
        wf_free(path);
        int64_t size = S_ISDIR(s.st_mode) ? 0 : s.st_size;
        const int64_t facts[] = {(int64_t)s.st_ino, s.st_mtim.tv_sec, s.st_mtim.tv_nsec, size};
        wf_hash_add(&hash, facts, sizeof facts);
    }
    wf_hash_hex(&hash, out);
    return WF_OK;
}

/* ---- statements ---- */

/* Binds are collected in `result`; the first failure stays. */
typedef struct row {
    sqlite3_stmt *s;
    int column, result;
} row;

static wf_status row_open(row *out, wf_context *cx, wf__database *db, const char *sql) {
    *out = (row){0};
    WF__TRY_SQL(sqlite3_prepare_v2(db->handle, sql, -1, &out->s, NULL));
    return WF_OK;
}

static void add_text(row *r, const char *text) {
    if (r->result == SQLITE_OK) r->result = wf__bind_text(r->s, ++r->column, text);
}

static void add_int(row *r, int64_t value) {
    if (r->result == SQLITE_OK) r->result = sqlite3_bind_int64(r->s, ++r->column, value);
}

/* SQLite takes NaN for NULL. */
static void add_real(row *r, double value) {
    if (r->result == SQLITE_OK) r->result = sqlite3_bind_double(r->s, ++r->column, value);
}

/* Runs the statement and makes it ready for the next row. */
static wf_status row_put(row *r, wf_context *cx, wf__database *db) {
    int result = r->result == SQLITE_OK ? sqlite3_step(r->s) : r->result;
    if (result != SQLITE_DONE) return wf__database_fail(cx, db, result);
    r->column = 0;
    WF__TRY_SQL(sqlite3_reset(r->s));
    return WF_OK;
}

static void row_close(row *r) { sqlite3_finalize(r->s); }

/* ---- the tables ---- */

static wf_status delete_run(wf_context *cx, wf__database *db, const char *id) {
    row r;
    WF_TRY(row_open(&r, cx, db, "DELETE FROM runs WHERE id = ?"));
    add_text(&r, id);
    wf_status status = row_put(&r, cx, db);
    row_close(&r);
    return status;
}

static void add_environment(row *r, const wf_run_summary *s) {
#define ADD_TEXT(field) add_text(r, s->field);
#define ADD_INT(field) add_int(r, s->field);
#define ADD_REAL(field) add_real(r, s->field);
    WF_ENVIRONMENT_FIELDS(ADD_TEXT, ADD_INT)
}

#define NAMED(field) ", " #field
#define MARK(field) ", ?"

static wf_status put_environment(wf_context *cx, wf__database *db, const wf_run_summary *s) {
    row r;
    WF_TRY(row_open(&r, cx, db,
                    "INSERT OR IGNORE INTO environments(id" WF_ENVIRONMENT_FIELDS(
                        NAMED, NAMED) ") VALUES(NULL" WF_ENVIRONMENT_FIELDS(MARK, MARK) ")"));
    add_environment(&r, s);
    wf_status status = row_put(&r, cx, db);
    row_close(&r);
    return status;
}

static void add_fields(row *r, const wf_run_summary *s) {
    WF_RUN_FIELDS(ADD_TEXT, ADD_INT, ADD_REAL)
}

static wf_status put_run(wf_context *cx, wf__database *db, const wf_run_summary *s,
                         const char *stamp) {
#define EQUALS(field) " AND " #field " = ?"
    row r;
    WF_TRY(row_open(
        &r, cx, db,
        "INSERT INTO runs(id, stamp, status" WF_RUN_FIELDS(
            NAMED, NAMED,
            NAMED) ", environment) VALUES(?, ?, ?" WF_RUN_FIELDS(MARK, MARK,
                                                                 MARK) ", (SELECT id FROM "
                                                                       "environments "
                                                                       "WHERE "
                                                                       "true" WF_ENVIRONMENT_FIELDS(
                                                                           EQUALS, EQUALS) "))"));
    add_text(&r, s->id);
    add_text(&r, stamp);
    add_text(&r, wf_run_status_name((wf_run_status)s->status));
    add_fields(&r, s);
    add_environment(&r, s);
    wf_status status = row_put(&r, cx, db);
    row_close(&r);
    return status;
}

static wf_status put_epochs(wf_context *cx, wf__database *db, const char *id,
                            const wf_run_metrics *m) {
    row r;
    WF_TRY(row_open(&r, cx, db,
                    "INSERT INTO epochs(run, epoch, loss, accuracy, val_loss, val_accuracy, "
                    "learning_rate, seconds, ms_per_step) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    wf_status status = WF_OK;
    for (size_t i = 0; i < m->count && status == WF_OK; i++) {
        const wf_epoch_record *e = &m->epochs[i];
        add_text(&r, id);
        add_int(&r, e->epoch);
        add_real(&r, e->loss);
        add_real(&r, e->accuracy);
        add_real(&r, e->val_loss);
        add_real(&r, e->val_accuracy);
        add_real(&r, e->learning_rate);
        add_real(&r, e->seconds);
        add_real(&r, e->ms_per_step);
        status = row_put(&r, cx, db);
    }
    row_close(&r);
    return status;
}

static wf_status put_metrics(wf_context *cx, wf__database *db, const char *id, const char *part,
                             const wf_run_figures *f) {
    row r;
    WF_TRY(row_open(&r, cx, db,
                    "INSERT OR IGNORE INTO metrics(run, part, name, value, low, high) "
                    "VALUES(?, ?, ?, ?, ?, ?)"));
    wf_status status = WF_OK;
    for (size_t i = 0; i < f->count && status == WF_OK; i++) {
        add_text(&r, id);
        add_text(&r, part);
        add_text(&r, f->items[i].name);
        add_real(&r, f->items[i].value);
        add_real(&r, f->items[i].low);
        add_real(&r, f->items[i].high);
        status = row_put(&r, cx, db);
    }
    row_close(&r);
    return status;
}

static wf_status put_classes(wf_context *cx, wf__database *db, const char *id, const char *part,
                             const wf_run_figures *f) {
    row r;
    WF_TRY(row_open(&r, cx, db,
                    "INSERT OR IGNORE INTO class_scores(run, part, class, class_name, metric, "
                    "value) VALUES(?, ?, ?, ?, ?, ?)"));
    wf_status status = WF_OK;
    for (size_t i = 0; i < f->class_count && status == WF_OK; i++) {
        add_text(&r, id);
        add_text(&r, part);
        add_int(&r, f->classes[i].class_index);
        add_text(&r, f->classes[i].class_name);
        add_text(&r, f->classes[i].metric);
        add_real(&r, f->classes[i].value);
        status = row_put(&r, cx, db);
    }
    row_close(&r);
    return status;
}

static wf_status put_fold(wf_context *cx, wf__database *db, const wf_run_summary *s) {
    row r;
    if (!s->folds) return WF_OK;
    WF_TRY(row_open(&r, cx, db, "INSERT INTO folds(run, folds, repeat, fold) VALUES(?, ?, ?, ?)"));
    add_text(&r, s->id);
    add_int(&r, s->folds);
    add_int(&r, s->repeat);
    add_int(&r, s->fold);
    wf_status status = row_put(&r, cx, db);
    row_close(&r);
    return status;
}

static wf_status put_artefact(row *r, wf_context *cx, wf__database *db, const char *id,
                              const wf_artefact *a) {
    char *path = NULL;
    WF_TRY(wf_utf8_clean(&path, cx, a->path));
    add_text(r, id);
    add_text(r, path);
    add_text(r, a->kind);
    add_int(r, a->bytes);
    wf_free(path);
    return row_put(r, cx, db);
}

static wf_status put_artefacts(wf_context *cx, wf__database *db, const wf_run *run) {
    row r;
    wf_artefacts artefacts = {0};
    WF_TRY(wf_run_read_artefacts(&artefacts, cx, run));
    wf_status status = row_open(
        &r, cx, db, "INSERT OR IGNORE INTO artefacts(run, path, kind, bytes) VALUES(?, ?, ?, ?)");
    for (size_t i = 0; i < artefacts.count && status == WF_OK; i++)
        status = put_artefact(&r, cx, db, run->id, &artefacts.items[i]);
    row_close(&r);
    wf_artefacts_reset(&artefacts);
    return status;
}

/* `tags` is the summary's JSON object. */
static wf_status put_tags(wf_context *cx, wf__database *db, const wf_run_summary *s) {
    row r;
    WF_TRY(row_open(&r, cx, db,
                    "INSERT INTO tags(run, name, value) SELECT ?, key, value FROM json_each(?)"));
    add_text(&r, s->id);
    add_text(&r, s->tags);
    wf_status status = row_put(&r, cx, db);
    row_close(&r);
    return status;
}

/* ---- a run ---- */

static wf_status put_figures(wf_context *cx, wf__database *db, const char *id,
                             const wf__contents *c) {
    wf_run_figures figures = {0};
    if (!c->judgement) return WF_OK;
    WF_TRY(wf__figures_of(&figures, cx, c->judgement));
    wf_status status = put_metrics(cx, db, id, wf__part_of(c), &figures);
    if (status == WF_OK) status = put_classes(cx, db, id, wf__part_of(c), &figures);
    wf_run_figures_reset(&figures);
    return status;
}

static wf_status put_all(wf_context *cx, wf__database *db, const wf_run *run, const char *stamp,
                         const wf__contents *c) {
    wf_run_summary s = {0};
    WF_TRY(wf__summary_of(&s, cx, run, c));
    wf_status status = put_environment(cx, db, &s);
    if (status == WF_OK) status = put_run(cx, db, &s, stamp);
    if (status == WF_OK) status = put_epochs(cx, db, s.id, &c->metrics);
    if (status == WF_OK) status = put_figures(cx, db, s.id, c);
    if (status == WF_OK) status = put_fold(cx, db, &s);
    if (status == WF_OK) status = put_artefacts(cx, db, run);
    if (status == WF_OK) status = put_tags(cx, db, &s);
    wf_run_summary_reset(&s);
    return status;
}

wf_status wf__import_run(wf_context *cx, wf__database *db, const char *dir, const char *id) {
    wf_status status = WF_OK;
    char stamp[WF_HASH_HEX], *folder = NULL;
    wf_run *run = NULL;
    wf__contents contents = {0};
    WF_TRY(delete_run(cx, db, id)); /* and what hangs on it */
    WF_TRY_OR(wf_path_join(&folder, cx, dir, id));
    if (!wf__run_is_folder(folder)) goto done;
    WF_TRY_OR(wf__stamp_of(stamp, cx, folder)); /* a change while reading is seen next time */
    WF_TRY_OR(wf__run_alloc(&run, cx, folder));
    WF_TRY_OR(wf__contents_read(&contents, cx, run));
    WF_TRY_OR(put_all(cx, db, run, stamp, &contents));
done:
    wf__contents_reset(&contents);
    wf_run_close(run);
    wf_free(folder);
    return status;
}
