/* What libpng gets from weft, for reading and for writing: memory through wf_alloc, no messages. */
#ifndef WF_DATA_PNG_USER_H
#define WF_DATA_PNG_USER_H

#include <png.h>

#include "base/alloc.h"

/* libpng's memory and error pointer; it stays valid across longjmp. */
typedef struct wf__png_user {
    wf_context *cx;
    wf_status status; /* of the failure that made libpng jump */
} wf__png_user;

static inline png_voidp wf__png_malloc(png_structp png, png_alloc_size_t size) {
    wf__png_user *user = png_get_mem_ptr(png);
    void *pointer = NULL;
    wf_status status = wf_alloc(&pointer, user->cx, size, 1);
    if (status != WF_OK) user->status = status;
    return pointer;
}

static inline void wf__png_free(png_structp png, png_voidp pointer) {
    (void)png;
    wf_free(pointer);
}

static inline void wf__png_ignore(png_structp png, png_const_charp warning) {
    (void)png;
    (void)warning;
}

#endif
