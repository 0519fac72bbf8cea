#include "base/clock.h"
#include "cmd/embedding.h"

enum { NEIGHBOURS = 10 };

typedef struct embed_options {
    wf_session_flags session;
    const char *dataset, *runs, *layer, *part, *init, *output;
    int64_t limit, seed, iterations, pca;
    double perplexity;
    int tsne;
} embed_options;

static const wf_option options_table[] = {
    {"output", 'o', WF_OPTION_TEXT, offsetof(embed_options, output), "DIR", NULL, NULL, 0, 0,
     "folder of the files (default: the run's id and -embedding)"},
    {"layer", 0, WF_OPTION_TEXT, offsetof(embed_options, layer), "NAME", NULL, NULL, 0, 0,
     "features are this layer's outputs (default: what the last dense layer gets)"},
    {"part", 0, WF_OPTION_CHOICE, offsetof(embed_options, part), "test|train|all", "test", NULL, 0,
     0, "which images; all: the training images, then the test images"},
    {"limit", 'l', WF_OPTION_INT, offsetof(embed_options, limit), "N", "0", NULL, 0, 1e9,
     "N of these images, drawn by the seed; 0: all"},
    {"tsne", 0, WF_OPTION_FLAG, offsetof(embed_options, tsne), NULL, NULL, NULL, 0, 0,
     "make a t-SNE map of them"},
    {"perplexity", 0, WF_OPTION_REAL, offsetof(embed_options, perplexity), "P", "30", NULL, 1, 1e6,
     "t-SNE: how many neighbours count, roughly"},
    {"iterations", 0, WF_OPTION_INT, offsetof(embed_options, iterations), "N", "1000", NULL, 1, 1e6,
     "t-SNE: steps of the descent"},
    {"init", 0, WF_OPTION_CHOICE, offsetof(embed_options, init), "pca|random", "pca", NULL, 0, 0,
     "t-SNE: where points start"},
    {"pca", 0, WF_OPTION_INT, offsetof(embed_options, pca), "N", NULL, NULL, 0, 1e6,
     "t-SNE: of N principal components of the features; 0: of the features (default: 50 where "
     "there "
     "are more than 256)"},
    {"seed", 0, WF_OPTION_INT, offsetof(embed_options, seed), "N", "0", NULL, 0, 1e15,
     "of --limit, PCA and random starts"},
    {"dataset", 'd', WF_OPTION_TEXT, offsetof(embed_options, dataset), "DATASET", NULL, NULL, 0, 0,
     "images of this data set (default: the run's own)"},
    WF_RUNS_OPTION(embed_options, runs),
    WF_SESSION_OPTIONS(embed_options, session),
    {0}};

/* How much an image has in common with its nearest neighbours in `points` [n][width]. */
static wf_status ask_neighbours(double *out, const wf_embedding *e, wf_session *s,
                                const float *points, int64_t width, int k) {
    wf_context *cx = &s->cli->cx;
    const wf_images *images = &e->images;
    if (!images->label_sets)
        return wf_neighbour_agreement(out, cx, s->pool, points, images->count, width,
                                      images->labels, k);
    return wf_neighbour_overlap(out, cx, s->pool, points, images->count, width, images->label_sets,
                                images->n_labels, k);
}

