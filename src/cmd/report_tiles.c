#include "cmd/report_tiles.h"

#include "base/alloc.h"
#include "cmd/embedding.h"
#include "cmd/opinions.h"

enum { NOT_WANTED = -1, WANTED = -2 };

wf_status wf_tiles_init(wf_tiles *out, wf_context *cx, const wf_dataset *dataset, int64_t tests) {
    wf_tiles t = {.dataset = dataset, .has_all_tests = dataset->test.count <= tests};
    const int64_t n = dataset->test.count;
    int32_t *drawn = NULL;
    wf_status status = WF_OK;
    for (int p = 0; p < WF_PARTS; p++) {
        const int64_t count = wf_part_images(dataset, (wf_part)p)->count;
        if (count == 0) continue;
        WF_TRY_OR(wf_alloc(&t.tile[p], cx, (size_t)count, sizeof *t.tile[p]));
        for (int64_t i = 0; i < count; i++) t.tile[p][i] = NOT_WANTED;
    }
    if (n > 0) WF_TRY_OR(wf_embedding_draw(&drawn, cx, n, tests, 0)); /* as maps do */
    for (int64_t i = 0; i < n && i < tests; i++) wf_tiles_want(&t, WF_PART_TEST, drawn[i]);
    *out = t;
    t = (wf_tiles){0};
done:
    wf_free(drawn);
    wf_tiles_reset(&t);
    return status;
}

void wf_tiles_want(wf_tiles *t, wf_part part, int64_t index) {
    if (index >= 0 && index < wf_part_images(t->dataset, part)->count)
        t->tile[part][index] = WANTED;
}

/* The parts in the order of their tiles. */
static const wf_part order[WF_PARTS] = {WF_PART_TEST, WF_PART_TRAIN, WF_PART_VALIDATION};

void wf_tiles_number(wf_tiles *t) {
    for (int p = 0; p < WF_PARTS; p++)
        for (int64_t i = 0; i < wf_part_images(t->dataset, order[p])->count; i++)
            if (t->tile[order[p]][i] == WANTED) t->tile[order[p]][i] = t->count++;
}

int wf_tiles_find(const wf_tiles *t, wf_part part, int64_t index) {
    if (!t->dataset || index < 0 || index >= wf_part_images(t->dataset, part)->count) return -1;
    return t->tile[part][index] < 0 ? -1 : t->tile[part][index];
}

wf_status wf_tiles_draw(wf_sprite *out, wf_context *cx, const wf_tiles *t, size_t limit) {
    const uint8_t **images = NULL;
    WF_TRY(wf_alloc(&images, cx, (size_t)t->count, sizeof *images));
    for (int p = 0; p < WF_PARTS; p++) {
        const wf_images *part = wf_part_images(t->dataset, (wf_part)p);
        const size_t bytes = (size_t)part->height * (size_t)part->width * (size_t)part->channels;
        for (int64_t i = 0; i < part->count; i++)
            if (t->tile[p][i] >= 0) images[t->tile[p][i]] = part->pixels + (size_t)i * bytes;
    }
    wf_status status = wf_sprite_create(out, cx, images, t->count, &t->dataset->train, limit);
    wf_free(images);
    return status;
}

void wf_tiles_reset(wf_tiles *t) {
    for (int p = 0; p < WF_PARTS; p++) wf_free(t->tile[p]);
    *t = (wf_tiles){0};
}
