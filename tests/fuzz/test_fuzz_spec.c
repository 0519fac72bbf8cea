/* The model file's reader under damaged input: it must answer, and what it accepts must be written
 * and read back as the same text.
 *
 * The program damages the files in models/ and the small corpus below, the same way in every run.
 * With libFuzzer: clang -fsanitize=fuzzer,address -DWEFT_LIBFUZZER and the same sources. */
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "spec/model.h"
#include "spec/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the reader accepts comes back the same; returns 0 when it does not. */
static int reads_back(wf_context *cx, const wf_model_spec *spec) {
    wf_str first = {0}, second = {0};
    wf_model_spec *again = NULL;
    int same = wf_model_spec_write(&first, cx, spec) == WF_OK &&
               wf_model_spec_parse(&again, cx, first.text, first.length, "again") == WF_OK &&
               wf_model_spec_write(&second, cx, again) == WF_OK &&
               strcmp(first.text, second.text) == 0;
    wf_model_spec_destroy(again);
    wf_str_reset(&first);
    wf_str_reset(&second);
    return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wf_context cx = {0};
    char *text = NULL;
    wf_model_spec *spec = NULL;
    if (wf_alloc(&text, &cx, size + 1, 1) != WF_OK) return 0;
    if (size) memcpy(text, data, size);
    if (wf_model_spec_parse(&spec, &cx, text, size, "fuzz") == WF_OK && !reads_back(&cx, spec))
        __builtin_trap();
    wf_model_spec_destroy(spec);
    wf_free(text);
    return 0;
}

#ifndef WEFT_LIBFUZZER
#include <time.h>

#include "test.h"

enum { MAX_SIZE = 16384, SECONDS = 2 };

static const char *const corpus[] = {
    "name: a\ninput: [4, 4, 1]\nlayers:\n- flatten\n- dense: {units: 3, activation: softmax}\n",
    "name: b\ninput: [8, 8, 2]\nlayers:\n- conv2d: {name: x, filters: 4, kernel_size: [1, 3], "
    "padding: same, groups: 2}\n- relu: {inputs: input, name: y}\n- concatenate: {inputs: [x, y, "
    "x], "
    "axis: -1}\n- global_average_pool2d\n",
    "name: c\ninput: [5, 3]\nlayers:\n- bidirectional:\n    merge_mode: sum\n    layer:\n      "
    "gru:\n"
    "        units: 3\n        return_sequences: true\n- reshape: {target_shape: [-1]}\ntraining:\n"
    "  loss: {categorical_crossentropy: {label_smoothing: .1}}\n  schedule: {step: {}}\n",
    "name: e\ninput: [4, 4, 1]\nlayers: [flatten]\ntraining: {augmentation: [random_flip, {mixup: "
    "{alpha: 1}}, {cutout: {size: 2, rate: .5}}, {random_shift: {height: 1, fill: edge}}]}\n",
    "name: d\nsource: \"\\u2028\\x01\\\"\\\\\"\ndescription: |\n  a\n  b\nclaim: {text: >-\n   "
    "folded\n"
    " , loss: 1e-3}\ninput: 3\nlayers: [relu, {dropout: {rate: 1e-1}}]\n",
    "%YAML 1.2\n--- !!map\n? &a name\n: *a\n<<: [*a]\n...\n",
    "{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[",
    "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - a",
    "a: 'b\n\n\n c'\n\xef\xbb\xbf\"\\U0010ffff\": ?\n",
};
enum { N_CORPUS = sizeof corpus / sizeof corpus[0] };

