/* Features of images under a trained model, what else is known of these images, and the files that
 * are made of it. */
#ifndef WF_CMD_EMBEDDING_H
#define WF_CMD_EMBEDDING_H

#include "cmd/session.h"
#include "weft/tsne.h"

typedef struct wf_embedding {
    wf_images images;   /* those chosen */
    int32_t *index;     /* [count] their rows of the part; of all: training images come first */
    int32_t *predicted; /* [count]; NULL: images have any number of labels */
    uint8_t *told;      /* [count][labels], 1: it is said to be there; NULL: one label each */
    float *features;    /* [count][width] */
    int64_t width;
    const char *layer, *run; /* names, borrowed */
    float *map;              /* [count][2]; NULL: none was wanted */
} wf_embedding;

typedef struct wf_embedding_choice {
    const char *part; /* "test", "train" or "all" */
    int64_t limit;    /* images, drawn by `seed`; 0: all */
    uint64_t seed;
    const char *layer; /* NULL: what the last dense layer gets */
} wf_embedding_choice;

/* Features and predictions of the images chosen from s->dataset.
 * Errors: WF_E_DATA (the part has no images), WF_E_ARG (no such layer), as wf_predict. */
wf_status wf_embedding_create(wf_embedding *out, wf_session *s, const wf_trained *t,
                              const wf_embedding_choice *choice);
void wf_embedding_reset(wf_embedding *e);

/* Principal components that a map is made of when `wanted` are wanted (WF_UNSET: nobody said); 0:
 * the features themselves. */
int32_t wf_embedding_components(const wf_embedding *e, int64_t wanted);
/* Makes e->map, a t-SNE map of that many components, and draws its progress.
 * Errors: as wf_pca and wf_tsne. */
wf_status wf_embedding_map(wf_embedding *e, wf_tsne_result *out, wf_session *s,
                           const wf_tsne_options *options, int32_t components);

/* `n` of the rows 0 ... count - 1, drawn by the seed, ascending; all where there are not more. What
 * is drawn is also among any larger number of them. Free *out with wf_free.  Errors: WF_E_NOMEM. */
wf_status wf_embedding_draw(int32_t **out, wf_context *cx, int64_t count, int64_t n, uint64_t seed);

/* Writes features.npy, and for TensorBoard's projector tensors.tsv, metadata.tsv,
 * projector_config.pbtxt, projector_config.json and sprite.png (without which it stays when the
 * images do not fit on 8192 x 8192 pixels). Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf_embedding_write(wf_cli *cli, const wf_embedding *e, const char *folder,
                             char *const *class_names);
/* Writes tsne.csv and tsne.svg. */
wf_status wf_embedding_write_map(wf_cli *cli, const wf_embedding *e, const char *folder,
                                 const wf_dataset *dataset);

#endif
