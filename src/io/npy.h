/* NumPy's .npy, little-endian, C order: float32, float64, int32, int64, uint8.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#ifndef WF_IO_NPY_H
#define WF_IO_NPY_H

#include "io/tensor_file.h"

/* Writes or replaces `path` atomically (format version 1.0); the name is not stored.
 * Errors: those of wf_shape_check, WF_E_IO, WF_E_NOMEM. */
wf_status wf_npy_write(wf_context *cx, const char *path, const wf_tensor *tensor);

/* Reads one array (format versions 1.0 to 3.0). out->name is NULL; free the data with
 * wf_npy_reset.  Errors: WF_E_NOTFOUND, WF_E_IO, WF_E_DATA, WF_E_LIMIT, WF_E_SHAPE,
 * WF_E_UNSUPPORTED (type, Fortran order), WF_E_NOMEM. */
wf_status wf_npy_read(wf_tensor *out, wf_context *cx, const char *path);
/* The same from memory; `name` is for error texts. */
wf_status wf_npy_parse(wf_tensor *out, wf_context *cx, const uint8_t *bytes, size_t size,
                       const char *name);
void wf_npy_reset(wf_tensor *tensor);

#endif
