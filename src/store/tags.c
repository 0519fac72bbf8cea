/* tags.json: what the user noted about a run. It lies in the folder, so that it goes where the run
 * goes and comes back when the database is made again. */
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "store/internal.h"

enum { MAX_NAME = 100, MAX_VALUE = 4000 };

static wf_status put(wf_context *cx, json_t *tags, const char *name, const char *value) {
    WF_REQUIRE(json_object_set_new(tags, name, json_string(value)) == 0, WF_E_NOMEM,
               "out of memory: tag %s", name);
    return WF_OK;
}

static wf_status put_clean(wf_context *cx, json_t *tags, const char *name, const char *value) {
    char *clean_name = NULL, *clean_value = NULL;
    wf_status status = wf_utf8_clean(&clean_name, cx, name);
    if (status == WF_OK) status = wf_utf8_clean(&clean_value, cx, value);
    if (status == WF_OK) status = put(cx, tags, clean_name, clean_value);
    wf_free(clean_name);
    wf_free(clean_value);
    return status;
}

wf_status wf__tags_text(wf_str *out, wf_context *cx, json_t *tags) {
    const char *name;
    json_t *value, *texts = json_object();
    wf_status status = WF_OK;
    WF_REQUIRE(texts, WF_E_NOMEM, "out of memory: tags of a run");
    json_object_foreach(tags, name, value) {
        if (json_is_string(value) && status == WF_OK)
            status = put_clean(cx, texts, name, json_string_value(value));
    }
    if (status == WF_OK) status = wf_json_text(out, cx, texts, WF_JSON_COMPACT);
    json_decref(texts);
    return status;
}

/* ---- changing them ---- */

static wf_status check_text(wf_context *cx, const char *what, const char *text, size_t most) {
    char *clean = NULL;
    WF_REQUIRE(strlen(text) <= most, WF_E_ARG, "%s '%.60s...': %zu bytes, must be at most %zu",
               what, text, strlen(text), most);
    WF_TRY(wf_utf8_clean(&clean, cx, text));
    bool is_clean = strcmp(clean, text) == 0;
    wf_free(clean);
    WF_REQUIRE(is_clean, WF_E_ARG, "%s '%s': must be UTF-8 without control characters", what, text);
    return WF_OK;
}

static wf_status check(wf_context *cx, const char *name, const char *value) {
    WF_REQUIRE(*name && !strchr(name, '='), WF_E_ARG,
               "a tag's name is '%s', must be neither empty nor hold '=' | NAME or NAME=VALUE",
               name);
    WF_TRY(check_text(cx, "the tag's name", name, MAX_NAME));
    return value ? check_text(cx, "the tag's value", value, MAX_VALUE) : WF_OK;
}

static wf_status change(wf_context *cx, const char *path, const wf_run *run, const char *name,
                        const char *value) {
    json_t *tags = NULL;
    wf_status status = WF_OK;
    if (wf_path_exists(path)) WF_TRY(wf_json_read(&tags, cx, path));
    else tags = json_object();
    WF_REQUIRE_OR(json_is_object(tags), WF_E_DATA, "%s: must be an object", path);
    WF_REQUIRE_OR(value || json_object_get(tags, name), WF_E_NOTFOUND, "run %s: has no tag '%s'",
                  run->id, name);
    if (value) WF_TRY_OR(put(cx, tags, name, value));
    else json_object_del(tags, name);
    WF_TRY_OR(wf_json_write(cx, path, tags));
done:
    json_decref(tags);
    return status;
}

wf_status wf_store_tag(wf_context *cx, wf_store *store, const wf_run *run, const char *name,
                       const char *value) {
    char *path = NULL;
    int lock = -1;
    WF_TRY(check(cx, name, value));
    WF_TRY(wf_run_file(&path, cx, run, WF_RUN_TAGS_FILE));
    /* The run's own lock is its trainer's: two who tag at once wait for each other here. */
    wf_status status = wf__lock_take(&lock, cx, wf_store_dir(store), true);
    if (status == WF_OK) status = change(cx, path, run, name, value);
    wf__lock_free(lock);
    wf_free(path);
    if (status == WF_OK) wf__store_follow(store, run->id);
    return status;
}
