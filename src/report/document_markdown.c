#include "report/document_markdown.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "report/charts.h"
#include "report/html.h"
#include "report/markdown_parts.h"

void wf__md(wf__markdown *m, const char *text) { wf_str_add(&m->out->text, m->cx, text); }

void wf__md_name(wf__markdown *m, const char *text) {
    wf__markdown_text(&m->out->text, m->cx, text ? text : "");
}

void wf__md_figure(wf__markdown *m, const json_t *value, const char *format) {
    char text[64] = "-";
    if (json_is_number(value)) snprintf(text, sizeof text, format, json_number_value(value));
    wf__md(m, text);
}

/* ---- pictures ---- */

/* What stays as it is in a file's name and in a link. */
static int is_plain(char c) { return isalnum((unsigned char)c) || strchr("-._", c); }

static void add_link(wf__markdown *m, const char *path) {
    for (const char *c = path; *c; c++)
        if (is_plain(*c)) wf_str_add_bytes(&m->out->text, m->cx, c, 1);
        else wf_str_addf(&m->out->text, m->cx, "%%%02X", (unsigned char)*c);
}

static wf_status keep(wf__markdown *m, const char *name, wf_str *svg) {
    wf_context *cx = m->cx;
    wf_report_markdown_file *f = m->out;
    wf_str file = {0};
    WF_TRY(wf_realloc(&f->pictures, cx, f->count, f->count + 1, sizeof *f->pictures));
    for (const char *c = name; *c; c++) wf_str_add_bytes(&file, cx, is_plain(*c) ? c : "-", 1);
    wf_str_add(&file, cx, ".png");
    const wf_status status = file.status;
    if (status != WF_OK) {
        wf_str_reset(&file);
        return status;
    }
    f->pictures[f->count++] = (wf_report_picture){.name = file.text, .svg = *svg};
    *svg = (wf_str){0};
    return WF_OK;
}

wf_status wf__md_picture(wf__markdown *m, const char *name, const char *description, wf_str *svg) {
    if (!svg->text) return WF_OK;
    wf_status status = keep(m, name, svg);
    wf_str_reset(svg);
    WF_TRY(status);
    wf__md(m, "\n![");
    wf__md_name(m, description);
    wf__md(m, "](");
    add_link(m, m->folder);
    wf__md(m, "/");
    add_link(m, m->out->pictures[m->out->count - 1].name);
    wf__md(m, ")\n");
    return m->out->text.status;
}

const uint8_t *wf__md_pixels(const wf_images *images, int64_t index) {
    if (!images || !images->pixels || index < 0 || index >= images->count) return NULL;
    return images->pixels + index * images->height * images->width * images->channels;
}

const char *wf__md_class(const wf__markdown *m, int64_t label) {
    const wf_evaluation *e = m->c->rows[m->row].runs[0].evaluation;
    return label >= 0 && label < e->class_count ? e->class_names[label] : "";
}

static const char *data_hash_of(const wf__markdown *m, size_t row) {
    return wf__row_summary(&m->c->rows[row])->data_hash;
}

const wf_images *wf__md_test(const wf__markdown *m) {
    const char *hash =
        json_string_value(json_object_get(json_object_get(m->document, "data"), "hash"));
    return hash && !strcmp(hash, data_hash_of(m, m->row)) ? m->images->test : NULL;
}

size_t wf__md_row_of(const wf__markdown *m, const char *data_hash) {
    for (size_t i = 0; data_hash && i < m->c->row_count; i++)
        if (!strcmp(data_hash_of(m, i), data_hash)) return i;
    return 0;
}

wf_status wf__md_sheet(wf__markdown *m, const char *name, const char *title,
                       const wf__sheet *sheet) {
    wf_context *cx = m->cx;
    wf_contact *contacts = NULL;
    wf_str svg = {0};
    size_t count = 0;
    if (!sheet->form || json_array_size(sheet->list) == 0) return WF_OK;
    WF_TRY(wf_alloc(&contacts, cx, json_array_size(sheet->list), sizeof *contacts));
    for (size_t i = 0; i < json_array_size(sheet->list); i++) {
        wf_contact one = {0};
        if (sheet->fill(&one, m, json_array_get(sheet->list, i), sheet->user) && one.images[0])
            contacts[count++] = one;
    }
    wf_status status =
        count ? wf_contact_sheet(&svg, cx, title, contacts, count, sheet->form) : WF_OK;
    wf_free(contacts);
    return status == WF_OK ? wf__md_picture(m, name, title, &svg) : status;
}

