#include "store/library.h"

#include <sqlite3.h>

const char *wf_store_library_version(void) { return sqlite3_libversion(); }
