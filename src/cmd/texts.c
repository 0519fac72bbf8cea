#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "cmd/cmd.h"

void wf_print(const wf_cli *cli, const char *format, ...) {
    if (cli->is_json) return;
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

void wf_note(const wf_cli *cli, const char *format, ...) {
    if (cli->is_quiet) return;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
}

const char *wf_bytes_text(char buffer[32], double bytes) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int i = 0;
    while (bytes >= 999.5 && i < 4) {
        bytes /= 1000;
        i++;
    }
    snprintf(buffer, 32, i > 0 && bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes, units[i]);
    return buffer;
}

int wf_terminal_width(int fd, int otherwise) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
    return otherwise;
}

/* ---- tables ---- */

void wf_table_init(wf_table *t, int columns, unsigned right) {
    *t = (wf_table){.columns = columns, .right = right};
}

wf_status wf_table_add(wf_table *t, wf_context *cx, const char *text) {
    char *copy = NULL;
    if (!t->width) WF_TRY(wf_alloc(&t->width, cx, (size_t)t->columns, sizeof *t->width));
    WF_TRY(wf_strdup(&copy, cx, text ? text : ""));
    wf_status status = wf_realloc(&t->cells, cx, t->count, t->count + 1, sizeof *t->cells);
    if (status != WF_OK) {
        wf_free(copy);
        return status;
    }
    int *widest = &t->width[t->count % (size_t)t->columns], width = wf_utf8_width(copy);
    if (width > *widest) *widest = width;
    t->cells[t->count++] = copy;
    return WF_OK;
}

wf_status wf_table_addf(wf_table *t, wf_context *cx, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return wf_table_add(t, cx, text);
}

void wf_table_print(const wf_table *t, const wf_cli *cli) {
    enum { LAST_BIT = 31 };
    size_t columns = (size_t)t->columns;
    for (size_t i = 0; i < t->count; i++) {
        size_t column = i % columns;
        int is_last = column + 1 == columns;
        int pad = t->width[column] - wf_utf8_width(t->cells[i]);
        int is_right = (t->right >> (column < LAST_BIT ? column : LAST_BIT)) & 1;
        wf_print(cli, "%s%*s%s", column ? "  " : "", is_right ? pad : 0, "", t->cells[i]);
        if (is_last) wf_print(cli, "\n");
        else if (!is_right) wf_print(cli, "%*s", pad, "");
    }
}

void wf_table_reset(wf_table *t) {
    for (size_t i = 0; i < t->count; i++) wf_free(t->cells[i]);
    wf_free(t->cells);
    wf_free(t->width);
    *t = (wf_table){0};
}
