/* Models whose layers hand tensors of different layouts to one another; see src/nn/onnx.h. */
#ifndef WEFT_TESTS_EXPORT_CASES_H
#define WEFT_TESTS_EXPORT_CASES_H

#include "property/small.h"

typedef struct export_case {
    const char *name;
    wf_shape input;         /* images of three channels are exported with a normalization */
    small_layer layers[12]; /* ends with a NULL class */
} export_case;

/* Ends with a NULL name. */
extern const export_case export_cases[];

#endif
