#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/classes.h"
#include "cmd/explained.h"
#include "eval/explain.h"

typedef struct explain_options {
    wf_session_flags session;
    const char *runs, *class, *layer, *baseline, *dataset, *output;
    int64_t steps, index;
} explain_options;

#define AT(member) offsetof(explain_options, member)
static const wf_option options_table[] = {
    {"class", 'c', WF_OPTION_TEXT, AT(class), "CLASS", NULL, NULL, 0, 0,
     "explain this class, by name or number (default: the most probable one)"},
    {"layer", 0, WF_OPTION_TEXT, AT(layer), "NAME", NULL, NULL, 0, 0,
     "the layer that Grad-CAM looks at (default: the last convolution)"},
    {"steps", 0, WF_OPTION_INT, AT(steps), "N", "64", NULL, 1, 4096,
     "points on the path of integrated gradients"},
    {"baseline", 0, WF_OPTION_CHOICE, AT(baseline), "black|white", "black", NULL, 0, 0,
     "the image without content, where the path begins"},
    {"index", 0, WF_OPTION_INT, AT(index), "I", "0", NULL, 0, 2147483647.0,
     "the image in a file of several, from 0"},
    {"dataset", 'd', WF_OPTION_TEXT, AT(dataset), "DATASET", NULL, NULL, 0, 0,
     "the data set of test:I, train:I or validation:I (default: the run's own)"},
    {"output", 'o', WF_OPTION_TEXT, AT(output), "DIR", NULL, NULL, 0, 0,
     "the folder to write to (default: explain/IMAGE in the run's)"},
    WF_RUNS_OPTION(explain_options, runs),
    WF_SESSION_OPTIONS(explain_options, session),
    {0}};

/* ---- the image ---- */

typedef struct chosen_image {
    wf_images own;           /* of a file */
    const wf_images *images; /* these, or a data set's */
    int64_t index;
} chosen_image;

/* "test:42": the part and the number; 0 when `text` is something else. */
static int parse_part(char part[16], int64_t *index, const char *text) {
    static const char *const parts[] = {"test", "train", "validation"};
    for (size_t i = 0; i < 3; i++) {
        const size_t n = strlen(parts[i]);
        char *end = NULL;
        if (strncmp(text, parts[i], n) || text[n] != ':') continue;
        *index = strtoll(text + n + 1, &end, 10);
        strcpy(part, parts[i]);
        return text[n + 1] >= '0' && text[n + 1] <= '9' && !*end;
    }
    return 0;
}

static wf_status check_index(const chosen_image *c, wf_context *cx, const char *of) {
    WF_REQUIRE(c->index < c->images->count, WF_E_ARG,
               "image %lld of %s: there are %lld | they are numbered from 0", (long long)c->index,
               of, (long long)c->images->count);
    return WF_OK;
}

static wf_status open_part(chosen_image *c, wf_explained *e, wf_session *s, const wf_trained *t,
                           const char *dataset, const char *part) {
    wf_context *cx = &s->cli->cx;
    wf_str image = {0}, stem = {0};
    const int is_test = !strcmp(part, "test");
    if (is_test) s->data.options.only_test = 1;
    WF_TRY(wf_trained_open_data(s, t, dataset));
    const wf_dataset *d = s->dataset;
    c->images = is_test ? &d->test : *part == 'v' ? &d->validation : &d->train;
    WF_REQUIRE(c->images->count > 0, WF_E_DATA, "data set %s has no %s images of its own | %s",
               d->name, part,
               is_test ? "try train:0"
                       : "a run's validation images are train images, see its "
                         "splits.csv");
    WF_TRY(check_index(c, cx, part));
    e->label = c->images->labels ? c->images->labels[c->index] : -1;
    wf_str_addf(&image, cx, "%s image %lld of %s", part, (long long)c->index, d->name);
    wf_str_addf(&stem, cx, "%s-%lld", part, (long long)c->index);
    e->image = image.text;
    e->stem = stem.text;
    return image.status == WF_OK ? stem.status : image.status;
}

