/* From stored runs to rows: which runs belong together, and the figures of each group. */
#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "report/internal.h"

const wf_run_summary *wf__row_summary(const wf_report_row *row) { return &row->runs[0].summary; }

static void reset_run(wf_report_run *run) {
    wf_run_summary_reset(&run->summary);
    wf_run_metrics_reset(&run->metrics);
    wf_run_config_reset(&run->config);
    wf_evaluation_destroy(run->evaluation);
    *run = (wf_report_run){0};
}

static void reset_row(wf_report_row *row) {
    for (size_t i = 0; i < row->run_count; i++) reset_run(&row->runs[i]);
    wf_free(row->runs);
    wf_free(row->label);
    wf_free(row->class_f1);
    wf_evaluation_destroy(row->pooled);
    *row = (wf_report_row){0};
}

void wf_comparison_destroy(wf_comparison *c) {
    if (!c) return;
    wf__comparison_pairs_reset(c);
    for (size_t i = 0; i < c->row_count; i++) reset_row(&c->rows[i]);
    for (size_t i = 0; i < c->note_count; i++) wf_free(c->notes[i]);
    wf_free(c->rows);
    wf_free(c->notes);
    wf_free(c->answer);
    wf_free(c->generated);
    wf_free(c);
}

/* Adds the text and resets `note`. */
static wf_status add_note(wf_comparison *c, wf_context *cx, wf_str *note) {
    wf_status status = note->status;
    if (status == WF_OK)
        status = wf_realloc(&c->notes, cx, c->note_count, c->note_count + 1, sizeof *c->notes);
    if (status == WF_OK) status = wf_utf8_clean(&c->notes[c->note_count], cx, note->text);
    if (status == WF_OK) c->note_count++;
    wf_str_reset(note);
    return status;
}

/* Reads one run; when it cannot be compared, *why says so and `out` stays empty. */
static wf_status read_run(wf_report_run *out, wf_str *why, wf_context *cx, const wf_run *source) {
    wf_report_run run = {.source = source};
    wf_context quiet = {0};
    char *test = NULL;
    size_t length = 0;
    wf_status status = wf_run_read_summary(&run.summary, cx, source);
    if (status != WF_OK) return status;
    if (run.summary.status != WF_RUN_FINISHED) {
        wf_str_addf(why, cx, "%s is left out: it is %s, not finished.", run.summary.id,
                    wf_run_status_name((wf_run_status)run.summary.status));
        goto done;
    }
    if (run.summary.folds > 0) {
        wf_str_addf(why, cx,
                    "%s is left out: it is fold %lld of %lld of a cross-validation, which never "
                    "saw the test images.",
                    run.summary.id, (long long)run.summary.fold + 1, (long long)run.summary.folds);
        goto done;
    }
    status = wf_run_read_test(&test, &length, &quiet, source);
    if (status == WF_OK) status = wf_evaluation_from_json(&run.evaluation, &quiet, test, length);
    if (status == WF_OK) status = wf_run_read_metrics(&run.metrics, &quiet, source);
    if (status == WF_OK) status = wf_run_config_find(&run.config, &quiet, source);
    if (status == WF_E_NOMEM) {
        if (cx) *cx = quiet;
        goto done;
    }
    if (status != WF_OK) {
        wf_str_addf(why, cx, "%s is left out: %s.", run.summary.id, quiet.message);
        status = WF_OK;
        goto done;
    }
    *out = run;
    run = (wf_report_run){0};
done:
    wf_free(test);
    reset_run(&run);
    return status;
}

int wf_runs_may_share_recipe(const wf_run_summary *a, const wf_run_summary *b) {
    return strcmp(a->model, b->model) == 0 && strcmp(a->dataset, b->dataset) == 0 &&
           strcmp(a->data_hash, b->data_hash) == 0 && strcmp(a->precision, b->precision) == 0 &&
           a->class_count == b->class_count && a->train_count == b->train_count &&
           a->validation_count == b->validation_count && a->test_count == b->test_count &&
           a->epochs_planned == b->epochs_planned && a->batch_size == b->batch_size &&
           a->parameters == b->parameters;
}

static int has_same_classes(const wf_evaluation *a, const wf_evaluation *b) {
    if (a->class_count != b->class_count || a->is_multilabel != b->is_multilabel) return 0;
    for (int i = 0; i < a->class_count; i++)
        if (strcmp(a->class_names[i], b->class_names[i]) != 0) return 0;
    return 1;
}

static wf_status append_run(wf_report_row *row, wf_context *cx, wf_report_run *run) {
    WF_TRY(wf_realloc(&row->runs, cx, row->run_count, row->run_count + 1, sizeof *row->runs));
    row->runs[row->run_count++] = *run;
    *run = (wf_report_run){0};
    return WF_OK;
}

/* Puts the run into its row. Of runs with one recipe and one seed only the latest stays: they say
 * the same thing twice. On success `run` is empty. */
