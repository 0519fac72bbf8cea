#include "base/hash.h"

#include <string.h>

#include "base/alloc.h"
#include "base/files.h"

void wf_hash_init(wf_hash *h, wf_hash_kind kind) {
    h->kind = kind;
    if (kind == WF_HASH_MD5) md5_init(&h->u.md5);
    else sha256_init(&h->u.sha256);
}

void wf_hash_add(wf_hash *h, const void *data, size_t size) {
    if (size == 0) return;
    if (h->kind == WF_HASH_MD5) md5_update(&h->u.md5, size, data);
    else sha256_update(&h->u.sha256, size, data);
}

void wf_hash_hex(wf_hash *h, char out[WF_HASH_HEX]) {
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];
    size_t n = h->kind == WF_HASH_MD5 ? MD5_DIGEST_SIZE : SHA256_DIGEST_SIZE;
    if (h->kind == WF_HASH_MD5) md5_digest(&h->u.md5, n, digest);
    else sha256_digest(&h->u.sha256, n, digest);
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * n] = 0;
}

void wf_hash_bytes(char out[WF_HASH_HEX], wf_hash_kind kind, const void *data, size_t size) {
    wf_hash h;
    wf_hash_init(&h, kind);
    wf_hash_add(&h, data, size);
    wf_hash_hex(&h, out);
}

wf_status wf_hash_file(char out[WF_HASH_HEX], wf_context *cx, wf_hash_kind kind, const char *path) {
    uint8_t *data = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read(&data, &size, cx, path, SIZE_MAX - 1));
    wf_hash_bytes(out, kind, data, size);
    wf_free(data);
    return WF_OK;
}
