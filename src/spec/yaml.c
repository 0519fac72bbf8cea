#include "spec/yaml.h"

#include <libfyaml.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

typedef struct parse {
    wf_context *cx;
    const char *name;
    struct fy_diag *diag;
    struct fy_parser *parser;
    wf_yaml root;
    wf_yaml
        *open[WF_YAML_MAX_DEPTH]; /* the lists and maps around the next event, outermost first */
    wf_yaml pending[WF_YAML_MAX_DEPTH]; /* a map's key, with its place, that waits for its value */
    int depth;
    int is_rooted;
} parse;

static void node_reset(wf_yaml *node) {
    for (size_t i = 0; i < node->count; i++) node_reset(&node->items[i]);
    wf_free(node->items);
    wf_free(node->key);
    wf_free(node->text);
    *node = (wf_yaml){0};
}

void wf_yaml_destroy(wf_yaml *root) {
    if (!root) return;
    node_reset(root);
    wf_free(root);
}

/* ---- libfyaml's diagnostics ---- */

/* Diagnostics are collected; nothing may reach a stream. */
static void swallow(struct fy_diag *diag, void *user, const char *text, size_t length) {
    (void)diag, (void)user, (void)text, (void)length;
}

static struct fy_diag *create_diag(void) {
    struct fy_diag_cfg config;
    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.output_fn = swallow;
    config.colorize = false;
    struct fy_diag *diag = fy_diag_create(&config);
    if (diag) fy_diag_set_collect_errors(diag, true);
    return diag;
}

static wf_status syntax_error(const parse *p) {
    wf_context *cx = p->cx;
    void *iterator = NULL;
    const struct fy_diag_error *e = fy_diag_errors_iterate(p->diag, &iterator);
    WF_REQUIRE(e && e->msg, WF_E_ARG, "%s: not readable as YAML", p->name);
    return WF_FAIL(WF_E_ARG, "%s:%d:%d: not readable as YAML: %s", p->name, e->line, e->column,
                   e->msg);
}

/* ---- building the tree ---- */

static wf_status check_key(const parse *p, const wf_yaml *map, const wf_yaml *at, const char *key) {
    wf_context *cx = p->cx;
    WF_REQUIRE(map->count < WF_YAML_MAX_KEYS, WF_E_LIMIT,
               "%s:%d:%d: more than %d keys in one place", p->name, at->line, at->column,
               WF_YAML_MAX_KEYS);
    for (size_t i = 0; i < map->count; i++)
        WF_REQUIRE(strcmp(map->items[i].key, key) != 0, WF_E_ARG,
                   "%s:%d:%d: \"%.60s\" is given twice | the first one is in line %d", p->name,
                   at->line, at->column, key, map->items[i].line);
    return WF_OK;
}

static wf_status grow(wf_yaml *parent, wf_context *cx) {
    if (parent->count < parent->capacity) return WF_OK;
    size_t capacity = parent->capacity ? 2 * parent->capacity : 8;
    WF_TRY(wf_realloc(&parent->items, cx, parent->capacity, capacity, sizeof *parent->items));
    parent->capacity = capacity;
    return WF_OK;
}

/* Puts `node` where it belongs and gives its new place; takes over node->text if it succeeds. */
static wf_status attach(wf_yaml **out, parse *p, const wf_yaml *node) {
    wf_context *cx = p->cx;
    if (p->depth == 0) {
        WF_REQUIRE(!p->is_rooted, WF_E_ARG, "%s:%d:%d: a second document, must be one", p->name,
                   node->line, node->column);
        p->is_rooted = 1;
        p->root = *node;
        *out = &p->root;
        return WF_OK;
    }
    wf_yaml *parent = p->open[p->depth - 1];
    WF_TRY(grow(parent, cx));
    *out = &parent->items[parent->count++];
    **out = *node;
    wf_yaml *pending = &p->pending[p->depth - 1];
    if (pending->key) { /* an entry of a map stands where its key stands */
        (*out)->key = pending->key;
        (*out)->line = pending->line;
        (*out)->column = pending->column;
        *pending = (wf_yaml){0};
    }
    return WF_OK;
}

