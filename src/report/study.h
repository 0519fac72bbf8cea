/* The study of outfits: does a network that tells labels one after another gain from what labels
 * say about each other? Several models, each trained on canvases whose labels depend on each other
 * more or less strongly, with several seeds; what comes of it as tables and as a verdict. Made from
 * stored results only. */
#ifndef WF_REPORT_STUDY_H
#define WF_REPORT_STUDY_H

#include "base/json.h"
#include "weft/eval.h"

/* XX(enumerator, name, words in a sentence). */
#define WF_STUDY_MODEL_MAP(XX)                                                                     \
    XX(SIGMOID, "outfits-sigmoid", "the sigmoid CNN")                                              \
    XX(PAIRS, "outfits-pairs", "the pairwise model")                                               \
    XX(CNN_RNN, "outfits-cnn-rnn", "the CNN-RNN")                                                  \
    XX(ZERO, "outfits-cnn-rnn-zero", "the CNN-RNN that is told no label")                          \
    XX(SHUFFLED, "outfits-cnn-rnn-shuffled", "the CNN-RNN that is told labels under other names")  \
    XX(BAYES, "bayes", "the Bayes decision")

typedef enum wf_study_model {
#define XX(code, name, words) WF_STUDY_##code,
    WF_STUDY_MODEL_MAP(XX)
#undef XX
        WF_STUDY_MODELS
} wf_study_model;

const char *wf_study_model_name(int model);
const char *wf_study_model_words(int model);

/* Dependence 0, 0.5, 1 and 2, in this order. */
enum { WF_STUDY_STRENGTHS = 4 };
extern const double wf_study_strengths[WF_STUDY_STRENGTHS];

/* ---- results ---- */

/* XX(enumerator, key, title, digits behind the point). Times are of one run: seconds of training,
 * milliseconds of telling one test image's labels. */
#define WF_STUDY_FIGURE_MAP(XX)                                                                    \
    XX(SUBSET_ACCURACY, "subset_accuracy", "Subset accuracy", 4)                                   \
    XX(SET_LOG_LIKELIHOOD, "set_log_likelihood", "Set log-likelihood", 3)                          \
    XX(C_P, "c_p", "C-P", 4)                                                                       \
    XX(C_R, "c_r", "C-R", 4)                                                                       \
    XX(C_F1, "c_f1", "C-F1", 4)                                                                    \
    XX(O_P, "o_p", "O-P", 4)                                                                       \
    XX(O_R, "o_r", "O-R", 4)                                                                       \
    XX(O_F1, "o_f1", "O-F1", 4)                                                                    \
    XX(MAP, "map", "mAP", 4)                                                                       \
    XX(SMALL_RECALL, "small_object_recall", "Small-object recall", 4)                              \
    XX(TRAINING_S, "training_s", "Training, s", 0)                                                 \
    XX(DECODING_MS, "decoding_ms", "Decoding, ms", 2)

typedef enum wf_study_figure {
#define XX(code, key, title, digits) WF_STUDY_##code,
    WF_STUDY_FIGURE_MAP(XX)
#undef XX
        WF_STUDY_FIGURES
} wf_study_figure;

/* One model, trained with one seed at one dependence and judged on that test set. */
typedef struct wf_study_run {
    int model, strength; /* a wf_study_model; of wf_study_strengths */
    int64_t seed;
    double figures[WF_STUDY_FIGURES]; /* NAN: unknown */
    int64_t count;                    /* test images */
    uint8_t *right;                   /* [count] 1: every label is right */
    /* of the pairwise model: what it adds to the score of a set with both labels, "Dress|Bag": 0.3;
     * NULL: unknown */
    json_t *interactions;
} wf_study_run;

/* The run as one JSON document, and back: "outfits" has what identifies it, the times, and which
 * images are right (a hexadecimal digit for four of them, the first the highest bit); "test" is an
 * evaluation (wf_evaluation_to_json). What else is in the document is left alone.
 *  experiment, judged: what was trained on which data, and the SHA-256 of the data on which it was
 *  judged: whoever stores results tells by them whether one is still his
 *  training_s, decoding_s: of the whole; NAN: unknown
 * Errors: WF_E_NOMEM; WF_E_DATA (not such a document). */
typedef struct wf_study_source {
    int model, strength;
    int64_t seed;
    const char *experiment, *judged;
    double training_s, decoding_s;
    const uint8_t *right; /* [count] */
    int64_t count;
    json_t *interactions; /* lent; may be NULL */
} wf_study_source;
wf_status wf_study_run_to_json(json_t *document, wf_context *cx, const wf_study_source *source);
wf_status wf_study_run_from_json(wf_study_run *out, wf_context *cx, const json_t *document,
                                 const char *path);
/* The document's member "experiment" or "judged"; "" when it has none. */
const char *wf_study_run_member(const json_t *document, const char *member);
void wf_study_run_reset(wf_study_run *run);

/* One model at one dependence, over its seeds. */
typedef struct wf_study_row {
    size_t run_count; /* 0: nothing is known */
    wf_spread figures[WF_STUDY_FIGURES];
} wf_study_row;

/* ---- what the pairwise model has learned ---- */

/* Two labels; `values` are means over the seeds, NAN where there is none. */
typedef struct wf_study_interaction {
    const char *labels; /* lent by a run */
    double values[WF_STUDY_STRENGTHS];
} wf_study_interaction;

