#include "cmd/report_pictures.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "report/packed.h"

#define FOLDER "report"

/* ---- what is left out ---- */

static wf_status put_note(wf_pictures *p, const char *text) {
    json_t *comparison = json_object_get(p->report->document, "comparison");
    return wf_json_append(json_object_get(comparison, "notes"), &p->cli->cx, json_string(text));
}

wf_status wf__pictures_forgive(wf_pictures *p, wf_status status, const char *whose,
                               const char *what) {
    wf_context *cx = &p->cli->cx;
    char note[1536];
    if (status == WF_OK || status == WF_E_NOMEM || status == WF_E_INTERRUPTED) return status;
    snprintf(note, sizeof note, "%.200s: no %s: %s%s%s", whose, what, cx->message,
             *cx->hint ? "; " : "", cx->hint);
    wf_context_reset(cx);
    p->cli->exit_code = WF_EXIT_OK;
    wf_note(p->cli, "%s\n", note);
    return put_note(p, note);
}

/* ---- models and data ---- */

const wf_report_run *wf__pictures_run(const wf_pictures *p, size_t row) {
    return &p->report->comparison->rows[row].runs[0];
}

static int is_multilabel(const wf_pictures *p, size_t row) {
    return wf__pictures_run(p, row)->evaluation->is_multilabel;
}

json_t *wf__pictures_model(const wf_pictures *p, size_t row) {
    return json_array_get(json_object_get(p->report->document, "models"), row);
}

/* The images may have changed since. */
static wf_status check_data(wf_pictures *p, const wf_run_summary *s) {
    const wf_dataset *d = p->session->dataset;
    wf_context *cx = &p->cli->cx;
    WF_REQUIRE(
        !*s->data_hash || !strcmp(s->data_hash, d->sha256), WF_E_DATA,
        "%s holds other images than those that it was trained on | --dataset says where they "
        "are",
        d->source);
    return WF_OK;
}

wf_status wf__pictures_open_data(int *out_is_there, wf_pictures *p, size_t row) {
    const wf_experiment *e = &p->report->experiments[row];
    const wf_run_summary *s = &wf__pictures_run(p, row)->summary;
    const char *name = p->session->moved_to ? p->session->moved_to : e->dataset;
    *out_is_there = 0;
    if (!e->model || p->is_refused[row] || (p->missing && !strcmp(p->missing, name))) return WF_OK;
    wf_status status = wf_session_open_data(p->session, name, e->model);
    if (status == WF_OK) {
        status = check_data(p, s);
        *out_is_there = status == WF_OK;
        p->is_refused[row] = status != WF_OK;
        return wf__pictures_forgive(p, status, s->id, "images");
    }
    if (status == WF_E_NOTFOUND && strchr(name, '/'))
        snprintf(p->cli->cx.hint, sizeof p->cli->cx.hint, "--dataset says where they are now");
    WF_TRY(wf__pictures_forgive(p, status, s->dataset, "images"));
    wf_free(p->missing);
    p->missing = NULL;
    return wf_strdup(&p->missing, &p->cli->cx, name);
}

static wf_status open_model(wf_pictures *p, size_t row) {
    wf_context *cx = &p->cli->cx;
    const wf_run_summary *s = &wf__pictures_run(p, row)->summary;
    char *runs = NULL;
    int has_data = 0;
    WF_TRY(wf__pictures_open_data(&has_data, p, row));
    if (!has_data) return WF_OK;
    if (!p->session->pool) WF_TRY(wf_session_start(p->session, p->session->threads));
    WF_TRY(wf_path_folder(&runs, cx, s->path));
    wf_status status = wf_trained_open(&p->trained, p->session, runs, s->path);
    wf_free(runs);
    return wf__pictures_forgive(p, status, s->id,
                                is_multilabel(p, row) ? "map and no probabilities of what it told"
                                                      : "map and no evidence of its mistakes");
}

wf_status wf__pictures_open_model(const wf_trained **out, wf_pictures *p, size_t row) {
    if (p->trained_row != row) {
        wf_trained_reset(&p->trained);
        p->trained_row = row;
        WF_TRY(open_model(p, row));
    }
    *out = p->trained.params ? &p->trained : NULL;
    return WF_OK;
}

/* ---- the run's folder ---- */

static wf_status path_of(char **out, wf_pictures *p, size_t row, const char *name) {
    char below[64];
    snprintf(below, sizeof below, FOLDER "/%s", name);
    return wf_run_file(out, &p->cli->cx, wf__pictures_run(p, row)->source, below);
}

