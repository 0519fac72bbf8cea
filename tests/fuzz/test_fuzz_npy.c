#include "fuzz/fuzz_npy.c"

#include "fuzz/replay.h"

REPLAY("npy")
