#ifndef WF_STORE_LIBRARY_H
#define WF_STORE_LIBRARY_H

/* SQLite's version as it is linked now, "3.40.1". */
const char *wf_store_library_version(void);

#endif
