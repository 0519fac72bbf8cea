/* Model files: what is read, what is refused and where, what is written, single settings. */
#include "test.h"
#include "weft/train.h"

#include "base/alloc.h"
#include "nn/fields.h"
#include "spec/model.h"
#include "spec/yaml.h"
#include "weft/graph.h"

static wf_context cx;

static const char small[] =
    "name: small\n"
    "input: [8, 8, 1]\n"
    "layers:\n"
    "  - conv2d: {filters: 4, kernel_size: 3, activation: relu, name: stem}\n"
    "  - flatten\n"
    "  - dense: {units: 3, activation: softmax}\n";

static wf_model_spec *parse(const char *text) {
    wf_model_spec *spec = NULL;
    CHECK_OK(&cx, wf_model_spec_parse(&spec, &cx, text, strlen(text), "file.yaml"));
    return spec;
}

static void check_refused(const char *text, wf_status code, const char *message, const char *hint) {
    wf_model_spec *spec = NULL;
    CHECK_INT(wf_model_spec_parse(&spec, &cx, text, strlen(text), "file.yaml"), code);
    CHECK(!spec);
    CHECK_STR(cx.message, message);
    if (hint) CHECK_STR(cx.hint, hint);
}

/* The small model with one more line at its end, or with other layers. */
static void check_line_refused(const char *line, const char *message, const char *hint) {
    char text[1024];
    snprintf(text, sizeof text, "%s%s", small, line);
    check_refused(text, WF_E_ARG, message, hint);
}

static void check_layers_refused(const char *layers, wf_status code, const char *message,
                                 const char *hint) {
    char text[2048];
    snprintf(text, sizeof text, "name: small\ninput: [8, 8, 1]\nlayers:\n%s", layers);
    check_refused(text, code, message, hint);
}

static char *written(const wf_model_spec *spec) {
    wf_str text = {0};
    CHECK_OK(&cx, wf_model_spec_write(&text, &cx, spec));
    return text.text;
}

/* Writing, reading and writing again gives the same text. */
static void check_round_trip(const wf_model_spec *spec) {
    char *first = written(spec);
    wf_model_spec *again = parse(first);
    char *second = written(again);
    CHECK_STR(second, first);
    wf_model_spec_destroy(again);
    wf_free(first);
    wf_free(second);
}

TEST(a_small_model_is_read) {
    wf_model_spec *s = parse(small);
    CHECK_STR(s->name, "small");
    CHECK_STR(s->source, "");
    CHECK_STR(wf_family_name(s->family), "other");
    CHECK(isnan(s->claim.accuracy) && isnan(s->claim.macro_f1) && isnan(s->claim.loss));
    CHECK_INT(s->graph->n_nodes, 4);
    CHECK_STR(s->graph->nodes[1].name, "stem");
    CHECK_STR(s->graph->nodes[3].name, "dense");
    CHECK_INT(s->graph->total_size, 40 + 3 * 144 + 3);
    CHECK_INT(s->recipe->epochs, 10);
    CHECK_INT(s->recipe->batch_size, 32);
    check_round_trip(s);
    wf_model_spec_destroy(s);
}

