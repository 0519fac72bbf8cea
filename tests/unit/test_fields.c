/* Field tables: text to value and back, what is refused, nested layers. */
#include "test.h"

#include <locale.h>

#include "base/alloc.h"
#include "nn/fields.h"
#include "nn/flow.h"

typedef struct sample {
    int32_t count, flag, word, pair[2], needed;
    double real;
    wf_ints list;
    wf_layer_spec layer;
} sample;

#define AT(member) offsetof(sample, member)
static const wf_field fields[] = {
    {"count", WF_FIELD_INT, AT(count), 1, 64, NULL, "3", "a count"},
    {"needed", WF_FIELD_INT, AT(needed), 0, 1 << 24, NULL, NULL, "what is needed"},
    {"flag", WF_FIELD_BOOL, AT(flag), 0, 1, NULL, "true", "a flag"},
    {"word", WF_FIELD_CHOICE, AT(word), 0, 0, "valid|same|causal", "same", "a word"},
    {"pair", WF_FIELD_PAIR, AT(pair), 0, 9, NULL, "[1, 2]", "a pair"},
    {"real", WF_FIELD_REAL, AT(real), 0, 1e3, NULL, "1e-3", "a number"},
    {"list", WF_FIELD_INTS, AT(list), -1, 100, NULL, "[7, -1]", "a list"},
    {"layer", WF_FIELD_LAYER, AT(layer), 0, 0, NULL, NULL, "a layer"},
    {0}};

static wf_context cx;

static sample *make(void) {
    void *config = NULL;
    CHECK_OK(&cx, wf_fields_create(&config, &cx, fields, sizeof(sample)));
    return config;
}

static wf_status set(sample *s, const char *key, const char *text) {
    return wf_fields_set(&cx, "thing", fields, s, key, text);
}

static void check_refused(sample *s, const char *key, const char *text, const char *message,
                          const char *hint) {
    CHECK(set(s, key, text) == WF_E_ARG);
    CHECK_STR(cx.message, message);
    CHECK_STR(cx.hint, hint);
}

static void check_written(const sample *s, const char *key, const char *expected) {
    wf_str out = {0};
    wf_fields_write(&out, &cx, wf_fields_find(fields, key), s);
    CHECK_STR(out.text, expected);
    wf_str_reset(&out);
}

TEST(defaults_are_filled_in) {
    sample *s = make();
    CHECK_INT(s->count, 3);
    CHECK_INT(s->flag, 1);
    CHECK_INT(s->word, 1);
    CHECK_INT(s->pair[0], 1);
    CHECK_INT(s->pair[1], 2);
    CHECK_NEAR(s->real, 1e-3, 0);
    CHECK_INT(s->list.n, 2);
    CHECK_INT(s->list.value[1], -1);
    wf_fields_destroy(fields, s);
}

TEST(required_fields_are_missed) {
    sample *s = make();
    CHECK(wf_fields_check(&cx, "thing", fields, s) == WF_E_ARG);
    CHECK_STR(cx.message, "thing: needed is missing");
    CHECK_OK(&cx, set(s, "needed", "0"));
    CHECK(wf_fields_check(&cx, "thing", fields, s) == WF_E_ARG);
    CHECK_STR(cx.message, "thing: layer is missing");
    CHECK_OK(&cx, set(s, "layer", "{dense: {units: 3}}"));
    CHECK_OK(&cx, wf_fields_check(&cx, "thing", fields, s));
    wf_fields_destroy(fields, s);
}

TEST(values_are_read) {
    sample *s = make();
    CHECK_OK(&cx, set(s, "count", "64"));
    CHECK_INT(s->count, 64);
    CHECK_OK(&cx, set(s, "flag", "false"));
    CHECK_INT(s->flag, 0);
    CHECK_OK(&cx, set(s, "word", "causal"));
    CHECK_INT(s->word, 2);
    CHECK_OK(&cx, set(s, "pair", "5"));
    CHECK_INT(s->pair[0], 5);
    CHECK_INT(s->pair[1], 5);
    CHECK_OK(&cx, set(s, "pair", "[ 3,4 ]"));
    CHECK_INT(s->pair[0], 3);
    CHECK_INT(s->pair[1], 4);
    CHECK_OK(&cx, set(s, "real", ".25"));
    CHECK_NEAR(s->real, 0.25, 0);
    CHECK_OK(&cx, set(s, "list", "12"));
    CHECK_INT(s->list.n, 1);
    CHECK_INT(s->list.value[0], 12);
    wf_fields_destroy(fields, s);
}