/* ---- the beginning ---- */

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void add_answer(wf__markdown *m) {
    const json_t *answer = json_object_get(m->document, "answer");
    wf__md(m, "# ");
    wf__md_name(m, text_of(m->document, "title"));
    wf__md(m, "\n\n*");
    wf__md_name(m, text_of(m->document, "question"));
    wf__md(m, "*\n");
    for (size_t i = 0; i < json_array_size(answer); i++) {
        wf__md(m, "\n");
        wf__md_name(m, json_string_value(json_array_get(answer, i)));
        wf__md(m, "\n");
    }
    if (!*text_of(m->document, "caution")) return;
    wf__md(m, "\n> Caution: ");
    wf__md_name(m, text_of(m->document, "caution"));
    wf__md(m, "\n");
}

static void add_notes(wf__markdown *m) {
    const json_t *notes = json_object_get(json_object_get(m->document, "comparison"), "notes");
    for (size_t i = 0; i < json_array_size(notes); i++) {
        wf__md(m, i ? "- " : "\n## Notes\n\n- ");
        wf__md_name(m, json_string_value(json_array_get(notes, i)));
        wf__md(m, "\n");
    }
}

static void add_results(wf__markdown *m) {
    wf_str *s = &m->out->text;
    wf__md(m, "\n## Results on the test images\n\n");
    wf__markdown_summary(s, m->cx, m->c);
    wf__markdown_pairs(s, m->cx, m->c);
    wf__markdown_claims(s, m->cx, m->c);
    add_notes(m);
}

/* Adds the text and resets it. */
static wf_status add_text(wf__markdown *m, wf_str *text) {
    const wf_status status = text->status;
    if (status == WF_OK) wf__md_name(m, text->text);
    wf_str_reset(text);
    return status;
}

static wf_status add_cost(wf__markdown *m) {
    static const char *const names[WF_COST_COUNT][2] = {
        {"accuracy-time", "Accuracy against training time"},
        {"accuracy-parameters", "Accuracy against parameters"}};
    if (m->c->row_count < 2 || !m->c->comparable) return WF_OK;
    wf__md(m, "\n## Accuracy and what it costs\n\nUp and to the left is better.\n");
    for (int i = 0; i < WF_COST_COUNT; i++) {
        wf_str svg = {0};
        WF_TRY(wf_chart_scatter(&svg, m->cx, m->c, (wf_chart_cost)i));
        WF_TRY(wf__md_picture(m, names[i][0], names[i][1], &svg));
    }
    return WF_OK;
}

/* A section of each cross-validation. */
static wf_status add_cvs(wf__markdown *m) {
    for (size_t i = 0; i < m->options->cv_count; i++) {
        const wf_cross_validation *cv = m->options->cvs[i];
        wf_str text = {0}, svg = {0};
        char name[48] = "cross-validation";
        if (i > 0) snprintf(name, sizeof name, "cross-validation-%zu", i + 1);
        wf__md(m, "\n## ");
        wf_cv_title(&text, m->cx, cv);
        WF_TRY(add_text(m, &text));
        wf__md(m, "\n");
        if (m->c->row_count + m->options->cv_count > 1) { /* else the report's answer says it */
            wf__md(m, "\n");
            wf_cv_best(&text, m->cx, cv);
            wf_str_add(&text, m->cx, " ");
            wf_cv_best_difference(&text, m->cx, cv);
            WF_TRY(add_text(m, &text));
            wf__md(m, "\n");
        }
        WF_TRY(wf_chart_folds(&svg, m->cx, cv));
        WF_TRY(wf__md_picture(m, name, "Accuracy of each model in each fold", &svg));
        wf__md(m, "\n");
        wf_cv_markdown_body(&m->out->text, m->cx, cv, "###");
    }
    return m->out->text.status;
}

/* ---- the end ---- */

