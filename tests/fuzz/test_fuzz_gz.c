#include "fuzz/fuzz_gz.c"

#include "fuzz/replay.h"

REPLAY("gz")
