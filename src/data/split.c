#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/str.h"
#include "data/formats.h"

/* --- drawing -------------------------------------------------------------------------------- */

/* quota[c] sums to `total`, proportional to size[c]: whole parts first, then the largest
 * remainders; among equal remainders the lower class. All sums are whole numbers, so that no
 * rounding decides. */
static wf_status share_out(int64_t *quota, wf_context *cx, const int64_t *size, int32_t n_classes,
                           int64_t n, int64_t total) {
    int64_t *remainder = NULL;
    int64_t left = total;
    WF_TRY(wf_alloc(&remainder, cx, (size_t)n_classes, sizeof *remainder));
    for (int32_t c = 0; c < n_classes; c++) {
        quota[c] = size[c] * total / n; /* both below 2^31 */
        remainder[c] = size[c] * total % n;
        left -= quota[c];
    }
    for (; left > 0; left--) {
        int32_t best = 0;
        for (int32_t c = 1; c < n_classes; c++)
            if (remainder[c] > remainder[best]) best = c;
        quota[best]++;
        remainder[best] = -1;
    }
    wf_free(remainder);
    return WF_OK;
}

static wf_status draw_sets(uint8_t *is_drawn, wf_context *cx, const wf_images *train,
                           const int32_t *from, int64_t n, int64_t total, uint64_t seed,
                           uint32_t stream) {
    const int64_t sizes[] = {n - total, total};
    int16_t *part_of = NULL;
    wf_rng rng;
    WF_TRY(wf_alloc(&part_of, cx, (size_t)n, sizeof *part_of));
    wf_rng_init(&rng, seed, stream, 0);
    wf_status status = wf__stratify_sets(part_of, cx, train, from, n, sizes, 2, &rng);
    for (int64_t i = 0; i < n && status == WF_OK; i++) is_drawn[i] = part_of[i] == 1;
    wf_free(part_of);
    return status;
}

/* Draws `total` of the n images in `from` (ascending), stratified, in an order given by (seed,
 * stream); is_drawn[i] belongs to from[i]. */
static wf_status draw(uint8_t *is_drawn, wf_context *cx, const wf_dataset *d, const int32_t *from,
                      int64_t n, int64_t total, uint64_t seed, uint32_t stream) {
    wf_status status = WF_OK;
    int64_t *size = NULL, *quota = NULL;
    int32_t *order = NULL;
    size_t classes = (size_t)d->n_classes;
    if (d->is_multilabel) return draw_sets(is_drawn, cx, &d->train, from, n, total, seed, stream);
    WF_TRY_OR(wf_alloc(&size, cx, classes, sizeof *size));
    WF_TRY_OR(wf_alloc(&quota, cx, classes, sizeof *quota));
    WF_TRY_OR(wf_alloc(&order, cx, (size_t)n, sizeof *order));
    for (int64_t i = 0; i < n; i++) {
        order[i] = (int32_t)i;
        size[d->train.labels[from[i]]]++;
    }
    WF_TRY_OR(share_out(quota, cx, size, d->n_classes, n, total));
    wf_rng rng;
    wf_rng_init(&rng, seed, stream, 0);
    wf_rng_shuffle(&rng, order, (size_t)n);
    for (int64_t i = 0; i < n; i++) {
        int32_t c = d->train.labels[from[order[i]]];
        if (quota[c] == 0) continue;
        quota[c]--;
        is_drawn[order[i]] = 1;
    }
done:
    wf_free(order);
    wf_free(quota);
    wf_free(size);
    return status;
}

/* Keeps of from[n] those whose mark is `wanted`. */
static int64_t keep(int32_t *to, const int32_t *from, const uint8_t *marks, int64_t n,
                    uint8_t wanted) {
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (marks[i] == wanted) to[kept++] = from[i];
    return kept;
}