static void add_made_run(wf__markdown *m, const json_t *run) {
    static const char *const texts[] = {"id",      "precision", "cpu",      "isa",
                                        "version", "started",   "data_hash"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        wf__md(m, "| ");
        wf__md_name(m, text_of(run, texts[i]));
        wf__md(m, " ");
        if (i > 0) continue;
        wf__md(m, "| ");
        wf__md_figure(m, json_object_get(run, "seed"), "%.0f");
        wf__md(m, " | ");
        wf__md_figure(m, json_object_get(run, "epochs"), "%.0f");
        wf__md(m, " | ");
        wf__md_figure(m, json_object_get(run, "threads"), "%.0f");
        wf__md(m, " ");
    }
    wf__md(m, "|\n");
}

/* A line of an indented block, in which nothing has a meaning. */
static void add_code(wf__markdown *m, const char *text, size_t length) {
    wf__md(m, "    ");
    for (size_t i = 0; i < length; i++)
        wf_str_add_bytes(&m->out->text, m->cx, text[i] == '\n' || text[i] == '\r' ? " " : text + i,
                         1);
    wf__md(m, "\n");
}

/* Behind a fold, where the reader of Markdown has one. */
static void add_configuration(wf__markdown *m, const json_t *one) {
    const char *text = text_of(one, "text");
    wf_html summary = {.cx = m->cx}; /* in markup Markdown's escapes have no meaning */
    wf__html(&summary, "\n<details><summary>Configuration of %s</summary>\n\n",
             text_of(one, "label"));
    if (summary.out.status != WF_OK) m->out->text.status = summary.out.status;
    else wf_str_add(&m->out->text, m->cx, summary.out.text);
    wf_str_reset(&summary.out);
    while (*text) {
        size_t n = strcspn(text, "\n");
        add_code(m, text, n);
        text += n + (text[n] == '\n');
    }
    wf__md(m, "\n</details>\n");
}

static void add_made(wf__markdown *m) {
    const json_t *made = json_object_get(m->document, "made");
    const json_t *commands = json_object_get(made, "commands"),
                 *runs = json_object_get(made, "runs");
    wf__md(m, "\n## How it was made\n\n");
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *command = json_array_get(commands, i);
        add_code(m, json_string_value(command), json_string_length(command));
    }
    wf__md(m, "\nweft ");
    wf__md_name(m, text_of(made, "weft"));
    wf__md(m, "; ");
    wf__md_name(m, text_of(made, "libraries"));
    wf__md(m, ". Written ");
    wf__md_name(m, text_of(m->document, "generated"));
    wf__md(m, ". The test images were used once per run, after training; every choice rests on "
              "validation.\n");
    if (json_array_size(runs) > 0)
        wf__md(m, "\n| Run | Seed | Epochs | Threads | Arithmetic | CPU | Level | weft | Started | "
                  "Data (SHA-256) |\n|---|---:|---:|---:|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < json_array_size(runs); i++) add_made_run(m, json_array_get(runs, i));
    const json_t *configurations = json_object_get(made, "configurations");
    for (size_t i = 0; i < json_array_size(configurations); i++)
        add_configuration(m, json_array_get(configurations, i));
}

static wf_status write_all(wf__markdown *m) {
    add_answer(m);
    if (m->c->row_count > 0) add_results(m);
    else add_notes(m);
    WF_TRY(add_cost(m));
    WF_TRY(add_cvs(m));
    if (m->c->row_count > 0) {
        WF_TRY(wf__md_data(m));
        WF_TRY(wf__md_models(m));
        WF_TRY(wf__md_pairs(m));
    }
    if (m->c->row_count + m->options->cv_count > 0) add_made(m);
    return m->out->text.status;
}

wf_status wf_report_document_markdown(wf_report_markdown_file *out, wf_context *cx,
                                      const wf_comparison *c, const wf_report_options *options,
                                      const json_t *document, const wf_report_images *images,
                                      const char *folder) {
    wf_report_markdown_file file = {0};
    wf__markdown m = {&file, cx, c, options, document, images, folder, 0};
    wf_status status = write_all(&m);
    if (status == WF_OK) *out = file;
    else wf_report_markdown_reset(&file);
    return status;
}

void wf_report_markdown_reset(wf_report_markdown_file *m) {
    for (size_t i = 0; i < m->count; i++) {
        wf_free(m->pictures[i].name);
        wf_str_reset(&m->pictures[i].svg);
    }
    wf_free(m->pictures);
    wf_str_reset(&m->text);
    *m = (wf_report_markdown_file){0};
}
