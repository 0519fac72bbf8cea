#include "fuzz/fuzz_jpeg.c"

#include "fuzz/replay.h"

REPLAY("jpeg")