static wf_status map_features(wf_embedding *e, wf_session *s, const embed_options *o,
                              const char *folder) {
    wf_cli *cli = s->cli;
    wf_context *cx = &cli->cx;
    const wf_tsne_options options = {.perplexity = o->perplexity,
                                     .iterations = (int32_t)o->iterations,
                                     .init = *o->init == 'r' ? WF_TSNE_RANDOM : WF_TSNE_PCA,
                                     .seed = (uint64_t)o->seed};
    const int32_t pca = wf_embedding_components(e, o->pca);
    const int k = e->images.count > NEIGHBOURS ? NEIGHBOURS : (int)e->images.count - 1;
    const int is_of_sets = e->images.label_sets != NULL;
    const double before = wf_clock_s();
    double of_features = 0, of_map = 0;
    wf_tsne_result result = {0};
    WF_TRY(wf_embedding_map(e, &result, s, &options, pca));
    const double seconds = wf_clock_s() - before;
    WF_TRY(wf_embedding_write_map(cli, e, folder, s->dataset));
    WF_TRY(ask_neighbours(&of_features, e, s, e->features, e->width, k));
    WF_TRY(ask_neighbours(&of_map, e, s, e->map, 2, k));
    if (pca) wf_print(cli, "t-SNE of %d principal components", (int)pca);
    else wf_print(cli, "t-SNE");
    wf_print(cli,
             ", perplexity %g, %lld iterations: KL divergence %.4f, %.1f s\n"
             "%d nearest neighbours%s: %.4f on the map, %.4f of the features\n"
             "%s: tsne.csv, tsne.svg\n",
             o->perplexity, (long long)o->iterations, result.kl, seconds, k,
             is_of_sets ? ", labels in common (Jaccard index)" : " of the same class", of_map,
             of_features, folder);
    return wf_json_put(cli->result, cx, "tsne",
                       json_pack("{s:f, s:I, s:I, s:s, s:i, s:f, s:f, s:i, s:f, s:f, s:f}",
                                 "perplexity", o->perplexity, "iterations",
                                 (json_int_t)o->iterations, "seed", (json_int_t)o->seed, "init",
                                 o->init, "pca", (int)pca, "learning_rate", result.learning_rate,
                                 "kl", result.kl, "neighbours", k,
                                 is_of_sets ? "overlap" : "agreement", of_map,
                                 is_of_sets ? "features_overlap" : "features_agreement",
                                 of_features, "seconds", seconds));
}

static wf_status embed(wf_session *s, const wf_trained *t, const embed_options *o,
                       const char *folder) {
    wf_cli *cli = s->cli;
    wf_embedding e = {0};
    wf_status status;
    const wf_embedding_choice choice = {
        .part = o->part, .limit = o->limit, .seed = (uint64_t)o->seed, .layer = o->layer};
    s->data.options.only_test = *o->part == 't' && o->part[1] == 'e';
    WF_TRY_OR(wf_trained_open_data(s, t, o->dataset));
    WF_TRY_OR(wf_embedding_create(&e, s, t, &choice));
    WF_TRY_OR(wf_embedding_write(cli, &e, folder, s->dataset->class_names));
    wf_print(cli,
             "%s: %lld images of %s, %lld features each, the outputs of layer %s\n"
             "%s: features.npy, projector_config.pbtxt and what it names\n",
             t->summary.id, (long long)e.images.count, s->dataset->name, (long long)e.width,
             e.layer, folder);
    cli->result =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "run", t->summary.id, "dataset",
                  s->dataset->name, "part", o->part, "layer", e.layer, "images",
                  (json_int_t)e.images.count, "features", (json_int_t)e.width, "folder", folder);
    if (o->tsne) WF_TRY_OR(map_features(&e, s, o, folder));
done:
    wf_embedding_reset(&e);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const embed_options *o = given;
    wf_session session = {0};
    wf_trained trained = {0};
    wf_str folder = {0};
    wf_status status;
    WF_TRY_OR(wf_session_init(&session, cli, &o->session));
    WF_TRY_OR(wf_trained_open(&trained, &session, o->runs, cli->operands[0]));
    if (o->output) wf_str_add(&folder, &cli->cx, o->output);
    else wf_str_addf(&folder, &cli->cx, "%s-embedding", trained.summary.id);
    WF_TRY_OR(folder.status);
    WF_TRY_OR(embed(&session, &trained, o, folder.text));
done:
    wf_str_reset(&folder);
    wf_trained_reset(&trained);
    wf_session_reset(&session);
    return status;
}

const wf_command wf_command_embed = {
    .name = "embed",
    .summary = "Write a layer's features of images, and a t-SNE map of them",
    .operands = "RUN",
    .min_operands = 1,
    .max_operands = 1,
    .description =
        "RUN is as in weft help evaluate; layers have the names that weft summary shows. DIR gets\n"
        "  features.npy            float32 [images][features], for NumPy\n"
        "  projector_config.*      TensorBoard's projector: tensorboard --logdir DIR; with it\n"
        "                          tensors.tsv, metadata.tsv, sprite.png\n"
        "  tsne.csv, tsne.svg      with --tsne: index, label, predicted, x, y; a picture\n"
        "Of several labels per image label and predicted are names joined by |; the picture shows\n"
        "how many labels there are, and each label on a map of its own.\n"
        "Existing files of these names are replaced. The map is the same with any --threads.",
    .examples = "weft embed cnn-2conv --tsne\n"
                "weft embed cnn-2conv --layer dense --part all --limit 20000 --tsne -o maps",
    .options_size = sizeof(embed_options),
    .options = options_table,
    .run = run,
};