TEST(what_is_wrong_is_named) {
    sample *s = make();
    check_refused(s, "count", "65", "thing: count is 65, must be 1 to 64", "");
    check_refused(s, "needed", "-1", "thing: needed is -1, must be at least 0", "");
    check_refused(s, "count", "3.5", "thing: count is \"3.5\", must be an integer", "");
    check_refused(s, "count", "", "thing: count is \"\", must be an integer", "");
    check_refused(s, "count", "99999999999999999999",
                  "thing: count is \"99999999999999999999\", must be an integer", "");
    check_refused(s, "count", "[3]x", "thing: count is \"[3]x\", must be an integer", "");
    check_refused(s, "flag", "yes", "thing: flag is \"yes\", must be true or false", "");
    check_refused(s, "word", "sane", "thing: word is \"sane\", must be one of: valid same causal",
                  "did you mean same?");
    check_refused(s, "word", "sam", "thing: word is \"sam\", must be one of: valid same causal",
                  "did you mean same?");
    check_refused(s, "pair", "[1, 2, 3]",
                  "thing: pair is \"[1, 2, 3]\", must be an integer or a pair such as [3, 5]", "");
    check_refused(s, "pair", "[1, 10]", "thing: pair is 10, must be 0 to 9", "");
    check_refused(s, "pair", "[1, 2",
                  "thing: pair is \"[1, 2\", must be an integer or a pair such "
                  "as [3, 5]",
                  "");
    check_refused(s, "list", "[]",
                  "thing: list is \"[]\", must be a list of at most 8 integers such "
                  "as [7, 448]",
                  "");
    check_refused(
        s, "list", "[1,2,3,4,5,6,7,8,9]",
        "thing: list is \"[1,2,3,4,5,6,7,8,9]\", must be a list of at most 8 integers such "
        "as [7, 448]",
        "");
    check_refused(s, "real", "nan", "thing: real is \"nan\", must be a number", "");
    check_refused(s, "real", "0x1p3", "thing: real is \"0x1p3\", must be a number", "");
    check_refused(s, "real", "1e999", "thing: real is \"1e999\", must be a number", "");
    check_refused(s, "real", "-1", "thing: real is -1, must be 0 to 1000", "");
    check_refused(s, "cuont", "3", "thing: unknown key \"cuont\"", "did you mean count?");
    check_refused(s, "xxxxxxxx", "3", "thing: unknown key \"xxxxxxxx\"",
                  "its keys are: count, needed, flag, word, pair, real, list, layer");
    CHECK_INT(s->count, 3); /* nothing was changed */
    wf_fields_destroy(fields, s);
}

TEST(written_values_read_back_as_the_same_bits) {
    sample *s = make();
    static const double reals[] = {0, 1, 0.1, 1.0 / 3, 1e-7, 5e-324, 123.456789012345678, 999.999};
    check_written(s, "count", "3");
    check_written(s, "flag", "true");
    check_written(s, "word", "same");
    check_written(s, "pair", "[1, 2]");
    check_written(s, "list", "[7, -1]");
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        wf_str out = {0};
        s->real = reals[i];
        wf_fields_write(&out, &cx, wf_fields_find(fields, "real"), s);
        s->real = -1;
        CHECK_OK(&cx, set(s, "real", out.text));
        CHECK(memcmp(&s->real, &reals[i], sizeof(double)) == 0);
        wf_str_reset(&out);
    }
    wf_fields_destroy(fields, s);
}

TEST(nested_layers_are_owned_and_copied) {
    sample *s = make();
    void *copy = NULL;
    CHECK_OK(&cx, set(s, "layer", "{lstm: {units: 5}}"));
    CHECK_OK(&cx, set(s, "layer", "{gru: {units: 7, activation: relu}}")); /* frees the first */
    CHECK_OK(&cx, wf_fields_copy(&copy, &cx, fields, sizeof(sample), s));
    CHECK(((sample *)copy)->layer.config != s->layer.config);
    wf_fields_destroy(fields, s);
    check_written(
        copy, "layer",
        "{gru: {units: 7, activation: relu, recurrent_activation: sigmoid, use_bias: true, "
        "return_sequences: false, go_backwards: false, recurrent_dropout: 0.0, "
        "kernel_initializer: glorot_uniform, recurrent_initializer: orthogonal}}");
    wf_fields_destroy(fields, copy);
}

