#include "fuzz/fuzz_labels.c"

#include "fuzz/replay.h"

REPLAY("labels")
