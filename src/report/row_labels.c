/* What the rows of a comparison are called. */
#include <string.h>

#include "base/alloc.h"
#include "report/internal.h"

/* What tells rows of one model apart, by the first parts of the recipe that differ. */
static wf_status name_row(wf_comparison *c, wf_context *cx, wf_report_row *row) {
    const wf_run_summary *s = wf__row_summary(row);
    int epochs = 0, images = 0, tested = 0, batch = 0, precision = 0, dataset = 0, others = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_run_summary *o = wf__row_summary(&c->rows[i]);
        if (strcmp(o->model, s->model) != 0 || o == s) continue;
        others++;
        epochs |= o->epochs_planned != s->epochs_planned;
        images |= o->train_count != s->train_count;
        tested |= o->test_count != s->test_count;
        batch |= o->batch_size != s->batch_size;
        precision |= strcmp(o->precision, s->precision) != 0;
        dataset |= strcmp(o->dataset, s->dataset) != 0;
    }
    wf_str label = {0};
    char number[WF_FIGURE_BYTES];
    const char *separator = " (";
#define PART(condition, ...)                                                                       \
    if (condition) {                                                                               \
        wf_str_add(&label, cx, separator);                                                         \
        wf_str_addf(&label, cx, __VA_ARGS__);                                                      \
        separator = ", ";                                                                          \
    }
    wf_str_add(&label, cx, *s->model ? s->model : s->name);
    PART(dataset, "%s", s->dataset)
    PART(epochs, "%lld epochs", (long long)s->epochs_planned)
    PART(images, "%s images", wf_thousands(number, s->train_count))
    PART(tested, "tested on %s", wf_thousands(number, s->test_count))
    PART(batch, "batch %lld", (long long)s->batch_size)
    PART(precision, "%s", s->precision)
    PART(others && *separator == ' ', "%s", s->id)
#undef PART
    if (*separator == ',') wf_str_add(&label, cx, ")");
    wf_status status = label.status;
    if (status == WF_OK) row->label = label.text;
    else wf_str_reset(&label);
    return status;
}

static int is_label_shared(const wf_comparison *c, size_t row) {
    for (size_t i = 0; i < c->row_count; i++)
        if (i != row && !strcmp(c->rows[i].label, c->rows[row].label)) return 1;
    return 0;
}

/* What its parts do not tell apart, since each differs from another row's, has its run's id. */
static wf_status name_shared(wf_comparison *c, wf_context *cx) {
    uint8_t *is_shared = NULL;
    WF_TRY(wf_alloc(&is_shared, cx, c->row_count + 1, 1));
    for (size_t i = 0; i < c->row_count; i++) is_shared[i] = (uint8_t)is_label_shared(c, i);
    wf_status status = WF_OK;
    for (size_t i = 0; i < c->row_count && status == WF_OK; i++) {
        wf_report_row *row = &c->rows[i];
        const size_t length = strlen(row->label);
        const int has_parts = length > 0 && row->label[length - 1] == ')';
        wf_str label = {0};
        if (!is_shared[i]) continue;
        wf_str_addf(&label, cx, "%.*s%s%s)", (int)(length - (size_t)has_parts), row->label,
                    has_parts ? ", " : " (", wf__row_summary(row)->id);
        status = label.status;
        if (status == WF_OK) {
            wf_free(row->label);
            row->label = label.text;
        } else wf_str_reset(&label);
    }
    wf_free(is_shared);
    return status;
}

wf_status wf__comparison_labels(wf_comparison *c, wf_context *cx) {
    for (size_t i = 0; i < c->row_count; i++) WF_TRY(name_row(c, cx, &c->rows[i]));
    return name_shared(c, cx);
}
