/* Time that passes, not time of day. */
#ifndef WF_BASE_CLOCK_H
#define WF_BASE_CLOCK_H

/* Seconds on a clock that never goes back.  Threads: any. */
double wf_clock_s(void);

#endif
