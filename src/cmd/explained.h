/* What weft explain found out about one image, and its output. */
#ifndef WF_CMD_EXPLAINED_H
#define WF_CMD_EXPLAINED_H

#include "cmd/session.h"
#include "weft/explain.h"

typedef struct wf_explained {
    wf_cli *cli;
    const char *run;       /* its id */
    char *image;           /* "shirt.png", "test image 42 of fashion-mnist" */
    char *stem;            /* for a folder: "shirt", "test-42" */
    const uint8_t *pixels; /* [height][width][channels] */
    int label;             /* -1: not known */
    int baseline;          /* pixel value */
    const json_t *names;   /* of the classes, or NULL */
    int classes, class_index;
    float *probabilities; /* [classes] */
    json_t *top;          /* the most probable ones, as wf_class_answer makes it */
    wf_explain_ways ways;
    wf_cam cam;                 /* where ways.cam_layer or the user names a layer */
    wf_attribution attribution; /* always */
    wf_progression progression; /* where ways.is_recurrent */
} wf_explained;

void wf_explained_reset(wf_explained *e);

/* "rows", "columns", "filled". */
const char *wf_reading_name(wf_reading reading);

/* Prints everything but the most probable classes.  Errors: WF_E_NOMEM. */
wf_status wf_explained_print(const wf_explained *e);
/* The document of --json and of explain.json.  Errors: WF_E_NOMEM. */
wf_status wf_explained_json(json_t **out, const wf_explained *e);
/* heatmap.png, attributions.npy, explain.json, with Grad-CAM gradcam.npy, with a progression
 * progression.svg, into the folder, which is made if it is not there; files of these names are
 * replaced.  Errors: WF_E_IO, WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf_explained_write(const wf_explained *e, const char *folder, const json_t *document);

#endif
