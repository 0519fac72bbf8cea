#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "train/tensors.h"
#include "weft/train.h"

static int is_in_set(const wf__tensor_set *set, const wf_param_entry *entry) {
    return entry->is_trainable || !set->trainable_only;
}

wf_status wf__tensor_list_create(wf__tensor_list *out, wf_context *cx, const wf_graph *g,
                                 const wf__tensor_set *sets, int n_sets, size_t extra) {
    wf__tensor_list list = {0};
    wf_status status;
    size_t bytes = 1;
    for (int s = 0; s < n_sets; s++)
        for (int i = 0; i < g->n_params; i++)
            bytes += strlen(sets[s].prefix) + strlen(g->params[i].name) + 1;
    list.capacity = (size_t)n_sets * (size_t)g->n_params + extra;
    WF_TRY_OR(wf_alloc(&list.names, cx, bytes, 1));
    WF_TRY_OR(wf_alloc(&list.tensors, cx, list.capacity, sizeof *list.tensors));
    char *name = list.names, *end = list.names + bytes;
    for (int s = 0; s < n_sets; s++) {
        for (int i = 0; i < g->n_params; i++) {
            const wf_param_entry *entry = &g->params[i];
            if (!is_in_set(&sets[s], entry)) continue;
            list.tensors[list.n++] = (wf_tensor){.name = name,
                                                 .dtype = WF_DTYPE_F32,
                                                 .shape = entry->shape,
                                                 .data = sets[s].values + entry->offset};
            name += snprintf(name, (size_t)(end - name), "%s%s", sets[s].prefix, entry->name) + 1;
        }
    }
    *out = list;
    return WF_OK;
done:
    wf__tensor_list_reset(&list);
    return status;
}

void wf__tensor_list_reset(wf__tensor_list *list) {
    wf_free(list->tensors);
    wf_free(list->names);
    *list = (wf__tensor_list){0};
}

static const wf_tensor *find_entry(const wf_safetensors *file, const wf__tensor_set *set,
                                   const wf_param_entry *entry) {
    size_t length = strlen(set->prefix);
    for (size_t i = 0; i < file->n_tensors; i++) {
        const char *name = file->tensors[i].name;
        if (strncmp(name, set->prefix, length) == 0 && strcmp(name + length, entry->name) == 0)
            return &file->tensors[i];
    }
    return NULL;
}

wf_status wf__tensor_set_check(wf_context *cx, const wf_safetensors *file, const char *path,
                               const wf_graph *g, const wf__tensor_set *set) {
    char found[128], expected[128];
    for (int i = 0; i < g->n_params; i++) {
        const wf_param_entry *entry = &g->params[i];
        if (!is_in_set(set, entry)) continue;
        const wf_tensor *t = find_entry(file, set, entry);
        wf_shape_text(expected, sizeof expected, &entry->shape);
        WF_REQUIRE(t, WF_E_MODEL, "%s has no entry %s%s, model %s expects it with shape %s", path,
                   set->prefix, entry->name, g->name, expected);
        wf_shape_text(found, sizeof found, &t->shape);
        WF_REQUIRE(t->dtype == WF_DTYPE_F32, WF_E_MODEL,
                   "%s: entry %s is of type %s, model %s expects F32", path, t->name,
                   wf_dtype_name(t->dtype), g->name);
        WF_REQUIRE(wf_shape_equal(&t->shape, &entry->shape), WF_E_MODEL,
                   "%s: entry %s has shape %s, model %s expects %s", path, t->name, found, g->name,
                   expected);
    }
    return WF_OK;
}

void wf__tensor_set_read(const wf__tensor_set *set, const wf_safetensors *file, const wf_graph *g) {
    for (int i = 0; i < g->n_params; i++) {
        const wf_param_entry *entry = &g->params[i];
        if (!is_in_set(set, entry)) continue;
        memcpy(set->values + entry->offset, find_entry(file, set, entry)->data,
               (size_t)entry->size * sizeof *set->values);
    }
}

