/* weft runs query */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/runs.h"

/* A number as it is, to the last digit; null: "". */
static wf_status cell_text(char **out, wf_context *cx, const json_t *value) {
    char number[32];
    if (json_is_string(value)) return wf_strdup(out, cx, json_string_value(value));
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        return wf_strdup(out, cx, number);
    }
    if (json_is_real(value))
        return wf_strdup(out, cx, wf_double_text(number, json_real_value(value)));
    return wf_strdup(out, cx, "");
}

void wf_csv_cell(wf_str *s, wf_context *cx, const json_t *value) {
    char *text = NULL;
    if (cell_text(&text, cx, value) != WF_OK) {
        s->status = WF_E_NOMEM;
        return;
    }
    if (!json_is_string(value) || !text[strcspn(text, "\",\r\n")]) {
        wf_str_add(s, cx, text);
    } else {
        wf_str_add(s, cx, "\"");
        for (const char *at = text; *at; at++)
            wf_str_add_bytes(s, cx, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1);
        wf_str_add(s, cx, "\"");
    }
    wf_free(text);
}

static void add_csv_line(wf_str *s, wf_context *cx, const json_t *cells) {
    for (size_t i = 0; i < json_array_size(cells); i++) {
        if (i) wf_str_add(s, cx, ",");
        wf_csv_cell(s, cx, json_array_get(cells, i));
    }
    wf_str_add(s, cx, "\r\n");
}

static wf_status print_csv(wf_cli *cli, const json_t *columns, const json_t *rows) {
    wf_context *cx = &cli->cx;
    wf_str text = {0};
    add_csv_line(&text, cx, columns);
    for (size_t i = 0; i < json_array_size(rows); i++)
        add_csv_line(&text, cx, json_array_get(rows, i));
    wf_status status = text.status;
    if (status == WF_OK) wf_print(cli, "%s", text.text);
    wf_str_reset(&text);
    return status;
}

/* One object per row; of columns of the same name the last one stays. */
static wf_status print_json(wf_cli *cli, const json_t *columns, const json_t *rows) {
    wf_context *cx = &cli->cx;
    wf_str text = {0};
    json_t *list = json_array();
    wf_status status = WF_OK;
    for (size_t i = 0; i < json_array_size(rows) && status == WF_OK; i++) {
        json_t *object = json_object(), *row = json_array_get(rows, i);
        status = wf_json_append(list, cx, object);
        for (size_t k = 0; k < json_array_size(columns) && status == WF_OK; k++)
            status = wf_json_put(object, cx, json_string_value(json_array_get(columns, k)),
                                 json_incref(json_array_get(row, k)));
    }
    if (status == WF_OK) status = wf_json_text(&text, cx, list, WF_JSON_PRETTY);
    if (status == WF_OK) wf_print(cli, "%s", text.text);
    wf_str_reset(&text);
    json_decref(list);
    return status;
}

static wf_status add_cells(wf_table *t, wf_context *cx, const json_t *cells) {
    for (size_t i = 0; i < json_array_size(cells); i++) {
        char *text = NULL;
        WF_TRY(cell_text(&text, cx, json_array_get(cells, i)));
        wf_status status = wf_table_add(t, cx, text);
        wf_free(text);
        WF_TRY(status);
    }
    return WF_OK;
}

/* A column with a number in its first row stands to the right. */
static unsigned right_columns(const json_t *rows) {
    unsigned right = 0;
    const json_t *first = json_array_get(rows, 0);
    for (size_t i = 0; i < json_array_size(first); i++)
        right |= json_is_number(json_array_get(first, i)) ? 1u << i : 0;
    return right;
}

enum { MAX_COLUMNS = 20 };

static wf_status print_table(wf_cli *cli, const json_t *columns, const json_t *rows) {
    wf_context *cx = &cli->cx;
    wf_table table;
    wf_table_init(&table, (int)json_array_size(columns), right_columns(rows));
    wf_status status = add_cells(&table, cx, columns);
    for (size_t i = 0; i < json_array_size(rows) && status == WF_OK; i++)
        status = add_cells(&table, cx, json_array_get(rows, i));
    if (status == WF_OK) wf_table_print(&table, cli);
    wf_table_reset(&table);
    return status;
}

/* One line per column, for rows that are too wide for a line. */
static wf_status print_record(wf_cli *cli, const json_t *columns, const json_t *row) {
    wf_context *cx = &cli->cx;
    wf_table table;
    wf_table_init(&table, 2, 0);
    wf_status status = WF_OK;
    for (size_t i = 0; i < json_array_size(row) && status == WF_OK; i++) {
        json_t *line = json_pack("[O, O]", json_array_get(columns, i), json_array_get(row, i));
        status = add_cells(&table, cx, line);
        json_decref(line);
    }
    if (status == WF_OK) wf_table_print(&table, cli);
    wf_table_reset(&table);
    return status;
}

static wf_status print_text(wf_cli *cli, const json_t *columns, const json_t *rows) {
    if (json_array_size(columns) <= MAX_COLUMNS) return print_table(cli, columns, rows);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (i) wf_print(cli, "\n");
        WF_TRY(print_record(cli, columns, json_array_get(rows, i)));
    }
    return WF_OK;
}

wf_status wf_runs_query(const wf_runs_call *c) {
    wf_cli *cli = c->cli;
    const char *format = c->options->format ? c->options->format : "text";
    double most_s = c->options->max_time > 0 ? c->options->max_time : 30;
    WF_TRY(wf_store_query(&cli->result, &cli->cx, c->store, c->operands[0], most_s));
    if (cli->is_json) return WF_OK;
    const json_t *columns = json_object_get(cli->result, "columns");
    const json_t *rows = json_object_get(cli->result, "rows");
    if (!strcmp(format, "csv")) return print_csv(cli, columns, rows);
    return !strcmp(format, "json") ? print_json(cli, columns, rows)
                                   : print_text(cli, columns, rows);
}
