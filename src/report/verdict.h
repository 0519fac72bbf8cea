/* What a test of a difference says, in one sentence that agrees with its p and its interval. */
#ifndef WF_REPORT_VERDICT_H
#define WF_REPORT_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* A test of the difference in accuracy between a and b. */
typedef struct wf_verdict {
    const char *a, *b;            /* names */
    double difference, low, high; /* accuracy of a minus that of b, and the interval of 95% */
    double p, p_holm;             /* alone, and after Holm's correction */
    size_t family;                /* how many tests the correction counts; 1: p_holm is p */
    int64_t identical;            /* images, when all predictions are the same; else 0 */
    const char *scope;            /* all it speaks for, "seed noise"; NULL: is silent */
    const char *loss; /* "val_loss": the figure is that, the lower the better; NULL: accuracy */
} wf_verdict;

/* A difference is shown when both say so: p after Holm's correction is below .05, and the interval
 * leaves out 0. The two can disagree, for the interval knows nothing of the other pairs and is not
 * always made from the same test. */
int wf_verdict_is_shown(const wf_verdict *v);

/* Appends one of
 *   a is better than b: 1.2 points, 95% interval 0.7 to 1.7, p = .0004 after Holm's correction
 *   no difference shown: 0.3 points, 95% interval -0.2 to 0.8
 *   a is better than b: 0.0412 less val_loss, 95% interval 0.0302 to 0.0522, p = .0004
 * or, where interval and p disagree, the second with the reason. A shown difference names the
 * better one first, whichever of a and b it is. Identical predictions are named as such. */
void wf_verdict_add(wf_str *out, wf_context *cx, const wf_verdict *v);

/* The same as a sentence that stands alone: "a and b: no difference shown ...". */
void wf_verdict_add_named(wf_str *out, wf_context *cx, const wf_verdict *v);

/* "p = .031", "p < .0001", "p = 1": on the same side of .05 as p itself. Returns `buffer`. */
enum { WF_P_BYTES = 32 };
const char *wf_p_text(char buffer[WF_P_BYTES], double p);
/* The same for the cell of a table: ".031", "< .0001", "1". Returns `buffer`. */
const char *wf_p_cell(char buffer[WF_P_BYTES], double p);

/* 100 times each as "0.3", "-0.2" ...: one digit after the point, or more where one would hide that
 * a figure is not 0. */
typedef struct wf_points {
    char difference[24], low[24], high[24];
} wf_points;
void wf_points_text(wf_points *out, double difference, double low, double high);

#endif
