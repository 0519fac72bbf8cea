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

static wf_status add_predictions(wf_writer *w, wf_context *cx, const int32_t *index,
                                 const int32_t *labels, const int32_t *predicted,
                                 const float *probabilities, int64_t count, int class_count) {
    WF_TRY(wf_writer_addf(w, cx, "index,label,predicted"));
    for (int j = 0; j < class_count; j++) WF_TRY(wf_writer_addf(w, cx, ",p%d", j));
    WF_TRY(wf_writer_add(w, cx, "\n", 1));
    wf_str line = {0};
    for (int64_t i = 0; i < count; i++) {
        line.length = 0;
        wf_str_addf(&line, cx, "%lld,%d,%d", index ? (long long)index[i] : (long long)i, labels[i],
                    predicted[i]);
        for (int j = 0; j < class_count; j++) {
            char text[32];
            wf_str_add(&line, cx, ",");
            wf_str_add(&line, cx, wf_float_text(text, probabilities[i * class_count + j]));
        }
        wf_str_add(&line, cx, "\n");
        wf_status status = line.status;
        if (status == WF_OK) status = wf_writer_add(w, cx, line.text, line.length);
        if (status != WF_OK) {
            wf_str_reset(&line);
            return status;
        }
    }
    wf_str_reset(&line);
    return WF_OK;
}

wf_status wf_run_record_predictions(wf_context *cx, wf_run *run, const int32_t *index,
                                    const int32_t *labels, const int32_t *predicted,
                                    const float *probabilities, int64_t count, int class_count) {
    char *path = NULL;
    wf_writer *w = NULL;
    WF_TRY(wf_run_file(&path, cx, run, WF_RUN_PREDICTIONS_FILE));
    wf_status status = wf_writer_open(&w, cx, path);
    wf_free(path);
    if (status != WF_OK) return status;
    status = add_predictions(w, cx, index, labels, predicted, probabilities, count, class_count);
    if (status == WF_OK) return wf_writer_commit(w, cx);
    wf_writer_abort(w);
    return status;
}
