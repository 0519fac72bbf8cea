/* Status codes and the error record of weft.
 * Every fallible function returns wf_status and leaves its out-parameters untouched on failure. */
#ifndef WEFT_STATUS_H
#define WEFT_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WF_API __attribute__((visibility("default")))
#define WF_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define WF_API
#define WF_PRINTF(text, first)
#endif

/* XX(enumerator, name on the command line and in JSON, general meaning) */
#define WF_STATUS_MAP(XX)                                                                          \
    XX(OK, "ok", "success")                                                                        \
    XX(E_ARG, "argument", "an argument or configuration value breaks its rule")                    \
    XX(E_SHAPE, "shape", "tensor shapes do not fit together")                                      \
    XX(E_NOMEM, "memory", "out of memory")                                                         \
    XX(E_IO, "io", "the operating system refused to read or write")                                \
    XX(E_NOTFOUND, "not-found", "a named file, dataset, model or run does not exist")              \
    XX(E_DATA, "data", "a data file is damaged, truncated, oversized or mislabelled")              \
    XX(E_LIMIT, "limit", "input exceeds a documented limit")                                       \
    XX(E_MODEL, "model", "model or checkpoint is incompatible")                                    \
    XX(E_UNSUPPORTED, "unsupported", "this build or machine cannot do it")                         \
    XX(E_DIVERGED, "diverged", "training produced a value that is not finite")                     \
    XX(E_NETWORK, "network", "a download failed")                                                  \
    XX(E_INTERRUPTED, "interrupted", "stopped by the user")                                        \
    XX(E_TIME, "time", "the time limit was reached")                                               \
    XX(E_GATE, "gate", "a required figure was not reached")                                        \
    XX(E_INTERNAL, "internal", "a defect in weft")

typedef enum wf_status {
#define XX(code, name, meaning) WF_##code,
    WF_STATUS_MAP(XX)
#undef XX
} wf_status;

/* The record of the last failure. The caller owns it, one per thread of use; zero-initialise it.
 * `message` names the object, its value and the rule; `hint` says what helps (may be empty). */
typedef struct wf_context {
    wf_status code;
    int line;         /* where in weft's source the rule stands */
    const char *file; /* static string */
    char message[768];
    char hint[384];
} wf_context;

/* Forgets the recorded failure.  Threads: one context per thread. */
WF_API void wf_context_reset(wf_context *cx);

/* Frees a text that weft handed out; NULL is legal.  Threads: any. */
WF_API void wf_text_free(char *text);

/* "E_DATA" -> "data"; never NULL.  Threads: any. */
WF_API const char *wf_status_name(wf_status code);

/* One line of general meaning; never NULL.  Threads: any. */
WF_API const char *wf_status_meaning(wf_status code);

#ifdef __cplusplus
}
#endif
#endif