wf_status wf__pictures_recall(json_t **out, wf_pictures *p, size_t row, const char *name,
                              int version) {
    wf_context quiet = {0};
    char *path = NULL;
    json_t *document = NULL;
    WF_TRY(path_of(&path, p, row, name));
    wf_status status = wf_json_read(&document, &quiet, path);
    wf_free(path);
    if (status == WF_E_NOMEM) {
        p->cli->cx = quiet;
        return status;
    }
    const json_t *found = json_object_get(document, "schema_version");
    *out = json_integer_value(found) == version ? json_incref(document) : NULL;
    json_decref(document);
    return WF_OK;
}

wf_status wf__pictures_keep(wf_pictures *p, size_t row, const char *name, const json_t *document) {
    wf_context *cx = &p->cli->cx;
    char *path = NULL, *folder = NULL;
    wf_status status;
    WF_TRY_OR(path_of(&path, p, row, name));
    WF_TRY_OR(wf_path_folder(&folder, cx, path));
    status = wf_dir_create(cx, folder);
    if (status == WF_OK) status = wf_json_write(cx, path, document);
    if (status == WF_E_IO) {
        wf_note(p->cli, "%s; it is made again for the next report\n", cx->message);
        wf_context_reset(cx);
        status = WF_OK;
    }
done:
    wf_free(folder);
    wf_free(path);
    return status;
}

/* ---- the images that the report shows ---- */

typedef wf_status (*image_fn)(wf_pictures *p, wf_tiles *t, json_t *image, wf_part part);

static wf_status want(wf_pictures *p, wf_tiles *t, json_t *image, wf_part part) {
    (void)p;
    wf_tiles_want(t, part, json_integer_value(json_object_get(image, "index")));
    return WF_OK;
}

static wf_status put_tile(wf_pictures *p, wf_tiles *t, json_t *image, wf_part part) {
    const int tile = wf_tiles_find(t, part, json_integer_value(json_object_get(image, "index")));
    return wf_json_put(image, &p->cli->cx, "tile", tile < 0 ? json_null() : json_integer(tile));
}

static wf_status each_of(wf_pictures *p, wf_tiles *t, const json_t *images, wf_part part,
                         image_fn visit) {
    size_t i;
    json_t *image;
    json_array_foreach(images, i, image) WF_TRY(visit(p, t, image, part));
    return WF_OK;
}

static wf_status each_place(wf_pictures *p, wf_tiles *t, json_t *place, image_fn visit) {
    const char *name = json_string_value(json_object_get(place, "part"));
    for (int part = 0; name && part < WF_PARTS; part++)
        if (!strcmp(name, wf_part_name((wf_part)part))) WF_TRY(visit(p, t, place, (wf_part)part));
    return WF_OK;
}

static wf_status each_finding(wf_pictures *p, wf_tiles *t, const json_t *audit, image_fn visit) {
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(audit, "duplicates"), i, one) {
        WF_TRY(each_place(p, t, json_object_get(one, "a"), visit));
        WF_TRY(each_place(p, t, json_object_get(one, "b"), visit));
    }
    json_array_foreach(json_object_get(audit, "label_errors"), i, one)
        WF_TRY(each_place(p, t, one, visit));
    return WF_OK;
}

static int is_label_shown(const wf_pictures *p, const char *label) {
    const wf_comparison *c = p->report->comparison;
    for (size_t row = 0; label && row < c->row_count; row++)
        if (!strcmp(c->rows[row].label, label)) return p->is_shown[row];
    return 0;
}

static wf_status each_image(wf_pictures *p, wf_tiles *t, image_fn visit) {
    const json_t *document = p->report->document, *data = json_object_get(document, "data"),
                 *samples = json_object_get(data, "samples");
    size_t i;
    json_t *one;
    WF_TRY(each_of(p, t, json_object_get(samples, "test"), WF_PART_TEST, visit));
    WF_TRY(each_of(p, t, json_object_get(samples, "train"), WF_PART_TRAIN, visit));
    WF_TRY(each_finding(p, t, json_object_get(data, "audit"), visit));
    json_array_foreach(json_object_get(document, "models"), i, one) if (p->is_shown[i]) {
        const json_t *sets = json_object_get(one, "sets"),
                     *samples = json_object_get(sets, "samples");
        WF_TRY(each_of(p, t, json_object_get(one, "mistakes"), WF_PART_TEST, visit));
        WF_TRY(each_of(p, t, json_object_get(sets, "worst"), WF_PART_TEST, visit));
        WF_TRY(each_of(p, t, json_object_get(samples, "right"), WF_PART_TEST, visit));
        WF_TRY(each_of(p, t, json_object_get(samples, "wrong"), WF_PART_TEST, visit));
    }
    json_array_foreach(json_object_get(document, "disagreements"), i,
                       one) if (is_label_shown(p, json_string_value(json_object_get(one, "a"))))
        WF_TRY(each_of(p, t, json_object_get(one, "images"), WF_PART_TEST, visit));
    return WF_OK;
}

