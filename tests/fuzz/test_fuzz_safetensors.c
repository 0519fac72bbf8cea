#include "fuzz/fuzz_safetensors.c"

#include "fuzz/replay.h"

REPLAY("safetensors")
