/* SVG to PNG, by librsvg's command. */
#ifndef WF_CMD_RASTERIZE_H
#define WF_CMD_RASTERIZE_H

#include "base/status.h"
#include "base/str.h"

/* Whether the command is there.  Errors: WF_E_UNSUPPORTED (the hint says what to install). */
wf_status wf_rasterizer_check(wf_context *cx);

/* At twice the size that the SVG file says. No shell is run, no file is left; `name` is for error
 * texts. Release with wf_str_reset.
 * Errors: WF_E_UNSUPPORTED, WF_E_DATA (it cannot read the file), WF_E_IO, WF_E_NOMEM. */
wf_status wf_svg_to_png(wf_str *out, wf_context *cx, const wf_str *svg, const char *name);

#endif
