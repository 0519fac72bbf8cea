/* The table of `weft summary` and its JSON. */
#include "test.h"

#include "spec/summary.h"

static wf_context cx;

static wf_model_spec *parse(const char *text) {
    wf_model_spec *spec = NULL;
    CHECK_OK(&cx, wf_model_spec_parse(&spec, &cx, text, strlen(text), "file.yaml"));
    return spec;
}

static const char chain[] = "name: chain\ninput: [28, 28, 1]\nlayers:\n"
                            "  - conv2d: {filters: 8, kernel_size: 3}\n"
                            "  - batch_normalization\n"
                            "  - flatten\n"
                            "  - dense: {units: 10}\n";

TEST(a_chain_of_layers) {
    static const char *const lines[] = {
        "Model: \"chain\"",
        "Layer (type)                               Output Shape       Param #  Multiply-adds  "
        "Output bytes",
        "----------------------------------------------------------------------------------"
        "----------------",
        "input (input)                              (None, 28, 28, 1)        0              0  "
        "       3,136",
        "conv2d (conv2d)                            (None, 26, 26, 8)       80         48,672  "
        "      21,632",
        "batch_normalization (batch_normalization)  (None, 26, 26, 8)       32              0  "
        "      21,632",
        "flatten (flatten)                          (None, 5408)             0              0  "
        "      21,632",
        "dense (dense)                              (None, 10)          54,090         54,080  "
        "          40",
        "----------------------------------------------------------------------------------"
        "----------------",
        "Total params: 54,202 (211.73 KB)",
        "Trainable params: 54,186 (211.66 KB)",
        "Non-trainable params: 16 (64.00 B)",
        "Multiply-adds per image: 102,752",
        "Outputs per image: 66.48 KB"};
    wf_model_spec *spec = parse(chain);
    wf_str text = {0}, expected = {0};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        wf_str_addf(&expected, &cx, "%s\n", lines[i]);
    CHECK_OK(&cx, wf_summary_text(&text, &cx, spec));
    CHECK_STR(text.text, expected.text);
    wf_str_reset(&text);
    wf_str_reset(&expected);
    wf_model_spec_destroy(spec);
}

TEST(branches_are_shown) {
    wf_model_spec *spec = parse("name: fork\ninput: [4]\nlayers:\n"
                                "  - dense: {units: 4, name: a}\n"
                                "  - add: {inputs: [a, input]}\n");
    wf_str text = {0};
    CHECK_OK(&cx, wf_summary_text(&text, &cx, spec));
    CHECK(strstr(text.text, "Connected to"));
    CHECK(strstr(text.text, "16  a, input\n"));
    wf_str_reset(&text);
    wf_model_spec_destroy(spec);
}

TEST(long_rows_stay_inside) {
    char text[4096];
    size_t at = (size_t)snprintf(text, sizeof text, "name: wide\ninput: [4]\nlayers:\n");
    for (int i = 0; i < 16; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "  - relu: {name: %059d%d, inputs: input}\n", i, i % 10);
    at += (size_t)snprintf(text + at, sizeof text - at, "  - add: {inputs: [");
    for (int i = 0; i < 16; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%059d%d", i ? ", " : "", i, i % 10);
    snprintf(text + at, sizeof text - at, "]}\n");
    wf_model_spec *spec = parse(text);
    wf_str out = {0};
    CHECK_OK(&cx, wf_summary_text(&out, &cx, spec));
    CHECK(out.length > 1000);
    wf_str_reset(&out);
    wf_model_spec_destroy(spec);
}

TEST(json_says_the_same) {
    wf_model_spec *spec = parse(chain);
    json_t *all = NULL;
    CHECK_OK(&cx, wf_summary_json(&all, &cx, spec));
    const json_t *layers = json_object_get(all, "layers"), *total = json_object_get(all, "total");
    CHECK_INT(json_array_size(layers), 5);
    const json_t *conv = json_array_get(layers, 1), *norm = json_array_get(layers, 2);
    CHECK_STR(json_string_value(json_object_get(conv, "type")), "conv2d");
    CHECK_INT(json_integer_value(json_object_get(conv, "multiply_adds")), 48672);
    CHECK_INT(json_integer_value(json_object_get(conv, "output_bytes")), 21632);
    CHECK_INT(json_integer_value(json_array_get(json_object_get(conv, "output_shape"), 2)), 8);
    CHECK_STR(json_string_value(json_array_get(json_object_get(conv, "inputs"), 0)), "input");
    CHECK_INT(json_integer_value(json_object_get(norm, "params")), 32);
    CHECK_INT(json_integer_value(json_object_get(norm, "trainable_params")), 16);
    const json_t *moving = json_array_get(json_object_get(norm, "parameters"), 2);
    CHECK_STR(json_string_value(json_object_get(moving, "name")),
              "batch_normalization/moving_mean");
    CHECK(json_is_false(json_object_get(moving, "trainable")));
    CHECK_INT(json_integer_value(json_object_get(total, "params")), 54202);
    CHECK_INT(json_integer_value(json_object_get(total, "non_trainable_params")), 16);
    CHECK_INT(json_integer_value(json_object_get(total, "multiply_adds")), 102752);
    CHECK(json_is_null(json_object_get(json_object_get(all, "claim"), "accuracy")));
    json_decref(all);
    wf_model_spec_destroy(spec);
}

TEST_MAIN()
