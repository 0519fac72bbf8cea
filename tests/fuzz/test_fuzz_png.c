#include "fuzz/fuzz_png.c"

#include "fuzz/replay.h"

REPLAY("png")
