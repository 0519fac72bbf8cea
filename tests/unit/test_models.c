/* The files in models/: parameter counts from Keras' formulas, recipes, claims, headers. */
#include "test.h"

#include "base/alloc.h"
#include "nn/fields.h"
#include "spec/model.h"

static const char *const folders[] = {"/nowhere", WF_SOURCE_DIR "/models"};

static wf_context cx;

static wf_model_spec *open_model(const char *name) {
    char *path = NULL;
    wf_model_spec *spec = NULL;
    CHECK_OK(&cx, wf_model_find(&path, &cx, name, folders, 2));
    CHECK_OK(&cx, wf_model_spec_read(&spec, &cx, path));
    wf_free(path);
    return spec;
}

/* ---- Keras' formulas ---- */

static int64_t conv(int64_t kernel, int64_t in, int64_t out) {
    return (kernel * kernel * in + 1) * out;
}
static int64_t dense(int64_t in, int64_t out) { return (in + 1) * out; }
static int64_t norm(int64_t n) { return 4 * n; } /* gamma, beta, moving mean and variance */
static int64_t lstm(int64_t in, int64_t units) { return 4 * units * (in + units + 1); }
/* reset_after: one bias for the input, one for the state */
static int64_t gru(int64_t in, int64_t units) { return 3 * units * (in + units + 2); }

static void check_count(const char *name, int64_t total, int64_t fixed) {
    wf_model_spec *spec = open_model(name);
    CHECK_STR(spec->name, name);
    CHECK_INT(spec->graph->total_size, total);
    CHECK_INT(spec->graph->total_size - spec->graph->trainable_size, fixed);
    wf_model_spec_destroy(spec);
}

TEST(formulas_give_the_known_counts) {
    CHECK_INT(gru(28, 128), 60672);
    CHECK_INT(lstm(28, 186) + dense(186, 10), 161830);
}

TEST(parameter_counts) {
    check_count("cnn-1conv",
                conv(3, 1, 32) + dense(13 * 13 * 32, 128) + dense(128, 32) + dense(32, 10), 0);
    check_count("lstm-2x128-relu", lstm(28, 128) + lstm(128, 128) + dense(128, 32) + dense(32, 10),
                0);
    check_count("cnn-2conv-bn",
                conv(3, 1, 32) + conv(3, 32, 32) + 2 * norm(32) + dense(24 * 24 * 32, 512) +
                    norm(512) + dense(512, 128) + norm(128) + dense(128, 10),
                2 * (32 + 32 + 512 + 128));
    check_count("cnn-4conv-bn",
                conv(3, 1, 32) + conv(3, 32, 32) + conv(3, 32, 64) + conv(3, 64, 128) +
                    2 * norm(32) + norm(64) + norm(128) + dense(128, 512) + norm(512) +
                    dense(512, 128) + norm(128) + dense(128, 10),
                2 * (32 + 32 + 64 + 128 + 512 + 128));
    check_count("lstm-128", lstm(28, 128) + dense(128, 128) + dense(128, 10), 0);
    check_count("cnn-3conv-leaky",
                conv(3, 1, 32) + conv(3, 32, 64) + conv(3, 64, 128) + dense(4 * 4 * 128, 128) +
                    dense(128, 10),
                0);
    check_count("gru-128", gru(28, 128) + dense(128, 128) + dense(128, 10), 0);
    check_count("lstm-186", 161830, 0);
    check_count("lstm-186-784", 3212866, 0);
    check_count("lstm-186-784", lstm(28, 186) + lstm(186, 784) + dense(784, 10), 0);
    check_count("cnn-2conv-bn", 9517034, 1408);
    check_count("cnn-2conv",
                conv(3, 1, 32) + conv(3, 32, 64) + dense(5 * 5 * 64, 64) + dense(64, 10), 0);
    check_count("lenet-5",
                conv(5, 1, 6) + conv(5, 6, 16) + dense(400, 120) + dense(120, 84) + dense(84, 10),
                0);
    check_count("bilstm-128", 2 * lstm(28, 128) + dense(256, 10), 0);
}

TEST(parameter_counts_of_report_004) {
    for (int f = 16; f <= 32; f += 16) {
        char name[32];
        int64_t convs = conv(3, 1, f) + conv(3, f, 2 * f);
        snprintf(name, sizeof name, "cnn-%d", f);
        check_count(name, convs + dense(7 * 7 * 2 * f, 10), 0);
        snprintf(name, sizeof name, "cnn-%d-lstm", f);
        check_count(name, convs + lstm(7 * 2 * f, 128) + dense(128, 10), 0);
        snprintf(name, sizeof name, "cnn-%d-bilstm", f);
        check_count(name, convs + 2 * lstm(7 * 2 * f, 128) + dense(256, 10), 0);
    }
    check_count("cnn-16-lstm-1conv", conv(3, 1, 16) + lstm(14 * 16, 128) + dense(128, 10), 0);
    check_count(
        "cnn-16-lstm-3conv",
        conv(3, 1, 16) + conv(3, 16, 32) + conv(3, 32, 64) + lstm(3 * 64, 128) + dense(128, 10), 0);
    check_count("cnn-16-lstm-64",
                conv(3, 1, 16) + conv(3, 16, 32) + lstm(7 * 32, 64) + dense(64, 10), 0);
}

