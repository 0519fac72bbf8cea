#ifndef WF_DATA_LIBRARY_H
#define WF_DATA_LIBRARY_H

/* The libraries' versions as they are linked now, "1.2.4". */
const char *wf_webp_library_version(void);
const char *wf_archive_library_version(void);

#endif
