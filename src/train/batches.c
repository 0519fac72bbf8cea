#include "train/targets.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static wf_status check_size(wf_context *cx, const wf_graph *g, const wf_images *images,
                            const char *what) {
    char expected[128];
    const wf_shape *input = &g->nodes[0].shape;
    wf_shape_text(expected, sizeof expected, input);
    const int fits = input->rank == 3 && input->dim[0] == images->height &&
                     input->dim[1] == images->width && input->dim[2] == images->channels;
    WF_REQUIRE(fits, WF_E_SHAPE,
               "%s images are (%" PRId32 ", %" PRId32 ", %" PRId32 "), model %s takes %s", what,
               images->height, images->width, images->channels, g->name, expected);
    return WF_OK;
}

/* Images of which each has any number of labels. */
static wf_status check_sets(wf_context *cx, const wf_graph *g, const wf_images *images,
                            const wf_loss *loss, const char *what) {
    const int32_t sequences = wf__sequence_classes(g, loss);
    const int32_t told = sequences ? sequences : wf__number_classes(g, loss);
    int64_t n_outputs = wf_shape_size(&g->nodes[g->output].shape);
    WF_REQUIRE(!told || images->n_labels == told, WF_E_DATA,
               "%s images have %" PRId32 " labels that may be set, model %s tells %" PRId32, what,
               images->n_labels, g->name, told);
    if (told) return WF_OK;
    WF_REQUIRE(!loss->class->is_exclusive, WF_E_ARG,
               "loss %s is of classes that exclude each other, %s images have any number of labels "
               "| give loss: binary_crossentropy, and the last layer activation: sigmoid",
               loss->class->name, what);
    WF_REQUIRE(images->n_labels == n_outputs, WF_E_DATA,
               "%s images have %" PRId32 " labels that may be set, model %s has %" PRId64
               " outputs",
               what, images->n_labels, g->name, n_outputs);
    return WF_OK;
}

wf_status wf__rows_check(wf_context *cx, const wf_graph *g, const wf__rows *rows,
                         const wf_loss *loss, const char *what) {
    const wf_images *images = rows->images;
    int64_t n_outputs = wf_shape_size(&g->nodes[g->output].shape);
    int64_t n_classes = n_outputs == 1 ? 2 : n_outputs;
    WF_REQUIRE(images && rows->n > 0, WF_E_ARG, "there are no %s images", what);
    WF_TRY(check_size(cx, g, images, what));
    WF_REQUIRE(rows->normalization->channels == images->channels, WF_E_ARG,
               "the normalization is for %" PRId32 " channels, %s images have %" PRId32,
               rows->normalization->channels, what, images->channels);
    WF_REQUIRE(rows->index || rows->n <= images->count, WF_E_ARG,
               "%" PRId64 " %s images wanted of %" PRId64, rows->n, what, images->count);
    WF_REQUIRE(!loss || images->labels || images->label_sets, WF_E_DATA, "%s images have no labels",
               what);
    if (loss && images->label_sets) WF_TRY(check_sets(cx, g, images, loss, what));
    const int tells_sets =
        loss && (wf__sequence_classes(g, loss) > 0 || wf__number_classes(g, loss) > 0);
    WF_REQUIRE(!tells_sets || images->label_sets, WF_E_DATA,
               "%s images have one label each, model %s tells sets of them | give data such as "
               "weft compose outfits makes",
               what, g->name);
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t row = rows->index ? rows->index[i] : i;
        WF_REQUIRE(row >= 0 && row < images->count, WF_E_ARG,
                   "%s index %" PRId64 " is %" PRId64 ", there are %" PRId64 " images", what, i,
                   row, images->count);
        if (!loss || images->label_sets) continue;
        int32_t label = images->labels[row];
        WF_REQUIRE(label >= 0 && label < n_classes, WF_E_DATA,
                   "%s image %" PRId64 " has label %" PRId32 ", model %s tells %" PRId64
                   " classes apart",
                   what, row, label, g->name, n_classes);
    }
    return WF_OK;
}

wf_batch wf__rows_batch(const wf__rows *rows, int64_t first, int64_t n) {
    const wf_images *images = rows->images;
    wf_batch batch = {.pixels = images->pixels,
                      .scale = rows->normalization->scale,
                      .shift = rows->normalization->shift,
                      .labels = images->labels,
                      .sets = rows->sequences || rows->numbers ? NULL : images->label_sets,
                      .sequences = rows->sequences,
                      .sequence_length = rows->sequence_length,
                      .n = (int)n,
                      .position = first};
    if (rows->numbers) batch.labels = rows->numbers;
    if (rows->index) {
        batch.index = rows->index + first;
    } else {
        size_t size = (size_t)images->height * (size_t)images->width * (size_t)images->channels;
        batch.pixels += (size_t)first * size;
        if (batch.labels) batch.labels += first;
        if (batch.sets) batch.sets += first * images->n_labels;
        if (batch.sequences) batch.sequences += first * rows->sequence_length;
    }
    return batch;
}

int wf_test_view_count(int32_t views) {
    return (views & WF_TEST_FLIP ? 2 : 1) * (views & WF_TEST_SHIFT ? 5 : 1);
}

static wf_view view_at(int32_t views, int k) {
    static const wf_view moves[] = {{0}, {-1, 0, 0}, {1, 0, 0}, {0, -1, 0}, {0, 1, 0}};
    const int n_moves = views & WF_TEST_SHIFT ? 5 : 1;
    wf_view view = moves[k % n_moves];
    view.is_mirrored = k >= n_moves;
    return view;
}

/* Adds a view's outputs to what there is of the others; the last view makes the mean. */
static void add_outputs(float *to, const float *from, size_t n, int k, int n_views) {
    if (k == 0) memcpy(to, from, n * sizeof *to);
    for (size_t i = 0; k > 0 && i < n; i++) to[i] += from[i];
    for (size_t i = 0; n_views > 1 && k == n_views - 1 && i < n; i++) to[i] /= (float)n_views;
}

wf_status wf__rows_evaluate(wf_predict_result *out, float *out_outputs, wf_context *cx,
                            wf_plan *plan, const wf__rows *rows, int batch_size, int has_loss,
                            const volatile sig_atomic_t *stop) {
    size_t size = (size_t)wf_plan_output_size(plan);
    const int n_views = wf_test_view_count(rows->views);
    double loss_sum = 0;
    int64_t correct = 0;
    for (int64_t first = 0; first < rows->n; first += batch_size) {
        int64_t n = rows->n - first < batch_size ? rows->n - first : batch_size;
        wf_batch batch = wf__rows_batch(rows, first, n);
        wf_batch_result result = {0};
        WF_REQUIRE(!stop || !*stop, WF_E_INTERRUPTED,
                   "stopped after %" PRId64 " of %" PRId64 " images", first, rows->n);
        for (int k = 0; k < n_views; k++) {
            batch.view = view_at(rows->views, k);
            WF_TRY(wf_plan_run(&result, plan, cx, &batch));
            if (out_outputs)
                add_outputs(out_outputs + (size_t)first * size, wf_plan_output(plan),
                            (size_t)n * size, k, n_views);
        }
        loss_sum += result.loss * (double)n;
        correct += result.correct;
    }
    *out = (wf_predict_result){.n = rows->n,
                               .loss = has_loss ? loss_sum / (double)rows->n : NAN,
                               .accuracy = has_loss ? (double)correct / (double)rows->n : NAN};
    return WF_OK;
}
