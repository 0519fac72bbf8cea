/* The database follows the folders: those whose stamp is not that of their row are read again. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "store/database.h"
#include "store/internal.h"

/* So long a writer may keep the others waiting. */
static const double SLICE_S = .05;

/* A row as it was before. */
typedef struct known_run {
    char *id, stamp[WF_HASH_HEX];
    bool is_running, is_abandoned;
} known_run;

typedef struct known_runs {
    known_run *items;
    size_t count, capacity;
} known_runs;

static void known_reset(known_runs *k) {
    for (size_t i = 0; i < k->count; i++) wf_free(k->items[i].id);
    wf_free(k->items);
}

static wf_status known_take(known_runs *k, wf_context *cx, sqlite3_stmt *s) {
    if (k->count == k->capacity) {
        size_t wider = 2 * k->capacity + 64;
        WF_TRY(wf_realloc(&k->items, cx, k->capacity, wider, sizeof *k->items));
        k->capacity = wider;
    }
    known_run *run = &k->items[k->count];
    WF_TRY(wf__column_text(&run->id, cx, s, 0));
    k->count++;
    const char *stamp = (const char *)sqlite3_column_text(s, 1);
    if (stamp && strlen(stamp) < sizeof run->stamp) strcpy(run->stamp, stamp);
    wf_run_status status = wf__run_status_find((const char *)sqlite3_column_text(s, 2));
    run->is_running = status == WF_RUN_RUNNING;
    run->is_abandoned = status == WF_RUN_ABANDONED;
    return WF_OK;
}

/* Sorted by id, byte by byte. */
static wf_status known_read(known_runs *out, wf_context *cx, wf__database *db) {
    known_runs known = {0};
    sqlite3_stmt *s = NULL;
    wf_status status = WF_OK;
    WF__TRY_SQL(sqlite3_prepare_v2(db->handle, "SELECT id, stamp, status FROM runs ORDER BY id", -1,
                                   &s, NULL));
    int result = sqlite3_step(s);
    for (; result == SQLITE_ROW && status == WF_OK; result = sqlite3_step(s))
        status = known_take(&known, cx, s);
    if (status == WF_OK && result != SQLITE_DONE) status = wf__database_fail(cx, db, result);
    sqlite3_finalize(s);
    if (status == WF_OK) *out = known;
    else known_reset(&known);
    return status;
}

/* A process may have died, or have taken the run up again, without a change of the files. */
static bool is_current(const known_run *known, const char *stamp, const char *folder) {
    if (!known || strcmp(known->stamp, stamp) != 0) return false;
    if (!known->is_running && !known->is_abandoned) return true;
    return wf__lock_is_held(folder) == known->is_running;
}

/* ---- writing, in slices ---- */

typedef struct slices {
    wf__database *db;
    const char *dir;
    bool is_open;
    double begun_s;
} slices;

static wf_status slices_import(slices *w, wf_context *cx, const char *id) {
    if (!w->is_open) {
        WF_TRY(wf__database_begin(cx, w->db));
        w->is_open = true;
        w->begun_s = wf_clock_s();
    }
    WF_TRY(wf__import_run(cx, w->db, w->dir, id));
    if (wf_clock_s() - w->begun_s < SLICE_S) return WF_OK;
    w->is_open = false;
    return wf__database_commit(cx, w->db);
}

static wf_status slices_end(slices *w, wf_context *cx, wf_status status) {
    if (w->is_open && status == WF_OK) status = wf__database_commit(cx, w->db);
    if (status != WF_OK) wf__database_rollback(w->db);
    return status;
}

/* ---- all folders ---- */

/* Names with a dot in front are no runs: what is being deleted has such a name. */
static wf_status refresh_folder(slices *w, wf_context *cx, const char *id, const known_run *known,
                                wf_str *note) {
    char stamp[WF_HASH_HEX], *folder = NULL;
    wf_status status = WF_OK;
    if (id[0] == '.') return WF_OK;
    WF_TRY(wf_path_join(&folder, cx, w->dir, id));
    if (!wf__run_is_folder(folder)) {
        if (known) status = slices_import(w, cx, id);
        goto done;
    }
    if (!wf_utf8_is_clean(id)) {
        if (!note->text || !strstr(note->text, folder))
            wf_str_addf(note, cx,
                        "%s: the folder's name is not UTF-8, or has control characters; the run is "
                        "left out\n",
                        folder);
        goto done;
    }
    WF_TRY_OR(wf__stamp_of(stamp, cx, folder));
    if (!is_current(known, stamp, folder)) status = slices_import(w, cx, id);
done:
    wf_free(folder);
    return status;
}

/* Folders and rows, both sorted, side by side; a row without folder goes. */
static wf_status refresh_all(slices *w, wf_context *cx, const wf_names *names,
                             const known_runs *known, wf_str *note) {
    size_t i = 0, k = 0;
    while (i < names->count || k < known->count) {
        int order = i == names->count   ? 1
                    : k == known->count ? -1
                                        : strcmp(names->items[i], known->items[k].id);
        const known_run *row = order >= 0 ? &known->items[k] : NULL;
        if (order > 0) WF_TRY(slices_import(w, cx, row->id));
        else WF_TRY(refresh_folder(w, cx, names->items[i], row, note));
        i += order <= 0;
        k += order >= 0;
    }
    return WF_OK;
}

wf_status wf__refresh(wf_context *cx, wf__database *db, const char *dir, wf_str *note) {
    known_runs known = {0};
    wf_names names = {0};
    slices writer = {.db = db, .dir = dir};
    wf_status status = known_read(&known, cx, db);
    if (status == WF_OK) status = wf_dir_list(&names, cx, dir);
    if (status == WF_OK) status = refresh_all(&writer, cx, &names, &known, note);
    status = slices_end(&writer, cx, status);
    wf_names_reset(&names);
    known_reset(&known);
    return status;
}

wf_status wf__refresh_run(wf_context *cx, wf__database *db, const char *dir, const char *id) {
    slices writer = {.db = db, .dir = dir};
    if (!wf_utf8_is_clean(id)) return WF_OK;
    wf_status status = slices_import(&writer, cx, id);
    return slices_end(&writer, cx, status);
}