TEST(written_layers_read_back) {
    sample *s = make();
    wf_str first = {0}, second = {0};
    CHECK_OK(&cx, set(s, "layer", "{bidirectional: {layer: {lstm: {units: 5}}, merge_mode: sum}}"));
    wf_fields_write(&first, &cx, wf_fields_find(fields, "layer"), s);
    CHECK_OK(&cx, set(s, "layer", first.text));
    wf_fields_write(&second, &cx, wf_fields_find(fields, "layer"), s);
    CHECK_STR(second.text, first.text);
    wf_str_reset(&first);
    wf_str_reset(&second);
    wf_fields_destroy(fields, s);
}

TEST(bad_layers_are_refused) {
    sample *s = make();
    CHECK_FAILS(&cx, set(s, "layer", "lstm"), WF_E_ARG); /* units are missing */
    CHECK_FAILS(&cx, set(s, "layer", "{lstm: 5}"), WF_E_ARG);
    CHECK_FAILS(&cx, set(s, "layer", "{lstm: {units}}"), WF_E_ARG);
    CHECK_FAILS(&cx, set(s, "layer", "{lstm: {units: {units: 3}}}"), WF_E_ARG);
    CHECK_FAILS(&cx, set(s, "layer", "{}"), WF_E_ARG);
    CHECK(set(s, "layer", "{lstn: {units: 5}}") == WF_E_ARG);
    CHECK_STR(cx.message, "thing: unknown layer \"lstn\"");
    CHECK_STR(cx.hint, "did you mean lstm?");
    CHECK_FAILS(&cx,
                set(s, "layer",
                    "{bidirectional: {layer: {bidirectional: {layer: {bidirectional: "
                    "{layer: {bidirectional: {layer: {bidirectional: {}}}}}}}}}}"),
                WF_E_LIMIT);
    CHECK(!s->layer.class);
    wf_fields_destroy(fields, s);
}

TEST(a_layer_is_no_plain_value) {
    sample *s = make();
    wf_layer_spec spec = {0};
    CHECK_OK(&cx, wf_flow_layer(&spec, &cx, "thing", "{dense: {units: 2}}"));
    CHECK_FAILS(&cx, wf_fields_set_layer(&cx, "thing", fields, s, "count", spec), WF_E_ARG);
    CHECK_OK(&cx, wf_flow_layer(&spec, &cx, "thing", "flatten"));
    CHECK_FAILS(&cx, wf_fields_set_layer(&cx, "thing", fields, s, "lawyer", spec), WF_E_ARG);
    wf_fields_destroy(fields, s);
}

TEST(numbers_do_not_follow_the_locale) {
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    sample *s = make();
    for (size_t i = 0; i < 3; i++)
        if (setlocale(LC_NUMERIC, locales[i])) break;
    wf_status status = set(s, "real", "2.5");
    setlocale(LC_NUMERIC, "C");
    CHECK_OK(&cx, status);
    CHECK_NEAR(s->real, 2.5, 0);
    wf_fields_destroy(fields, s);
}

TEST(every_failed_allocation_is_survived) {
    int failures = 0;
    for (long k = 1; k < 1000; k++) {
        void *config = NULL, *copy = NULL;
        wf__alloc_fail_at(k);
        wf_status status = wf_fields_create(&config, &cx, fields, sizeof(sample));
        if (status == WF_OK)
            status = set(config, "layer", "{bidirectional: {layer: {gru: {units: 4}}}}");
        if (status == WF_OK) status = wf_fields_copy(&copy, &cx, fields, sizeof(sample), config);
        wf__alloc_fail_at(0);
        wf_fields_destroy(fields, config);
        wf_fields_destroy(fields, copy);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_NOMEM);
        failures++;
    }
    CHECK_INT(failures, 6);
}

TEST_MAIN()
