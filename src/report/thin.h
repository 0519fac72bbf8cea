/* Curves with fewer points that look the same. */
#ifndef WF_REPORT_THIN_H
#define WF_REPORT_THIN_H

#include <stdint.h>

#include "base/status.h"

/* Which points of a curve to keep, so that no other is further than a thousandth from the line
 * through those: less than a pixel of a chart whose axes go from 0 to 1. First and last always
 * stay.
 *  x, y [count]; *out [count], 0 or 1, to be freed with wf_free (NULL for no point)
 * Errors: WF_E_NOMEM.
 * Source: Ramer 1972, doi:10.1016/S0146-664X(72)80017-0; Douglas and Peucker 1973 */
wf_status wf_thin(uint8_t **out, wf_context *cx, const double *x, const double *y, int64_t count);

#endif