wf_status wf_weights_save(wf_context *cx, const char *path, const wf_params *params) {
    const wf__tensor_set set = {"", params->value, 0};
    const wf_metadata metadata[] = {{"format", "weft weights 1"}, {"model", params->graph->name}};
    wf__tensor_list list = {0};
    wf_status status;
    WF_TRY_OR(wf__tensor_list_create(&list, cx, params->graph, &set, 1, 0));
    WF_TRY_OR(wf_safetensors_write(cx, path, list.tensors, list.n, metadata, 2));
done:
    wf__tensor_list_reset(&list);
    return status;
}

/* Every tensor of the file must be an entry of the model. */
static wf_status refuse_strangers(wf_context *cx, const wf_safetensors *file, const char *path,
                                  const wf_graph *g) {
    for (size_t t = 0; t < file->n_tensors; t++) {
        int is_known = 0;
        for (int i = 0; i < g->n_params && !is_known; i++)
            is_known = strcmp(g->params[i].name, file->tensors[t].name) == 0;
        char found[128];
        wf_shape_text(found, sizeof found, &file->tensors[t].shape);
        WF_REQUIRE(is_known, WF_E_MODEL,
                   "%s holds entry %s with shape %s, model %s expects no such entry", path,
                   file->tensors[t].name, found, g->name);
    }
    return WF_OK;
}

wf_status wf_weights_load(wf_params *params, wf_context *cx, const char *path) {
    const wf__tensor_set set = {"", params->value, 0};
    wf_safetensors *file = NULL;
    wf_status status;
    WF_TRY(wf_safetensors_read(&file, cx, path));
    WF_TRY_OR(wf__tensor_set_check(cx, file, path, params->graph, &set));
    WF_TRY_OR(refuse_strangers(cx, file, path, params->graph));
    wf__tensor_set_read(&set, file, params->graph);
    params->generation++;
done:
    wf_safetensors_destroy(file);
    return status;
}

static wf_pretrained fate_of(const wf_safetensors *file, const wf_param_entry *entry) {
    const wf_tensor *t = wf_safetensors_find(file, entry->name);
    if (!t) return WF_PRETRAINED_ABSENT;
    const int fits = t->dtype == WF_DTYPE_F32 && wf_shape_equal(&t->shape, &entry->shape);
    return fits ? WF_PRETRAINED_TAKEN : WF_PRETRAINED_OTHER_FORM;
}

static wf_status require_any(wf_context *cx, const wf_safetensors *file, const char *path,
                             const wf_graph *g) {
    for (int i = 0; i < g->n_params; i++)
        if (fate_of(file, &g->params[i]) == WF_PRETRAINED_TAKEN) return WF_OK;
    return WF_FAIL(WF_E_MODEL,
                   "%s: none of its %zu entries has the name and the shape of a parameter of model "
                   "%s | weft summary shows a model's layers; give those that should be the same "
                   "the same name",
                   path, file->n_tensors, g->name);
}

wf_status wf_weights_load_pretrained(wf_pretrained *out, wf_params *params, wf_context *cx,
                                     const char *path) {
    const wf_graph *g = params->graph;
    wf_safetensors *file = NULL;
    wf_status status;
    WF_TRY(wf_safetensors_read(&file, cx, path));
    WF_TRY_OR(require_any(cx, file, path, g));
    for (int i = 0; i < g->n_params; i++) {
        const wf_param_entry *entry = &g->params[i];
        const wf_pretrained fate = fate_of(file, entry);
        if (out) out[i] = fate;
        if (fate == WF_PRETRAINED_TAKEN)
            memcpy(params->value + entry->offset, wf_safetensors_find(file, entry->name)->data,
                   (size_t)entry->size * sizeof *params->value);
    }
    params->generation++;
done:
    wf_safetensors_destroy(file);
    return status;
}
