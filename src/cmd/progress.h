/* One line on standard error that is drawn again and again: at most ten times a second, and only on
 * a terminal. Elsewhere only the lines that stay are printed. */
#ifndef WF_CMD_PROGRESS_H
#define WF_CMD_PROGRESS_H

#include "cmd/cmd.h"

typedef struct wf_bar {
    const wf_cli *cli;
    int is_terminal, is_drawn;
    double drawn_s; /* when */
} wf_bar;

void wf_bar_init(wf_bar *bar, const wf_cli *cli);
/* Whether it is time to draw. */
int wf_bar_is_due(const wf_bar *bar);
void wf_bar_draw(wf_bar *bar, const char *text);
/* Replaces what was drawn by a line that stays; NULL only removes it. */
void wf_bar_end(wf_bar *bar, const char *text);

/* A wf_progress_fn; `user` is a wf_bar. It asks to stop when a signal came. */
int wf_bar_data_progress(void *user, const char *what, int64_t done, int64_t total);

/* Keras' bar, ━━━━, in proportion to done / total, 20 columns. Returns `buffer`. */
enum { WF_BAR_COLUMNS = 20, WF_BAR_BYTES = WF_BAR_COLUMNS * 4 + 32 };
const char *wf_bar_text(char buffer[WF_BAR_BYTES], int64_t done, int64_t total);

#endif
