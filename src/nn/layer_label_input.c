#include <string.h>

#include "base/rng.h"
#include "nn/layer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* What a decoder has said before each step: START (number classes + 1), then the labels of the
 * batch's sequence from its first one on, one step late; behind its end END (number classes) again
 * and again.
 *  dst [N,length], whole numbers
 * Training may give others than those of the sequence, see train/free_run.h.
 * `order` is for training, which makes the sequences; the layer tells what it is given.
 *
 * Two more kinds of feedback show what the labels are worth to a model:
 *  zero      no token at all, -1, of which `embedding` makes a vector of zeros, at every step
 *  shuffled  the labels under other names: a permutation of all labels is drawn for each image, in
 *            training anew in every epoch, and never depends on the labels; START and END stay. How
 *            many labels there were before still shows, which ones they were does not. */

typedef enum wf_feedback { WF_FEEDBACK_LABELS, WF_FEEDBACK_ZERO, WF_FEEDBACK_SHUFFLED } wf_feedback;

typedef struct wf_label_input_config {
    int32_t length, classes, feedback; /* a wf_feedback */
    int32_t order;                     /* a wf_label_order; training reads it */
} wf_label_input_config;

#define AT(member) offsetof(wf_label_input_config, member)
static const wf_field fields[] = {
    {"length", WF_FIELD_INT, AT(length), 1, 1 << 16, NULL, NULL,
     "number of steps: the most labels of an image, and one for END"},
    {"classes", WF_FIELD_INT, AT(classes), 1, 1 << 20, NULL, NULL,
     "number of labels; END and START have the two numbers behind them"},
    {"feedback", WF_FIELD_CHOICE, AT(feedback), 0, 0, "labels|zero|shuffled", "labels",
     "what is told of the labels before a step"},
    {"order", WF_FIELD_CHOICE, AT(order), 0, 0, "frequent_first|rare_first|random|free",
     "frequent_first",
     "in which an image's labels are told; random: another one in every epoch; free: as the model "
     "likes"},
    {0}};

static wf_status infer(wf_infer *in) {
    const wf_label_input_config *c = in->config;
    wf_context *cx = in->cx;
    WF_REQUIRE(strcmp(in->layer, WF_ONNX_IMAGE) && strcmp(in->layer, WF_ONNX_PROBABILITIES),
               WF_E_ARG,
               "layer %s: this name is that of another input or output of an exported model | "
               "give another, as name: said",
               in->layer);
    in->output = (wf_shape){.rank = 1, .dim = {c->length}};
    return WF_OK;
}

typedef struct label_input_args {
    wf_label_input_config config;
    wf_buffer dst;
    int node, is_training;
} label_input_args;

/* names[k] is the k-th label's name; by Fisher and Yates, with one word of the cipher a label. */
static void draw_names(int32_t *names, int classes, const wf_mask_key *key) {
    const uint32_t cipher[2] = {(uint32_t)key->seed, (uint32_t)(key->seed >> 32)};
    uint32_t words[4];
    for (int k = 0; k < classes; k++) {
        const uint32_t counter[4] = {(uint32_t)k / 4, (uint32_t)key->position, key->epoch,
                                     key->stream};
        if (k % 4 == 0) wf_philox(words, counter, cipher);
        const int at = (int)((uint64_t)words[k % 4] * (uint64_t)(k + 1) >> 32);
        names[k] = names[at];
        names[at] = k;
    }
}

/* By the image's place in the epoch; outside of training as if in one that no training reaches. */
static wf_mask_key key_of(const wf_work *r, const label_input_args *a, int image) {
    const int hypotheses = r->batch->hypotheses > 0 ? r->batch->hypotheses : 1;
    wf_mask_key key = wf_work_mask_key(r, a->node);
    key.position = r->batch->position + image / hypotheses;
    if (!a->is_training) key.epoch = UINT32_MAX;
    return key;
}

static void run_forward(const wf_work *r, const void *args) {
    const label_input_args *a = args;
    const int T = a->config.length, end = a->config.classes;
    const int is_shuffled = a->config.feedback == WF_FEEDBACK_SHUFFLED;
    int32_t *names = r->scratch;
    float *dst = wf_at(r, a->dst);
    for (int i = 0; i < r->n; i++, dst += T) {
        const int32_t *told = wf_work_told(r, r->n0 + i);
        if (is_shuffled) {
            const wf_mask_key key = key_of(r, a, r->n0 + i);
            draw_names(names, end, &key);
        }
        dst[0] = (float)(end + 1);
        for (int t = 1; t < T; t++) {
            const int32_t label = told[t - 1];
            const int is_label = label >= 0 && label < end;
            dst[t] = (float)(!is_label ? end : is_shuffled ? names[label] : label);
        }
        if (a->config.feedback == WF_FEEDBACK_ZERO)
            for (int t = 0; t < T; t++) dst[t] = -1;
    }
}

static wf_status plan(wf_builder *b) {
    wf_context *cx = b->cx;
    const label_input_args a = {*(const wf_label_input_config *)b->config, b->dst, b->node_index,
                                b->is_training};
    WF_REQUIRE(!b->sequence_length || b->sequence_length == a.config.length, WF_E_SHAPE,
               "layer %s: its length is %d, another label_input's is %d, must be the same",
               b->node->name, a.config.length, b->sequence_length);
    b->sequence_length = a.config.length;
    b->sequence_labels = a.config.classes;
    wf_build_scratch(b, (size_t)a.config.classes * sizeof(int32_t));
    return wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a, WF_USES(a.dst));
}

/* An input of the graph: the tokens, as the layer makes them. */
static wf_status onnx(wf_onnx *x) {
    wf_onnx_name y;
    static const char *const tokens[] = {
        [WF_FEEDBACK_LABELS] = "tokens before each step: START, then labels; END behind",
        [WF_FEEDBACK_ZERO] = "no token before any step: -1",
        [WF_FEEDBACK_SHUFFLED] = "START, then labels under an image's own permutation; END behind"};
    const wf_label_input_config *c = x->config;
    WF_TRY(wf_onnx_graph_input(&y, x, tokens[c->feedback]));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}

const wf_layer_class wf_label_input_class = {
    .name = "label_input",
    .summary = "the labels told so far, before each step of a decoder",
    .paper = "Wang et al. 2016, arXiv:1604.04573; teacher forcing: Williams and Zipser 1989, "
             "doi:10.1162/neco.1989.1.2.270",
    .flags = WF_LAYER_NO_GRADIENT_CHECK,
    .min_inputs = 0,
    .max_inputs = 0,
    .config_size = sizeof(wf_label_input_config),
    .fields = fields,
    .infer = infer,
    .plan = plan,
    .onnx = onnx};
