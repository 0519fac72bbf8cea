#include "cmd/cv_suite.h"

#include <string.h>

/* Report 004: the models in the order of its questions. */
static const char *const cnn_lstm_models[] = {
    "cnn-16",        "cnn-32",        "cnn-16-lstm",       "cnn-32-lstm",
    "cnn-16-bilstm", "cnn-32-bilstm", "cnn-16-lstm-1conv", "cnn-16-lstm-3conv",
    "cnn-16-lstm-64"};

static const wf_cv_question cnn_lstm_questions[] = {
    {"More filters?", "cnn-32", "cnn-16"},
    {"More filters before an LSTM?", "cnn-32-lstm", "cnn-16-lstm"},
    {"More filters before a bidirectional LSTM?", "cnn-32-bilstm", "cnn-16-bilstm"},
    {"Two convolutional layers instead of one?", "cnn-16-lstm", "cnn-16-lstm-1conv"},
    {"Three convolutional layers instead of two?", "cnn-16-lstm-3conv", "cnn-16-lstm"},
    {"An LSTM behind 16 filters?", "cnn-16-lstm", "cnn-16"},
    {"An LSTM behind 32 filters?", "cnn-32-lstm", "cnn-32"},
    {"A bidirectional LSTM instead of one behind 16 filters?", "cnn-16-bilstm", "cnn-16-lstm"},
    {"A bidirectional LSTM instead of one behind 32 filters?", "cnn-32-bilstm", "cnn-32-lstm"},
    {"128 LSTM units instead of 64?", "cnn-16-lstm", "cnn-16-lstm-64"}};

static const char cnn_lstm_note[] =
    "The report that asks these questions (report 004) writes TP / (TP + FN) of a class as its "
    "\"accuracy\" (its equation 14) and TP / (TP + FP) as its \"recall\" (15). The field's names "
    "for "
    "them are recall and precision, and those are used here. Accuracy is the share of all images "
    "that are told right, which is what its equation 19 comes to. Its F1 (20) is built of these "
    "two "
    "and, taken over all classes at once (micro), equals accuracy, as it says; here F1 is the mean "
    "over the classes (macro), which tells something more. AUC is the mean over the classes of the "
    "area under the ROC curve of each against the rest. What it calls the number of convolutional "
    "layers, 16 and 32, is the number of filters; layers are counted here as well, from one to "
    "three.";

#define LENGTH(list) (sizeof(list) / sizeof *(list))

static const wf_cv_suite suites[] = {{"cnn-lstm", cnn_lstm_models, LENGTH(cnn_lstm_models),
                                      cnn_lstm_questions, LENGTH(cnn_lstm_questions),
                                      cnn_lstm_note}};

const wf_cv_suite *wf_cv_suite_find(const char *name) {
    for (size_t i = 0; i < LENGTH(suites); i++)
        if (!strcmp(suites[i].name, name)) return &suites[i];
    return NULL;
}

static int is_among(const char *name, const char *const *models, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(models[i], name)) return 1;
    return 0;
}

const wf_cv_suite *wf_cv_suite_among(const char *const *models, size_t count) {
    for (size_t i = 0; i < LENGTH(suites); i++) {
        size_t found = 0;
        for (size_t k = 0; k < suites[i].model_count; k++)
            found += is_among(suites[i].models[k], models, count) != 0;
        if (found == suites[i].model_count) return &suites[i];
    }
    return NULL;
}

void wf_cv_suite_ask(wf_cv_source *source, const wf_cv_suite *suite) {
    if (!suite) return;
    source->questions = suite->questions;
    source->question_count = suite->question_count;
    source->note = suite->note;
}