TEST(every_part_is_read) {
    wf_model_spec *s = parse("name: full.1\n"
                             "family: hybrid\n"
                             "source: 'a paper: it has \"quotes\", \\ and # signs'\n"
                             "description: |\n"
                             "  two\n"
                             "  lines\n"
                             "claim:\n"
                             "  text: \"na\\u00efve, \\t tab\"\n"
                             "  accuracy: .9\n"
                             "  loss: 0.25\n"
                             "  note: null\n"
                             "input: [7, 5, 2]\n"
                             "classes: 4\n"
                             "layers:\n"
                             "  - rows:\n"
                             "  - bidirectional:\n"
                             "      layer:\n"
                             "        gru: {units: 6, return_sequences: true}\n"
                             "      merge_mode: sum\n"
                             "  - bidirectional: {layer: {lstm: {units: 3}}}\n"
                             "  - dropout: {rate: 0.125}\n"
                             "  - dense: {units: 4}\n"
                             "  - softmax\n"
                             "training:\n"
                             "  epochs: 3\n"
                             "  batch_size: 17\n"
                             "  validation: 0.2\n"
                             "  normalization: standardize\n"
                             "  warmup_epochs: 0.5\n"
                             "  test_weights: best\n"
                             "  loss: {categorical_crossentropy: {label_smoothing: 0.1}}\n"
                             "  optimizer: {sgd: {learning_rate: 0.05, momentum: 0.9}}\n"
                             "  schedule: {hold_exponential: {hold_epochs: 8, decay: 0.1}}\n"
                             "  early_stopping: {patience: 2, restore_best: true}\n");
    CHECK_STR(s->source, "a paper: it has \"quotes\", \\ and # signs");
    CHECK_STR(s->description, "two\nlines");
    CHECK_STR(s->claim.text, "na\xc3\xafve, \t tab");
    CHECK_NEAR(s->claim.accuracy, 0.9, 0);
    CHECK(isnan(s->claim.macro_f1));
    CHECK_INT(s->family, WF_FAMILY_HYBRID);
    CHECK_INT(s->recipe->epochs, 3);
    CHECK_NEAR(s->recipe->validation, 0.2, 0);
    CHECK_INT(s->recipe->test_weights, WF_WEIGHTS_BEST);
    CHECK_STR(s->recipe->loss.class->name, "categorical_crossentropy");
    CHECK_STR(s->recipe->optimizer.class->name, "sgd");
    CHECK_NEAR(((const wf_optim_common *)s->recipe->optimizer.config)->learning_rate, 0.05, 0);
    CHECK_STR(s->recipe->schedule.class->name, "hold_exponential");
    CHECK_INT(s->recipe->early_stopping.is_on, 1);
    CHECK_INT(s->recipe->early_stopping.patience, 2);
    CHECK_STR(s->graph->nodes[3].name, "bidirectional_1");
    check_round_trip(s);
    wf_model_spec_destroy(s);
}

TEST(a_graph_with_branches_is_read) {
    wf_model_spec *s = parse("name: branches\n"
                             "input: [8, 8, 2]\n"
                             "layers:\n"
                             "  - conv2d: {name: a, filters: 4, kernel_size: 1}\n"
                             "  - conv2d: {name: b, filters: 4, kernel_size: 1, inputs: input}\n"
                             "  - add: {inputs: [a, b]}\n"
                             "  - relu\n"
                             "  - concatenate: {inputs: [relu, a, input]}\n"
                             "  - global_average_pool2d\n");
    const wf_graph *g = s->graph;
    CHECK_INT(g->nodes[wf_graph_find(g, "b")].inputs[0], 0);
    CHECK_INT(g->nodes[wf_graph_find(g, "add")].n_inputs, 2);
    CHECK_INT(g->nodes[wf_graph_find(g, "concatenate")].shape.dim[2], 10);
    check_round_trip(s);
    wf_model_spec_destroy(s);
}

TEST(syntax_is_located) {
    check_refused("", WF_E_ARG, "file.yaml: the file is empty", NULL);
    check_refused("name: [a\n", WF_E_ARG,
                  "file.yaml:2:1: not readable as YAML: flow sequence without a closing bracket",
                  NULL);
    check_refused("name: a\nname: b\n", WF_E_ARG, "file.yaml:2:1: \"name\" is given twice",
                  "the first one is in line 1");
    check_refused("name: &x a\n", WF_E_ARG,
                  "file.yaml:1:10: anchors and aliases (& and *) are not allowed", NULL);
    check_refused("name: *x\n", WF_E_ARG,
                  "file.yaml:1:8: anchors and aliases (& and *) are not allowed", NULL);
    check_refused("name: !!str a\n", WF_E_ARG, "file.yaml:1:13: tags (!) are not allowed", NULL);
    check_refused("a: 1\n---\nb: 2\n", WF_E_ARG, "file.yaml:3:1: a second document, must be one",
                  NULL);
    check_refused("[a]: b\n", WF_E_ARG, "file.yaml:1:1: a key must be a plain word", NULL);
    check_refused("name: \"\\0\"\n", WF_E_ARG, "file.yaml:1:8: a zero byte in a text", NULL);
    check_refused("name: x\nsource: \xff\n", WF_E_ARG, "file.yaml:2: byte 0xff is not UTF-8",
                  "save the file as UTF-8");
    check_refused("- name\n", WF_E_ARG, "file.yaml:1:1: a model file must be a map of key: value",
                  NULL);
}

