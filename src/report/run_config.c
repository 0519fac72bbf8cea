/* config.yaml as a flat list. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "report/run_config.h"
#include "spec/yaml.h"

void wf_run_config_reset(wf_run_config *c) {
    for (size_t i = 0; i < c->count; i++) {
        wf_free(c->items[i].key);
        wf_free(c->items[i].text);
    }
    wf_free(c->items);
    *c = (wf_run_config){0};
}

const char *wf_run_config_get(const wf_run_config *c, const char *key) {
    for (size_t i = 0; i < c->count; i++)
        if (!strcmp(c->items[i].key, key)) return c->items[i].text;
    return NULL;
}

/* ---- one recipe ---- */

static int is_of_recipe(const char *key) {
    static const char *const others[] = {"seed",        "dataset",      "pretrained_sha256",
                                         "model.name",  "model.source", "model.description",
                                         "model.family"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(key, others[i])) return 0;
    return strncmp(key, "model.claim.", strlen("model.claim.")) != 0;
}

/* A path, which each seed may have one of its own of. */
static int is_path(const char *key) { return !strcmp(key, "splits") || !strcmp(key, "pretrained"); }

static int is_same(const wf_run_setting *a, const wf_run_setting *b) {
    if (strcmp(a->key, b->key) != 0) return 0;
    if (!is_path(a->key)) return !strcmp(a->text, b->text);
    return !strcmp(a->text, "drawn") == !strcmp(b->text, "drawn");
}

/* The next value of the recipe from *at on; NULL: there is none. */
static const wf_run_setting *next_of_recipe(const wf_run_config *c, size_t *at) {
    while (*at < c->count && !is_of_recipe(c->items[*at].key)) ++*at;
    return *at < c->count ? &c->items[(*at)++] : NULL;
}

int wf_run_configs_share_recipe(const wf_run_config *a, const wf_run_config *b) {
    size_t at_a = 0, at_b = 0;
    if (a->count == 0 || b->count == 0) return 1;
    for (;;) {
        const wf_run_setting *x = next_of_recipe(a, &at_a), *y = next_of_recipe(b, &at_b);
        if (!x || !y) return x == y;
        if (!is_same(x, y)) return 0;
    }
}

/* ---- reading ---- */

static wf_status add(wf_run_config *c, wf_context *cx, const char *key, const char *text) {
    wf_run_setting item = {0};
    if (c->count == c->capacity) {
        size_t wider = 2 * c->capacity + 64;
        WF_TRY(wf_realloc(&c->items, cx, c->capacity, wider, sizeof *c->items));
        c->capacity = wider;
    }
    WF_TRY(wf_strdup(&item.key, cx, key));
    wf_status status = wf_strdup(&item.text, cx, text);
    if (status == WF_OK) c->items[c->count++] = item;
    else wf_free(item.key);
    return status;
}

/* "[28, 28, 1]" */
static wf_status add_list(wf_run_config *c, wf_context *cx, const char *key, const wf_yaml *list) {
    wf_str text = {0};
    wf_str_add(&text, cx, "[");
    for (size_t i = 0; i < list->count; i++)
        wf_str_addf(&text, cx, "%s%s", i ? ", " : "", list->items[i].text);
    wf_str_add(&text, cx, "]");
    wf_status status = text.status;
    if (status == WF_OK) status = add(c, cx, key, text.text);
    wf_str_reset(&text);
    return status;
}

static int is_plain_list(const wf_yaml *y) {
    for (size_t i = 0; i < y->count; i++)
        if (y->items[i].kind != WF_YAML_SCALAR) return 0;
    return y->kind == WF_YAML_LIST;
}

static wf_status add_node(wf_run_config *c, wf_context *cx, const char *key, const wf_yaml *y);

/* "<prefix>.<key>" of a map, "<prefix>.<number>" of a list. */
static wf_status add_items(wf_run_config *c, wf_context *cx, const char *prefix, const wf_yaml *y) {
    for (size_t i = 0; i < y->count; i++) {
        wf_str key = {0};
        wf_str_addf(&key, cx, "%s%s", prefix, *prefix ? "." : "");
        if (y->kind == WF_YAML_MAP) wf_str_add(&key, cx, y->items[i].key);
        else wf_str_addf(&key, cx, "%zu", i);
        wf_status status = key.status;
        if (status == WF_OK) status = add_node(c, cx, key.text, &y->items[i]);
        wf_str_reset(&key);
        WF_TRY(status);
    }
    return WF_OK;
}

static wf_status add_node(wf_run_config *c, wf_context *cx, const char *key, const wf_yaml *y) {
    if (y->kind == WF_YAML_SCALAR) return add(c, cx, key, y->text);
    if (is_plain_list(y)) return add_list(c, cx, key, y);
    return add_items(c, cx, key, y);
}

wf_status wf_run_config_read(wf_run_config *out, wf_context *cx, const wf_run *run) {
    wf_status status = WF_OK;
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    wf_yaml *root = NULL;
    wf_run_config config = {0};
    WF_TRY(wf_run_file(&path, cx, run, "config.yaml"));
    WF_TRY_OR(wf_file_read(&text, &size, cx, path, WF_YAML_MAX_BYTES));
    WF_TRY_OR(wf_yaml_parse(&root, cx, (const char *)text, size, path));
    WF_TRY_OR(add_items(&config, cx, "", root));
    *out = config;
    config = (wf_run_config){0};
done:
    wf_run_config_reset(&config);
    wf_yaml_destroy(root);
    wf_free(text);
    wf_free(path);
    return status;
}

wf_status wf_run_config_find(wf_run_config *out, wf_context *cx, const wf_run *run) {
    wf_context quiet = {0};
    const wf_status status = wf_run_config_read(out, &quiet, run);
    if (status != WF_E_NOMEM) return WF_OK;
    if (cx) *cx = quiet;
    return status;
}
