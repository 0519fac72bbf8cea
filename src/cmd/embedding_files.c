/* The files of an embedding. Of TensorBoard's projector:
 * https://www.tensorflow.org/tensorboard/tensorboard_projector_plugin and, for the one without a
 * server, https://projector.tensorflow.org */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/embedding.h"
#include "data/png.h"
#include "io/npy.h"
#include "report/map.h"

/* A file that is written line by line. */
typedef struct file {
    wf_context *cx;
    wf_writer *writer;
    wf_status status; /* the first failure */
} file;

static file open_file(wf_context *cx, const char *folder, const char *name) {
    file f = {.cx = cx};
    char *path = NULL;
    f.status = wf_path_join(&path, cx, folder, name);
    if (f.status == WF_OK) f.status = wf_writer_open(&f.writer, cx, path);
    wf_free(path);
    return f;
}

#define ADD(f, ...)                                                                                \
    do {                                                                                           \
        if ((f)->status == WF_OK) (f)->status = wf_writer_addf((f)->writer, (f)->cx, __VA_ARGS__); \
    } while (0)

static wf_status close_file(file *f) {
    if (f->status == WF_OK) return wf_writer_commit(f->writer, f->cx);
    wf_writer_abort(f->writer);
    return f->status;
}

static wf_status write_features(wf_context *cx, const wf_embedding *e, const char *folder) {
    const wf_tensor tensor = {.dtype = WF_DTYPE_F32,
                              .shape = {.rank = 2, .dim = {e->images.count, e->width}},
                              .data = e->features};
    char *path = NULL;
    WF_TRY(wf_path_join(&path, cx, folder, "features.npy"));
    wf_status status = wf_npy_write(cx, path, &tensor);
    wf_free(path);
    return status;
}

/* ---- the projector ---- */

static wf_status write_tensors(wf_context *cx, const wf_embedding *e, const char *folder) {
    file f = open_file(cx, folder, "tensors.tsv");
    for (int64_t i = 0; i < e->images.count; i++)
        for (int64_t j = 0; j < e->width; j++)
            ADD(&f, "%.6g%c", (double)e->features[i * e->width + j],
                j + 1 < e->width ? '\t' : '\n');
    return close_file(&f);
}

/* A name in a cell. */
static void add_name(file *f, const char *text) {
    for (; *text; text++) ADD(f, "%c", (unsigned char)*text < ' ' ? ' ' : *text);
}

static void add_cell(file *f, const char *text, char end) {
    add_name(f, text);
    ADD(f, "%c", end);
}

/* Names of the labels, joined as in the data set's own files. */
static void add_set(file *f, const uint8_t *set, int32_t count, char *const *names,
                    void (*add_one)(file *f, const char *text)) {
    const char *between = "";
    for (int32_t k = 0; k < count; k++) {
        if (!set[k]) continue;
        ADD(f, "%s", between);
        add_one(f, names[k]);
        between = "|";
    }
}

static int count_of(const uint8_t *set, int32_t labels) {
    int count = 0;
    for (int32_t k = 0; k < labels; k++) count += set[k];
    return count;
}

/* Beside the sets what the projector can colour by: how many labels there are, and each of them. */
static wf_status write_set_metadata(wf_context *cx, const wf_embedding *e, const char *folder,
                                    char *const *names) {
    const int32_t labels = e->images.n_labels;
    file f = open_file(cx, folder, "metadata.tsv");
    ADD(&f, "index\tlabels\tpredicted\tnumber");
    for (int32_t k = 0; k < labels; k++) {
        ADD(&f, "\t");
        add_name(&f, names[k]);
    }
    for (int64_t i = 0; i < e->images.count; i++) {
        const uint8_t *set = e->images.label_sets + i * labels;
        ADD(&f, "\n%d\t", (int)e->index[i]);
        add_set(&f, set, labels, names, add_name);
        ADD(&f, "\t");
        add_set(&f, e->told + i * labels, labels, names, add_name);
        ADD(&f, "\t%d", count_of(set, labels));
        for (int32_t k = 0; k < labels; k++) ADD(&f, "\t%d", set[k]);
    }
    ADD(&f, "\n");
    return close_file(&f);
}

static wf_status write_metadata(wf_context *cx, const wf_embedding *e, const char *folder,
                                char *const *class_names) {
    if (e->told) return write_set_metadata(cx, e, folder, class_names);
    file f = open_file(cx, folder, "metadata.tsv");
    ADD(&f, "index\tlabel\tpredicted\n");
    for (int64_t i = 0; i < e->images.count; i++) {
        ADD(&f, "%d\t", (int)e->index[i]);
        add_cell(&f, class_names[e->images.labels[i]], '\t');
        add_cell(&f, class_names[e->predicted[i]], '\n');
    }
    return close_file(&f);
}

