/* The same seed gives the same bits at any number of threads, on every level: parameters, moving
 * statistics and losses after training steps with dropout and partial batches. */
#include "parity/product.h"
#include "property/small.h"
#include "test.h"

enum { STEPS = 8 };

static const small_model *model_named(const char *name) {
    const small_model *model = small_models;
    while (model->name && strcmp(model->name, name) != 0) model++;
    if (!model->name) model = small_label_models;
    while (strcmp(model->name, name) != 0) model++;
    return model;
}

static void check_augmented(const char *name, int shard_size, wf_precision precision,
                            const char *augmentation) {
    wf_graph *g = small_graph(model_named(name));
    const size_t bytes = (size_t)g->total_size * sizeof(float);
    const wf_kernels *level;
    for (int i = 0; (level = wf_kernels_at(i)); i++) {
        static const int threads[] = {1, 2, 3, 5, 1};
        wf_params *first = NULL;
        double losses[2][STEPS];
        for (size_t k = 0; k < sizeof threads / sizeof *threads; k++) {
            const small_training t = {level, threads[k], 20,        shard_size,
                                      STEPS, 42,         precision, augmentation};
            wf_params *params = small_train(g, &t, losses[k > 0]);
            if (k == 0) {
                first = params;
                for (int64_t j = 0; j < g->total_size; j++) CHECK(isfinite(params->value[j]));
                CHECK(losses[0][0] > 1 && losses[0][0] < 6);
                continue;
            }
            if (memcmp(first->value, params->value, bytes) != 0)
                printf("%s at %s in %s: 1 and %d threads differ\n", name, level->isa,
                       wf_precision_name(precision), threads[k]);
            CHECK(memcmp(first->value, params->value, bytes) == 0);
            CHECK(memcmp(losses[0], losses[1], sizeof losses[0]) == 0);
            wf_params_destroy(params);
        }
        wf_params_destroy(first);
    }
    wf_graph_destroy(g);
}

static void check_precision(const char *name, int shard_size, wf_precision precision) {
    check_augmented(name, shard_size, precision, NULL);
}

static void check_model(const char *name, int shard_size) {
    check_precision(name, shard_size, WF_FLOAT32);
    check_precision(name, shard_size, WF_BFLOAT16);
}

TEST(cnn_1conv) { check_model("cnn-1conv", 0); }
TEST(cnn_2conv_bn) { check_model("cnn-2conv-bn", 3); }
TEST(cnn_3conv_leaky) { check_model("cnn-3conv-leaky", 0); }
TEST(cnn_winograd) { check_model("cnn-winograd", 0); }
TEST(gru) { check_model("gru", 4); }
TEST(lstm_2) { check_model("lstm-2", 0); }
TEST(cnn_bilstm) { check_model("cnn-bilstm", 3); }
TEST(bigru_columns) { check_model("bigru-columns", 0); }
TEST(sweeps) { check_model("sweeps", 0); }
TEST(branches) { check_model("branches", 2); }
TEST(wide) { check_model("wide", 0); }
TEST(cnn_rnn) { check_model("cnn-rnn", 3); }
TEST(cnn_rnn_zero) { check_model("cnn-rnn-zero", 0); }
TEST(cnn_rnn_shuffled) { check_model("cnn-rnn-shuffled", 0); }
TEST(cnn_rnn_attention) { check_model("cnn-rnn-attention", 3); }
TEST(label_sets) { check_model("label-sets", 4); }

static const char every_step[] = "random_shift random_flip mixup random_erase cutmix";

TEST(augmented_cnn) { check_augmented("cnn-1conv", 3, WF_FLOAT32, every_step); }
TEST(augmented_gru) { check_augmented("gru", 0, WF_BFLOAT16, every_step); }

/* In a model whose layers draw nothing: what differs are the images alone. */
TEST(augmentation_is_another_one_under_another_seed) {
    wf_graph *g = small_graph(model_named("label-sets"));
    wf_params *p[4];
    const size_t bytes = (size_t)g->total_size * sizeof(float);
    for (int i = 0; i < 4; i++) {
        const small_training t = {
            NULL, 1, 20, 0, 2, 42 + (uint64_t)(i & 1), WF_FLOAT32, i & 2 ? "random_shift" : NULL};
        p[i] = small_train(g, &t, NULL);
    }
    CHECK(memcmp(p[0]->value, p[1]->value, bytes) == 0);
    CHECK(memcmp(p[0]->value, p[2]->value, bytes) != 0);
    CHECK(memcmp(p[2]->value, p[3]->value, bytes) != 0);
    for (int i = 0; i < 4; i++) wf_params_destroy(p[i]);
    wf_graph_destroy(g);
}

TEST(another_seed_of_dropout_gives_other_bits) {
    wf_graph *g = small_graph(&small_models[0]);
    const small_training one = {NULL, 1, 20, 0, 2, 42, WF_FLOAT32, NULL};
    const small_training other = {NULL, 1, 20, 0, 2, 43, WF_FLOAT32, NULL};
    wf_params *a = small_train(g, &one, NULL), *b = small_train(g, &other, NULL);
    CHECK(memcmp(a->value, b->value, (size_t)g->total_size * sizeof(float)) != 0);
    wf_params_destroy(a);
    wf_params_destroy(b);
    wf_graph_destroy(g);
}

TEST_MAIN()
