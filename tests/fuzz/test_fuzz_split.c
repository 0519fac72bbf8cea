#include "fuzz/fuzz_split.c"

#include "fuzz/replay.h"

REPLAY("split")