TEST(limits_hold) {
    wf_model_spec *spec = NULL;
    size_t size = WF_YAML_MAX_BYTES + 1;
    char *text = malloc(size + 1);
    CHECK(text);
    memset(text, ' ', size);
    text[size] = 0;
    CHECK_FAILS(&cx, wf_model_spec_parse(&spec, &cx, text, size, "big"), WF_E_LIMIT);
    memset(text, '[', 1000);
    text[1000] = 0;
    CHECK_FAILS(&cx, wf_model_spec_parse(&spec, &cx, text, 1000, "deep"), WF_E_LIMIT);
    size_t at = 0;
    for (int i = 0; i < 300; i++) at += (size_t)sprintf(text + at, "key%d: 1\n", i);
    CHECK_FAILS(&cx, wf_model_spec_parse(&spec, &cx, text, at, "wide"), WF_E_LIMIT);
    at = (size_t)sprintf(text, "name: long\ninput: [2]\nlayers:\n");
    for (int i = 0; i < 2000; i++) at += (size_t)sprintf(text + at, "- relu\n");
    CHECK_FAILS(&cx, wf_model_spec_parse(&spec, &cx, text, at, "long"), WF_E_LIMIT);
    CHECK_FAILS(&cx, wf_model_spec_parse(&spec, &cx, "name: a\0b", 9, "zero"), WF_E_ARG);
    free(text);
}

TEST(keys_are_checked) {
    check_refused("name: a\ninput: [2]\n", WF_E_ARG, "file.yaml:1:1: layers is missing",
                  "a model has at least name, input and layers");
    check_line_refused("famly: cnn\n", "file.yaml:7:1: unknown key \"famly\"",
                       "did you mean family?");
    check_line_refused("qqqqqqqq: cnn\n", "file.yaml:7:1: unknown key \"qqqqqqqq\"", NULL);
    check_line_refused("family: [cnn]\n",
                       "file.yaml:7:1: model: family is \"[cnn]\", must be one of: other cnn rnn "
                       "hybrid",
                       NULL);
    check_line_refused("source: [cnn]\n", "file.yaml:7:1: source must be a text", NULL);
    check_line_refused("claim: good\n", "file.yaml:7:1: claim must be a map of key: value", NULL);
    check_line_refused("claim: {accuracy: 91}\n",
                       "file.yaml:7:9: claim: accuracy is 91, must be 0 to 1", NULL);
    check_line_refused("training: 3\n", "file.yaml:7:1: training must be a map of key: value",
                       NULL);
    check_line_refused("training: {epoch: 3}\n", "file.yaml:7:12: training: unknown key \"epoch\"",
                       "did you mean epochs?");
    check_line_refused("training: {epochs: 0}\n",
                       "file.yaml:7:12: training: epochs is 0, must be at least 1", NULL);
    check_line_refused("training: {optimizer: adma}\n",
                       "file.yaml:7:12: there is no optimizer \"adma\"", "did you mean adam?");
    check_line_refused("training: {optimizer: {adam: {lr: 1}}}\n",
                       "file.yaml:7:31: adam: unknown key \"lr\"", NULL);
    check_line_refused("training: {loss: [a]}\n",
                       "file.yaml:7:12: training: loss must be a name or {name: {key: value}}",
                       "for instance loss: sparse_categorical_crossentropy");
    check_line_refused("training: {early_stopping: 3}\n",
                       "file.yaml:7:12: training: early_stopping must be true, false or a map",
                       "for instance early_stopping: {patience: 2}");
    check_refused("name: a\ninput: [2]\nclasses: 4\nlayers:\n  - dense: {units: 3}\n", WF_E_SHAPE,
                  "file.yaml:3:1: classes is 4, but the output, layer dense, has shape (3,)",
                  "give the last layer as many units as there are classes");
    check_refused("name: a b\ninput: [2]\nlayers: [relu]\n", WF_E_ARG,
                  "file.yaml:1:1: name \"a b\" must be 1 to 64 letters, digits, dots, - or _, and "
                  "begin with none of . and -",
                  NULL);
    check_refused("name: ../x\ninput: [2]\nlayers: [relu]\n", WF_E_ARG,
                  "file.yaml:1:1: name \"../x\" must be 1 to 64 letters, digits, dots, - or _, and "
                  "begin with none of . and -",
                  NULL);
}