/* True when the next event is a key of the map that is open. */
static int expects_key(const parse *p) {
    return p->depth && p->open[p->depth - 1]->kind == WF_YAML_MAP && !p->pending[p->depth - 1].key;
}

static wf_status open_node(parse *p, wf_yaml_kind kind, const wf_yaml *at) {
    wf_context *cx = p->cx;
    wf_yaml node = {.kind = kind, .line = at->line, .column = at->column};
    WF_REQUIRE(!expects_key(p), WF_E_ARG, "%s:%d:%d: a key must be a plain word", p->name, at->line,
               at->column);
    WF_REQUIRE(p->depth < WF_YAML_MAX_DEPTH, WF_E_LIMIT, "%s:%d:%d: nested deeper than %d levels",
               p->name, at->line, at->column, WF_YAML_MAX_DEPTH);
    wf_yaml *place = NULL;
    WF_TRY(attach(&place, p, &node));
    p->open[p->depth++] = place;
    return WF_OK;
}

static wf_status add_scalar(parse *p, struct fy_token *value, const wf_yaml *at) {
    wf_context *cx = p->cx;
    size_t length = 0;
    const char *text = fy_token_get_text(value, &length);
    wf_yaml node = {.line = at->line, .column = at->column}, *place = NULL;
    WF_REQUIRE(text || !length, WF_E_NOMEM, "%s: out of memory", p->name);
    WF_REQUIRE(!length || !memchr(text, 0, length), WF_E_ARG, "%s:%d:%d: a zero byte in a text",
               p->name, at->line, at->column);
    WF_TRY(wf_alloc(&node.text, cx, length + 1, 1));
    if (length) memcpy(node.text, text, length);
    if (expects_key(p)) {
        wf_status status = check_key(p, p->open[p->depth - 1], at, node.text);
        wf_yaml key = {.key = node.text, .line = at->line, .column = at->column};
        if (status == WF_OK) p->pending[p->depth - 1] = key;
        else wf_free(node.text);
        return status;
    }
    wf_status status = attach(&place, p, &node);
    if (status != WF_OK) wf_free(node.text);
    return status;
}

static wf_status refuse_extras(const parse *p, const wf_yaml *at, const struct fy_token *anchor,
                               const struct fy_token *tag) {
    wf_context *cx = p->cx;
    WF_REQUIRE(!anchor, WF_E_ARG, "%s:%d:%d: anchors and aliases (& and *) are not allowed",
               p->name, at->line, at->column);
    WF_REQUIRE(!tag, WF_E_ARG, "%s:%d:%d: tags (!) are not allowed", p->name, at->line, at->column);
    return WF_OK;
}

static wf_status take(parse *p, struct fy_event *e) {
    const struct fy_mark *mark = fy_event_start_mark(e);
    wf_yaml at = {.line = mark ? mark->line + 1 : 0, .column = mark ? mark->column + 1 : 0};
    switch (e->type) {
    case FYET_SCALAR:
        WF_TRY(refuse_extras(p, &at, e->scalar.anchor, e->scalar.tag));
        return add_scalar(p, e->scalar.value, &at);
    case FYET_SEQUENCE_START:
        WF_TRY(refuse_extras(p, &at, e->sequence_start.anchor, e->sequence_start.tag));
        return open_node(p, WF_YAML_LIST, &at);
    case FYET_MAPPING_START:
        WF_TRY(refuse_extras(p, &at, e->mapping_start.anchor, e->mapping_start.tag));
        return open_node(p, WF_YAML_MAP, &at);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END: p->depth--; return WF_OK;
    case FYET_ALIAS: return refuse_extras(p, &at, e->alias.anchor, NULL);
    default: return WF_OK;
    }
}

