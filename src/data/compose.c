/* A composed set as a folder: the pool draws canvases block by block, they are written in order. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/threads.h"
#include "data/compose.h"
#include "data/png.h"

enum { BLOCK = 1024, CANVASES_PER_ITEM = 16 };
enum { SHEET = 24, SHEET_COLUMNS = 8, SHEET_SCALE = 2 }; /* canvases.png */

/* One part as it is made. */
typedef struct part {
    const char *name; /* "train", "test" */
    int64_t count;
    uint32_t stream; /* of the random numbers */
    bool has_sheet;
    char *const *class_names;
    wf__composer composer;
    wf__canvas *block; /* [BLOCK] */
    int64_t first;     /* the block's first canvas */
    int n;             /* its canvases */
    wf_writer *images, *labels, *objects;
} part;

/* ---- drawing ---- */

static void draw_item(void *user, int item, int worker) {
    part *p = user;
    (void)worker;
    const int end = (item + 1) * CANVASES_PER_ITEM;
    for (int i = item * CANVASES_PER_ITEM; i < end && i < p->n; i++)
        wf__canvas_draw(&p->block[i], &p->composer, p->first + i);
}

/* ---- writing ---- */

static wf_status open_file(wf_writer **out, wf_context *cx, const char *folder, const char *part,
                           const char *rest) {
    wf_str path = {0};
    wf_str_addf(&path, cx, "%s/%s-%s", folder, part, rest);
    wf_status status = path.status;
    if (status == WF_OK) status = wf_writer_open(out, cx, path.text);
    wf_str_reset(&path);
    return status;
}

static wf_status add_idx_head(wf_writer *w, wf_context *cx, int64_t count) {
    const int64_t words[4] = {0x803, count, WF_OUTFIT_SIDE, WF_OUTFIT_SIDE};
    uint8_t head[16];
    for (size_t i = 0; i < sizeof head; i++)
        head[i] = (uint8_t)(words[i / 4] >> (24 - 8 * (i % 4)));
    return wf_writer_add(w, cx, head, sizeof head);
}

static wf_status open_files(part *p, wf_context *cx, const char *folder) {
    WF_TRY(open_file(&p->images, cx, folder, p->name, "images-idx3-ubyte"));
    WF_TRY(open_file(&p->labels, cx, folder, p->name, "labels.csv"));
    WF_TRY(open_file(&p->objects, cx, folder, p->name, "objects.csv"));
    WF_TRY(add_idx_head(p->images, cx, p->count));
    WF_TRY(wf_writer_addf(p->labels, cx, "image,labels\n"));
    return wf_writer_addf(p->objects, cx, "image,label,x,y,width,height,visible,garment\n");
}

static wf_status close_file(wf_writer **w, wf_context *cx) {
    wf_writer *ended = *w;
    *w = NULL;
    return wf_writer_commit(ended, cx);
}

/* Class names hold neither commas nor quotes nor bars: check_garments. */
static wf_status write_canvas(part *p, wf_context *cx, const wf__canvas *c, int64_t index) {
    bool is_first = true;
    WF_TRY(wf_writer_add(p->images, cx, c->pixels, sizeof c->pixels));
    WF_TRY(wf_writer_addf(p->labels, cx, "%lld,", (long long)index));
    for (int k = 0; k < WF_OUTFIT_CLASSES; k++) {
        if (!(c->labels >> k & 1)) continue;
        WF_TRY(wf_writer_addf(p->labels, cx, "%s%s", is_first ? "" : "|", p->class_names[k]));
        is_first = false;
    }
    WF_TRY(wf_writer_add(p->labels, cx, "\n", 1));
    for (int i = 0; i < c->count; i++) {
        const wf__outfit_object *o = &c->objects[i];
        WF_TRY(wf_writer_addf(p->objects, cx, "%lld,%s,%d,%d,%d,%d,%.4f,%d\n", (long long)index,
                              p->class_names[o->label], o->x, o->y, o->width, o->height,
                              (double)o->visible, o->garment));
    }
    return WF_OK;
}

