/* A map of images, as t-SNE makes one, coloured by class: one picture as an SVG file. Of any number
 * of labels it is coloured by how many there are, the more the darker, and below it stands a small
 * map of each label: where its images are among all. */
#ifndef WF_REPORT_MAP_H
#define WF_REPORT_MAP_H

#include <stdint.h>

#include "base/status.h"

typedef struct wf_report_map {
    const char *title;
    const float *points;   /* [count][2] */
    const int32_t *labels; /* [count]; NULL with sets */
    const uint8_t *sets;   /* [count][class_count], 0 or 1; NULL: one label each */
    int64_t count;
    int class_count;
    char *const *class_names;
} wf_report_map;

/* Free *out with wf_free.  Errors: WF_E_NOMEM. */
wf_status wf_report_map_svg(char **out, wf_context *cx, const wf_report_map *map);

#endif
