#include "spec/library.h"

#include <libfyaml.h>

const char *wf_yaml_library_version(void) { return fy_library_version(); }
