#include "fuzz/fuzz_json.c"

#include "fuzz/replay.h"

REPLAY("json")
