/* What a run says while it trains, as JSON. */
#include <string.h>

#include "report/run_json.h"

/* Numbers that are whole are written so. */
static json_t *number(double value) {
    int64_t whole = value > -9e15 && value < 9e15 ? (int64_t)value : 0;
    return (double)whole == value ? json_integer(whole) : wf_json_real(value);
}

static double cell(const wf_series *s, size_t row, size_t column) {
    return s->cells[row * s->column_count + column];
}

static wf_status put_column(json_t *object, wf_context *cx, const wf_series *s, size_t column) {
    json_t *values = json_array();
    WF_TRY(wf_json_put(object, cx, s->columns[column], values)); /* now owned */
    for (size_t i = 0; i < s->row_count; i++)
        WF_TRY(wf_json_append(values, cx, number(cell(s, i, column))));
    return WF_OK;
}

static wf_status put_columns(json_t *object, wf_context *cx, const wf_series *s, size_t count) {
    for (size_t i = 0; i < count; i++) WF_TRY(put_column(object, cx, s, i));
    return WF_OK;
}

wf_status wf_series_json(json_t **out, wf_context *cx, const wf_series *s) {
    json_t *object = json_object();
    return wf_json_hand_over(out, object, put_columns(object, cx, s, s->column_count));
}

wf_status wf_series_line_json(json_t **out, wf_context *cx, const wf_series *s, size_t row) {
    json_t *object = json_object();
    wf_status status = WF_OK;
    for (size_t i = 0; i < s->column_count && status == WF_OK; i++)
        status = wf_json_put(object, cx, s->columns[i], number(cell(s, row, i)));
    return wf_json_hand_over(out, object, status);
}

/* ---- norms: time, epoch, step, weights/<name> of all parameters, gradients/<name> of all ---- */

enum { FIRST = 3 };

static wf_status put_rows(json_t *object, wf_context *cx, const char *key, const wf_series *s,
                          size_t first, size_t count) {
    json_t *rows = json_array();
    WF_TRY(wf_json_put(object, cx, key, rows));
    for (size_t i = 0; i < s->row_count; i++) {
        json_t *row = json_array();
        WF_TRY(wf_json_append(rows, cx, row));
        for (size_t k = 0; k < count; k++)
            WF_TRY(wf_json_append(row, cx, wf_json_real(cell(s, i, first + k))));
    }
    return WF_OK;
}

static wf_status put_norms(json_t *object, wf_context *cx, const wf_series *s) {
    static const char weights[] = "weights/";
    const size_t count = s->column_count > FIRST ? (s->column_count - FIRST) / 2 : 0;
    json_t *names = json_array();
    WF_TRY(wf_json_put(object, cx, "parameters", names));
    for (size_t i = 0; i < count; i++) {
        const char *name = s->columns[FIRST + i];
        if (strncmp(name, weights, sizeof weights - 1) == 0) name += sizeof weights - 1;
        WF_TRY(wf_json_append(names, cx, json_string(name)));
    }
    WF_TRY(put_columns(object, cx, s, s->column_count < FIRST ? s->column_count : FIRST));
    WF_TRY(put_rows(object, cx, "weights", s, FIRST, count));
    return put_rows(object, cx, "gradients", s, FIRST + count, count);
}

wf_status wf_norms_json(json_t **out, wf_context *cx, const wf_series *s) {
    json_t *object = json_object();
    return wf_json_hand_over(out, object, put_norms(object, cx, s));
}
