/* Pictures of what a model looks at in an image. */
#ifndef WF_REPORT_EXPLANATION_H
#define WF_REPORT_EXPLANATION_H

#include "base/str.h"
#include "weft/explain.h"

/* A PNG file, side by side: the image; where there is a `cam` (else NULL) the same under its heat,
 * relative to the hottest place; the attributions, blue where they speak for the class, orange
 * where against it, relative to the largest. Release with wf_str_reset.
 *  pixels [height][width][channels], of the attribution's extents.
 * Errors: WF_E_LIMIT (extents), WF_E_NOMEM. */
wf_status wf_heatmap_png(wf_str *out, wf_context *cx, const uint8_t *pixels, const wf_cam *cam,
                         const wf_attribution *attribution);

/* The classes of a chart of probabilities: the one that is explained first, then those whose output
 * is largest somewhere and reaches a tenth.  Returns how many. */
enum { WF_CHART_CLASSES = 5 };
int wf_progression_classes(int out[WF_CHART_CLASSES], const wf_progression *progression,
                           int class_index);

typedef struct wf_progression_chart {
    const wf_progression *progression;
    int class_index;
    const char *const *class_names; /* [progression->classes] */
} wf_progression_chart;

/* An SVG file: above, how the classes' probabilities develop step by step; below, the steps'
 * shares as bars. Release with wf_str_reset.  Errors: WF_E_NOMEM. */
wf_status wf_progression_svg(wf_str *out, wf_context *cx, const wf_progression_chart *chart);

#endif
