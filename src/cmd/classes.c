#include "cmd/classes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

const char *wf_class_name(char buffer[32], const json_t *names, int class) {
    const char *name = json_string_value(json_array_get(names, (size_t) class));
    if (name) return name;
    snprintf(buffer, 32, "%d", class);
    return buffer;
}

static wf_status fail_unknown(wf_context *cx, const json_t *names, int classes, const char *text) {
    const char **list = NULL, *nearest = NULL;
    size_t n = json_array_size(names);
    WF_TRY(wf_alloc(&list, cx, n + 1, sizeof *list));
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        list[i] = name ? name : "";
    }
    if (!strspn(text, "0123456789")) nearest = wf_str_nearest(text, list, n);
    const wf_status status =
        nearest
            ? WF_FAIL(WF_E_ARG, "class \"%.60s\" is unknown | did you mean \"%s\"?", text, nearest)
            : WF_FAIL(WF_E_ARG,
                      "class \"%.60s\" is unknown | give a name of a class or a number from 0 "
                      "to %d",
                      text, classes - 1);
    wf_free(list);
    return status;
}

wf_status wf_class_find(int *out, wf_context *cx, const json_t *names, int classes,
                        const char *text) {
    char buffer[32], *end = NULL;
    int (*const ways[])(const char *, const char *) = {strcmp, strcasecmp}; /* "a", else "A" */
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
        for (int k = 0; k < classes; k++)
            if (!ways[way](wf_class_name(buffer, names, k), text)) {
                *out = k;
                return WF_OK;
            }
    const long number = strtol(text, &end, 10);
    if (!*text || *end || number < 0 || number >= classes)
        return fail_unknown(cx, names, classes, text);
    *out = (int)number;
    return WF_OK;
}

void wf_class_rank(int *out, const float *probabilities, int classes, int k) {
    for (int i = 0; i < k; i++) {
        int best = -1;
        for (int c = 0; c < classes; c++) {
            int is_taken = 0;
            for (int j = 0; j < i; j++) is_taken |= out[j] == c;
            if (!is_taken && (best < 0 || probabilities[c] > probabilities[best])) best = c;
        }
        out[i] = best;
    }
}

wf_status wf_class_answer(json_t **out, wf_cli *cli, const json_t *names,
                          const float *probabilities, int classes, int k) {
    wf_context *cx = &cli->cx;
    char buffer[32];
    int *order = NULL;
    json_t *list = json_array();
    wf_status status;
    WF_TRY_OR(wf_alloc(&order, cx, (size_t)k, sizeof *order));
    wf_class_rank(order, probabilities, classes, k);
    for (int i = 0; i < k; i++) {
        const char *name = wf_class_name(buffer, names, order[i]);
        double p = (double)probabilities[order[i]];
        wf_print(cli, "%s %s %.4f", i ? "," : "", name, p);
        WF_TRY_OR(wf_json_append(
            list, cx,
            json_pack("{s:i, s:s, s:f}", "class", order[i], "name", name, "probability", p)));
    }
    *out = list;
    list = NULL;
done:
    json_decref(list);
    wf_free(order);
    return status;
}
