/* What the pairwise model has learned of labels whose garments look alike. */
#include <math.h>

#include "report/study.h"

static double mean_of(const wf_study_run *runs, size_t count, int strength, const char *labels) {
    double sum = 0;
    int n = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(runs[i].interactions, labels);
        if (runs[i].model != WF_STUDY_PAIRS || runs[i].strength != strength ||
            !json_is_number(value))
            continue;
        sum += json_number_value(value);
        n++;
    }
    return n ? sum / n : (double)NAN;
}

/* Puts it in its place among the n that there are, if there is room. Returns how many there are. */
static int insert(wf_study_interaction out[WF_STUDY_LOOK_ALIKES], int n,
                  const wf_study_interaction *one) {
    int at = n;
    while (at > 0 && one->values[0] < out[at - 1].values[0]) at--;
    if (at == WF_STUDY_LOOK_ALIKES) return n;
    if (n < WF_STUDY_LOOK_ALIKES) n++;
    for (int i = n - 1; i > at; i--) out[i] = out[i - 1];
    out[at] = *one;
    return n;
}

int wf_study_look_alikes(wf_study_interaction out[WF_STUDY_LOOK_ALIKES], const wf_study_run *runs,
                         size_t count) {
    json_t *labels = NULL;
    const char *name;
    json_t *value;
    int n = 0;
    for (size_t i = 0; i < count && !labels; i++)
        if (runs[i].model == WF_STUDY_PAIRS && runs[i].strength == 0) labels = runs[i].interactions;
    json_object_foreach(labels, name, value) {
        wf_study_interaction one = {.labels = name};
        for (int s = 0; s < WF_STUDY_STRENGTHS; s++) one.values[s] = mean_of(runs, count, s, name);
        if (isfinite(one.values[0])) n = insert(out, n, &one);
    }
    return n;
}
