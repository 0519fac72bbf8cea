/* A growing string; after the first failed growth it stays as it is and remembers the failure. */
#ifndef WF_BASE_STR_H
#define WF_BASE_STR_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct wf_str {
    char *text; /* 0-terminated once anything was added, else NULL */
    size_t length, capacity;
    wf_status status; /* WF_E_NOMEM once a growth failed */
} wf_str;

void wf_str_add(wf_str *s, wf_context *cx, const char *text);
void wf_str_add_bytes(wf_str *s, wf_context *cx, const char *bytes, size_t n);
void wf_str_addf(wf_str *s, wf_context *cx, const char *format, ...) WF_PRINTF(3, 4);
void wf_str_add_base64(wf_str *s, wf_context *cx, const void *bytes, size_t n);
void wf_str_reset(wf_str *s); /* frees; the caller's struct may be used again */

/* Damerau-Levenshtein distance, for "did you mean". */
int wf_str_distance(const char *a, const char *b);
/* The nearest of the `n` names to `text` (distance at most 1 + length / 3), or NULL. */
const char *wf_str_nearest(const char *text, const char *const *names, size_t n);

/* "1,234,567". Returns `buffer`. */
const char *wf_thousands(char buffer[32], int64_t n);
/* "9.8 s", "41 s", "3 min 25 s", "2 h 07 min"; "-" when it is no time. Returns `buffer`. */
const char *wf_duration(char buffer[32], double seconds);

#endif
