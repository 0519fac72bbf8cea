#include "fuzz/fuzz_predictions.c"

#include "fuzz/replay.h"

REPLAY("predictions")
