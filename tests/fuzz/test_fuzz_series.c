#include "fuzz/fuzz_series.c"

#include "fuzz/replay.h"

REPLAY("series")