static wf_status open_file(chosen_image *c, wf_explained *e, wf_session *s, const wf_trained *t,
                           const char *file) {
    wf_context *cx = &s->cli->cx;
    wf_str image = {0}, stem = {0};
    WF_TRY(wf_session_read_images(&c->own, s, file, t->experiment.model));
    c->images = &c->own;
    WF_TRY(check_index(c, cx, file));
    e->label = c->own.labels ? c->own.labels[c->index] : -1;
    const char *base = wf_path_base(file), *dot = strrchr(base, '.');
    wf_str_add(&image, cx, file);
    wf_str_add_bytes(&stem, cx, base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
    if (c->own.count > 1) {
        wf_str_addf(&image, cx, "[%lld]", (long long)c->index);
        wf_str_addf(&stem, cx, "-%lld", (long long)c->index);
    }
    e->image = image.text;
    e->stem = stem.text;
    return image.status == WF_OK ? stem.status : image.status;
}

static wf_status choose_image(chosen_image *c, wf_explained *e, wf_session *s, const wf_trained *t,
                              const explain_options *o) {
    const char *text = s->cli->operands[1];
    char part[16];
    c->index = o->index;
    int64_t index;
    if (wf_path_exists(text) || !parse_part(part, &index, text)) return open_file(c, e, s, t, text);
    c->index = index;
    return open_part(c, e, s, t, o->dataset, part);
}

/* ---- asking the model ---- */

static wf_status predict(wf_explained *e, wf_session *s, const wf_trained *t, const chosen_image *c,
                         const char *class) {
    wf_cli *cli = e->cli;
    const int32_t index = (int32_t)c->index;
    const wf_predict_options options = {.images = c->images,
                                        .index = &index,
                                        .n = 1,
                                        .normalization = t->normalization,
                                        .precision = t->experiment.precision,
                                        .views = t->experiment.model->recipe->test_views};
    wf_predict_result result;
    char name[32];
    WF_TRY(wf_alloc(&e->probabilities, &cli->cx, (size_t)e->classes, sizeof *e->probabilities));
    WF_TRY(wf_predict(&result, e->probabilities, t->params, &cli->cx, s->pool, &options));
    wf_class_rank(&e->class_index, e->probabilities, e->classes, 1);
    if (class) WF_TRY(wf_class_find(&e->class_index, &cli->cx, e->names, e->classes, class));
    wf_print(cli, "%s: %s", e->run, e->image);
    if (e->label >= 0) wf_print(cli, ", labelled %s", wf_class_name(name, e->names, e->label));
    wf_print(cli, "\npredicted ");
    WF_TRY(wf_class_answer(&e->top, cli, e->names, e->probabilities, e->classes,
                           e->classes < 3 ? e->classes : 3));
    wf_print(cli, "\n");
    return WF_OK;
}

static wf_status explain(wf_explained *e, wf_session *s, const wf_trained *t, const chosen_image *c,
                         const explain_options *o) {
    wf_context *cx = &e->cli->cx;
    const wf_explain_options options = {.images = c->images,
                                        .index = c->index,
                                        .normalization = t->normalization,
                                        .class_index = e->class_index,
                                        .layer = o->layer,
                                        .steps = (int32_t)o->steps,
                                        .baseline = (uint8_t)e->baseline};
    wf_explain_ways_of(&e->ways, t->params);
    if (e->ways.cam_layer || o->layer)
        WF_TRY(wf_cam_create(&e->cam, t->params, cx, s->pool, &options));
    WF_TRY(wf_attribution_create(&e->attribution, t->params, cx, s->pool, &options));
    if (e->ways.is_recurrent)
        WF_TRY(wf_progression_create(&e->progression, t->params, cx, s->pool, &options));
    e->pixels = wf__explain_pixels(&options);
    return WF_OK;
}

static wf_status output(const wf_explained *e, const wf_trained *t, const char *folder) {
    wf_cli *cli = e->cli;
    wf_context *cx = &cli->cx;
    wf_str own = {0};
    wf_status status;
    WF_TRY_OR(wf_explained_print(e));
    WF_TRY_OR(wf_explained_json(&cli->result, e));
    if (!folder) wf_str_addf(&own, cx, "%s/explain/%s", wf_run_path(t->run), e->stem);
    WF_TRY_OR(own.status);
    if (!folder) folder = own.text;
    WF_TRY_OR(wf_explained_write(e, folder, cli->result));
    WF_TRY_OR(wf_json_put(cli->result, cx, "folder", json_string(folder)));
    wf_print(cli, "Pictures and figures are in %s\n", folder);
done:
    wf_str_reset(&own);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const explain_options *o = given;
    wf_context *cx = &cli->cx;
    wf_session session = {0};
    wf_trained trained = {0};
    wf_explained e = {.cli = cli, .label = -1};
    chosen_image c = {0};
    json_t *names = NULL;
    wf_status status;
    WF_TRY_OR(wf_session_init(&session, cli, &o->session));
    WF_TRY_OR(wf_trained_open(&trained, &session, o->runs, cli->operands[0]));
    WF_TRY_OR(wf_trained_class_names(&names, cx, &trained));
    const wf_graph *g = trained.experiment.model->graph;
    WF_REQUIRE_OR(!wf_told_sets(g), WF_E_UNSUPPORTED,
                  "model %s tells sets of labels as a whole, no score of it stands for one label | "
                  "a model with a sigmoid per label is explained label by label: --class LABEL",
                  g->name);
    e.run = trained.summary.id;
    e.names = names;
    e.classes = (int)wf_shape_size(&g->nodes[g->output].shape);
    e.baseline = !strcmp(o->baseline, "white") ? 255 : 0;
    WF_TRY_OR(choose_image(&c, &e, &session, &trained, o));
    WF_TRY_OR(predict(&e, &session, &trained, &c, o->class));
    WF_TRY_OR(explain(&e, &session, &trained, &c, o));
    WF_TRY_OR(output(&e, &trained, o->output));
done:
    wf_explained_reset(&e);
    wf_images_reset(&c.own);
    json_decref(names);
    wf_trained_reset(&trained);
    wf_session_reset(&session);
    return status;
}

const wf_command wf_command_explain = {
    .name = "explain",
    .summary = "Show what a model looks at in an image",
    .operands = "RUN IMAGE",
    .min_operands = 2,
    .max_operands = 2,
    .description =
        "IMAGE is a file as in weft help predict, or an image of the run's data set: test:42,\n"
        "train:42, validation:42. RUN is as in weft help evaluate.\n"
        "A model with convolutions gets Grad-CAM: which places speak for the class. A recurrent\n"
        "model gets the probability after each row, and what each row speaks for the class by\n"
        "integrated gradients. A model with both gets both, for the rows of the convolutions' "
        "map;\n"
        "any other integrated gradients alone. Of a model that gives each label a probability of\n"
        "its own, --class is a label.\n"
        "All is computed in float32. Pictures and arrays go to files: heatmap.png (the image, the\n"
        "same under Grad-CAM's heat, integrated gradients: blue for, orange against the class),\n"
        "attributions.npy, gradcam.npy, progression.svg, explain.json.",
    .examples = "weft explain cnn-3conv-leaky shirt.png\n"
                "weft explain gru-128 test:42 --class Sneaker -o sneaker/",
    .options_size = sizeof(explain_options),
    .options = options_table,
    .run = run,
};
