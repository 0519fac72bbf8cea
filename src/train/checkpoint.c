/* A checkpoint is a safetensors file: value/<entry>, slot<i>/<entry>, average/<entry> if there is
 * an average, best/<entry> (left out when the best values are the current ones), history
 * [epochs, 8] (I64: the bits of the doubles), and the state as metadata. Doubles are stored as
 * their 64 bits in hexadecimal: exact, and the same in any locale. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "train/state.h"
#include "train/tensors.h"

#define FORMAT "weft checkpoint 1"

enum { HISTORY_COLUMNS = 8, TEXT_BYTES = 24, MAX_METADATA = 40 };

/* ---- the state as a table of texts ---- */

typedef enum value_kind { VALUE_INT64, VALUE_INT32, VALUE_REAL } value_kind;

typedef struct state_field {
    const char *key;
    value_kind kind;
    size_t offset;
} state_field;

#define FIELD(kind, member)                                                                        \
    { #member, kind, offsetof(wf__train_state, member) }
static const state_field state_fields[] = {
    FIELD(VALUE_INT64, epochs_done),
    FIELD(VALUE_INT64, step),
    FIELD(VALUE_INT64, is_over),
    FIELD(VALUE_INT64, stopped_early),
    FIELD(VALUE_REAL, loss_sum),
    FIELD(VALUE_INT64, correct),
    FIELD(VALUE_INT64, seen),
    FIELD(VALUE_REAL, epoch_s),
    FIELD(VALUE_REAL, steps_s),
    FIELD(VALUE_REAL, learning_rate),
    FIELD(VALUE_REAL, total_s),
    FIELD(VALUE_REAL, stop_best),
    FIELD(VALUE_REAL, best_value),
    FIELD(VALUE_INT64, stop_wait),
    FIELD(VALUE_INT64, best_epoch),
    FIELD(VALUE_REAL, schedule.factor),
    FIELD(VALUE_REAL, schedule.best),
    FIELD(VALUE_INT32, schedule.wait),
    FIELD(VALUE_INT32, schedule.cooldown),
};
#undef FIELD
enum { N_STATE_FIELDS = sizeof state_fields / sizeof *state_fields };

void wf__train_state_init(wf__train_state *state) {
    *state = (wf__train_state){.stop_best = NAN, .best_value = NAN};
    wf_schedule_state_init(&state->schedule);
}

static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void write_field(char text[TEXT_BYTES], const state_field *f, const wf__train_state *state) {
    const char *at = (const char *)state + f->offset;
    if (f->kind == VALUE_REAL)
        snprintf(text, TEXT_BYTES, "%016" PRIx64, bits_of(*(const double *)(const void *)at));
    else if (f->kind == VALUE_INT32)
        snprintf(text, TEXT_BYTES, "%" PRId32, *(const int32_t *)(const void *)at);
    else snprintf(text, TEXT_BYTES, "%" PRId64, *(const int64_t *)(const void *)at);
}

static int read_integer(int64_t *out, const char *text) {
    char *end = NULL;
    *out = strtoll(text, &end, 10);
    return end != text && !*end;
}

static int read_field(wf__train_state *state, const state_field *f, const char *text) {
    char *at = (char *)state + f->offset, *end = NULL;
    int64_t value = 0;
    if (f->kind == VALUE_REAL) {
        uint64_t bits = strtoull(text, &end, 16);
        *(double *)(void *)at = from_bits(bits);
        return strlen(text) == 16 && !*end;
    }
    if (!read_integer(&value, text)) return 0;
    if (f->kind == VALUE_INT32) {
        *(int32_t *)(void *)at = (int32_t)value;
        return value >= INT32_MIN && value <= INT32_MAX;
    }
    *(int64_t *)(void *)at = value;
    return 1;
}

/* ---- history ---- */

static void history_to_rows(int64_t *rows, const wf_epoch_figures *history, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const wf_epoch_figures *h = &history[i];
        const double columns[HISTORY_COLUMNS] = {h->epoch,    h->loss,         h->accuracy,
                                                 h->val_loss, h->val_accuracy, h->learning_rate,
                                                 h->seconds,  h->ms_per_step};
        memcpy(rows + i * HISTORY_COLUMNS, columns, sizeof columns);
    }
}

