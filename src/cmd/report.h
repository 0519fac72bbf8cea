/* A report while it is being made: the document of stored runs (report/document.h), and what the
 * commands add to it, which may read models, weights and images. */
#ifndef WF_CMD_REPORT_H
#define WF_CMD_REPORT_H

#include "cmd/session.h"
#include "report/document.h"

/* What the user says about a report. Zero-initialise; every field may stay 0. */
typedef struct wf_report_choice {
    const char *title;               /* NULL: made of the models' names */
    const char *maps;                /* as WF_MAPS_OPTION; NULL: "auto" */
    int is_brief;                    /* for the end of a training: without what takes long */
    wf_cross_validation *const *cvs; /* [cv_count] */
    size_t cv_count;
} wf_report_choice;

#define WF_MAPS_OPTION(type, member)                                                               \
    {                                                                                              \
        "maps", 0, WF_OPTION_CHOICE, offsetof(type, member), "auto|all|none", "auto", NULL, 0, 0,  \
            "t-SNE maps of the test images in the report; auto: of 2,000 images each, of 10,000 "  \
            "for the best model of each family; all: of 10,000 for every model"                    \
    }

typedef struct wf_report {
    wf_session *session; /* prepared; who needs threads starts it */
    const wf_comparison *comparison;
    wf_experiment *experiments; /* [row_count] of each row's first run; model NULL: unreadable */
    json_t *document;           /* models[i] is comparison->rows[i] */
    wf_str sprite;              /* data: URL of the picture that holds the images; empty: none */
    wf_report_choice choice;
} wf_report;

/* Everything that the report shows. `session`, `comparison` and the choice's texts must outlive the
 * report, the runs must be open; release with wf_report_reset.
 * Errors: WF_E_NOMEM, WF_E_IO. */
wf_status wf_report_create(wf_report *out, wf_session *session, const wf_comparison *comparison,
                           const wf_report_choice *choice);
void wf_report_reset(wf_report *r);

/* The page as text; release with wf_str_reset.  Errors: WF_E_NOMEM. */
wf_status wf_report_html_text(wf_str *out, wf_report *r);

/* report_markdown.c: the report as the Markdown file `path` and a folder of PNG pictures beside it,
 * report-files for report.md.  Errors: as wf_svg_to_png; WF_E_IO, WF_E_NOMEM. */
wf_status wf_report_write_markdown(wf_report *r, const char *path);

/* report_layers.c: models[i].layers.  Errors: WF_E_NOMEM. */
wf_status wf__report_layers(wf_report *r);
/* report_pictures.c: data, the maps and mistakes of models, the tiles of all images, r->sprite.
 * What is not there any more is left out, with a note.  Errors: WF_E_NOMEM, WF_E_INTERRUPTED. */
wf_status wf__report_pictures(wf_report *r);

#endif