static wf_status make_part(part *p, wf_context *cx, wf_pool *pool, const char *folder,
                           const wf_compose_options *o) {
    char what[32];
    snprintf(what, sizeof what, "%s canvases", p->name);
    WF_TRY(open_files(p, cx, folder));
    for (p->first = 0; p->first < p->count; p->first += p->n) {
        const int64_t left = p->count - p->first;
        if (o->progress && o->progress(o->progress_user, what, p->first, p->count))
            return WF_FAIL(WF_E_INTERRUPTED, "stopped after %lld of %lld %s", (long long)p->first,
                           (long long)p->count, what);
        p->n = left < BLOCK ? (int)left : BLOCK;
        wf_pool_run(pool, draw_item, p, (p->n + CANVASES_PER_ITEM - 1) / CANVASES_PER_ITEM);
        for (int i = 0; i < p->n; i++) WF_TRY(write_canvas(p, cx, &p->block[i], p->first + i));
    }
    WF_TRY(close_file(&p->images, cx));
    WF_TRY(close_file(&p->labels, cx));
    return close_file(&p->objects, cx);
}

static void part_reset(part *p) {
    wf_writer_abort(p->images);
    wf_writer_abort(p->labels);
    wf_writer_abort(p->objects);
    wf__composer_reset(&p->composer);
    wf_free(p->block);
}

/* The first canvases, to look at. */
static wf_status write_sheet(wf_context *cx, part *p, const char *folder) {
    wf_sheet sheet = {.columns = SHEET_COLUMNS,
                      .count = p->count < SHEET ? (int)p->count : SHEET,
                      .tile_height = WF_OUTFIT_SIDE,
                      .tile_width = WF_OUTFIT_SIDE,
                      .channels = 1,
                      .scale = SHEET_SCALE};
    wf_str png = {0};
    char *path = NULL;
    wf_status status;
    WF_TRY_OR(wf_sheet_create(&sheet, cx));
    for (int i = 0; i < sheet.count; i++) {
        wf__canvas_draw(p->block, &p->composer, i);
        wf_sheet_put(&sheet, i, p->block->pixels, 1);
    }
    WF_TRY_OR(wf_png_encode(&png, cx, sheet.pixels, sheet.height, sheet.width, 1));
    WF_TRY_OR(wf_path_join(&path, cx, folder, "canvases.png"));
    WF_TRY_OR(wf_file_write(cx, path, png.text, png.length));
done:
    wf_free(path);
    wf_str_reset(&png);
    wf_sheet_reset(&sheet);
    return status;
}

static wf_status compose_part(part p, wf_context *cx, wf_pool *pool, const wf_outfits *outfits,
                              const wf_images *garments, const wf_compose_options *o,
                              const char *folder) {
    wf_status status;
    WF_TRY_OR(wf__composer_init(&p.composer, cx, outfits, garments, p.name));
    WF_TRY_OR(wf_alloc(&p.block, cx, BLOCK, sizeof *p.block));
    p.composer.seed = o->seed;
    p.composer.stream = p.stream;
    WF_TRY_OR(make_part(&p, cx, pool, folder, o));
    if (p.has_sheet) WF_TRY_OR(write_sheet(cx, &p, folder));
done:
    part_reset(&p);
    return status;
}

/* ---- the folder ---- */

static wf_status write_classes(wf_context *cx, const wf_dataset *garments, const char *folder) {
    wf_str text = {0};
    char *path = NULL;
    wf_status status;
    for (int k = 0; k < WF_OUTFIT_CLASSES; k++)
        wf_str_addf(&text, cx, "%s\n", garments->class_names[k]);
    WF_TRY_OR(text.status);
    WF_TRY_OR(wf_path_join(&path, cx, folder, "classes.txt"));
    WF_TRY_OR(wf_file_write(cx, path, text.text, text.length));
done:
    wf_free(path);
    wf_str_reset(&text);
    return status;
}

static wf_status write_distribution(wf_context *cx, const wf_outfits *outfits,
                                    const wf_dataset *garments, const wf_compose_options *o,
                                    const char *folder) {
    json_t *document = NULL;
    char *path = NULL;
    wf_status status;
    WF_TRY_OR(wf__outfits_json(&document, cx, outfits, garments, o));
    WF_TRY_OR(wf_path_join(&path, cx, folder, "distribution.json"));
    WF_TRY_OR(wf_json_write(cx, path, document));
done:
    wf_free(path);
    json_decref(document);
    return status;
}

