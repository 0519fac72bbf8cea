#ifndef WF_SPEC_LIBRARY_H
#define WF_SPEC_LIBRARY_H

/* libfyaml's version as it is linked now, "0.7.12". */
const char *wf_yaml_library_version(void);

#endif
