/* What of a report needs images or trained models: the data, the pictures, maps, what models look
 * at. What is not there any more is left out, and a note says so. What takes long is kept in the
 * run's folder, below report/, and taken from there the next time. */
#ifndef WF_CMD_REPORT_PICTURES_H
#define WF_CMD_REPORT_PICTURES_H

#include "cmd/report.h"
#include "cmd/report_tiles.h"

typedef struct wf_pictures {
    wf_report *report;
    wf_cli *cli;
    wf_session *session;
    size_t row;              /* whose images the report shows, where there are any */
    unsigned char *is_shown; /* [rows]: it was tested on these images */
    int64_t points;          /* that maps show */
    int maps_of_few;         /* models whose map shows a sample of the test images */
    int maps_left_out;       /* models without a map, for the page would become too large */
    /* what was opened last */
    char *missing;             /* the data set that could not be opened; NULL: none */
    unsigned char *is_refused; /* [rows]: the data set holds other images now */
    wf_trained trained;
    size_t trained_row; /* SIZE_MAX: none was tried */
} wf_pictures;

/* What follows when `status` says that `what` of `whose` could not be had: a note, and the report
 * goes on.  Errors: WF_E_NOMEM, WF_E_INTERRUPTED. */
wf_status wf__pictures_forgive(wf_pictures *p, wf_status status, const char *whose,
                               const char *what);

const wf_report_run *wf__pictures_run(const wf_pictures *p, size_t row);
/* models[row] of the document. */
json_t *wf__pictures_model(const wf_pictures *p, size_t row);

/* The images that the row's run was tested on, in session->dataset. *out_is_there 0: they are not
 * there, and a note says so. */
wf_status wf__pictures_open_data(int *out_is_there, wf_pictures *p, size_t row);
/* The same, and the trained model, until the next call with another row; *out is NULL where it is
 * not there. */
wf_status wf__pictures_open_model(const wf_trained **out, wf_pictures *p, size_t row);

/* report/NAME of the run's folder, where it has schema_version `version`; else *out is NULL.
 * Release it with json_decref. */
wf_status wf__pictures_recall(json_t **out, wf_pictures *p, size_t row, const char *name,
                              int version);
/* Writes it; a folder that cannot be written is noted. */
wf_status wf__pictures_keep(wf_pictures *p, size_t row, const char *name, const json_t *document);

/* ---- the parts ---- */

wf_status wf__pictures_map(wf_pictures *p, size_t row);      /* models[row].map */
wf_status wf__pictures_mistakes(wf_pictures *p, size_t row); /* models[row].mistakes */
wf_status wf__pictures_sets(wf_pictures *p,
                            size_t row); /* more of the images of models[row].sets */
/* data, but for its sprite. `dataset` NULL: what the runs themselves know of it. */
wf_status wf__pictures_data(wf_pictures *p, const wf_dataset *dataset);

#endif
