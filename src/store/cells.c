/* Lines of numbers, as weft writes them: nothing is quoted, an empty cell is unknown. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

wf_status wf__locale_c(wf__locale *out, wf_context *cx) {
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    WF_REQUIRE(c, WF_E_NOMEM, "no C locale: %s", strerror(errno));
    *out = (wf__locale){.c = c, .host = uselocale(c)};
    return WF_OK;
}

void wf__locale_reset(wf__locale *l) {
    uselocale(l->host);
    freelocale(l->c);
}

int wf__cells_read(double *cells, int columns, const char *line, const char *end) {
    for (int column = 0; column < columns; column++) {
        const char *stop = memchr(line, column + 1 < columns ? ',' : '\n', (size_t)(end - line));
        if (!stop) return column + 1;
        char *after = NULL;
        cells[column] = stop == line ? (double)NAN : strtod(line, &after);
        if (stop != line && after != stop) return column + 1;
        line = stop + 1;
    }
    return 0;
}
