/* SHA-256 (identity of data and weights) and MD5 (only where others publish nothing better). */
#ifndef WF_BASE_HASH_H
#define WF_BASE_HASH_H

#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <stddef.h>

#include "base/status.h"

typedef enum wf_hash_kind { WF_HASH_SHA256, WF_HASH_MD5 } wf_hash_kind;

enum { WF_HASH_HEX = 65 }; /* hex digits of the longest digest and the final 0 */

typedef struct wf_hash {
    wf_hash_kind kind;
    union {
        struct sha256_ctx sha256;
        struct md5_ctx md5;
    } u;
} wf_hash;

void wf_hash_init(wf_hash *h, wf_hash_kind kind);
void wf_hash_add(wf_hash *h, const void *data, size_t size);
/* Writes lower-case hex digits and ends the hash; init it again to reuse it. */
void wf_hash_hex(wf_hash *h, char out[WF_HASH_HEX]);

void wf_hash_bytes(char out[WF_HASH_HEX], wf_hash_kind kind, const void *data, size_t size);
/* Errors: WF_E_NOTFOUND, WF_E_IO, WF_E_NOMEM. */
wf_status wf_hash_file(char out[WF_HASH_HEX], wf_context *cx, wf_hash_kind kind, const char *path);

#endif
