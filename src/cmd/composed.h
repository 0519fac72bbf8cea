/* Composing data sets: what weft compose and the study of outfits have in common. */
#ifndef WF_CMD_COMPOSED_H
#define WF_CMD_COMPOSED_H

#include "cmd/session.h"
#include "weft/compose.h"

#define WF_GARMENTS "fashion-mnist"

/* wf_compose_outfits of the garments of Fashion-MNIST, with a bar; options->progress is set here.
 *  s: from wf_session_start
 * Errors: as wf_data_open and wf_compose_outfits. */
wf_status wf_session_compose(wf_session *s, const wf_compose_options *options, const char *folder);

#endif
