/* Ten classes of made-up garments for `compose`: squares of 20 pixels, grey 100 in the training
 * part and 200 in the test part, so that one sees on a canvas where it comes from. */
#ifndef WF_TESTS_GARMENTS_H
#define WF_TESTS_GARMENTS_H

#include <string.h>

#include "weft/data.h"

enum { GARMENTS_TRAIN = 30, GARMENTS_TEST = 20, GARMENT_SIDE = 28, GARMENT_EDGE = 4 };
enum { GARMENT_TRAIN_GREY = 100, GARMENT_TEST_GREY = 200 };

static wf_images garments_part(uint8_t *pixels, int32_t *labels, int count, uint8_t grey) {
    for (int i = 0; i < count; i++) {
        labels[i] = i % 10;
        for (int y = GARMENT_EDGE; y < GARMENT_SIDE - GARMENT_EDGE; y++)
            memset(pixels + (i * GARMENT_SIDE + y) * GARMENT_SIDE + GARMENT_EDGE, grey,
                   GARMENT_SIDE - 2 * GARMENT_EDGE);
    }
    return (wf_images){.count = count,
                       .height = GARMENT_SIDE,
                       .width = GARMENT_SIDE,
                       .channels = 1,
                       .pixels = pixels,
                       .labels = labels};
}

/* The same one at every call; nothing of it is freed. */
static wf_dataset *garments(void) {
    static uint8_t pixels[GARMENTS_TRAIN + GARMENTS_TEST][GARMENT_SIDE * GARMENT_SIDE];
    static int32_t labels[GARMENTS_TRAIN + GARMENTS_TEST];
    static char a[] = "T-shirt/top", b[] = "Trouser", c[] = "Pullover", d[] = "Dress", e[] = "Coat",
                f[] = "Sandal", g[] = "Shirt", h[] = "Sneaker", i[] = "Bag", j[] = "Ankle boot",
                name[] = "squares", sha256[65] = "0";
    static char *names[] = {a, b, c, d, e, f, g, h, i, j};
    static wf_dataset set;
    set = (wf_dataset){.name = name, .n_classes = 10, .class_names = names};
    memcpy(set.sha256, sha256, sizeof sha256);
    set.train = garments_part(pixels[0], labels, GARMENTS_TRAIN, GARMENT_TRAIN_GREY);
    set.test = garments_part(pixels[GARMENTS_TRAIN], labels + GARMENTS_TRAIN, GARMENTS_TEST,
                             GARMENT_TEST_GREY);
    return &set;
}

#endif
