/* UTF-8 from outside: decode, repair, measure. */
#ifndef WF_BASE_UTF8_H
#define WF_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"

/* Reads one code point at *text and moves *text behind it. A byte that is no valid UTF-8 (overlong,
 * surrogate, beyond U+10FFFF, cut off) yields U+FFFD and is passed alone. 0 at the end. */
uint32_t wf_utf8_next(const char **text);

/* True when no byte of `text` has to be read as U+FFFD, and it holds none. */
bool wf_utf8_is_valid(const char *text);
/* Whether wf_utf8_clean would leave it as it is. */
bool wf_utf8_is_clean(const char *text);

/* Appends one code point. */
void wf_utf8_add(wf_str *s, wf_context *cx, uint32_t code);

/* A copy with each invalid byte and each control character (also DEL and U+0080 ... U+009F)
 * replaced by U+FFFD.  Errors: WF_E_NOMEM. */
wf_status wf_utf8_clean(char **out, wf_context *cx, const char *text);

/* Columns of a terminal: 0 for combining marks, 2 for wide characters. */
int wf_utf8_width(const char *text);

#endif
