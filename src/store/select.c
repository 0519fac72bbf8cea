/* Lists of runs. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "store/database.h"
#include "store/internal.h"
#include "store/summary_fields.h"

/* The words of WF_RUN_SORTS. */
static const struct {
    const char *word, *order;
} sorts[] = {
    {"started", "started, id"},
    {"accuracy", "accuracy DESC NULLS LAST, started, id"},
    {"macro_f1", "macro_f1 DESC NULLS LAST, started, id"},
    {"loss", "loss NULLS LAST, started, id"},
    {"val_accuracy", "val_accuracy DESC NULLS LAST, started, id"},
    {"time", "total_s NULLS LAST, started, id"},
    {"parameters", "parameters, started, id"},
};

static wf_status add_order(wf_str *out, wf_context *cx, const char *sort, bool has_limit) {
    const char *order = NULL;
    for (size_t i = 0; sort && i < sizeof sorts / sizeof *sorts; i++)
        if (strcmp(sort, sorts[i].word) == 0) order = sorts[i].order;
    WF_REQUIRE(!sort || order, WF_E_ARG, "runs cannot be sorted by '%s', must be one of %s", sort,
               WF_RUN_SORTS);
    bool is_latest = has_limit && (!sort || strcmp(sort, "started") == 0);
    wf_str_addf(out, cx, " ORDER BY %s",
                is_latest ? "started DESC, id DESC"
                : order   ? order
                          : sorts[0].order);
    if (has_limit) wf_str_add(out, cx, " LIMIT ?");
    return out->status;
}

static wf_status check_status(wf_context *cx, const char *status) {
    bool is_abandoned = status && strcmp(status, wf_run_status_name(WF_RUN_ABANDONED)) == 0;
    WF_REQUIRE(!status || is_abandoned || wf__run_status_find(status) != WF_RUN_ABANDONED, WF_E_ARG,
               "a run's status cannot be '%s', must be running, finished, interrupted, failed or "
               "abandoned",
               status);
    return WF_OK;
}

wf_status wf__select_text(wf_str *out, wf_context *cx, const wf_run_filter *f) {
#define NAMED(field) ", " #field
    WF_TRY(check_status(cx, f->status));
    wf_str_add(
        out, cx,
        "SELECT id, status" WF_SUMMARY_FIELDS(NAMED, NAMED, NAMED) " FROM summary WHERE true");
    if (f->name) wf_str_add(out, cx, " AND (name = ? OR model = ?)");
    if (f->model) wf_str_add(out, cx, " AND model = ?");
    if (f->dataset) wf_str_add(out, cx, " AND dataset = ?");
    if (f->status) wf_str_add(out, cx, " AND status = ?");
    if (f->tag)
        wf_str_addf(out, cx, " AND id IN (SELECT run FROM tags WHERE name = ?%s)",
                    strchr(f->tag, '=') ? " AND value = ?" : "");
    return add_order(out, cx, f->sort, f->limit > 0);
}

static int bind_tag(sqlite3_stmt *s, int *column, const char *tag) {
    const char *equals = strchr(tag, '=');
    size_t n = equals ? (size_t)(equals - tag) : strlen(tag);
    int result = sqlite3_bind_text(s, ++*column, tag, (int)n, SQLITE_TRANSIENT);
    if (result == SQLITE_OK && equals) result = wf__bind_text(s, ++*column, equals + 1);
    return result;
}

static int bind(sqlite3_stmt *s, const wf_run_filter *f) {
    const char *const texts[] = {f->name, f->name, f->model, f->dataset, f->status};
    int column = 0, result = SQLITE_OK;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && result == SQLITE_OK; i++)
        if (texts[i]) result = wf__bind_text(s, ++column, texts[i]);
    if (result == SQLITE_OK && f->tag) result = bind_tag(s, &column, f->tag);
    if (result == SQLITE_OK && f->limit > 0) result = sqlite3_bind_int64(s, ++column, f->limit);
    return result;
}

static wf_status take_row(wf_run_summary *row, wf_context *cx, sqlite3_stmt *s, const char *dir) {
    int column = 0;
    WF_TRY(wf__column_text(&row->id, cx, s, column));
    WF_TRY(wf_path_join(&row->path, cx, dir, row->id));
    row->status = wf__run_status_find((const char *)sqlite3_column_text(s, ++column));
#define TAKE_TEXT(field) WF_TRY(wf__column_text(&row->field, cx, s, ++column));
#define TAKE_INTEGER(field) row->field = sqlite3_column_int64(s, ++column);
#define TAKE_REAL(field)                                                                           \
    row->field = sqlite3_column_type(s, ++column) == SQLITE_NULL                                   \
                     ? (double)NAN                                                                 \
                     : sqlite3_column_double(s, column);
    WF_SUMMARY_FIELDS(TAKE_TEXT, TAKE_INTEGER, TAKE_REAL)
    return WF_OK;
}

static wf_status take_rows(wf_run_list *list, wf_context *cx, wf__database *db, sqlite3_stmt *s,
                           const char *dir) {
    size_t capacity = 0;
    int result = sqlite3_step(s);
    for (; result == SQLITE_ROW; result = sqlite3_step(s)) {
        if (list->count == capacity) {
            size_t wider = 2 * capacity + 16;
            WF_TRY(wf_realloc(&list->runs, cx, capacity, wider, sizeof *list->runs));
            capacity = wider;
        }
        WF_TRY(take_row(&list->runs[list->count++], cx, s, dir));
    }
    return result == SQLITE_DONE ? WF_OK : wf__database_fail(cx, db, result);
}

static void turn_round(wf_run_list *list) {
    for (size_t i = 0; i < list->count / 2; i++) {
        wf_run_summary swapped = list->runs[i];
        list->runs[i] = list->runs[list->count - 1 - i];
        list->runs[list->count - 1 - i] = swapped;
    }
}

wf_status wf__select(wf_run_list *out, wf_context *cx, wf__database *db, const char *dir,
                     const wf_run_filter *f) {
    wf_status status = WF_OK;
    sqlite3_stmt *s = NULL;
    wf_run_list list = {0};
    wf_str sql = {0};
    WF_TRY_OR(wf__select_text(&sql, cx, f));
    int result = sqlite3_prepare_v2(db->handle, sql.text, -1, &s, NULL);
    if (result == SQLITE_OK) result = bind(s, f);
    if (result != SQLITE_OK) {
        status = wf__database_fail(cx, db, result);
        goto done;
    }
    WF_TRY_OR(take_rows(&list, cx, db, s, dir));
    if (f->limit > 0 && (!f->sort || strcmp(f->sort, "started") == 0)) turn_round(&list);
    *out = list;
    list = (wf_run_list){0};
done:
    sqlite3_finalize(s);
    wf_str_reset(&sql);
    wf_run_list_reset(&list);
    return status;
}
