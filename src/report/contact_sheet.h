/* Images with captions, as one SVG file that needs no other. */
#ifndef WF_REPORT_CONTACT_SHEET_H
#define WF_REPORT_CONTACT_SHEET_H

#include "base/status.h"
#include "base/str.h"
#include "weft/data.h"

enum { WF_CONTACT_LINES = 3, WF_CONTACT_BYTES = 96 };

/* One image, or two side by side. */
typedef struct wf_contact {
    const uint8_t *images[2]; /* [1] may be NULL */
    char captions[WF_CONTACT_LINES][WF_CONTACT_BYTES];
} wf_contact;

/* The sheet, in rows; a caption that is too long is cut off. `form` says the images' size and
 * channels. `out` must be empty; release it with wf_str_reset.
 * Errors: as wf_png_encode, WF_E_NOMEM. */
wf_status wf_contact_sheet(wf_str *out, wf_context *cx, const char *title,
                           const wf_contact *contacts, size_t count, const wf_images *form);

#endif
