/* The shape files themselves: every layer has one, all can be read, and together they cover what
 * they are meant to cover. */
#include "parity/shapes.h"
#include "ref/ref.h"
#include "test.h"

static const char *const layers[] = {
#define WF_LAYER(name) #name,
#include "nn/layers.def"
#undef WF_LAYER
};

static const char folder[] = WF_SOURCE_DIR "/tests/parity/shapes";

TEST(every_layer_has_problems) {
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        if (strcmp(layers[i], "input") == 0 || strcmp(layers[i], "label_input") == 0)
            continue; /* nothing is computed */
        int count;
        shapes_problem *all = shapes_load(folder, layers[i], &count);
        bool single = false, many = false;
        for (int k = 0; k < count; k++) {
            long dims[3];
            CHECK(shapes_int(&all[k], "n", 0) >= 1);
            for (int j = 0; j < shapes_input_count(&all[k]); j++) {
                int rank = shapes_input(&all[k], j, dims);
                CHECK(rank >= 1 && rank <= 3);
                for (int d = 0; d < rank; d++) CHECK(dims[d] >= 1);
            }
            single = single || shapes_int(&all[k], "n", 0) <= 2;
            many = many || shapes_int(&all[k], "n", 0) > 16;
        }
        CHECK(count >= 10 && count <= 40);
        CHECK(single && many);
        free(all);
    }
}

TEST(the_form) {
    int count;
    shapes_problem *all = shapes_load(folder, "concatenate", &count);
    long dims[3];
    CHECK_INT(shapes_input_count(&all[7]), 3);
    CHECK_INT(shapes_input(&all[7], 2, dims), 3);
    CHECK_INT(dims[0], 3);
    CHECK_INT(dims[1], 4);
    CHECK_INT(dims[2], 5);
    CHECK(shapes_is_config("units") && !shapes_is_config("n"));
    free(all);
    all = shapes_load(folder, "conv2d", &count);
    long pair[2];
    shapes_pair(&all[10], "kernel_size", 0, pair);
    CHECK_INT(pair[0], 2);
    CHECK_INT(pair[1], 4);
    shapes_pair(&all[10], "strides", 1, pair);
    CHECK_INT(pair[1], 2);
    shapes_pair(&all[10], "dilation_rate", 1, pair);
    CHECK_INT(pair[0], 1);
    CHECK_STR(shapes_text(&all[10], "padding", "valid"), "same");
    free(all);
}

TEST(convolutions_fit_their_images) {
    int count;
    shapes_problem *all = shapes_load(folder, "conv2d", &count);
    bool wide_stride = false;
    for (int k = 0; k < count; k++) {
        long in[3], kernel[2], stride[2], dilation[2];
        shapes_input(&all[k], 0, in);
        shapes_pair(&all[k], "kernel_size", 0, kernel);
        shapes_pair(&all[k], "strides", 1, stride);
        shapes_pair(&all[k], "dilation_rate", 1, dilation);
        bool same = strcmp(shapes_text(&all[k], "padding", "valid"), "same") == 0;
        ref_padding padding = same ? REF_SAME : REF_VALID;
        for (int axis = 0; axis < 2; axis++) {
            CHECK(ref_window_out(in[axis], kernel[axis], stride[axis], dilation[axis], padding) >=
                  1);
            wide_stride = wide_stride || stride[axis] > kernel[axis];
        }
        CHECK_INT(in[2] % shapes_int(&all[k], "groups", 1), 0);
        CHECK_INT(shapes_int(&all[k], "filters", 0) % shapes_int(&all[k], "groups", 1), 0);
    }
    CHECK(wide_stride);
    free(all);
}

TEST_MAIN()