TEST(layers_are_checked) {
    check_layers_refused("  - conv2: {filters: 3}\n", WF_E_ARG,
                         "file.yaml:4:5: layers: unknown layer \"conv2\"", "did you mean conv2d?");
    check_layers_refused(
        "  - flatten\n  - dense: {units: 3, activation: rely}\n", WF_E_ARG,
        "file.yaml:5:23: layer dense: activation is \"rely\", must be one of: linear "
        "relu leaky_relu elu gelu sigmoid tanh softmax",
        "did you mean relu?");
    check_layers_refused("  - dense: {activation: relu}\n", WF_E_ARG,
                         "file.yaml:4:5: layer dense: units is missing", "number of outputs");
    check_layers_refused("  - flatten\n  - conv2d: {filters: 3, kernel_size: 3}\n", WF_E_SHAPE,
                         "file.yaml:5:5: layer conv2d: input has rank 1, must be (height, width, "
                         "channels)",
                         "put it before flatten");
    check_layers_refused(
        "  - dense:\n    units: 3\n", WF_E_ARG,
        "file.yaml:4:5: a layer must be one name, here are 2 keys: dense, units",
        "indent a layer's keys further than its name, and begin each layer with -");
    check_layers_refused("  - dense: 3\n", WF_E_ARG,
                         "file.yaml:4:5: a layer must be a name or a name with its keys",
                         "write - flatten or - dense: {units: 10}");
    check_layers_refused("  - [dense]\n", WF_E_ARG,
                         "file.yaml:4:5: a layer must be a name or a name with its keys", NULL);
    check_layers_refused("  - dense: {units: {a: 3}}\n", WF_E_ARG,
                         "file.yaml:4:13: layer dense: units is a map, must be a plain value",
                         NULL);
    check_layers_refused("  - relu: {name: stem}\n  - relu: {inputs: stam}\n", WF_E_ARG,
                         "file.yaml:5:12: inputs: there is no layer \"stam\" above",
                         "did you mean stem?");
    check_layers_refused("  - relu: {name: a}\n  - relu: {name: a}\n", WF_E_ARG,
                         "file.yaml:5:5: layer name \"a\" is taken",
                         "every layer needs its own name");
    check_layers_refused("  - add\n", WF_E_ARG,
                         "file.yaml:4:5: layer add: it has 1 inputs, add takes 2 to 16",
                         "give inputs: [name, name]");
    check_layers_refused("  - bidirectional: {layer: {lstm: {unit: 3}}}\n", WF_E_ARG,
                         "file.yaml:4:36: layer lstm: unknown key \"unit\"", "did you mean units?");
    check_layers_refused("  - bidirectional: {layer: {lstm: {units: 3, name: x}}}\n", WF_E_ARG,
                         "file.yaml:4:46: layer lstm: unknown key \"name\"", NULL);
    check_refused("name: a\ninput: [2]\nlayers: relu\n", WF_E_ARG,
                  "file.yaml:3:1: layers must be a list", "begin each layer with -");
    check_refused("name: a\ninput: [0]\nlayers: [relu]\n", WF_E_ARG,
                  "file.yaml:2:1: input: shape is 0, must be at least 1", NULL);
    check_refused("name: a\ninput: [2]\nlayers: []\n", WF_E_ARG,
                  "file.yaml:3:1: model a: it has no layer behind the input", NULL);
}

/* ---- settings ---- */

