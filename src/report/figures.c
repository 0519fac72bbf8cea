/* How figures read, and the cells of the summary table. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"

static const char *show(char buffer[WF_FIGURE_BYTES], const char *format, double value) {
    if (isfinite(value)) snprintf(buffer, WF_FIGURE_BYTES, format, value);
    else strcpy(buffer, "-");
    return buffer;
}

const char *wf__show_score(char buffer[WF_FIGURE_BYTES], double value) {
    return show(buffer, "%.4f", value);
}

const char *wf__show_signed(char buffer[WF_FIGURE_BYTES], double value) {
    return show(buffer, "%+.4f", value);
}

const char *wf__show_quantity(char buffer[WF_FIGURE_BYTES], double value) {
    double size = fabs(value);
    return show(buffer, size < 9.995 ? "%.2f" : size < 99.95 ? "%.1f" : "%.0f", value);
}

const char *wf__show_epochs(char buffer[WF_FIGURE_BYTES], double mean) {
    const double whole = round(mean);
    if (fabs(mean - whole) < 1e-9) return wf_thousands(buffer, (int64_t)whole);
    snprintf(buffer, WF_FIGURE_BYTES, "%.1f", mean);
    return buffer;
}

const char *wf__show_spread(char buffer[WF_FIGURE_BYTES], wf_spread s,
                            const char *(*show_one)(char buffer[WF_FIGURE_BYTES], double value)) {
    char mean[WF_FIGURE_BYTES], sd[WF_FIGURE_BYTES];
    show_one(mean, s.mean);
    if (s.count < 2) snprintf(buffer, WF_FIGURE_BYTES, "%.31s", mean);
    else snprintf(buffer, WF_FIGURE_BYTES, "%.28s ± %.28s", mean, show_one(sd, s.sd));
    return buffer;
}

int wf__row_claims(wf_report_claim out[WF_CLAIM_FIGURES], const wf_report_row *row) {
    const wf_run_summary *s = wf__row_summary(row);
    const wf_report_claim all[] = {
        {"accuracy", s->claim_accuracy, row->accuracy.mean, row->delta_accuracy},
        {"macro F1", s->claim_macro_f1, row->macro_f1.mean, row->delta_macro_f1},
        {"loss", s->claim_loss, row->loss.mean, row->delta_loss},
    };
    int n = 0;
    for (int i = 0; i < WF_CLAIM_FIGURES; i++)
        if (isfinite(all[i].claimed)) out[n++] = all[i];
    return n;
}

const char *wf__column_title(const wf_comparison *c, wf_report_column column) {
    static const char *const titles[WF_COLUMN_COUNT] = {
        [WF_COLUMN_MODEL] = "Model",
        [WF_COLUMN_SEEDS] = "Seeds",
        [WF_COLUMN_ACCURACY] = "Accuracy",
        [WF_COLUMN_SET_LOG_LIKELIHOOD] = "Set log-lik.",
        [WF_COLUMN_C_F1] = "C-F1",
        [WF_COLUMN_O_F1] = "O-F1",
        [WF_COLUMN_MAP] = "mAP",
        [WF_COLUMN_SMALL_RECALL] = "Small recall",
        [WF_COLUMN_LOSS] = "Loss",
        [WF_COLUMN_MACRO_F1] = "Macro F1",
        [WF_COLUMN_PARAMETERS] = "Parameters",
        [WF_COLUMN_MS_PER_STEP] = "ms/step",
        [WF_COLUMN_S_PER_EPOCH] = "s/epoch",
        [WF_COLUMN_EPOCHS] = "Epochs",
        [WF_COLUMN_TOTAL] = "Total time",
        [WF_COLUMN_WORST] = "Worst class",
        [WF_COLUMN_BEST] = "Best class",
        [WF_COLUMN_CLAIM] = "Claimed",
        [WF_COLUMN_DIFFERENCE] = "Ours - claim",
    };
    if (column == WF_COLUMN_ACCURACY && wf__has_only_sets(c)) return "Subset accuracy";
    return titles[column];
}

/* The figure of sets that the column shows; WF_HEADLINE_COUNT: of another kind. */
static wf_headline headline_of(wf_report_column column) {
    switch (column) {
    case WF_COLUMN_SET_LOG_LIKELIHOOD: return WF_HEADLINE_SET_LOG_LIKELIHOOD;
    case WF_COLUMN_C_F1: return WF_HEADLINE_C_F1;
    case WF_COLUMN_O_F1: return WF_HEADLINE_O_F1;
    case WF_COLUMN_MAP: return WF_HEADLINE_MAP;
    case WF_COLUMN_SMALL_RECALL: return WF_HEADLINE_SMALL_RECALL;
    default: return WF_HEADLINE_COUNT;
    }
}

