/* What the files that write the report as Markdown share. */
#ifndef WF_REPORT_MARKDOWN_PARTS_H
#define WF_REPORT_MARKDOWN_PARTS_H

#include "base/json.h"
#include "report/contact_sheet.h"
#include "report/document_markdown.h"
#include "report/internal.h"

typedef struct wf__markdown {
    wf_report_markdown_file *out;
    wf_context *cx;
    const wf_comparison *c;
    const wf_report_options *options;
    const json_t *document;
    const wf_report_images *images;
    const char *folder;
    size_t row; /* whose classes and images are spoken of */
} wf__markdown;

/* Adds `text`, which is Markdown; names that came from outside are escaped by add_name. */
void wf__md(wf__markdown *m, const char *text);
void wf__md_name(wf__markdown *m, const char *text);
/* A number of the document as printf shows it with `format`, "-" when it is null. */
void wf__md_figure(wf__markdown *m, const json_t *value, const char *format);

/* A picture and the line that shows it; an empty one is left out. `name` without ".png" has no
 * path and may have any letters: those that file names should not have become "-". Takes `svg`. */
wf_status wf__md_picture(wf__markdown *m, const char *name, const char *description, wf_str *svg);

/* A sheet of images with captions; `part` is NULL when they are not at hand, then nothing is
 * added.  fill(contact, one entry of `list`) returns 0 to leave it out. */
typedef struct wf__sheet {
    const json_t *list; /* of objects */
    const wf_images *form;
    int (*fill)(wf_contact *out, wf__markdown *m, const json_t *one, void *user);
    void *user;
} wf__sheet;
wf_status wf__md_sheet(wf__markdown *m, const char *name, const char *title,
                       const wf__sheet *sheet);

/* The pixels of one image; NULL when they are not at hand. */
const uint8_t *wf__md_pixels(const wf_images *images, int64_t index);
/* A class of the row by number, "" for none. */
const char *wf__md_class(const wf__markdown *m, int64_t label);
/* The test images of the row; NULL when they are not at hand: the images are of one data set. */
const wf_images *wf__md_test(const wf__markdown *m);
/* The first row of that data. */
size_t wf__md_row_of(const wf__markdown *m, const char *data_hash);

/* A picture of a model: "02-gru-128-roc". */
wf_status wf__md_model_picture(wf__markdown *m, size_t row, const char *what, const char *title,
                               wf_str *svg);
/* The model's map of test images, where there is one. */
wf_status wf__md_map(wf__markdown *m, size_t row, const json_t *model);
/* What is said of a model of images with any number of labels. */
wf_status wf__md_sets(wf__markdown *m, size_t row, const json_t *model);

/* The sections. */
wf_status wf__md_data(wf__markdown *m);
wf_status wf__md_models(wf__markdown *m);
wf_status wf__md_pairs(wf__markdown *m);

#endif