TEST(settings_change_one_value) {
    wf_model_spec *s = parse(small);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "layers.stem.filters=8"));
    CHECK_INT(s->graph->nodes[1].shape.dim[2], 8);
    CHECK_INT(s->graph->total_size, 80 + 3 * 288 + 3);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "layers.stem.kernel_size=[1, 3]"));
    CHECK_INT(s->graph->nodes[1].shape.dim[0], 8);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "input=[10, 8, 3]"));
    CHECK_INT(s->graph->nodes[1].shape.dim[0], 10);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "name=other"));
    CHECK_STR(s->graph->name, "other");
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.epochs=3"));
    CHECK_INT(s->recipe->epochs, 3);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.optimizer=sgd"));
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.optimizer.learning_rate=0.5"));
    CHECK_NEAR(((const wf_optim_common *)s->recipe->optimizer.config)->learning_rate, 0.5, 0);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.optimizer={adam: {learning_rate: 0.25}}"));
    CHECK_STR(s->recipe->optimizer.class->name, "adam");
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.early_stopping.patience=5"));
    CHECK_INT(s->recipe->early_stopping.is_on, 1);
    CHECK_INT(s->recipe->early_stopping.patience, 5);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.early_stopping=false"));
    CHECK_INT(s->recipe->early_stopping.is_on, 0);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.ema.decay=0.5"));
    CHECK(s->recipe->ema.is_on && s->recipe->ema.warmup && s->recipe->ema.decay == 0.5);
    check_round_trip(s);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.ema=false"));
    CHECK_FAILS(&cx, wf_model_spec_set(s, &cx, "training.ema.decay=1"), WF_E_ARG);
    CHECK_INT(s->recipe->ema.is_on, 0);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.test_time_augmentation=flip_shift"));
    CHECK_INT(s->recipe->test_views, WF_TEST_FLIP | WF_TEST_SHIFT);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.thresholds=subset"));
    CHECK_INT(s->recipe->thresholds, WF_THRESHOLDS_SUBSET);
    check_round_trip(s);
    wf_model_spec_destroy(s);
}

TEST(a_setting_reaches_many_layers) {
    wf_model_spec *s = parse("name: many\ninput: [8, 8, 1]\nlayers:\n  - dropout: {rate: 0.5}\n"
                             "  - flatten\n  - dropout: {rate: 0.25}\n  - dense: {units: 3}\n");
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "layers.dropout*.rate=0.125"));
    char *text = written(s);
    const char *first = strstr(text, "rate: 0.125");
    CHECK(first && strstr(first + 1, "rate: 0.125"));
    CHECK(!strstr(text, "0.5") && !strstr(text, "0.25"));
    CHECK_FAILS(&cx, wf_model_spec_set(s, &cx, "layers.d*.rate=0.5"), WF_E_ARG); /* dense */
    CHECK_INT(wf_model_spec_set(s, &cx, "layers.lstm*.units=5"), WF_E_ARG);
    CHECK_STR(cx.message, "model many has no layer whose name begins with \"lstm\"");
    char *after = written(s);
    CHECK_STR(after, text);
    wf_free(text);
    wf_free(after);
    wf_model_spec_destroy(s);
}

/* One by one the model would be wrong in between. */
TEST(a_setting_reaches_all_layers_at_once) {
    wf_model_spec *s = parse("name: two\ninput: [8, 8, 1]\nlayers:\n"
                             "  - conv2d: {filters: 8, kernel_size: 1, inputs: input}\n"
                             "  - conv2d: {filters: 8, kernel_size: 1, inputs: input}\n"
                             "  - add: {inputs: [conv2d, conv2d_1]}\n  - flatten\n"
                             "  - dense: {units: 3}\n");
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "layers.conv*.filters=4"));
    CHECK_INT(s->graph->nodes[3].shape.dim[2], 4);
    CHECK_FAILS(&cx, wf_model_spec_set(s, &cx, "layers.conv2d.filters=5"), WF_E_SHAPE);
    CHECK_INT(s->graph->nodes[3].shape.dim[2], 4);
    wf_model_spec_destroy(s);
}