/* ---- the sprite ---- */

static wf_status put_sprite(wf_pictures *p, const wf_sprite *s) {
    wf_report *r = p->report;
    wf_context *cx = &p->cli->cx;
    wf_str_add(&r->sprite, cx, "data:image/webp;base64,");
    wf_str_add_base64(&r->sprite, cx, s->webp.text, s->webp.length);
    WF_TRY(r->sprite.status);
    return wf_json_put(json_object_get(r->document, "data"), cx, "sprite",
                       json_pack("{s:i, s:{s:i, s:i}, s:i}", "columns", s->columns, "tile",
                                 "height", s->tile_height, "width", s->tile_width, "count",
                                 s->count));
}

/* The tile of each test image, 65535: none. */
static wf_status put_test_tiles(wf_pictures *p, const wf_tiles *t) {
    wf_context *cx = &p->cli->cx;
    const int64_t n = t->dataset->test.count;
    uint16_t *tiles = NULL;
    json_t *packed = NULL;
    if (t->has_all_tests) return WF_OK;
    WF_TRY(wf_alloc(&tiles, cx, (size_t)n, sizeof *tiles));
    for (int64_t i = 0; i < n; i++) tiles[i] = (uint16_t)wf_tiles_find(t, WF_PART_TEST, i);
    wf_status status = wf_packed_u16(&packed, cx, tiles, (size_t)n);
    wf_free(tiles);
    WF_TRY(status);
    return wf_json_put(json_object_get(p->report->document, "data"), cx, "test_tiles", packed);
}

/* What the page may have, less what it has so far: of base64, four bytes hold three. */
static wf_status find_room(size_t *out, wf_pictures *p) {
    enum { PAGE = 4900000, LEAST = 150000, MOST = 1400000 };
    wf_str page = {0};
    wf_status status = wf_report_html_text(&page, p->report);
    const size_t room = page.length < PAGE ? (PAGE - page.length) / 4 * 3 : 0;
    wf_str_reset(&page);
    *out = room < LEAST ? LEAST : room > MOST ? MOST : room;
    return status;
}

/* The images that are shown and as many test images more as there is room for, up to `tests`. */
static wf_status draw_tiles(wf_tiles *out, wf_sprite *sprite, wf_pictures *p,
                            const wf_dataset *dataset, int64_t tests) {
    wf_context *cx = &p->cli->cx;
    size_t limit = 0;
    WF_TRY(find_room(&limit, p));
    for (;;) {
        WF_TRY(wf_tiles_init(out, cx, dataset, tests));
        WF_TRY(each_image(p, out, want));
        wf_tiles_number(out);
        WF_TRY(wf_tiles_draw(sprite, cx, out, limit));
        const size_t size = sprite->webp.length;
        if (size <= limit || tests < 100) return WF_OK;
        if (tests > dataset->test.count) tests = dataset->test.count;
        tests = (int64_t)(0.9 * (double)tests * (double)limit / (double)size);
        wf_sprite_reset(sprite);
        wf_tiles_reset(out);
    }
}

/* Test images that are there for maps alone. What is told of sets is shown beside their images, so
 * that these keep their size: all tiles together have PIXELS. */
static int64_t choose_tests(const wf_pictures *p, const wf_dataset *d) {
    enum { TESTS = 10000, PIXELS = 8 << 20 };
    const int64_t fit = PIXELS / (d->test.height * d->test.width);
    if (p->report->choice.is_brief) return 0;
    return d->is_multilabel && fit < TESTS ? fit : TESTS;
}