/* All images in rows on a square, first ones first. *out_is_there is 0 when they would not fit. */
static wf_status write_sprite(int *out_is_there, wf_context *cx, const wf_embedding *e,
                              const char *folder) {
    enum { MAX_SIDE = 8192 }; /* what browsers take for a texture */
    const wf_images *images = &e->images;
    const int64_t side = (int64_t)ceil(sqrt((double)images->count));
    const int64_t height = side * images->height, width = side * images->width;
    const size_t line = (size_t)images->width * (size_t)images->channels;
    unsigned char *pixels = NULL;
    char *path = NULL;
    wf_str png = {0};
    wf_status status;
    *out_is_there = height <= MAX_SIDE && width <= MAX_SIDE;
    if (!*out_is_there) return WF_OK;
    WF_TRY_OR(wf_alloc(&pixels, cx, (size_t)height, (size_t)side * line));
    for (int64_t i = 0; i < images->count; i++)
        for (int64_t y = 0; y < images->height; y++)
            memcpy(pixels + (size_t)((i / side * images->height + y) * side + i % side) * line,
                   images->pixels + (size_t)(i * images->height + y) * line, line);
    WF_TRY_OR(wf_png_encode(&png, cx, pixels, (int)height, (int)width, images->channels));
    WF_TRY_OR(wf_path_join(&path, cx, folder, "sprite.png"));
    WF_TRY_OR(wf_file_write(cx, path, png.text, png.length));
done:
    wf_free(pixels);
    wf_free(path);
    wf_str_reset(&png);
    return status;
}

/* The same twice: for TensorBoard, and for the projector that runs in a browser alone. Names are
 * letters, digits, dots, - and _. */
static wf_status write_configs(wf_context *cx, const wf_embedding *e, const char *folder,
                               int has_sprite) {
    const int h = (int)e->images.height, w = (int)e->images.width;
    file f = open_file(cx, folder, "projector_config.pbtxt");
    ADD(&f,
        "embeddings {\n  tensor_name: \"%s %s\"\n  tensor_path: \"tensors.tsv\"\n"
        "  metadata_path: \"metadata.tsv\"\n",
        e->run, e->layer);
    if (has_sprite)
        ADD(&f,
            "  sprite {\n    image_path: \"sprite.png\"\n    single_image_dim: %d\n"
            "    single_image_dim: %d\n  }\n",
            w, h);
    ADD(&f, "}\n");
    WF_TRY(close_file(&f));
    f = open_file(cx, folder, "projector_config.json");
    ADD(&f,
        "{\"embeddings\": [{\"tensorName\": \"%s %s\", \"tensorShape\": [%lld, %lld], "
        "\"tensorPath\": \"tensors.tsv\", \"metadataPath\": \"metadata.tsv\"",
        e->run, e->layer, (long long)e->images.count, (long long)e->width);
    if (has_sprite)
        ADD(&f, ", \"sprite\": {\"imagePath\": \"sprite.png\", \"singleImageDim\": [%d, %d]}", w,
            h);
    ADD(&f, "}]}\n");
    return close_file(&f);
}

wf_status wf_embedding_write(wf_cli *cli, const wf_embedding *e, const char *folder,
                             char *const *class_names) {
    wf_context *cx = &cli->cx;
    int has_sprite = 0;
    WF_TRY(wf_dir_create(cx, folder));
    WF_TRY(write_features(cx, e, folder));
    WF_TRY(write_tensors(cx, e, folder));
    WF_TRY(write_metadata(cx, e, folder, class_names));
    WF_TRY(write_sprite(&has_sprite, cx, e, folder));
    if (!has_sprite)
        wf_note(cli, "sprite.png is left out: %lld images are too many for one\n",
                (long long)e->images.count);
    return write_configs(cx, e, folder, has_sprite);
}

/* ---- the map ---- */

/* A name between quotes. */
static void add_quoted(file *f, const char *text) {
    for (; *text; text++) ADD(f, "%s%c", *text == '"' ? "\"" : "", *text);
}

static wf_status write_csv(wf_context *cx, const wf_embedding *e, const char *folder,
                           char *const *names) {
    const int32_t labels = e->images.n_labels;
    file f = open_file(cx, folder, "tsne.csv");
    ADD(&f, "index,%s,predicted,x,y\n", labels ? "labels" : "label");
    for (int64_t i = 0; i < e->images.count; i++) {
        ADD(&f, "%d,", (int)e->index[i]);
        if (labels) {
            ADD(&f, "\"");
            add_set(&f, e->images.label_sets + i * labels, labels, names, add_quoted);
            ADD(&f, "\",\"");
            add_set(&f, e->told + i * labels, labels, names, add_quoted);
            ADD(&f, "\",");
        } else {
            ADD(&f, "%d,%d,", (int)e->images.labels[i], (int)e->predicted[i]);
        }
        ADD(&f, "%.9g,%.9g\n", (double)e->map[2 * i], (double)e->map[2 * i + 1]);
    }
    return close_file(&f);
}

static wf_status write_svg(wf_context *cx, const wf_embedding *e, const char *folder,
                           const wf_dataset *dataset) {
    char title[256], *text = NULL, *path = NULL;
    wf_status status;
    snprintf(title, sizeof title, "t-SNE of %.100s, layer %.60s", e->run, e->layer);
    const wf_report_map map = {.title = title,
                               .points = e->map,
                               .labels = e->images.labels,
                               .sets = e->images.label_sets,
                               .count = e->images.count,
                               .class_count = dataset->n_classes,
                               .class_names = dataset->class_names};
    WF_TRY_OR(wf_report_map_svg(&text, cx, &map));
    WF_TRY_OR(wf_path_join(&path, cx, folder, "tsne.svg"));
    WF_TRY_OR(wf_file_write(cx, path, text, strlen(text)));
done:
    wf_free(path);
    wf_free(text);
    return status;
}

wf_status wf_embedding_write_map(wf_cli *cli, const wf_embedding *e, const char *folder,
                                 const wf_dataset *dataset) {
    WF_TRY(write_csv(&cli->cx, e, folder, dataset->class_names));
    return write_svg(&cli->cx, e, folder, dataset);
}