TEST(settings_reach_nested_layers) {
    wf_model_spec *s = parse("name: nested\ninput: [4, 3]\nlayers:\n"
                             "  - bidirectional: {layer: {lstm: {units: 5}}}\n");
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "layers.bidirectional.layer.units=7"));
    CHECK_INT(s->graph->nodes[1].shape.dim[0], 14);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "layers.bidirectional.layer={gru: {units: 2}}"));
    CHECK_INT(s->graph->nodes[1].shape.dim[0], 4);
    CHECK_FAILS(&cx, wf_model_spec_set(s, &cx, "layers.bidirectional.merge_mode.units=7"),
                WF_E_ARG);
    wf_model_spec_destroy(s);
}

TEST(bad_settings_change_nothing) {
    static const struct {
        const char *setting, *message, *hint;
    } cases[] = {
        {"epochs", "setting \"epochs\" must be path=value", "for instance training.epochs=3"},
        {"training.epochs=", "setting \"training.epochs=\" must be path=value", NULL},
        {"trainin.epochs=3", "setting: unknown path \"trainin\"", "did you mean training?"},
        {"training=3", "setting training must name a key", NULL},
        {"training.epoch=3", "training: unknown key \"epoch\"", "did you mean epochs?"},
        {"training.epochs=x", "training: epochs is \"x\", must be an integer", NULL},
        {"training.epochs.x=3", "training: epochs holds no further keys", NULL},
        {"training.optimizer.lerning_rate=3", "adam: unknown key \"lerning_rate\"",
         "did you mean learning_rate?"},
        {"layers.dense=3", "setting layers must name layer and key", NULL},
        {"layers.dence.units=3", "model small has no layer \"dence\"", "did you mean dense?"},
        {"layers.dense.unit=3", "layer dense: unknown key \"unit\"", "did you mean units?"},
        {"layers.stem.kernel_size=9",
         "layer stem: the kernel covers 9 pixels along the height, the input has 8", NULL},
        {"input=[3]", "layer stem: input has rank 1, must be (height, width, channels)", NULL},
        {"name=a/b",
         "name \"a/b\" must be 1 to 64 letters, digits, dots, - or _, and begin with none of . and "
         "-",
         NULL},
    };
    wf_model_spec *s = parse(small);
    char *before = written(s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(wf_model_spec_set(s, &cx, cases[i].setting) != WF_OK);
        CHECK_STR(cx.message, cases[i].message);
        if (cases[i].hint) CHECK_STR(cx.hint, cases[i].hint);
    }
    CHECK_FAILS(&cx, wf_model_spec_set(s, &cx, "training.epochs=[1"), WF_E_ARG);
    char *after = written(s);
    CHECK_STR(after, before);
    wf_free(before);
    wf_free(after);
    wf_model_spec_destroy(s);
}

TEST(a_setting_keeps_the_classes) {
    wf_model_spec *s = parse("name: c\ninput: [2]\nclasses: 3\nlayers:\n  - dense: {units: 3}\n");
    CHECK_FAILS(&cx, wf_model_spec_set(s, &cx, "layers.dense.units=4"), WF_E_SHAPE);
    CHECK_INT(s->graph->nodes[1].shape.dim[0], 3);
    wf_model_spec_destroy(s);
}

/* ---- the public face ---- */

