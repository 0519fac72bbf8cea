#include "report/palette.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Found by the search that pages/common/palette.js tells of; tests/browser/test_palette.mjs holds
 * them to it. */
static const char *const colours[] = {"#0495bb", "#e74686", "#ffa300", "#892f74", "#6bc99c",
                                      "#8961f4", "#0847c4", "#b66a01", "#565600", "#c2aafe"};
enum { COLOURS = sizeof colours / sizeof *colours };

const char *wf_class_colour(char buffer[WF_COLOUR_BYTES], int index, int count) {
    static const int saturation[] = {70, 55, 45}, lightness[] = {45, 58, 38};
    if (count <= COLOURS) return colours[index];
    snprintf(buffer, WF_COLOUR_BYTES, "hsl(%d,%d%%,%d%%)", (int)fmod(round(137.508 * index), 360),
             saturation[index % 3], lightness[(index >> 1) % 3]);
    return buffer;
}

const char *wf_family_mark(const char *family) {
    static const char *const families[] = {"cnn", "rnn", "hybrid"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (!strcmp(family, families[i])) return families[i];
    return "other";
}
