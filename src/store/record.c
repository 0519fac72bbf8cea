/* What a run keeps of its judgement: test.json or fold.json, and predictions.csv. */
#include <string.h>

#include "base/alloc.h"
#include "store/internal.h"

/* Writes `evaluation` into the run's file, once; `part` is the key that says what was judged. */
static wf_status record(wf_context *cx, const wf_run *run, const char *name, const char *part,
                        const char *evaluation_json, const char *weights) {
    wf_status status = WF_OK;
    char now[32], *path = NULL;
    json_t *evaluation = NULL, *document = NULL;
    WF_TRY(wf_run_file(&path, cx, run, name));
    WF_REQUIRE_OR(!wf_path_exists(path), WF_E_ARG,
                  "%s: is there already, the %s set is used once per run | read the stored "
                  "figures, or train a new run",
                  path, !strcmp(part, "test_set") ? "test" : "held-out");
    WF_TRY_OR(wf_json_parse(&evaluation, cx, evaluation_json, strlen(evaluation_json), "evaluation",
                            WF_RUN_MAX_BYTES));
    WF_REQUIRE_OR(json_is_object(evaluation), WF_E_DATA, "%s: an evaluation must be an object",
                  path);
    wf__time_text(now);
    document = json_pack("{s:s, s:s, s:s}", part, "used once, after training", "weights", weights,
                         "evaluated", now);
    WF_REQUIRE_OR(document && json_object_update(document, evaluation) == 0, WF_E_NOMEM,
                  "out of memory: %s", path);
    WF_TRY_OR(wf_json_write(cx, path, document));
    wf__store_follow(run->store, run->id);
done:
    json_decref(document);
    json_decref(evaluation);
    wf_free(path);
    return status;
}

wf_status wf_run_record_test(wf_context *cx, wf_run *run, const char *evaluation_json,
                             const char *weights) {
    return record(cx, run, WF_RUN_TEST_FILE, "test_set", evaluation_json, weights);
}

wf_status wf_run_record_fold(wf_context *cx, wf_run *run, const char *evaluation_json,
                             const char *weights) {
    return record(cx, run, WF_RUN_FOLD_FILE, "held_out", evaluation_json, weights);
}

/* What is written about the images: classes, or sets of them. */
typedef struct told {
    const int32_t *index, *labels, *predicted;
    const uint8_t *sets, *taken; /* NULL: one label each */
    const float *probabilities;
    const double *log_p;  /* NULL: not known */
    const uint8_t *small; /* NULL: not known */
    int64_t count;
    int class_count;
} told;

/* "1|4" */
static void add_set(wf_str *line, wf_context *cx, const uint8_t *set, int class_count) {
    const char *between = "";
    for (int j = 0; j < class_count; j++) {
        if (!set[j]) continue;
        wf_str_addf(line, cx, "%s%d", between, j);
        between = "|";
    }
}

static void add_image(wf_str *line, wf_context *cx, const told *t, int64_t i) {
    const int k = t->class_count;
    wf_str_addf(line, cx, "%lld,", t->index ? (long long)t->index[i] : (long long)i);
    if (t->sets) {
        add_set(line, cx, t->sets + i * k, k);
        wf_str_add(line, cx, ",");
        add_set(line, cx, t->taken + i * k, k);
    } else {
        wf_str_addf(line, cx, "%d,%d", t->labels[i], t->predicted[i]);
    }
    for (int j = 0; j < k; j++) {
        char text[32];
        wf_str_add(line, cx, ",");
        wf_str_add(line, cx, wf_float_text(text, t->probabilities[i * k + j]));
    }
    if (t->log_p) {
        char text[32];
        wf_str_add(line, cx, ",");
        wf_str_add(line, cx, wf_double_text(text, t->log_p[i]));
    }
    if (t->small) {
        wf_str_add(line, cx, ",");
        add_set(line, cx, t->small + i * k, k);
    }
    wf_str_add(line, cx, "\n");
}

static wf_status add_predictions(wf_writer *w, wf_context *cx, const told *t) {
    WF_TRY(wf_writer_addf(w, cx, t->sets ? "index,labels,predicted" : "index,label,predicted"));
    for (int j = 0; j < t->class_count; j++) WF_TRY(wf_writer_addf(w, cx, ",p%d", j));
    WF_TRY(wf_writer_addf(w, cx, "%s%s\n", t->log_p ? ",log_p" : "", t->small ? ",small" : ""));
    wf_str line = {0};
    wf_status status = WF_OK;
    for (int64_t i = 0; i < t->count && status == WF_OK; i++) {
        line.length = 0;
        add_image(&line, cx, t, i);
        status = line.status;
        if (status == WF_OK) status = wf_writer_add(w, cx, line.text, line.length);
    }
    wf_str_reset(&line);
    return status;
}

static wf_status write_predictions(wf_context *cx, wf_run *run, const told *t) {
    char *path = NULL;
    wf_writer *w = NULL;
    WF_TRY(wf_run_file(&path, cx, run, WF_RUN_PREDICTIONS_FILE));
    wf_status status = wf_writer_open(&w, cx, path);
    wf_free(path);
    if (status != WF_OK) return status;
    status = add_predictions(w, cx, t);
    if (status == WF_OK) return wf_writer_commit(w, cx);
    wf_writer_abort(w);
    return status;
}

wf_status wf_run_record_predictions(wf_context *cx, wf_run *run, const int32_t *index,
                                    const int32_t *labels, const int32_t *predicted,
                                    const float *probabilities, int64_t count, int class_count) {
    return write_predictions(cx, run,
                             &(told){.index = index,
                                     .labels = labels,
                                     .predicted = predicted,
                                     .probabilities = probabilities,
                                     .count = count,
                                     .class_count = class_count});
}

wf_status wf_run_record_sets(wf_context *cx, wf_run *run, const int32_t *index,
                             const wf_predictions *p) {
    return write_predictions(cx, run,
                             &(told){.index = index,
                                     .sets = p->sets,
                                     .taken = p->taken,
                                     .probabilities = p->probabilities,
                                     .log_p = p->log_p,
                                     .small = p->small,
                                     .count = p->count,
                                     .class_count = p->class_count});
}
