#include "cmd/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

void wf_bar_init(wf_bar *bar, const wf_cli *cli) {
    const char *kind = getenv("TERM");
    int is_dumb = !kind || !strcmp(kind, "dumb");
    *bar = (wf_bar){.cli = cli, .is_terminal = isatty(STDERR_FILENO) && !is_dumb, .drawn_s = -1};
}

int wf_bar_is_due(const wf_bar *bar) {
    return bar->is_terminal && !bar->cli->is_quiet && wf_clock_s() - bar->drawn_s >= 0.1;
}

/* Bytes of `text` that fill at most `columns`; colours (ESC [ ... m) fill none. */
static int bytes_of_columns(const char *text, int columns) {
    int bytes = 0, column = 0;
    while (text[bytes]) {
        if (text[bytes] == '\033') {
            while (text[bytes] && text[bytes] != 'm') bytes++;
            if (text[bytes]) bytes++;
            continue;
        }
        if (column++ == columns) break;
        bytes++;
        while (((unsigned char)text[bytes] & 0xC0) == 0x80) bytes++;
    }
    return bytes;
}

void wf_bar_draw(wf_bar *bar, const char *text) {
    if (!bar->is_terminal || bar->cli->is_quiet) return;
    int width = wf_terminal_width(STDERR_FILENO, 80);
    fprintf(stderr, "\r%.*s\033[K", bytes_of_columns(text, width - 1), text);
    bar->is_drawn = 1;
    bar->drawn_s = wf_clock_s();
}

void wf_bar_end(wf_bar *bar, const char *text) {
    if (bar->is_drawn) fputs("\r\033[K", stderr);
    bar->is_drawn = 0;
    bar->drawn_s = -1;
    if (text) wf_note(bar->cli, "%s\n", text);
}

int wf_bar_data_progress(void *user, const char *what, int64_t done, int64_t total) {
    wf_bar *bar = user;
    char line[512], columns[WF_BAR_BYTES];
    if (!wf_bar_is_due(bar)) return wf_signals_seen();
    if (total > 0)
        snprintf(line, sizeof line, "%.300s %s %.0f %%", what, wf_bar_text(columns, done, total),
                 100.0 * (double)done / (double)total);
    else snprintf(line, sizeof line, "%.300s", what);
    wf_bar_draw(bar, line);
    return wf_signals_seen();
}

const char *wf_bar_text(char buffer[WF_BAR_BYTES], int64_t done, int64_t total) {
    static const char block[] = "\xe2\x94\x81"; /* U+2501 */
    int is_colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
    int full = total > 0 ? (int)(done * WF_BAR_COLUMNS / total) : 0;
    char *at = buffer;
    for (int i = 0; i < WF_BAR_COLUMNS; i++) {
        if (i == full && is_colour) at = stpcpy(at, "\033[90m");
        at = stpcpy(at, i < full || is_colour ? block : " ");
    }
    if (is_colour && full < WF_BAR_COLUMNS) stpcpy(at, "\033[0m");
    return buffer;
}
