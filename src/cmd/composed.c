#include "cmd/composed.h"

wf_status wf_session_compose(wf_session *s, const wf_compose_options *options, const char *folder) {
    wf_cli *cli = s->cli;
    wf_dataset *garments = NULL;
    wf_compose_options with_bar = *options;
    with_bar.progress = wf_bar_data_progress;
    with_bar.progress_user = &s->data.bar;
    WF_TRY(wf_data_open(&garments, cli, WF_GARMENTS, &s->data));
    wf_status status = wf_compose_outfits(&cli->cx, s->pool, garments, &with_bar, folder);
    wf_bar_end(&s->data.bar, NULL);
    wf_dataset_destroy(garments);
    return status;
}
