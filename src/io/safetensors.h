/* The safetensors format: https://github.com/huggingface/safetensors#format
 * weft reads and writes F32, I64 and U8; headers to 4 MiB; no tensor without elements. */
#ifndef WF_IO_SAFETENSORS_H
#define WF_IO_SAFETENSORS_H

#include "io/tensor_file.h"

enum { WF_SAFETENSORS_MAX_HEADER = 4 << 20 };

typedef struct wf_metadata {
    const char *key, *value;
} wf_metadata;

typedef struct wf_safetensors {
    wf_tensor *tensors; /* in the order of their bytes in the file; data aligned to 64 bytes */
    size_t n_tensors;
    wf_metadata *metadata; /* "__metadata__", in the order of the file */
    size_t n_metadata;
    void *block; /* the tensors' data */
} wf_safetensors;

/* Writes or replaces `path` atomically, streaming the tensors. Wider types come first in the file,
 * so that every tensor is aligned; otherwise the order is the caller's.
 * Errors: WF_E_ARG (name twice, type), WF_E_SHAPE, WF_E_LIMIT, WF_E_IO, WF_E_NOMEM. */
wf_status wf_safetensors_write(wf_context *cx, const char *path, const wf_tensor *tensors,
                               size_t n_tensors, const wf_metadata *metadata, size_t n_metadata);

/* Reads all tensors. The offsets must lie within the file and cover it without gap or overlap.
 * Errors: WF_E_NOTFOUND, WF_E_IO, WF_E_DATA, WF_E_SHAPE, WF_E_LIMIT, WF_E_UNSUPPORTED (type),
 * WF_E_NOMEM. */
wf_status wf_safetensors_read(wf_safetensors **out, wf_context *cx, const char *path);
/* The same from memory; `name` is for error texts. */
wf_status wf_safetensors_parse(wf_safetensors **out, wf_context *cx, const uint8_t *bytes,
                               size_t size, const char *name);
/* NULL is legal. */
void wf_safetensors_destroy(wf_safetensors *file);

/* NULL if there is none of that name. */
const wf_tensor *wf_safetensors_find(const wf_safetensors *file, const char *name);
const char *wf_safetensors_text(const wf_safetensors *file, const char *key);

#endif
