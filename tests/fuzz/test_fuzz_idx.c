#include "fuzz/fuzz_idx.c"

#include "fuzz/replay.h"

REPLAY("idx")