TEST(a_model_is_built_in_code) {
    wf_model *m = NULL, *same = NULL;
    wf_model_info info;
    wf_layer_info layer;
    wf_param_info param;
    char *text = NULL;
    CHECK_OK(&cx, wf_model_create(&m, &cx, "built", (int32_t[]){8, 8, 1}, 3));
    CHECK_OK(&cx, wf_model_add(m, &cx, "conv2d", "filters: 4, kernel_size: 3, padding: same", "a",
                               NULL, 0));
    CHECK_OK(&cx, wf_model_add(m, &cx, "concatenate", NULL, NULL,
                               (const char *const[]){"a", "input"}, 2));
    CHECK_FAILS(&cx, wf_model_add(m, &cx, "dense", "unit: 3", NULL, NULL, 0), WF_E_ARG);
    CHECK_FAILS(&cx, wf_model_add(m, &cx, "relu", NULL, NULL, (const char *const[]){"b"}, 1),
                WF_E_ARG);
    CHECK_OK(&cx, wf_model_add(m, &cx, "flatten", NULL, NULL, NULL, 0));
    CHECK_OK(&cx, wf_model_add(m, &cx, "dense", "units: 3", NULL, NULL, 0));
    CHECK_OK(&cx, wf_model_finish(m, &cx));
    wf_model_get(&info, m);
    CHECK_STR(info.name, "built");
    CHECK_STR(info.family, "other");
    CHECK_INT(info.n_layers, 5);
    CHECK_INT(info.total_params, 40 + 3 * 320 + 3);
    CHECK_OK(&cx, wf_model_layer(&layer, &cx, m, 2));
    CHECK_STR(layer.type, "concatenate");
    CHECK_INT(layer.n_inputs, 2);
    CHECK_INT(layer.inputs[0], 1);
    CHECK_INT(layer.shape[2], 5);
    CHECK_OK(&cx, wf_model_param(&param, &cx, m, 2));
    CHECK_STR(param.name, "dense/kernel");
    CHECK_INT(param.offset, 40);
    CHECK_INT(param.layer, 4);
    CHECK_FAILS(&cx, wf_model_layer(&layer, &cx, m, 5), WF_E_ARG);
    CHECK_FAILS(&cx, wf_model_param(&param, &cx, m, -1), WF_E_ARG);
    CHECK_OK(&cx, wf_model_set(m, &cx, "layers.dense.units=5"));
    CHECK_OK(&cx, wf_model_text(&text, &cx, m));
    CHECK_OK(&cx, wf_model_parse(&same, &cx, text));
    wf_free(text);
    wf_model_destroy(same);
    CHECK_OK(&cx, wf_model_summary(&text, &cx, m));
    CHECK(strstr(text, "Total params: 1,645"));
    wf_free(text);
    wf_model_destroy(m);
    CHECK_FAILS(&cx, wf_model_create(&m, &cx, "built", (int32_t[]){8, 0}, 2), WF_E_ARG);
    CHECK_FAILS(&cx, wf_model_create(&m, &cx, "built", NULL, 0), WF_E_ARG);
}

/* ---- texts ---- */

TEST(texts_survive_writing) {
    static const char *const texts[] = {"plain words",
                                        "3",
                                        "true",
                                        "null",
                                        "~",
                                        "- dash",
                                        "# hash",
                                        "a: b",
                                        "[a]",
                                        "'",
                                        "\"",
                                        "\\",
                                        "line\nline",
                                        "\x01\x7f tab\t end",
                                        "caf\xc3\xa9",
                                        "\xe2\x80\xa8 separator",
                                        "\xc2\x85 next line",
                                        "\xef\xbb\xbf mark",
                                        "\xf0\x9f\x90\x88 cat",
                                        "x @`%!&*{}|>?,"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        wf_str out = {0};
        wf_yaml *root = NULL;
        wf_str_add(&out, &cx, "key: ");
        wf_yaml_add_text(&out, &cx, texts[i]);
        wf_str_add(&out, &cx, "\n");
        CHECK_OK(&cx, wf_yaml_parse(&root, &cx, out.text, out.length, "text"));
        CHECK_STR(root->items[0].text, texts[i]);
        wf_yaml_destroy(root);
        wf_str_reset(&out);
    }
}

/* ---- layers that read labels ---- */

static const char decoder[] = "name: decoder\n"
                              "input: [4]\n"
                              "classes: 3\n"
                              "layers:\n"
                              "  - repeat_vector: {n: 3}\n"
                              "  - label_input: {length: 3, classes: 3}\n"
                              "  - embedding: {input_dim: 5, output_dim: 4}\n"
                              "  - add: {inputs: [repeat_vector, embedding]}\n"
                              "  - tied_dense: {to: embedding, units: 4}\n";

