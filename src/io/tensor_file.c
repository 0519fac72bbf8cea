#include "io/tensor_file.h"

static const struct {
    size_t bytes;
    const char *name;
} dtypes[] = {
#define XX(code, bytes, safetensors, npy) {bytes, safetensors},
    WF_DTYPE_MAP(XX)
#undef XX
};

size_t wf_dtype_bytes(wf_dtype dtype) { return dtypes[dtype].bytes; }

const char *wf_dtype_name(wf_dtype dtype) { return dtypes[dtype].name; }

wf_status wf_tensor_bytes(uint64_t *out, wf_context *cx, const wf_tensor *t) {
    WF_TRY(wf_shape_check(cx, &t->shape, t->name ? t->name : "array"));
    /* At most 2^31 elements of 8 bytes: no overflow. */
    *out = (uint64_t)wf_shape_size(&t->shape) * wf_dtype_bytes(t->dtype);
    return WF_OK;
}
