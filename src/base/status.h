/* How weft's own code records and forwards failures. Every fallible function has a `cx` in
 * scope. */
#ifndef WF_BASE_STATUS_H
#define WF_BASE_STATUS_H

#include "weft/status.h"

/* Records a failure and returns `code`. Text after " | " in the format is the hint. */
wf_status wf__fail(wf_context *cx, wf_status code, const char *file, int line, const char *format,
                   ...) WF_PRINTF(5, 6);

#define WF_FAIL(code, ...) wf__fail(cx, (code), __FILE__, __LINE__, __VA_ARGS__)
/* Begins the hint in a text that is handed to a format, which names may be handed to as well: there
 * " | " would be nothing special. */
#define WF_HINT "\x1F"

/* WF_REQUIRE(units >= 1, WF_E_ARG, "layer %s: units is %d, must be at least 1 | give units: N",
 * ...) returns from the function; WF_REQUIRE_OR goes to `done` with `status` set. */
#define WF_REQUIRE(condition, code, ...)                                                           \
    do {                                                                                           \
        if (!(condition)) return WF_FAIL(code, __VA_ARGS__);                                       \
    } while (0)
#define WF_REQUIRE_OR(condition, code, ...)                                                        \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            status = WF_FAIL(code, __VA_ARGS__);                                                   \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)

/* Forwards a failure: WF_TRY returns, WF_TRY_OR goes to `done` with `status` set. */
#define WF_TRY(call)                                                                               \
    do {                                                                                           \
        wf_status status_ = (call);                                                                \
        if (status_ != WF_OK) return status_;                                                      \
    } while (0)
#define WF_TRY_OR(call)                                                                            \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != WF_OK) goto done;                                                            \
    } while (0)

#endif
