/* Images with captions, as one SVG file that needs no other. */
#ifndef WF_REPORT_CONTACT_SHEET_H
#define WF_REPORT_CONTACT_SHEET_H

#include "base/status.h"
#include "base/str.h"
#include "weft/data.h"

enum { WF_CONTACT_IMAGES = 3, WF_CONTACT_LINES = 3, WF_CONTACT_BYTES = 96 };

/* One image, or some side by side. */
typedef struct wf_contact {
    const uint8_t *images[WF_CONTACT_IMAGES]; /* but for the first NULL where there is none */
    const float *curve; /* [curve_count][2]: over the last image, x and y in 0 .. 1; NULL: none */
    size_t curve_count;
    char captions[WF_CONTACT_LINES][WF_CONTACT_BYTES];
} wf_contact;

/* The sheet, in rows; a caption that is too long is cut off. `form` says the images' size and
 * channels. `out` must be empty; release it with wf_str_reset.
 * Errors: as wf_png_encode, WF_E_NOMEM. */
wf_status wf_contact_sheet(wf_str *out, wf_context *cx, const char *title,
                           const wf_contact *contacts, size_t count, const wf_images *form);

#endif