int wf__column_is_text(wf_report_column column) {
    return column == WF_COLUMN_MODEL || column == WF_COLUMN_WORST || column == WF_COLUMN_BEST ||
           column == WF_COLUMN_CLAIM || column == WF_COLUMN_DIFFERENCE;
}

int wf__column_is_used(const wf_comparison *c, wf_report_column column) {
    wf_report_claim claims[WF_CLAIM_FIGURES];
    const wf_headline h = headline_of(column);
    if ((column == WF_COLUMN_LOSS || column == WF_COLUMN_MACRO_F1) && wf__has_only_sets(c))
        return 0; /* log-likelihood and C-F1 say it */
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        const wf_run_summary *s = wf__row_summary(row);
        if (h < WF_HEADLINE_COUNT) {
            if (row->headlines[h].count > 0) return 1;
            continue;
        }
        switch (column) {
        case WF_COLUMN_SEEDS:
            if (row->run_count > 1) return 1;
            break;
        case WF_COLUMN_PARAMETERS:
            if (s->parameters > 0) return 1;
            break;
        case WF_COLUMN_CLAIM:
        case WF_COLUMN_DIFFERENCE:
            if (wf__row_claims(claims, row) > 0) return 1;
            break;
        default: return 1;
        }
    }
    return 0;
}

static void class_cell(wf_str *out, wf_context *cx, const wf_report_row *row, int class_index) {
    char text[WF_FIGURE_BYTES];
    if (class_index < 0) {
        wf_str_add(out, cx, "-");
        return;
    }
    snprintf(text, sizeof text, " %.2f", row->class_f1[class_index].mean);
    wf_str_add(out, cx, row->pooled->class_names[class_index]);
    wf_str_add(out, cx, text);
}

static void claim_cell(wf_str *out, wf_context *cx, const wf_report_row *row, int difference) {
    wf_report_claim claims[WF_CLAIM_FIGURES];
    char text[WF_FIGURE_BYTES];
    int n = wf__row_claims(claims, row);
    if (n == 0) wf_str_add(out, cx, "-");
    for (int i = 0; i < n; i++) {
        const wf_report_claim *k = &claims[i];
        static const char *const brief[] = {"acc ", "F1 ", "loss "};
        int which = k->figure[0] == 'a' ? 0 : k->figure[0] == 'm' ? 1 : 2;
        wf_str_add(out, cx, i > 0 ? ", " : "");
        wf_str_add(out, cx, brief[which]);
        wf_str_add(out, cx,
                   difference ? wf__show_signed(text, k->difference)
                              : wf__show_score(text, k->claimed));
    }
}

void wf__column_cell(wf_str *out, wf_context *cx, const wf_report_row *row,
                     wf_report_column column) {
    char text[WF_FIGURE_BYTES];
    const wf_run_summary *s = wf__row_summary(row);
    switch (column) {
    case WF_COLUMN_MODEL: wf_str_add(out, cx, row->label); return;
    case WF_COLUMN_SEEDS: wf_str_addf(out, cx, "%zu", row->run_count); return;
    case WF_COLUMN_ACCURACY: wf__show_spread(text, row->accuracy, wf__show_score); break;
    case WF_COLUMN_SET_LOG_LIKELIHOOD:
    case WF_COLUMN_C_F1:
    case WF_COLUMN_O_F1:
    case WF_COLUMN_MAP:
    case WF_COLUMN_SMALL_RECALL:
        wf__show_spread(text, row->headlines[headline_of(column)], wf__show_score);
        break;
    case WF_COLUMN_LOSS: wf__show_spread(text, row->loss, wf__show_score); break;
    case WF_COLUMN_MACRO_F1: wf__show_spread(text, row->macro_f1, wf__show_score); break;
    case WF_COLUMN_PARAMETERS: wf_thousands(text, s->parameters); break;
    case WF_COLUMN_MS_PER_STEP: wf__show_quantity(text, row->ms_per_step.mean); break;
    case WF_COLUMN_S_PER_EPOCH: wf__show_quantity(text, row->s_per_epoch.mean); break;
    case WF_COLUMN_EPOCHS: wf__show_epochs(text, row->epochs.mean); break;
    case WF_COLUMN_TOTAL: wf_duration(text, row->total_s.mean); break;
    case WF_COLUMN_WORST: class_cell(out, cx, row, row->worst_class); return;
    case WF_COLUMN_BEST: class_cell(out, cx, row, row->best_class); return;
    case WF_COLUMN_CLAIM: claim_cell(out, cx, row, 0); return;
    case WF_COLUMN_DIFFERENCE: claim_cell(out, cx, row, 1); return;
    case WF_COLUMN_COUNT: return;
    }
    wf_str_add(out, cx, text);
}