/* Those which the pairwise model holds apart most where nothing but their looks speaks for it, at
 * dependence 0, the least value first. Returns how many there are. */
enum { WF_STUDY_LOOK_ALIKES = 8 };
int wf_study_look_alikes(wf_study_interaction out[WF_STUDY_LOOK_ALIKES], const wf_study_run *runs,
                         size_t count);

/* ---- gains ---- */

/* Who is compared with whom: the CNN-RNN with those by whom it is judged, the sigmoid CNN first,
 * then what helps to read that: the other way of telling a set as a whole. */
enum { WF_STUDY_OPPONENTS = 3, WF_STUDY_COMPARISONS = 5 };
typedef struct wf_study_comparison {
    int model, over;
} wf_study_comparison;
extern const wf_study_comparison wf_study_comparisons[WF_STUDY_COMPARISONS];
enum { WF_STUDY_PAIRS_OVER_SIGMOID = 4 };

/* A difference of subset accuracies, and its interval of 95 %; NAN: unknown. */
typedef struct wf_study_gain {
    double value, low, high;
} wf_study_gain;

typedef struct wf_study_gains {
    wf_study_gain over[WF_STUDY_COMPARISONS][WF_STUDY_STRENGTHS];
    wf_study_gain growth; /* over the sigmoid CNN: at the greatest dependence minus at 0; known
                             where both are */
} wf_study_gains;

/* Each gain is the mean over the seeds that both models have; its interval comes from `resamples`
 * paired bootstraps: test images and seeds are drawn again with replacement, the same ones for both
 * models, so that it speaks for other canvases and, with several seeds, for other trainings. A
 * growth is the difference of resamples that are independent of each other. NAN where a model has
 * no run.
 *  runs [count]: of one strength, all have the same number of images
 * Errors: WF_E_DATA (they have not), WF_E_NOMEM.  Source: Efron 1981, doi:10.2307/3314608 */
wf_status wf_study_gains_of(wf_study_gains *out, wf_context *cx, const wf_study_run *runs,
                            size_t count, int64_t resamples);

/* ---- the verdict ---- */

enum { WF_STUDY_CONDITIONS = WF_STUDY_OPPONENTS + 2 };

typedef struct wf_study_condition {
    const char *name; /* "beats the sigmoid CNN" */
    int holds;        /* 1, 0; -1: not known */
    wf_str text;      /* says so with the figures; no capital, no full stop */
} wf_study_condition;

typedef struct wf_study_verdict {
    int is_supported; /* 1, 0; -1: cannot be told */
    wf_study_condition conditions[WF_STUDY_CONDITIONS];
    wf_str sentence;
} wf_study_verdict;

/* The claim is supported only if the CNN-RNN beats the sigmoid CNN and both of its ablations at
 * every dependence above 0 (the whole interval of the gain is above 0), if its gain over the
 * sigmoid CNN grows (from each dependence to the next, and from the least to the greatest with an
 * interval above 0), and if that gain vanishes at 0 (an interval within half a point). One
 * condition that fails is enough; where none fails but one is not known, nothing can be told. A
 * figure is printed with so many digits that it stays on its side of 0 and of half a point.
 * Errors: WF_E_NOMEM. */
wf_status wf_study_judge(wf_study_verdict *out, wf_context *cx, const wf_study_gains *gains);
void wf_study_verdict_reset(wf_study_verdict *v);

/* ---- the whole ---- */

typedef struct wf_study {
    const wf_study_run *runs; /* [run_count] lent */
    size_t run_count;
    int64_t images[WF_STUDY_STRENGTHS]; /* test canvases; 0: unknown */
    wf_study_row rows[WF_STUDY_STRENGTHS][WF_STUDY_MODELS];
    wf_study_gains gains;
    wf_study_verdict verdict;
} wf_study;

/* Errors: as wf_study_gains_of.  Release with wf_study_reset. */
wf_status wf_study_create(wf_study *out, wf_context *cx, const wf_study_run *runs, size_t count);
void wf_study_reset(wf_study *s);

/* The column's title; a cell: "0.5012 ± 0.0043", "-" when unknown. Returns `buffer`. */
const char *wf_study_title(int figure);
enum { WF_STUDY_CELL_BYTES = 64 };
const char *wf_study_cell(char buffer[WF_STUDY_CELL_BYTES], const wf_study_row *row, int figure);
/* "0.52 (0.11 to 0.93)", in points; "-" when unknown. Returns `buffer`. */
enum { WF_STUDY_GAIN_BYTES = 112 };
const char *wf_study_gain_text(char buffer[WF_STUDY_GAIN_BYTES], const wf_study_gain *gain);

/* Markdown from the verdict on, without a title; a line per run; the document's members. */
wf_status wf_study_markdown(wf_str *out, wf_context *cx, const wf_study *s);
wf_status wf_study_csv(wf_str *out, wf_context *cx, const wf_study *s);
/* Release with json_decref. */
wf_status wf_study_json(json_t **out, wf_context *cx, const wf_study *s);

/* 100 * share as "0.52", "-0.003"; "-" when unknown. Returns `buffer`. */
enum { WF_STUDY_POINTS_BYTES = 32 };
const char *wf_study_points(char buffer[WF_STUDY_POINTS_BYTES], double share);

#endif
