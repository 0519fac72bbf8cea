/* Downloads: the only use of libcurl. */
#ifndef WF_DATA_DOWNLOAD_H
#define WF_DATA_DOWNLOAD_H

#include "data/registry.h"

/* Makes sure that `folder` holds `file`, downloaded from base_url/file->name if need be. What was
 * already downloaded lies in <name>.part and is continued; the file appears under its name only
 * when size and SHA-256 are right.
 * Errors: WF_E_NETWORK, WF_E_DATA (size or checksum; the part is removed), WF_E_IO,
 * WF_E_INTERRUPTED (the part stays), WF_E_NOMEM. */
wf_status wf__download_file(wf_context *cx, const char *folder, const char *base_url,
                            const wf__registered_file *file, const wf_dataset_options *options);

/* All files of a data set into cache_dir/<name>. Errors: also WF_E_NOTFOUND where there is no
 * address or no cache. */
wf_status wf__download_dataset(wf_context *cx, const wf__registered *r,
                               const wf_dataset_options *options);

#endif
