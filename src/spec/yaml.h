/* YAML text as a small tree of weft's own, with the limits of a file from outside: at most 1 MiB,
 * depth 32, one document, no anchors, aliases or tags, no duplicate keys. Behind this header alone
 * libfyaml reads. */
#ifndef WF_SPEC_YAML_H
#define WF_SPEC_YAML_H

#include <stddef.h>

#include "base/status.h"
#include "base/str.h"

enum { WF_YAML_MAX_BYTES = 1 << 20, WF_YAML_MAX_DEPTH = 32, WF_YAML_MAX_KEYS = 256 };

typedef enum wf_yaml_kind { WF_YAML_SCALAR, WF_YAML_LIST, WF_YAML_MAP } wf_yaml_kind;

typedef struct wf_yaml {
    wf_yaml_kind kind;
    int line, column; /* from 1 */
    char *key;        /* in a map */
    char *text;       /* of a scalar; "" for an empty one */
    struct wf_yaml *items;
    size_t count, capacity;
} wf_yaml;

/* Behind the `size` bytes of `text` stands a 0. `name` stands in messages as name:line:column. The
 * place of a map's entry is that of its key. Release with wf_yaml_destroy.
 * Errors: WF_E_ARG (syntax, duplicate keys, aliases, tags), WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf_yaml_parse(wf_yaml **out, wf_context *cx, const char *text, size_t size,
                        const char *name);
void wf_yaml_destroy(wf_yaml *root); /* NULL is legal */

/* Appends `text` as a scalar that reads back as itself, in double quotes where need be. */
void wf_yaml_add_text(wf_str *out, wf_context *cx, const char *text);

#endif