wf_status wf__split_cut(wf_split *s, wf_context *cx, const wf_dataset *d, double fraction,
                        uint64_t seed, int64_t limit) {
    wf_status status = WF_OK;
    uint8_t *marks = NULL;
    int64_t n = s->n_train;
    WF_REQUIRE(fraction >= 0 && fraction < 1, WF_E_ARG,
               "validation fraction %g, must be at least 0 and less than 1", fraction);
    WF_REQUIRE(limit >= 0, WF_E_ARG, "limit %lld, must be 0 (all) or more", (long long)limit);
    int64_t n_validation = (int64_t)(fraction * (double)n + 0.5);
    WF_REQUIRE(n_validation < n, WF_E_ARG,
               "validation fraction %g of %lld images leaves none to train on", fraction,
               (long long)n);
    WF_TRY_OR(wf_alloc(&marks, cx, (size_t)n, 1));
    if (n_validation > 0) {
        WF_TRY_OR(wf_alloc(&s->validation, cx, (size_t)n_validation, sizeof *s->validation));
        WF_TRY_OR(draw(marks, cx, d, s->train, n, n_validation, seed, WF_STREAM_SPLIT));
        s->n_validation = keep(s->validation, s->train, marks, n, 1);
        s->n_train = keep(s->train, s->train, marks, n, 0);
    }
    if (limit > 0 && limit < s->n_train) {
        memset(marks, 0, (size_t)n);
        WF_TRY_OR(draw(marks, cx, d, s->train, s->n_train, limit, seed, WF_STREAM_LIMIT));
        s->n_train = keep(s->train, s->train, marks, s->n_train, 1);
    }
done:
    wf_free(marks);
    return status;
}

wf_status wf_split_create(wf_split *out, wf_context *cx, const wf_dataset *d, double fraction,
                          uint64_t seed, int64_t limit) {
    wf_split s = {.n_train = d->train.count};
    WF_TRY(wf_alloc(&s.train, cx, (size_t)s.n_train, sizeof *s.train));
    for (int64_t i = 0; i < s.n_train; i++) s.train[i] = (int32_t)i;
    wf_status status = wf__split_cut(&s, cx, d, fraction, seed, limit);
    if (status == WF_OK) *out = s;
    else wf_split_reset(&s);
    return status;
}

void wf_split_reset(wf_split *split) {
    wf_free(split->train);
    wf_free(split->validation);
    wf_free(split->held_out);
    *split = (wf_split){0};
}

/* --- the file ------------------------------------------------------------------------------- */

static const char header[] = "index,part";
static const char *const part_names[] = {"train", "validation", "held_out"};

wf_status wf_split_write(wf_context *cx, const char *path, const wf_split *s) {
    wf_writer *w = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf_writer_open(&w, cx, path));
    WF_TRY_OR(wf_writer_addf(w, cx, "%s\n", header));
    const struct {
        const int32_t *index;
        int64_t n;
    } parts[] = {
        {s->train, s->n_train}, {s->validation, s->n_validation}, {s->held_out, s->n_held_out}};
    int64_t at[3] = {0};
    for (;;) {
        int next = -1;
        for (int p = 0; p < 3; p++)
            if (at[p] < parts[p].n &&
                (next < 0 || parts[p].index[at[p]] < parts[next].index[at[next]]))
                next = p;
        if (next < 0) break;
        WF_TRY_OR(
            wf_writer_addf(w, cx, "%d,%s\n", parts[next].index[at[next]++], part_names[next]));
    }
    return wf_writer_commit(w, cx);
done:
    wf_writer_abort(w);
    return status;
}

enum { UNUSED, TRAIN, VALIDATION, HELD_OUT, PARTS };

