#include "nn/flow.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "nn/fields.h"

enum { MAX_TEXT = 4096, MAX_DEPTH = 8 };

typedef struct piece {
    const char *start;
    size_t length;
} piece;

static piece trim(piece p) {
    while (p.length && (*p.start == ' ' || *p.start == '\n')) p.start++, p.length--;
    while (p.length && (p.start[p.length - 1] == ' ' || p.start[p.length - 1] == '\n')) p.length--;
    return p;
}

/* The text up to the first `stop` outside of brackets, or all of it. */
static piece until(piece p, char stop) {
    int depth = 0;
    for (size_t i = 0; i < p.length; i++) {
        char c = p.start[i];
        if (c == '[' || c == '{') depth++;
        if (c == ']' || c == '}') depth--;
        if (c == stop && depth == 0) return (piece){p.start, i};
    }
    return p;
}

static int has_braces(piece p) {
    return p.length >= 2 && p.start[0] == '{' && p.start[p.length - 1] == '}';
}

static piece inside(piece p) { return trim((piece){p.start + 1, p.length - 2}); }

static wf_status copy_piece(char *out, size_t size, wf_context *cx, const char *owner, piece p) {
    WF_REQUIRE(p.length < size, WF_E_LIMIT, "%s: \"%.40s...\" is longer than %zu characters", owner,
               p.start, size - 1);
    memcpy(out, p.start, p.length);
    out[p.length] = 0;
    return WF_OK;
}

/* Sets every "key: value" of the comma-separated `keys`. */
static wf_status set_all(const wf_layer_spec *spec, wf_context *cx, const char *owner, piece keys) {
    char key[64], value[MAX_TEXT];
    while (keys.length) {
        piece pair = until(keys, ',');
        piece name = until(pair, ':');
        WF_REQUIRE(name.length < pair.length, WF_E_ARG,
                   "%s: \"%.*s\" is no \"key: value\" | write for instance units: 128, "
                   "activation: relu",
                   owner, (int)pair.length, pair.start);
        piece text = trim((piece){name.start + name.length + 1, pair.length - name.length - 1});
        WF_TRY(copy_piece(key, sizeof key, cx, owner, trim(name)));
        WF_TRY(copy_piece(value, sizeof value, cx, owner, text));
        WF_TRY(wf_fields_set(cx, owner, spec->class->fields, spec->config, key, value));
        size_t used = pair.length + (pair.length < keys.length);
        keys = trim((piece){keys.start + used, keys.length - used});
    }
    return WF_OK;
}

static wf_status parse_spec(wf_layer_spec *out, wf_context *cx, const char *owner, piece name,
                            piece keys) {
    char class_name[64];
    wf_layer_spec spec = {0};
    WF_TRY(copy_piece(class_name, sizeof class_name, cx, owner, name));
    WF_TRY(wf_layer_require(&spec.class, cx, owner, class_name));
    WF_TRY(wf_fields_create(&spec.config, cx, spec.class->fields, spec.class->config_size));
    wf_status status = set_all(&spec, cx, owner, trim(keys));
    if (status == WF_OK) status = wf_fields_check(cx, owner, spec.class->fields, spec.config);
    if (status != WF_OK) wf_fields_destroy(spec.class->fields, spec.config);
    else *out = spec;
    return status;
}

wf_status wf_flow_spec(wf_layer_spec *out, wf_context *cx, const char *owner, const char *name,
                       const char *keys) {
    if (!keys) keys = "";
    return parse_spec(out, cx, owner, (piece){name, strlen(name)}, (piece){keys, strlen(keys)});
}

wf_status wf_flow_layer(wf_layer_spec *out, wf_context *cx, const char *owner, const char *text) {
    piece all = trim((piece){text, strlen(text)});
    int depth = 0;
    for (size_t i = 0; i < all.length; i++) {
        depth += (all.start[i] == '{') - (all.start[i] == '}');
        WF_REQUIRE(depth <= MAX_DEPTH, WF_E_LIMIT, "%s: layers nested deeper than %d", owner,
                   MAX_DEPTH);
    }
    if (!has_braces(all)) return parse_spec(out, cx, owner, all, (piece){"", 0});
    piece body = inside(all), name = until(body, ':');
    piece keys = {"", 0};
    if (name.length < body.length) {
        keys = trim((piece){name.start + name.length + 1, body.length - name.length - 1});
        WF_REQUIRE(has_braces(keys), WF_E_ARG,
                   "%s: \"%.60s\" is no layer | write for instance {lstm: {units: 128}}", owner,
                   text);
        keys = inside(keys);
    }
    return parse_spec(out, cx, owner, trim(name), keys);
}

wf_status wf_graph_add_text(int *out_node, wf_graph *g, wf_context *cx, const char *class_name,
                            const char *keys, const char *name, const int *inputs, int n_inputs) {
    char owner[96];
    wf_layer_spec spec = {0};
    snprintf(owner, sizeof owner, "layer %.64s", name ? name : class_name);
    WF_TRY(wf_flow_spec(&spec, cx, owner, class_name, keys));
    wf_status status = wf_graph_add(out_node, g, cx, &spec, name, inputs, n_inputs);
    wf_fields_destroy(spec.class->fields, spec.config);
    return status;
}
