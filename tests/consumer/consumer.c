/* A program outside of weft that uses the installed library. It knows public headers only. */
#include <stdio.h>
#include <string.h>

#include <weft/status.h>

int main(void) {
    wf_context cx = {0};
    wf_context_reset(&cx);
    if (strcmp(wf_status_name(WF_OK), "ok") != 0) {
        fprintf(stderr, "WF_OK is named %s\n", wf_status_name(WF_OK));
        return 1;
    }
    printf("%s: %s\n", wf_status_name(WF_E_DATA), wf_status_meaning(WF_E_DATA));
    return 0;
}