/* One residual block of sequencer2d. */
static int64_t sequencer(int64_t width, int64_t units, int64_t hidden) {
    return 2 * 2 * width + 4 * lstm(width, units) + dense(4 * units, width) + dense(width, hidden) +
           dense(hidden, width);
}

TEST(parameter_counts_of_what_reads_by_recurrence) {
    check_count("renet",
                2 * gru(4, 32) + 2 * gru(64, 32) + 2 * gru(4 * 64, 64) + 2 * gru(128, 64) +
                    dense(49 * 128, 256) + dense(256, 10),
                0);
    check_count("sequencer2d",
                dense(4, 32) + sequencer(32, 16, 64) + dense(4 * 32, 96) +
                    3 * sequencer(96, 48, 192) + 2 * 96 + dense(96, 10),
                0);
    check_count("bilstm-strong",
                2 * (2 * lstm(28, 96) + 2 * lstm(192, 96) + 2 * 2 * 192) + dense(4 * 192, 128) +
                    dense(128, 10),
                0);
    /* without biases */
    const int64_t convs = 9 * (1 * 32 + 32 * 32 + 32 * 48 + 2 * 48 * 48 + 48 * 96 + 2 * 96 * 96);
    const int64_t normals = 2 * 32 + 3 * 48 + 3 * 96 + 64;
    check_count("crnn-strong",
                convs + 96 * 64 + norm(normals) + 2 * lstm(7 * 64, 128) + dense(512, 10),
                2 * normals);
}

/* ---- every file ---- */

typedef void (*check_fn)(const wf_model_spec *spec, const char *path);

static void for_each_model(check_fn check) {
    wf_names names = {0};
    CHECK_OK(&cx, wf_model_names(&names, &cx, folders, 2));
    CHECK(names.count >= 25);
    for (size_t i = 0; i < names.count; i++) {
        char *path = NULL;
        wf_model_spec *spec = open_model(names.items[i]);
        CHECK_OK(&cx, wf_model_find(&path, &cx, names.items[i], folders, 2));
        check(spec, path);
        wf_free(path);
        wf_model_spec_destroy(spec);
    }
    wf_names_reset(&names);
}

static void check_header(const wf_model_spec *spec, const char *path) {
    char line[200] = "";
    FILE *file = fopen(path, "r");
    CHECK(file && fgets(line, sizeof line, file));
    fclose(file);
    CHECK(strncmp(line, "# Source: ", 10) == 0);
    CHECK(*spec->source && *spec->description && *spec->claim.text);
    CHECK(spec->family != WF_FAMILY_OTHER);
    CHECK_INT(spec->classes, 10);
}

TEST(every_model_has_source_and_claim) { for_each_model(check_header); }

static void check_same(const wf_model_spec *spec, const char *path) {
    (void)path;
    wf_str first = {0}, second = {0};
    wf_model_spec *again = NULL;
    CHECK_OK(&cx, wf_model_spec_write(&first, &cx, spec));
    CHECK_OK(&cx, wf_model_spec_parse(&again, &cx, first.text, first.length, "again"));
    CHECK_OK(&cx, wf_model_spec_write(&second, &cx, again));
    CHECK_STR(second.text, first.text);
    CHECK_INT(again->graph->n_params, spec->graph->n_params);
    for (int i = 0; i < spec->graph->n_params; i++) {
        CHECK_STR(again->graph->params[i].name, spec->graph->params[i].name);
        CHECK_INT(again->graph->params[i].offset, spec->graph->params[i].offset);
        CHECK_INT(again->graph->params[i].initializer, spec->graph->params[i].initializer);
    }
    wf_str_reset(&first);
    wf_str_reset(&second);
    wf_model_spec_destroy(again);
}

TEST(every_model_is_written_and_read_back) { for_each_model(check_same); }

static void check_recipe(const wf_model_spec *spec, const char *path) {
    (void)path;
    const wf_optim_common *rates = spec->recipe->optimizer.config;
    CHECK_OK(&cx, wf_recipe_check(&cx, spec->recipe, spec->recipe->validation > 0));
    if (strncmp(spec->source, "report ", 7) != 0) return;
    CHECK_STR(spec->recipe->optimizer.class->name, "adam"); /* all reports: Keras' defaults */
    CHECK_NEAR(rates->learning_rate, 1e-3, 0);
    CHECK_INT(spec->recipe->normalization, 0);
}

TEST(every_recipe_holds_together) { for_each_model(check_recipe); }

static void check_training(const char *name, int epochs, int batch, double validation,
                           const char *loss) {
    wf_model_spec *spec = open_model(name);
    CHECK_INT(spec->recipe->epochs, epochs);
    CHECK_INT(spec->recipe->batch_size, batch);
    CHECK_NEAR(spec->recipe->validation, validation, 0);
    CHECK_STR(spec->recipe->loss.class->name, loss);
    wf_model_spec_destroy(spec);
}