TEST(a_layer_without_inputs_may_stand_anywhere) {
    wf_model_spec *spec = parse(decoder), *again = NULL;
    const wf_graph *g = spec->graph;
    CHECK_INT(g->nodes[2].n_inputs, 0);
    CHECK_INT(g->nodes[3].inputs[0], 2);
    CHECK_INT(g->n_params, 1); /* the matrix is there once */
    CHECK_INT(g->total_size, 5 * 4);
    char *text = written(spec);
    CHECK(strstr(text, "to: embedding\n") && strstr(text, "inputs: []\n"));
    CHECK_OK(&cx, wf_model_spec_parse(&again, &cx, text, strlen(text), "again.yaml"));
    CHECK_INT(again->graph->nodes[2].n_inputs, 0);
    CHECK_OK(&cx, wf_model_spec_set(again, &cx, "layers.label_input.feedback=zero"));
    CHECK_FAILS(&cx, wf_model_spec_set(again, &cx, "layers.tied_dense.to=nowhere"), WF_E_ARG);
    wf_free(text);
    wf_model_spec_destroy(again);
    wf_model_spec_destroy(spec);
}

TEST(layers_that_read_labels_are_checked) {
    check_layers_refused(
        "  - label_input: {length: 3, classes: 3, inputs: [input]}\n", WF_E_ARG,
        "file.yaml:4:5: layer label_input: it has 1 inputs, label_input takes 0 to "
        "0",
        NULL);
    check_layers_refused("  - label_input: {name: image, length: 3, classes: 3}\n", WF_E_ARG,
                         "file.yaml:4:5: layer image: this name is that of another input or output "
                         "of an exported model",
                         "give another, as name: said");
    check_layers_refused(
        "  - flatten\n  - tied_dense: {to: flatten, units: 2}\n", WF_E_ARG,
        "file.yaml:5:5: layer tied_dense: to is flatten, a layer of class flatten, "
        "must be an embedding or a dense layer",
        NULL);
    check_layers_refused("  - flatten\n  - tied_dense: {to: labels, units: 2}\n", WF_E_ARG,
                         "file.yaml:5:5: model small has no layer \"labels\"",
                         "its layers are input, flatten");
    check_layers_refused("  - flatten\n  - dense: {units: 3}\n"
                         "  - tied_dense: {to: dense, units: 65}\n",
                         WF_E_SHAPE,
                         "file.yaml:6:5: layer tied_dense: dense/kernel has shape (64, 3), must "
                         "have 3 columns, as the input has features, and at least 65 rows, its "
                         "units",
                         NULL);
    check_layers_refused("  - repeat_vector: {n: 3}\n", WF_E_SHAPE,
                         "file.yaml:4:5: layer repeat_vector: input has rank 3, must be a vector "
                         "(features)",
                         "put flatten or a global pool before it");
    check_layers_refused("  - time_distributed: {layer: {conv2d: {filters: 2, kernel_size: 1}}}\n",
                         WF_E_ARG,
                         "file.yaml:4:5: layer time_distributed: layer is conv2d, must be one that "
                         "works along the last axis",
                         NULL);
    check_layers_refused("  - flatten\n  - label_sets\n", WF_E_SHAPE,
                         "file.yaml:5:5: layer label_sets: input has shape (64,), must be a score "
                         "for each of 2 to 12 labels",
                         "there are 2^K sets of K labels");
}

TEST(classes_of_a_sequence_are_without_end) {
    char text[1024];
    snprintf(text, sizeof text, "%s", decoder);
    memcpy(strstr(text, "classes: 3"), "classes: 4", 10);
    check_refused(text, WF_E_SHAPE,
                  "file.yaml:3:1: classes is 4, but the output, layer tied_dense, has shape (3, 4)",
                  NULL);
}

TEST(classes_of_sets_are_the_labels) {
    static const char sets[] = "name: sets\ninput: [8, 8, 1]\nclasses: %d\nlayers:\n  - flatten\n"
                               "  - dense: {units: 3}\n  - label_sets\n  - softmax\n";
    char text[256];
    snprintf(text, sizeof text, sets, 3);
    wf_model_spec_destroy(parse(text));
    snprintf(text, sizeof text, sets, 4);
    check_refused(text, WF_E_SHAPE,
                  "file.yaml:3:1: classes is 4, but the output, layer softmax, has shape (8,)",
                  NULL);
}

TEST_MAIN()