static wf_status run(parse *p) {
    wf_context *cx = p->cx;
    for (;;) {
        struct fy_event *e = fy_parser_parse(p->parser);
        if (!e) break;
        wf_status status = take(p, e);
        int is_end = e->type == FYET_STREAM_END;
        fy_parser_event_free(p->parser, e);
        WF_TRY(status);
        if (is_end) break;
    }
    if (fy_parser_get_stream_error(p->parser)) return syntax_error(p);
    WF_REQUIRE(p->is_rooted && p->depth == 0, WF_E_ARG, "%s: the file is empty", p->name);
    return WF_OK;
}

static wf_status check_utf8(wf_context *cx, const char *text, size_t size, const char *name) {
    const char *at = text;
    int line = 1;
    while (*at) {
        const char *before = at;
        uint32_t code = wf_utf8_next(&at);
        line += code == '\n';
        WF_REQUIRE(code != 0xFFFD || at - before > 1, WF_E_ARG,
                   "%s:%d: byte 0x%02x is not UTF-8 | save the file as UTF-8", name, line,
                   (unsigned char)*before);
    }
    WF_REQUIRE((size_t)(at - text) == size, WF_E_ARG, "%s:%d: a zero byte in the text", name, line);
    return WF_OK;
}

wf_status wf_yaml_parse(wf_yaml **out, wf_context *cx, const char *text, size_t size,
                        const char *name) {
    parse p = {.cx = cx, .name = name};
    wf_status status;
    wf_yaml *root = NULL;
    WF_REQUIRE(size <= WF_YAML_MAX_BYTES, WF_E_LIMIT, "%s: %zu bytes, must be at most 1 MiB", name,
               size);
    WF_TRY(check_utf8(cx, text, size, name)); /* libfyaml takes a damaged text for its end */
    p.diag = create_diag();
    struct fy_parse_cfg config = {
        .search_path = "", .flags = FYPCF_QUIET | FYPCF_JSON_NONE, .diag = p.diag};
    if (p.diag) p.parser = fy_parser_create(&config);
    WF_REQUIRE_OR(p.parser && fy_parser_set_string(p.parser, text, size) == 0, WF_E_NOMEM,
                  "%s: out of memory", name);
    WF_TRY_OR(run(&p));
    WF_TRY_OR(wf_alloc(&root, cx, 1, sizeof *root));
    *root = p.root;
    p.root = (wf_yaml){0};
    *out = root;
done:
    for (int i = 0; i < WF_YAML_MAX_DEPTH; i++) wf_free(p.pending[i].key);
    node_reset(&p.root);
    if (p.parser) fy_parser_destroy(p.parser);
    if (p.diag) fy_diag_destroy(p.diag);
    return status;
}

/* ---- writing ---- */

/* Plain scalars of weft's files: words, numbers, sentences of them. */
static int is_plain(const char *text) {
    static const char safe[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./ ";
    size_t n = strlen(text);
    if (n == 0 || strspn(text, safe) != n || text[n - 1] == ' ') return 0;
    if (strchr(" -./", text[0])) return 0;
    return strcmp(text, "null") != 0 && strcmp(text, "Null") != 0 && strcmp(text, "NULL") != 0;
}

/* No control characters, line separators or byte order marks; all of these are below U+10000. */
static int is_printable(uint32_t code) {
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
    return code != 0x2028 && code != 0x2029 && code != 0xfeff && code != 0xfffe && code != 0xffff;
}

void wf_yaml_add_text(wf_str *out, wf_context *cx, const char *text) {
    if (is_plain(text)) {
        wf_str_add(out, cx, text);
        return;
    }
    wf_str_add(out, cx, "\"");
    for (const char *at = text; *at;) {
        const char *before = at;
        uint32_t code = wf_utf8_next(&at);
        if (code == '"' || code == '\\') wf_str_addf(out, cx, "\\%c", (char)code);
        else if (code == '\n') wf_str_add(out, cx, "\\n");
        else if (is_printable(code)) wf_str_add_bytes(out, cx, before, (size_t)(at - before));
        else wf_str_addf(out, cx, "\\u%04x", (unsigned)code);
    }
    wf_str_add(out, cx, "\"");
}