static void history_from_rows(wf_epoch_figures *history, const int64_t *rows, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double c[HISTORY_COLUMNS];
        memcpy(c, rows + i * HISTORY_COLUMNS, sizeof c);
        history[i] = (wf_epoch_figures){.epoch = (int32_t)(i + 1),
                                        .loss = c[1],
                                        .accuracy = c[2],
                                        .val_loss = c[3],
                                        .val_accuracy = c[4],
                                        .learning_rate = c[5],
                                        .seconds = c[6],
                                        .ms_per_step = c[7]};
    }
}

/* ---- writing ---- */

typedef struct metadata_list {
    wf_metadata items[MAX_METADATA];
    char texts[MAX_METADATA][TEXT_BYTES];
    size_t n;
} metadata_list;

static void add_text(metadata_list *m, const char *key, const char *text) {
    m->items[m->n++] = (wf_metadata){key, text};
}

static void add_integer(metadata_list *m, const char *key, int64_t value) {
    snprintf(m->texts[m->n], TEXT_BYTES, "%" PRId64, value);
    add_text(m, key, m->texts[m->n]);
}

static void collect_metadata(metadata_list *m, const wf__checkpoint *c) {
    m->n = 0;
    add_text(m, "format", FORMAT);
    add_text(m, "model", c->params->graph->name);
    add_text(m, "loss", c->identity->loss);
    add_text(m, "optimizer", c->identity->optimizer);
    add_text(m, "schedule", c->identity->schedule);
    snprintf(m->texts[m->n], TEXT_BYTES, "%" PRIu64, c->identity->seed);
    add_text(m, "seed", m->texts[m->n]);
    add_integer(m, "batch_size", c->identity->batch_size);
    add_integer(m, "n_train", c->identity->n_train);
    add_integer(m, "n_validation", c->identity->n_validation);
    add_integer(m, "optimizer_step", c->params->step);
    if (c->average) add_text(m, "ema", "true");
    for (int i = 0; i < N_STATE_FIELDS; i++) {
        write_field(m->texts[m->n], &state_fields[i], c->state);
        add_text(m, state_fields[i].key, m->texts[m->n]);
    }
}

/* The best values are the current ones: training stands right behind the best epoch. */
static int is_best_current(const wf__train_state *s) {
    return s->best_epoch == s->epochs_done && s->step == 0;
}

/* The sets of a checkpoint; returns how many. */
enum { MAX_SETS = 6 };

static int collect_sets(wf__tensor_set sets[MAX_SETS], const wf__checkpoint *c, int with_best) {
    static const char *const slot_names[] = {"slot0/", "slot1/", "slot2/"};
    int n = 0;
    sets[n++] = (wf__tensor_set){"value/", c->params->value, 0};
    for (int i = 0; i < 3; i++)
        if (c->params->slots[i])
            sets[n++] = (wf__tensor_set){slot_names[i], c->params->slots[i], 1};
    if (c->average) sets[n++] = (wf__tensor_set){"average/", c->average->value, 0};
    if (with_best) sets[n++] = (wf__tensor_set){"best/", c->best, 0};
    return n;
}

wf_status wf__checkpoint_write(wf_context *cx, const char *path, const wf__checkpoint *c) {
    wf__tensor_set sets[MAX_SETS];
    wf__tensor_list list = {0};
    metadata_list metadata;
    int64_t *rows = NULL, n = c->state->epochs_done;
    wf_status status;
    int with_best = c->best && c->state->best_epoch > 0 && !is_best_current(c->state);
    int n_sets = collect_sets(sets, c, with_best);
    WF_TRY_OR(wf__tensor_list_create(&list, cx, c->params->graph, sets, n_sets, 1));
    if (n > 0) {
        WF_TRY_OR(wf_alloc(&rows, cx, (size_t)n, HISTORY_COLUMNS * sizeof *rows));
        history_to_rows(rows, c->history, n);
        list.tensors[list.n++] = (wf_tensor){.name = "history",
                                             .dtype = WF_DTYPE_I64,
                                             .shape = {.rank = 2, .dim = {n, HISTORY_COLUMNS}},
                                             .data = rows};
    }
    collect_metadata(&metadata, c);
    WF_TRY_OR(wf_safetensors_write(cx, path, list.tensors, list.n, metadata.items, metadata.n));
done:
    wf_free(rows);
    wf__tensor_list_reset(&list);
    return status;
}