static wf_status place_run(wf_comparison *c, wf_context *cx, wf_report_run *run) {
    wf_report_row *row = NULL;
    for (size_t i = 0; i < c->row_count && !row; i++) {
        const wf_report_run *first = &c->rows[i].runs[0];
        if (wf_runs_may_share_recipe(&first->summary, &run->summary) &&
            wf_run_configs_share_recipe(&first->config, &run->config) &&
            has_same_classes(first->evaluation, run->evaluation))
            row = &c->rows[i];
    }
    if (!row) {
        WF_TRY(wf_realloc(&c->rows, cx, c->row_count, c->row_count + 1, sizeof *c->rows));
        return append_run(&c->rows[c->row_count++], cx, run);
    }
    for (size_t i = 0; i < row->run_count; i++) {
        if (row->runs[i].summary.seed != run->summary.seed) continue;
        if (strcmp(row->runs[i].summary.id, run->summary.id) != 0) {
            int is_later = strcmp(row->runs[i].summary.started, run->summary.started) > 0;
            const char *kept = is_later ? row->runs[i].summary.id : run->summary.id;
            const char *dropped = is_later ? run->summary.id : row->runs[i].summary.id;
            wf_str note = {0};
            wf_str_addf(&note, cx, "%s is left out: %s is a later run of the same recipe and seed.",
                        dropped, kept);
            WF_TRY(add_note(c, cx, &note));
            if (!is_later) {
                wf_report_run older = row->runs[i];
                row->runs[i] = *run;
                *run = older;
            }
        }
        reset_run(run);
        return WF_OK;
    }
    return append_run(row, cx, run);
}

/* Of any number of labels there is no matrix to add up: the first seed's figures. */
static wf_status copy_first(wf_report_row *row, wf_context *cx) {
    char *text = NULL;
    WF_TRY(wf_evaluation_to_json(&text, cx, row->runs[0].evaluation));
    wf_status status = wf_evaluation_from_json(&row->pooled, cx, text, strlen(text));
    wf_text_free(text);
    return status;
}

static wf_status pool(wf_report_row *row, wf_context *cx) {
    const wf_evaluation *first = row->runs[0].evaluation;
    if (first->is_multilabel) return copy_first(row, cx);
    size_t k = (size_t)first->class_count;
    int64_t *sum = NULL;
    WF_TRY(wf_alloc(&sum, cx, k * k, sizeof *sum));
    for (size_t i = 0; i < row->run_count; i++)
        for (size_t j = 0; j < k * k; j++) sum[j] += row->runs[i].evaluation->confusion[j];
    wf_status status = wf_evaluation_from_confusion(&row->pooled, cx, sum, (int)k,
                                                    (const char *const *)first->class_names);
    wf_free(sum);
    return status;
}

typedef double (*wf_figure)(const wf_report_run *run);
static double accuracy_of(const wf_report_run *r) { return r->evaluation->accuracy; }
static double loss_of(const wf_report_run *r) { return r->evaluation->loss; }
static double macro_f1_of(const wf_report_run *r) { return r->evaluation->macro.f1; }
static double ms_of(const wf_report_run *r) { return r->summary.ms_per_step; }
static double epoch_s_of(const wf_report_run *r) { return r->summary.s_per_epoch; }
static double total_s_of(const wf_report_run *r) { return r->summary.total_s; }
static double epochs_of(const wf_report_run *r) { return (double)r->summary.epochs; }

/* `scratch` holds one value per run. */
static wf_spread spread_of(const wf_report_row *row, double *scratch, wf_figure figure) {
    for (size_t i = 0; i < row->run_count; i++) scratch[i] = figure(&row->runs[i]);
    return wf_spread_of(scratch, row->run_count);
}

static void judge_classes(wf_report_row *row, double *scratch) {
    row->worst_class = row->best_class = -1;
    for (int j = 0; j < row->pooled->class_count; j++) {
        for (size_t i = 0; i < row->run_count; i++)
            scratch[i] = row->runs[i].evaluation->classes[j].f1;
        wf_spread *f1 = row->class_f1;
        f1[j] = wf_spread_of(scratch, row->run_count);
        if (row->pooled->classes[j].support == 0) continue;
        if (row->worst_class < 0 || f1[j].mean < f1[row->worst_class].mean) row->worst_class = j;
        if (row->best_class < 0 || f1[j].mean > f1[row->best_class].mean) row->best_class = j;
    }
    if (row->worst_class == row->best_class)
        row->worst_class = row->best_class = -1; /* all alike */
}

