/* Time that passes, not time of day. */
#ifndef WF_BASE_CLOCK_H
#define WF_BASE_CLOCK_H

#include <stdint.h>

/* Seconds on a clock that never goes back.  Threads: any. */
double wf_clock_s(void);
/* The same in nanoseconds. */
int64_t wf_clock_ns(void);

#endif
