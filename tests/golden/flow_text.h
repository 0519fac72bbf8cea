/* Configurations of the golden data as weft's flow text. */
#ifndef WEFT_TESTS_FLOW_TEXT_H
#define WEFT_TESTS_FLOW_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* {"filters":3,"padding":"same"} as "filters: 3, padding: same"; a nested object gets braces. The
 * key `without` (may be NULL) is left out. Aborts when `size` is too small. */
void flow_text(char *out, size_t size, const json_t *config, const char *without);

#endif