/* One line "index,part" into part_of[]. */
static wf_status read_line(uint8_t *part_of, wf_context *cx, char *line, int64_t n, int number,
                           const char *path) {
    char *comma = strchr(line, ',');
    WF_REQUIRE(comma, WF_E_DATA, "%s: line %d: found \"%.40s\", expected index,part", path, number,
               line);
    *comma = 0;
    const char *part = comma + 1;
    int64_t index = 0;
    size_t digits = strspn(line, "0123456789");
    for (size_t i = 0; i < digits && index < n; i++) index = 10 * index + (line[i] - '0');
    WF_REQUIRE(digits > 0 && line[digits] == 0 && index < n, WF_E_DATA,
               "%s: line %d: found index \"%.40s\", expected a whole number from 0 to %lld", path,
               number, line, (long long)n - 1);
    uint8_t which = TRAIN;
    while (which < PARTS && strcmp(part, part_names[which - TRAIN]) != 0) which++;
    WF_REQUIRE(which < PARTS, WF_E_DATA,
               "%s: line %d: found part \"%.40s\", expected train, validation or held_out", path,
               number, part);
    WF_REQUIRE(part_of[index] == UNUSED, WF_E_DATA,
               "%s: line %d: found index %lld again, it is in the %s part already, expected every "
               "index once",
               path, number, (long long)index, part_names[part_of[index] - TRAIN]);
    part_of[index] = which;
    return WF_OK;
}

static wf_status read_lines(uint8_t *part_of, wf_context *cx, char *text, int64_t n,
                            const char *path) {
    int number = 0;
    for (char *line = text; *line;) {
        char *end = strchr(line, '\n');
        char *next = end ? end + 1 : line + strlen(line);
        if (end) *end = 0;
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r') line[length - 1] = 0;
        if (++number == 1)
            WF_REQUIRE(strcmp(line, header) == 0, WF_E_DATA,
                       "%s: line 1: found \"%.40s\", expected \"%s\"", path, line, header);
        else if (line[0]) WF_TRY(read_line(part_of, cx, line, n, number, path));
        line = next;
    }
    WF_REQUIRE(number > 0, WF_E_DATA, "%s: line 1: found an empty file, expected \"%s\"", path,
               header);
    return WF_OK;
}

static wf_status collect(wf_split *s, wf_context *cx, const uint8_t *part_of, int64_t n,
                         const char *path) {
    int64_t count[PARTS] = {0};
    for (int64_t i = 0; i < n; i++) count[part_of[i]]++;
    WF_REQUIRE(count[TRAIN] > 0, WF_E_DATA, "%s: found no image to train on, expected at least one",
               path);
    WF_TRY(wf_alloc(&s->train, cx, (size_t)count[TRAIN], sizeof *s->train));
    if (count[VALIDATION] > 0)
        WF_TRY(wf_alloc(&s->validation, cx, (size_t)count[VALIDATION], sizeof *s->validation));
    if (count[HELD_OUT] > 0)
        WF_TRY(wf_alloc(&s->held_out, cx, (size_t)count[HELD_OUT], sizeof *s->held_out));
    for (int64_t i = 0; i < n; i++) {
        if (part_of[i] == TRAIN) s->train[s->n_train++] = (int32_t)i;
        if (part_of[i] == VALIDATION) s->validation[s->n_validation++] = (int32_t)i;
        if (part_of[i] == HELD_OUT) s->held_out[s->n_held_out++] = (int32_t)i;
    }
    return WF_OK;
}

wf_status wf_split_read(wf_split *out, wf_context *cx, const char *path, const wf_dataset *d) {
    enum { LINE_MOST = 32 };
    wf_status status = WF_OK;
    wf_split s = {0};
    uint8_t *text = NULL, *part_of = NULL;
    size_t size = 0;
    int64_t n = d->train.count;
    WF_TRY(wf_file_read(&text, &size, cx, path, (size_t)(n + 2) * LINE_MOST));
    WF_TRY_OR(wf_alloc(&part_of, cx, (size_t)n, 1));
    WF_TRY_OR(read_lines(part_of, cx, (char *)text, n, path));
    WF_TRY_OR(collect(&s, cx, part_of, n, path));
    *out = s;
    s = (wf_split){0};
done:
    wf_split_reset(&s);
    wf_free(part_of);
    wf_free(text);
    return status;
}