TEST(recipes_of_the_reports) {
    static const char sparse[] = "sparse_categorical_crossentropy";
    static const char one_hot[] = "categorical_crossentropy";
    check_training("cnn-1conv", 5, 32, 0, sparse);
    check_training("lstm-2x128-relu", 5, 32, 0, sparse);
    check_training("cnn-2conv-bn", 10, 256, 0.2, one_hot);
    check_training("cnn-4conv-bn", 10, 256, 0.2, one_hot);
    check_training("lstm-128", 10, 256, 0.2, one_hot);
    check_training("cnn-3conv-leaky", 20, 128, 0.2, one_hot);
    check_training("gru-128", 20, 128, 0.2, sparse);
    check_training("lstm-186", 10, 32, 0.2, sparse);
    check_training("cnn-32-lstm", 10, 32, 0.2, sparse);
    check_training("bilstm-128", 10, 128, 0.2, sparse);
}

/* What differs between the models of outfits is how labels are told: the trunk, up to the second
 * dropout, is one, and so is the recipe, but for the loss and for what some need no thresholds. */
static void write_shared(wf_str *trunk, wf_str *recipe, const char *name) {
    wf_model_spec *spec = open_model(name);
    wf_str text = {0};
    CHECK_OK(&cx, wf_model_spec_set(spec, &cx, "training.loss=binary_crossentropy"));
    CHECK_OK(&cx, wf_model_spec_set(spec, &cx, "training.thresholds=subset"));
    CHECK_OK(&cx, wf_model_spec_write(&text, &cx, spec));
    const char *layers = strstr(text.text, "layers:"), *training = strstr(text.text, "training:");
    const char *end = strstr(strstr(layers, "- dropout:") + 1, "- dropout:");
    CHECK(end && training > end);
    wf_str_add_bytes(trunk, &cx, layers, (size_t)(end - layers));
    wf_str_add(recipe, &cx, training);
    CHECK_OK(&cx, trunk->status);
    CHECK_OK(&cx, recipe->status);
    wf_str_reset(&text);
    wf_model_spec_destroy(spec);
}

TEST(models_of_outfits_have_one_trunk_and_one_budget) {
    static const char *const others[] = {"outfits-pairs", "outfits-cnn-rnn"};
    wf_str trunk = {0}, recipe = {0};
    write_shared(&trunk, &recipe, "outfits-sigmoid");
    CHECK(strstr(trunk.text, "filters: 128") && strstr(recipe.text, "epochs: "));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        wf_str same_trunk = {0}, same_recipe = {0};
        write_shared(&same_trunk, &same_recipe, others[i]);
        CHECK_STR(same_trunk.text, trunk.text);
        CHECK_STR(same_recipe.text, recipe.text);
        wf_str_reset(&same_trunk);
        wf_str_reset(&same_recipe);
    }
    wf_str_reset(&trunk);
    wf_str_reset(&recipe);
}

TEST(report_002_holds_its_rate_and_stops_early) {
    static const char *const names[] = {"cnn-3conv-leaky", "gru-128"};
    for (int i = 0; i < 2; i++) {
        wf_model_spec *spec = open_model(names[i]);
        wf_str text = {0};
        CHECK_INT(spec->recipe->early_stopping.is_on, 1);
        CHECK_INT(spec->recipe->early_stopping.patience, 2);
        CHECK_STR(spec->recipe->schedule.class->name, "hold_exponential");
        const wf_field *hold = wf_fields_find(spec->recipe->schedule.class->fields, "hold_epochs");
        wf_fields_write(&text, &cx, hold, spec->recipe->schedule.config);
        CHECK_STR(text.text, "8");
        wf_str_reset(&text);
        wf_model_spec_destroy(spec);
    }
}

/* ---- finding ---- */

TEST(models_are_found_by_name_or_path) {
    char *path = NULL;
    CHECK_OK(&cx, wf_model_find(&path, &cx, WF_SOURCE_DIR "/models/lstm-186.yaml", NULL, 0));
    CHECK_STR(path, WF_SOURCE_DIR "/models/lstm-186.yaml");
    wf_free(path);
    CHECK_INT(wf_model_find(&path, &cx, "lstm-187", folders, 2), WF_E_NOTFOUND);
    CHECK_STR(cx.message, "there is no model \"lstm-187\"");
    CHECK_STR(cx.hint, "did you mean lstm-186?");
    CHECK_FAILS(&cx, wf_model_find(&path, &cx, "unheard-of-things", folders, 2), WF_E_NOTFOUND);
    CHECK_FAILS(&cx, wf_model_find(&path, &cx, "./lstm-186.yaml", folders, 2), WF_E_NOTFOUND);
    CHECK_FAILS(&cx, wf_model_find(&path, &cx, "lstm-186.yaml", folders, 2), WF_E_NOTFOUND);
}

TEST_MAIN()