static wf_status draw(wf_pictures *p, const wf_dataset *dataset) {
    const int64_t tests = choose_tests(p, dataset);
    wf_tiles tiles = {0};
    wf_sprite sprite = {0};
    wf_status status;
    WF_TRY_OR(draw_tiles(&tiles, &sprite, p, dataset, tests));
    WF_TRY_OR(each_image(p, &tiles, put_tile));
    WF_TRY_OR(put_test_tiles(p, &tiles));
    WF_TRY_OR(put_sprite(p, &sprite));
done:
    wf_sprite_reset(&sprite);
    wf_tiles_reset(&tiles);
    return status;
}

/* ---- all ---- */

/* The first row whose images are there, and the others that were tested on the same ones: models
 * may want them in other sizes, which gives them another hash. */
static wf_status find_rows(int *out_is_there, wf_pictures *p) {
    const wf_report *r = p->report;
    const size_t count = r->comparison->row_count;
    *out_is_there = 0;
    for (size_t row = 0; row < count && !*out_is_there; row++) {
        WF_TRY(wf__pictures_open_data(out_is_there, p, row));
        if (*out_is_there) p->row = row;
    }
    if (!*out_is_there) return WF_OK;
    for (size_t row = 0; row < count; row++) {
        int is_there = !strcmp(wf__pictures_run(p, row)->summary.data_hash,
                               wf__pictures_run(p, p->row)->summary.data_hash);
        const char *name = r->experiments[row].dataset;
        if (!is_there && name && !strcmp(name, r->experiments[p->row].dataset))
            WF_TRY(wf__pictures_open_data(&is_there, p, row));
        p->is_shown[row] = (unsigned char)is_there;
    }
    return wf__pictures_open_data(out_is_there, p, p->row);
}

static wf_status put_data(wf_pictures *p) {
    int is_there = 0;
    WF_TRY(find_rows(&is_there, p));
    const wf_dataset *dataset = is_there ? p->session->dataset : NULL;
    for (size_t row = 0; row < p->report->comparison->row_count; row++)
        WF_TRY(wf_json_put(wf__pictures_model(p, row), &p->cli->cx, "has_images",
                           json_boolean(p->is_shown[row])));
    WF_TRY(wf__pictures_data(p, dataset));
    return dataset ? draw(p, dataset) : WF_OK;
}

/* What was left out on purpose, and how to get it. */
static wf_status put_notes(wf_pictures *p) {
    const wf_report_choice *choice = &p->report->choice;
    char note[256];
    if (choice->is_brief) {
        snprintf(note, sizeof note, "%s longer to make: weft report %.100s shows %s.",
                 is_multilabel(p, 0) ? "A map of the test images takes"
                                     : "A map of the test images and what the model looks at in "
                                       "its mistakes take",
                 wf__pictures_run(p, 0)->summary.id, is_multilabel(p, 0) ? "it" : "them");
        return put_note(p, note);
    }
    if (choice->maps && !strcmp(choice->maps, "none"))
        return put_note(p, "Maps of the test images are left out, as --maps none says.");
    if (p->maps_of_few && choice->maps && !strcmp(choice->maps, "all"))
        WF_TRY(put_note(p, "Maps show 10,000 of the test images."));
    else if (p->maps_of_few)
        WF_TRY(put_note(p, "Maps show a sample of the test images, up to 2,000, or 10,000 for the "
                           "best model of each family; --maps all shows up to 10,000 for all."));
    snprintf(note, sizeof note,
             "%d models have no map, for the page would become too large; --maps all makes them.",
             p->maps_left_out);
    return p->maps_left_out ? put_note(p, note) : WF_OK;
}

static wf_status make(wf_pictures *p) {
    const wf_comparison *c = p->report->comparison;
    for (size_t row = 0; row < c->row_count; row++) {
        if (is_multilabel(p, row)) WF_TRY(wf__pictures_sets(p, row));
        else WF_TRY(wf__pictures_mistakes(p, row));
        WF_TRY(wf__pictures_map(p, row));
    }
    WF_TRY(put_notes(p));
    return put_data(p);
}

wf_status wf__report_pictures(wf_report *r) {
    wf_pictures p = {
        .report = r, .cli = r->session->cli, .session = r->session, .trained_row = SIZE_MAX};
    const size_t rows = r->comparison->row_count;
    if (rows == 0) return WF_OK;
    wf_status status = wf_alloc(&p.is_refused, &p.cli->cx, rows, 1);
    if (status == WF_OK) status = wf_alloc(&p.is_shown, &p.cli->cx, rows, 1);
    if (status == WF_OK) status = make(&p);
    wf_trained_reset(&p.trained);
    wf_free(p.is_refused);
    wf_free(p.is_shown);
    wf_free(p.missing);
    return status;
}