static wf_status write_set(wf_context *cx, wf_pool *pool, const wf_dataset *garments,
                           const wf_compose_options *o, const char *folder) {
    const part train = {.name = "train",
                        .count = o->n_train,
                        .stream = WF_STREAM_COMPOSE,
                        .has_sheet = true,
                        .class_names = garments->class_names};
    const part test = {.name = "test",
                       .count = o->n_test,
                       .stream = WF_STREAM_COMPOSE + 1,
                       .class_names = garments->class_names};
    wf_outfits outfits;
    WF_TRY(wf_outfits_create(&outfits, cx, o->dependence));
    WF_TRY(compose_part(train, cx, pool, &outfits, &garments->train, o, folder));
    WF_TRY(compose_part(test, cx, pool, &outfits, &garments->test, o, folder));
    WF_TRY(write_classes(cx, garments, folder));
    return write_distribution(cx, &outfits, garments, o, folder);
}

/* Names that need no quoting in a CSV file, and stay apart when joined. */
static wf_status check_garments(wf_context *cx, const wf_dataset *d) {
    WF_REQUIRE(d->n_classes == WF_OUTFIT_CLASSES, WF_E_DATA,
               "garments: %s has %d classes, expected Fashion-MNIST's %d", d->name, d->n_classes,
               WF_OUTFIT_CLASSES);
    for (int k = 0; k < WF_OUTFIT_CLASSES; k++)
        WF_REQUIRE(!d->class_names[k][strcspn(d->class_names[k], ",|\"\r\n")], WF_E_DATA,
                   "garments: class name \"%s\" of %s holds a comma, bar, quote or line end",
                   d->class_names[k], d->name);
    return WF_OK;
}

static wf_status check_count(wf_context *cx, const char *part, int64_t count) {
    WF_REQUIRE(count >= 1 && count <= WF_OUTFIT_MAX_COUNT, WF_E_ARG,
               "%lld %s canvases, must be 1 to %d", (long long)count, part, WF_OUTFIT_MAX_COUNT);
    return WF_OK;
}

static wf_status check_folder(wf_context *cx, const char *folder) {
    const char *name = wf_path_base(folder);
    wf_names names = {0};
    WF_REQUIRE(*name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0, WF_E_ARG,
               "\"%s\": the set becomes a folder of its own | name a new folder", folder);
    if (!wf_path_exists(folder)) return WF_OK;
    WF_REQUIRE(wf_path_is_dir(folder), WF_E_ARG, "%s: is there already and is no folder", folder);
    WF_TRY(wf_dir_list(&names, cx, folder));
    const size_t count = names.count;
    wf_names_reset(&names);
    WF_REQUIRE(count == 0, WF_E_ARG,
               "%s: is there already and holds %zu file%s | name a new or empty folder", folder,
               count, count == 1 ? "" : "s");
    return WF_OK;
}

wf_status wf_compose_outfits(wf_context *cx, wf_pool *pool, const wf_dataset *garments,
                             const wf_compose_options *options, const char *folder) {
    wf_str building = {0}, target = {0};
    wf_context ignored = {0};
    wf_status status;
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') length--;
    wf_str_add_bytes(&target, cx, folder, length);
    WF_TRY_OR(target.status);
    WF_TRY_OR(check_count(cx, "training", options->n_train));
    WF_TRY_OR(check_count(cx, "test", options->n_test));
    WF_TRY_OR(check_garments(cx, garments));
    WF_TRY_OR(check_folder(cx, target.text));
    wf_str_addf(&building, cx, "%s.%ld.tmp", target.text, (long)getpid());
    WF_TRY_OR(building.status);
    status = wf_dir_create(cx, building.text);
    if (status == WF_OK) status = write_set(cx, pool, garments, options, building.text);
    if (status == WF_OK) status = wf_file_rename(cx, building.text, target.text);
    if (status != WF_OK) wf_dir_remove(&ignored, building.text);
done:
    wf_str_reset(&building);
    wf_str_reset(&target);
    return status;
}