static wf_status judge(wf_report_row *row, wf_context *cx) {
    double *scratch = NULL;
    const wf_run_summary *s = wf__row_summary(row);
    WF_TRY(pool(row, cx));
    WF_TRY(wf_alloc(&row->class_f1, cx, (size_t)row->pooled->class_count, sizeof *row->class_f1));
    WF_TRY(wf_alloc(&scratch, cx, row->run_count, sizeof *scratch));
    row->accuracy = spread_of(row, scratch, accuracy_of);
    row->loss = spread_of(row, scratch, loss_of);
    row->macro_f1 = spread_of(row, scratch, macro_f1_of);
    for (int h = WF_HEADLINE_SUBSET_ACCURACY; h < WF_HEADLINE_COUNT; h++) {
        for (size_t i = 0; i < row->run_count; i++)
            scratch[i] = wf_evaluation_headline(row->runs[i].evaluation, (wf_headline)h);
        row->headlines[h] = wf_spread_of(scratch, row->run_count);
    }
    row->ms_per_step = spread_of(row, scratch, ms_of);
    row->s_per_epoch = spread_of(row, scratch, epoch_s_of);
    row->total_s = spread_of(row, scratch, total_s_of);
    row->epochs = spread_of(row, scratch, epochs_of);
    judge_classes(row, scratch);
    row->delta_accuracy = row->accuracy.mean - s->claim_accuracy;
    row->delta_loss = row->loss.mean - s->claim_loss;
    row->delta_macro_f1 = row->macro_f1.mean - s->claim_macro_f1;
    wf_free(scratch);
    return WF_OK;
}

static int compare_rows(const void *left, const void *right) {
    const wf_report_row *a = left, *b = right;
    if (a->accuracy.mean != b->accuracy.mean) return a->accuracy.mean < b->accuracy.mean ? 1 : -1;
    int by_label = strcmp(a->label, b->label);
    return by_label ? by_label : strcmp(a->runs[0].summary.id, b->runs[0].summary.id);
}

static int compare_runs(const void *left, const void *right) {
    const wf_report_run *a = left, *b = right;
    if (a->summary.seed != b->summary.seed) return a->summary.seed < b->summary.seed ? -1 : 1;
    return strcmp(a->summary.id, b->summary.id);
}

int wf__rows_share_test(const wf_report_row *a, const wf_report_row *b) {
    const wf_report_run *left = &a->runs[0], *right = &b->runs[0];
    return strcmp(left->summary.dataset, right->summary.dataset) == 0 &&
           strcmp(left->summary.data_hash, right->summary.data_hash) == 0 &&
           left->evaluation->count == right->evaluation->count &&
           has_same_classes(left->evaluation, right->evaluation);
}

static wf_status check_comparable(wf_comparison *c, wf_context *cx) {
    c->comparable = 1;
    for (size_t i = 1; i < c->row_count; i++)
        if (!wf__rows_share_test(&c->rows[0], &c->rows[i])) c->comparable = 0;
    if (c->comparable) return WF_OK;
    wf_str note = {0};
    wf_str_add(&note, cx,
               "These runs were not all tested on the same images: their figures stand "
               "side by side but do not compare the models.");
    return add_note(c, cx, &note);
}

static wf_status check_threads(wf_comparison *c, wf_context *cx) {
    int64_t least = INT64_MAX, most = 0;
    for (size_t i = 0; i < c->row_count; i++)
        for (size_t j = 0; j < c->rows[i].run_count; j++) {
            const int64_t threads = c->rows[i].runs[j].summary.threads;
            if (threads > 0 && threads < least) least = threads;
            if (threads > most) most = threads;
        }
    if (least >= most) return WF_OK;
    wf_str note = {0};
    wf_str_addf(&note, cx,
                "These runs were trained with %lld to %lld threads: their times do not compare the "
                "models.",
                (long long)least, (long long)most);
    return add_note(c, cx, &note);
}

static wf_status set_time(wf_comparison *c, wf_context *cx) {
    char text[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return wf_strdup(&c->generated, cx, text);
}

static wf_status finish(wf_comparison *c, wf_context *cx) {
    for (size_t i = 0; i < c->row_count; i++) {
        wf_report_row *row = &c->rows[i];
        qsort(row->runs, row->run_count, sizeof *row->runs, compare_runs);
        WF_TRY(judge(row, cx));
    }
    WF_TRY(wf__comparison_labels(c, cx));
    if (c->row_count > 1) qsort(c->rows, c->row_count, sizeof *c->rows, compare_rows);
    WF_TRY(check_comparable(c, cx));
    WF_TRY(check_threads(c, cx));
    WF_TRY(set_time(c, cx));
    WF_TRY(wf__comparison_pairs(c, cx));
    WF_TRY(wf__comparison_set_pairs(c, cx));
    return wf__comparison_answer(c, cx);
}

wf_status wf_comparison_add_note(wf_comparison *c, wf_context *cx, const char *text) {
    wf_str note = {0};
    wf_str_add(&note, cx, text);
    return add_note(c, cx, &note);
}

wf_status wf_comparison_create(wf_comparison **out, wf_context *cx, const wf_run *const *runs,
                               size_t count) {
    wf_status status = WF_OK;
    wf_comparison *c = NULL;
    wf_report_run run = {0};
    wf_str why = {0};
    WF_TRY(wf_alloc(&c, cx, 1, sizeof *c));
    for (size_t i = 0; i < count; i++) {
        WF_TRY_OR(read_run(&run, &why, cx, runs[i]));
        if (!run.evaluation) WF_TRY_OR(add_note(c, cx, &why));
        else WF_TRY_OR(place_run(c, cx, &run));
    }
    WF_TRY_OR(finish(c, cx));
    *out = c;
    c = NULL;
done:
    reset_run(&run);
    wf_str_reset(&why);
    wf_comparison_destroy(c);
    return status;
}
