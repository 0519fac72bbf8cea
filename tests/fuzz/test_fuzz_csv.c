#include "fuzz/fuzz_csv.c"

#include "fuzz/replay.h"

REPLAY("csv")
