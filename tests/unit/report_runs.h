/* Runs of known outcome for the tests of reports. */
#ifndef WF_TESTS_REPORT_RUNS_H
#define WF_TESTS_REPORT_RUNS_H

#include "report/document.h"

#include "base/alloc.h"
#include "base/json.h"
#include "report_store.h"

typedef struct made {
    const char *model, *family;
    uint64_t seed;
    int right; /* of 100 test images */
    int class_count;
    double seconds;
    int epochs;
    wf_run_claim claim;
    const char *const *names;
    int shift; /* right are the images shift ... shift + right - 1, and on from 0 */
    const char
        *damage; /* of predictions.csv: "" for none at all, else its text; NULL: it is good */
} made;

static int is_old; /* runs made now store no intervals */

static const wf_run_claim no_claim = {NULL, (double)NAN, (double)NAN, (double)NAN};

static void add_run(made m) {
    static const char *const default_names[] = {"cat", "dog", "cow", "hen"};
    const char *const *names = m.names ? m.names : default_names;
    int k = m.class_count;
    wf_run_description d = {.model = m.model,
                            .family = m.family,
                            .dataset = k == 2 ? "pets" : "animals",
                            .seed = m.seed,
                            .train_count = 800,
                            .test_count = 100,
                            .class_names = names,
                            .class_count = k,
                            .epochs_planned = m.epochs,
                            .parameters = 1234567,
                            .claim = m.claim};
    wf_run *run = NULL;
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, "run"));
    runs[run_count++] = run;
    CHECK_OK(&cx, wf_run_describe(&cx, run, &d));
    for (int i = 1; i <= m.epochs; i++) {
        wf_epoch_record r = {.epoch = i,
                             .loss = 1. / i,
                             .accuracy = 1 - 1. / (i + 1),
                             .val_loss = i % 2 ? 1.1 / i : (double)NAN,
                             .val_accuracy = i % 2 ? .5 : (double)NAN,
                             .learning_rate = .001,
                             .seconds = m.seconds / m.epochs,
                             .ms_per_step = 2.5};
        CHECK_OK(&cx, wf_run_record_epoch(&cx, run, &r));
    }
    int32_t labels[100], predicted[100];
    float p[400];
    for (int i = 0; i < 100; i++) {
        labels[i] = i % k;
        predicted[i] = (i + 100 - m.shift) % 100 < m.right ? i % k : (i + 1) % k;
        for (int j = 0; j < k; j++) p[i * k + j] = j == predicted[i] ? .7f : .3f / (float)(k - 1);
    }
    wf_evaluation *e = NULL;
    char *text = NULL;
    CHECK_OK(&cx, wf_evaluation_create(&e, &cx, labels, p, 100, k, names));
    const wf_bootstrap_options resampling = {.resamples = 50, .level = .95};
    if (!is_old) CHECK_OK(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &resampling));
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    CHECK_OK(&cx, wf_run_record_test(&cx, run, text, "best"));
    wf_text_free(text);
    wf_evaluation_destroy(e);
    if (!m.damage)
        CHECK_OK(&cx, wf_run_record_predictions(&cx, run, NULL, labels, predicted, p, 100, k));
    else if (*m.damage)
        CHECK_OK(&cx, wf_run_write(&cx, run, "predictions.csv", m.damage, strlen(m.damage)));
    CHECK_OK(&cx, wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL));
}

static void add_simple(const char *model, const char *family, uint64_t seed, int right) {
    add_run((made){model, family, seed, right, 2, 30, 3, no_claim, NULL, 0, NULL});
}

static wf_comparison *compare(void) {
    wf_comparison *c = NULL;
    CHECK_OK(&cx, wf_comparison_create(&c, &cx, (const wf_run *const *)runs, run_count));
    return c;
}

/* The report's document as text: what the page reads. */
__attribute__((unused)) static wf_status document_text(char **out, wf_context *context,
                                                       const wf_comparison *c) {
    json_t *document = NULL;
    wf_str text = {0};
    WF_TRY(wf_report_document(&document, context, c, &(const wf_report_options){0}));
    wf_status status = wf_json_text(&text, context, document, WF_JSON_COMPACT);
    json_decref(document);
    if (status == WF_OK) *out = text.text;
    else wf_str_reset(&text);
    return status;
}

/* The page as weft report writes it, without the part that is the same for every report. */
__attribute__((unused)) static wf_status page_data(char **out, wf_context *context,
                                                   const wf_comparison *c) {
    json_t *document = NULL;
    wf_str page = {0};
    WF_TRY(wf_report_document(&document, context, c, &(const wf_report_options){0}));
    wf_status status = wf_report_page(&page, context, document, NULL);
    json_decref(document);
    const char *begin = status == WF_OK ? strstr(page.text, "id=\"weft-report\">") : NULL;
    if (begin) {
        begin += strlen("id=\"weft-report\">");
        const char *end = strstr(begin, "</script>");
        wf_str data = {0};
        wf_str_add_bytes(&data, context, begin, (size_t)(end - begin));
        status = data.status;
        if (status == WF_OK) *out = data.text;
    }
    wf_str_reset(&page);
    return status;
}

/* Every form can be made, and the JSON form can be read. */
__attribute__((unused)) static void check_forms(const wf_comparison *c) {
    wf_status (*const forms[])(char **, wf_context *, const wf_comparison *) = {
        wf_report_markdown, wf_report_csv, wf_report_pairs_csv, wf_report_json, document_text};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char *text = NULL;
        CHECK_OK(&cx, forms[i](&text, &cx, c));
        CHECK(strlen(text) > 40);
        CHECK(!strstr(text, "nan") && !strstr(text, "inf,"));
        if (forms[i] == wf_report_json || forms[i] == document_text) {
            json_t *document = NULL;
            CHECK_OK(&cx, wf_json_parse(&document, &cx, text, strlen(text), "report", 1 << 24));
            CHECK_INT(json_integer_value(json_object_get(document, "schema_version")), 1);
            CHECK_INT(json_array_size(json_object_get(document, "models")), c->row_count);
            json_decref(document);
        }
        wf_free(text);
    }
    for (int width = 0; width < 200; width += 37) {
        char *text = NULL;
        CHECK_OK(&cx, wf_report_text(&text, &cx, c, width));
        CHECK(strlen(text) > 20);
        wf_free(text);
    }
}

#endif