/* ---- reading ---- */

static wf_status get_text(const char **out, wf_context *cx, const wf_safetensors *file,
                          const char *path, const char *key) {
    const char *text = wf_safetensors_text(file, key);
    WF_REQUIRE(text, WF_E_DATA, "checkpoint %s lacks \"%s\"", path, key);
    *out = text;
    return WF_OK;
}

static wf_status get_integer(int64_t *out, wf_context *cx, const wf_safetensors *file,
                             const char *path, const char *key) {
    const char *text = NULL;
    WF_TRY(get_text(&text, cx, file, path, key));
    WF_REQUIRE(read_integer(out, text), WF_E_DATA, "checkpoint %s: %s is \"%s\", no integer", path,
               key, text);
    return WF_OK;
}

static wf_status read_seed(uint64_t *out, wf_context *cx, const wf_safetensors *file,
                           const char *path) {
    const char *text = NULL;
    char *end = NULL;
    WF_TRY(get_text(&text, cx, file, path, "seed"));
    *out = strtoull(text, &end, 10);
    WF_REQUIRE(end != text && !*end, WF_E_DATA, "checkpoint %s: seed is \"%s\"", path, text);
    return WF_OK;
}

static wf_status read_state(wf__train_state *out, wf_context *cx, const wf_safetensors *file,
                            const char *path) {
    const char *text = NULL;
    WF_TRY(get_text(&text, cx, file, path, "format"));
    WF_REQUIRE(strcmp(text, FORMAT) == 0, WF_E_DATA, "%s is a \"%s\", expected \"%s\"", path, text,
               FORMAT);
    for (int i = 0; i < N_STATE_FIELDS; i++) {
        const state_field *f = &state_fields[i];
        WF_TRY(get_text(&text, cx, file, path, f->key));
        WF_REQUIRE(read_field(out, f, text), WF_E_DATA, "checkpoint %s: %s is \"%s\"", path, f->key,
                   text);
    }
    WF_REQUIRE(out->epochs_done >= 0 && out->epochs_done <= INT32_MAX && out->step >= 0 &&
                   out->best_epoch >= 0 && out->best_epoch <= out->epochs_done,
               WF_E_DATA,
               "checkpoint %s stands at epoch %" PRId64 ", step %" PRId64 ", best %" PRId64, path,
               out->epochs_done, out->step, out->best_epoch);
    return WF_OK;
}

static wf_status require_text(wf_context *cx, const wf_safetensors *file, const char *path,
                              const char *key, const char *expected) {
    const char *found = NULL;
    WF_TRY(get_text(&found, cx, file, path, key));
    WF_REQUIRE(strcmp(found, expected) == 0, WF_E_MODEL,
               "checkpoint %s was made with %s %s, now it is %s", path, key, found, expected);
    return WF_OK;
}

static wf_status require_integer(wf_context *cx, const wf_safetensors *file, const char *path,
                                 const char *key, int64_t expected) {
    int64_t found = 0;
    WF_TRY(get_integer(&found, cx, file, path, key));
    WF_REQUIRE(found == expected, WF_E_MODEL,
               "checkpoint %s was made with %s %" PRId64 ", now it is %" PRId64, path, key, found,
               expected);
    return WF_OK;
}