/* Pieces that mean something to YAML or to the reader. */
static const char *const words[] = {"layers",
                                    "inputs",
                                    "name",
                                    "[",
                                    "]",
                                    "{",
                                    "}",
                                    ": ",
                                    "- ",
                                    "\n",
                                    "\n  ",
                                    ", ",
                                    "&a ",
                                    "*a",
                                    "!!int",
                                    "|",
                                    ">",
                                    "\"",
                                    "'",
                                    "#",
                                    "?",
                                    "-1",
                                    "0",
                                    "4294967296",
                                    "1e308",
                                    ".nan",
                                    "0x10",
                                    "~",
                                    "%",
                                    "---",
                                    "...",
                                    "\t",
                                    "\r",
                                    "null",
                                    "true",
                                    "layer",
                                    "\xff",
                                    "\xc3",
                                    "add",
                                    "lstm",
                                    "flatten",
                                    "99999",
                                    "bidirectional",
                                    "training",
                                    "optimizer"};
enum { N_WORDS = sizeof words / sizeof words[0] };

typedef struct buffer {
    size_t size;
    uint8_t data[MAX_SIZE];
} buffer;

static size_t below(wf_rng *rng, size_t n) { return n ? (size_t)wf_rng_below(rng, n) : 0; }

static void replace(buffer *b, size_t at, size_t gone, const void *bytes, size_t n) {
    if (b->size - gone + n > MAX_SIZE) return;
    memmove(b->data + at + n, b->data + at + gone, b->size - at - gone);
    if (n) memcpy(b->data + at, bytes, n);
    b->size += n - gone;
}

static void damage(buffer *b, wf_rng *rng) {
    uint8_t copy[256];
    size_t at = below(rng, b->size + 1), left = b->size - at;
    size_t n = below(rng, left < 200 ? left + 1 : 200);
    const char *word = words[below(rng, N_WORDS)];
    switch (below(rng, 6)) {
    case 0: /* a bit */
        if (left) b->data[at] ^= (uint8_t)(1u << below(rng, 8));
        break;
    case 1: replace(b, at, n, NULL, 0); break;                        /* cut */
    case 2: replace(b, at, 0, word, strlen(word)); break;             /* insert */
    case 3: replace(b, at, n < 8 ? n : 8, word, strlen(word)); break; /* overwrite */
    case 4:                                                           /* repeat */
        memcpy(copy, b->data + at, n);
        replace(b, at, 0, copy, n);
        break;
    default: b->size = at; /* cut off */
    }
}

static buffer work;

static void load(const void *data, size_t size) {
    work.size = size < MAX_SIZE ? size : MAX_SIZE;
    memcpy(work.data, data, work.size);
}

/* The file as it is, then damaged in `rounds` ways. */
static void fuzz_one(const void *data, size_t size, wf_rng *rng, int rounds) {
    load(data, size);
    LLVMFuzzerTestOneInput(work.data, work.size);
    for (int i = 0; i < rounds; i++) {
        load(data, size);
        for (size_t k = 1 + below(rng, 4); k > 0; k--) damage(&work, rng);
        LLVMFuzzerTestOneInput(work.data, work.size);
    }
}

TEST(damaged_model_files_are_answered) {
    static const char folder[] = WF_SOURCE_DIR "/models";
    wf_context cx = {0};
    wf_names names = {0};
    wf_rng rng;
    int rounds = 0;
    time_t end = time(NULL) + SECONDS;
    CHECK_OK(&cx, wf_dir_list(&names, &cx, folder));
    wf_rng_init(&rng, 1, WF_STREAM_TEST, 0);
    do {
        for (size_t i = 0; i < N_CORPUS; i++) fuzz_one(corpus[i], strlen(corpus[i]), &rng, 10);
        for (size_t i = 0; i < names.count; i++) {
            char *path = NULL;
            uint8_t *text = NULL;
            size_t size = 0;
            CHECK_OK(&cx, wf_path_join(&path, &cx, folder, names.items[i]));
            CHECK_OK(&cx, wf_file_read(&text, &size, &cx, path, WF_YAML_MAX_BYTES));
            fuzz_one(text, size, &rng, 2);
            wf_free(path);
            wf_free(text);
        }
        rounds++;
    } while (time(NULL) < end);
    wf_names_reset(&names);
    CHECK(rounds > 0);
}

TEST_MAIN()
#endif
