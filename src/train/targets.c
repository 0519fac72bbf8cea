#include "train/targets.h"

#include <string.h>

#include "base/alloc.h"
#include "nn/fields.h"

int32_t wf__sequence_classes(const wf_graph *g, const wf_loss *loss) {
    const wf_shape *output = &g->nodes[g->output].shape;
    const int is_told = loss ? loss->class->wants_labels : wf_graph_trunk(g) >= 0;
    return is_told && output->rank == 2 ? (int32_t)output->dim[1] - 1 : 0;
}

/* One of the outputs is chosen, behind a layer that has one for every set. */
int32_t wf__number_classes(const wf_graph *g, const wf_loss *loss) {
    const wf_node *sets = &g->nodes[g->output];
    if (!(sets->spec.class->flags & WF_LAYER_SETS)) sets = &g->nodes[sets->inputs[0]];
    if ((loss && !loss->class->is_exclusive) || !(sets->spec.class->flags & WF_LAYER_SETS))
        return 0;
    return (int32_t)g->nodes[sets->inputs[0]].shape.dim[0];
}

/* The key `order` of the source of labels. */
static wf_label_order order_of(const wf_graph *g) {
    for (int i = 1; i < g->n_nodes; i++) {
        const wf_layer_spec *spec = &g->nodes[i].spec;
        const wf_field *field = wf_fields_find(spec->class->fields, "order");
        if (g->nodes[i].n_inputs || !field) continue;
        int32_t order;
        memcpy(&order, (const char *)spec->config + field->offset, sizeof order);
        return (wf_label_order)order;
    }
    return WF_ORDER_FREQUENT_FIRST;
}

static wf_status make_sequences(wf__targets *t, wf_context *cx, const wf__rows *rows) {
    const wf_sequence_options *o = &t->options;
    for (int64_t i = 0; i < rows->n; i++) {
        const int64_t row = rows->index ? rows->index[i] : i;
        WF_TRY(wf_label_sequences(t->sequences + row * o->length, cx, o,
                                  rows->images->label_sets + row * o->classes, row, 1));
    }
    return WF_OK;
}

static wf_status create_sequences(wf__targets *t, wf__rows *rows, wf_context *cx, const wf_graph *g,
                                  const int32_t *rank) {
    const wf_images *images = rows->images;
    const size_t classes = (size_t)t->options.classes;
    t->options.length = (int32_t)g->nodes[g->output].shape.dim[0];
    t->options.order = order_of(g);
    WF_TRY(wf_alloc(&t->rank, cx, classes, sizeof *t->rank));
    if (rank) memcpy(t->rank, rank, classes * sizeof *rank);
    else
        WF_TRY(wf_label_ranks(t->rank, cx, images->label_sets, t->options.classes, rows->index,
                              rows->n));
    t->options.rank = t->rank;
    WF_TRY(wf_alloc(&t->sequences, cx, (size_t)images->count * (size_t)t->options.length,
                    sizeof *t->sequences));
    rows->sequences = t->sequences;
    rows->sequence_length = t->options.length;
    return make_sequences(t, cx, rows);
}

static wf_status create_numbers(wf__targets *t, wf__rows *rows, wf_context *cx, int32_t classes) {
    const wf_images *images = rows->images;
    WF_TRY(wf_alloc(&t->numbers, cx, (size_t)images->count, sizeof *t->numbers));
    for (int64_t i = 0; i < images->count; i++)
        for (int32_t k = 0; k < classes; k++)
            t->numbers[i] |= (int32_t)(images->label_sets[i * classes + k] != 0) << k;
    rows->numbers = t->numbers;
    return WF_OK;
}

wf_status wf__targets_create(wf__targets *out, wf__rows *rows, wf_context *cx, const wf_graph *g,
                             const wf_loss *loss, const int32_t *rank, uint64_t seed) {
    wf__targets t = {.options.seed = seed};
    const int32_t numbers = wf__number_classes(g, loss);
    wf_status status = WF_OK;
    t.options.classes = wf__sequence_classes(g, loss);
    if (!rows->images->label_sets) return WF_OK;
    if (t.options.classes) status = create_sequences(&t, rows, cx, g, rank);
    else if (numbers) status = create_numbers(&t, rows, cx, numbers);
    if (status != WF_OK) wf__targets_reset(&t);
    else *out = t;
    return status;
}

wf_status wf__targets_begin_epoch(wf__targets *t, wf_context *cx, const wf__rows *rows,
                                  uint32_t epoch) {
    if (!t->sequences || t->options.order != WF_ORDER_RANDOM) return WF_OK;
    t->options.epoch = epoch;
    return make_sequences(t, cx, rows);
}

void wf__targets_reset(wf__targets *t) {
    wf_free(t->rank);
    wf_free(t->sequences);
    wf_free(t->numbers);
    *t = (wf__targets){0};
}