static wf_status check_identity(wf_context *cx, const wf_safetensors *file, const char *path,
                                const wf__train_identity *id, int has_average) {
    uint64_t seed = 0;
    WF_TRY(require_text(cx, file, path, "loss", id->loss));
    WF_TRY(require_text(cx, file, path, "optimizer", id->optimizer));
    WF_TRY(require_text(cx, file, path, "schedule", id->schedule));
    WF_TRY(require_integer(cx, file, path, "batch_size", id->batch_size));
    WF_TRY(require_integer(cx, file, path, "n_train", id->n_train));
    WF_TRY(require_integer(cx, file, path, "n_validation", id->n_validation));
    WF_TRY(read_seed(&seed, cx, file, path));
    WF_REQUIRE(!wf_safetensors_text(file, "ema") == !has_average, WF_E_MODEL,
               "checkpoint %s was made with%s an average of the weights (ema), now there is %s",
               path, has_average ? "out" : "", has_average ? "one" : "none");
    WF_REQUIRE(seed == id->seed, WF_E_MODEL,
               "checkpoint %s was made with seed %" PRIu64 ", now it is %" PRIu64, path, seed,
               id->seed);
    return WF_OK;
}

static wf_status find_history(const int64_t **out, wf_context *cx, const wf_safetensors *file,
                              const char *path, int64_t n, int32_t capacity) {
    const wf_tensor *t = wf_safetensors_find(file, "history");
    *out = NULL;
    if (n == 0) return WF_OK;
    WF_REQUIRE(t && t->dtype == WF_DTYPE_I64 && t->shape.rank == 2 && t->shape.dim[0] == n &&
                   t->shape.dim[1] == HISTORY_COLUMNS,
               WF_E_DATA, "checkpoint %s: no history of %" PRId64 " epochs", path, n);
    WF_REQUIRE(n <= capacity, WF_E_MODEL,
               "checkpoint %s holds %" PRId64 " epochs, the recipe wants %" PRId32
               " | raise epochs to train on",
               path, n, capacity);
    *out = t->data;
    return WF_OK;
}

wf_status wf__checkpoint_read(wf__checkpoint *c, wf_context *cx, const char *path) {
    const wf_graph *g = c->params->graph;
    wf__tensor_set sets[MAX_SETS];
    wf__train_state state;
    wf_safetensors *file = NULL;
    const int64_t *rows = NULL;
    int64_t step = 0;
    wf_status status;
    WF_TRY(wf_safetensors_read(&file, cx, path));
    WF_TRY_OR(read_state(&state, cx, file, path));
    WF_TRY_OR(check_identity(cx, file, path, c->identity, c->average != NULL));
    WF_TRY_OR(get_integer(&step, cx, file, path, "optimizer_step"));
    WF_TRY_OR(find_history(&rows, cx, file, path, state.epochs_done, c->history_capacity));
    int with_best = c->best && state.best_epoch > 0 && !is_best_current(&state);
    int n_sets = collect_sets(sets, c, with_best);
    for (int i = 0; i < n_sets; i++) WF_TRY_OR(wf__tensor_set_check(cx, file, path, g, &sets[i]));
    for (int i = 0; i < n_sets; i++) wf__tensor_set_read(&sets[i], file, g);
    if (c->best && !with_best)
        memcpy(c->best, (c->average ? c->average : c->params)->value,
               (size_t)g->total_size * sizeof *c->best);
    history_from_rows(c->history, rows, state.epochs_done);
    *c->state = state;
    c->params->step = step;
    c->params->generation++;
    if (c->average) c->average->generation++;
done:
    wf_safetensors_destroy(file);
    return status;
}

wf_status wf_checkpoint_read_info(wf_checkpoint_info *out, wf_context *cx, const char *path) {
    wf_safetensors *file = NULL;
    wf__train_state state;
    uint64_t seed = 0;
    wf_status status;
    WF_TRY(wf_safetensors_read(&file, cx, path));
    WF_TRY_OR(read_state(&state, cx, file, path));
    WF_TRY_OR(read_seed(&seed, cx, file, path));
    *out = (wf_checkpoint_info){.epochs = (int32_t)state.epochs_done,
                                .step = state.step,
                                .seed = seed,
                                .is_over = state.is_over != 0,
                                .best_epoch = (int32_t)state.best_epoch};
done:
    wf_safetensors_destroy(file);
    return status;
}
