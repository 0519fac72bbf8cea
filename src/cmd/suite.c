#include "cmd/suite.h"

#include <string.h>

#define LENGTH(list) (sizeof(list) / sizeof *(list))

/* The 18 models of the five reports that weft comes from, in the reports' order. */
static const char *const reports_models[] = {
    "cnn-1conv",       "lstm-2x128-relu", "cnn-2conv-bn", "cnn-4conv-bn", "lstm-128",
    "cnn-3conv-leaky", "gru-128",         "lstm-186",     "lstm-186-784", "cnn-2conv",
    "cnn-16",          "cnn-32",          "cnn-16-lstm",  "cnn-32-lstm",  "cnn-16-bilstm",
    "cnn-32-bilstm",   "lenet-5",         "bilstm-128"};

/* Images read by recurrent layers alone; the last one has convolutions before them. */
static const char *const strong_models[] = {"bilstm-strong", "renet", "sequencer2d", "crnn-strong"};

static const wf_suite suites[] = {
    {"reports", "Results", reports_models, LENGTH(reports_models)},
    {"strong", "Strong recurrent models", strong_models, LENGTH(strong_models)}};

const wf_suite *wf_suite_find(const char *name) {
    for (size_t i = 0; i < LENGTH(suites); i++)
        if (!strcmp(suites[i].name, name)) return &suites[i];
    return NULL;
}
