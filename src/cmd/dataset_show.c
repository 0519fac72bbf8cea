#include "cmd/dataset_show.h"

#include "base/alloc.h"
#include "base/utf8.h"

enum { PARTS = 3 };
static const char *const part_names[PARTS] = {"train", "validation", "test"};

/* Images of a part with one class. */
typedef struct counts {
    int64_t *of[PARTS]; /* [classes] */
    int64_t images[PARTS], labels, unlabelled;
} counts;

static void count_image(int64_t *of_class, counts *c, const wf_images *images, int64_t i) {
    int64_t before = c->labels;
    if (images->labels) {
        of_class[images->labels[i]]++;
        c->labels++;
    }
    for (int32_t k = 0; k < images->n_labels; k++) {
        const int has = images->label_sets[i * images->n_labels + k];
        of_class[k] += has;
        c->labels += has;
    }
    c->unlabelled += c->labels == before;
}

static wf_status count(counts *out, wf_context *cx, const wf_dataset *d) {
    const wf_images *parts[PARTS] = {&d->train, &d->validation, &d->test};
    for (int p = 0; p < PARTS; p++) {
        WF_TRY(wf_alloc(&out->of[p], cx, (size_t)d->n_classes, sizeof *out->of[p]));
        out->images[p] = parts[p]->count;
        for (int64_t i = 0; i < parts[p]->count; i++) count_image(out->of[p], out, parts[p], i);
    }
    return WF_OK;
}

static int64_t all_images(const counts *c) { return c->images[0] + c->images[1] + c->images[2]; }

static wf_status add_row(wf_table *t, wf_context *cx, const char *name, const counts *c,
                         int class) {
    WF_TRY(wf_table_add(t, cx, name));
    for (int p = 0; p < PARTS; p++)
        WF_TRY(
            wf_table_addf(t, cx, "%lld", (long long)(class < 0 ? c->images[p] : c->of[p][class])));
    return WF_OK;
}

static wf_status print(wf_cli *cli, const wf_dataset *d, const counts *c) {
    wf_context *cx = &cli->cx;
    wf_table table;
    wf_print(cli, "%s: %s\n%d x %d pixels of %d channel(s), %d classes", d->name, d->source,
             (int)d->train.height, (int)d->train.width, (int)d->train.channels, (int)d->n_classes);
    if (d->is_multilabel)
        wf_print(cli, ", any number of labels per image: %.2f on average, %lld image(s) have none",
                 (double)c->labels / (double)all_images(c), (long long)c->unlabelled);
    wf_print(cli, "\n\n");
    wf_table_init(&table, 1 + PARTS, 0xeu);
    wf_status status = wf_table_add(&table, cx, "class");
    for (int p = 0; p < PARTS && status == WF_OK; p++)
        status = wf_table_add(&table, cx, part_names[p]);
    for (int k = 0; k < d->n_classes && status == WF_OK; k++)
        status = add_row(&table, cx, d->class_names[k], c, k);
    if (status == WF_OK) status = add_row(&table, cx, "images", c, -1);
    if (status == WF_OK) wf_table_print(&table, cli);
    wf_table_reset(&table);
    return status;
}

static wf_status make_result(wf_cli *cli, const wf_dataset *d, const counts *c) {
    wf_context *cx = &cli->cx;
    json_t *classes = json_array();
    char *source = NULL;
    for (int k = 0; k < d->n_classes; k++)
        WF_TRY(wf_json_append(classes, cx,
                              json_pack("{s:s, s:I, s:I, s:I}", "name", d->class_names[k],
                                        part_names[0], (json_int_t)c->of[0][k], part_names[1],
                                        (json_int_t)c->of[1][k], part_names[2],
                                        (json_int_t)c->of[2][k])));
    WF_TRY(wf_utf8_clean(&source, cx, d->source));
    cli->result = json_pack(
        "{s:s, s:s, s:s, s:[iii], s:b, s:f, s:I, s:{s:I, s:I, s:I}, s:o}", "name", d->name,
        "source", source, "hash", d->sha256, "shape", (int)d->train.height, (int)d->train.width,
        (int)d->train.channels, "multilabel", (int)d->is_multilabel, "labels_per_image",
        (double)c->labels / (double)all_images(c), "images_without_label",
        (json_int_t)c->unlabelled, "images", part_names[0], (json_int_t)c->images[0], part_names[1],
        (json_int_t)c->images[1], part_names[2], (json_int_t)c->images[2], "classes", classes);
    wf_free(source);
    WF_REQUIRE(cli->result, WF_E_NOMEM, "out of memory: data set %s as JSON", d->name);
    return WF_OK;
}

wf_status wf_dataset_show(wf_cli *cli, const wf_dataset *d) {
    counts c = {0};
    wf_status status = count(&c, &cli->cx, d);
    if (status == WF_OK) status = print(cli, d, &c);
    if (status == WF_OK) status = make_result(cli, d, &c);
    for (int p = 0; p < PARTS; p++) wf_free(c.of[p]);
    return status;
}
