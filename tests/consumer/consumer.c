/* A program outside of weft that uses the installed library: it builds a model, trains it on images
 * that it makes, and asks for a prediction. It knows public headers only. */
#include <stdio.h>

#include <weft/weft.h>

enum { IMAGES = 64, SIDE = 8, PIXELS = SIDE * SIDE };

int main(void) {
    static uint8_t
        pixels[IMAGES * PIXELS]; /* class 0 is bright on the left, class 1 on the right */
    static int32_t labels[IMAGES], rows[IMAGES];
    for (int i = 0; i < IMAGES * PIXELS; i++)
        pixels[i] =
            (uint8_t)((i % SIDE < SIDE / 2) == (i / PIXELS % 2 == 0) ? 200 + i % 50 : i % 50);
    for (int i = 0; i < IMAGES; i++) labels[rows[i] = i] = i % 2;
    wf_images images = {IMAGES, SIDE, SIDE, 1, pixels, labels};

    wf_context cx = {0};
    wf_pool *pool = NULL;
    wf_model *model = NULL;
    wf_params *params = NULL;
    wf_train_data data = {.train = &images, .train_index = rows, .n_train = IMAGES};
    wf_train_result trained = {0};
    wf_predict_result judged = {0};
    if (wf_pool_create(&pool, &cx, 0) ||
        wf_model_create(&model, &cx, "sides", (int32_t[]){SIDE, SIDE, 1}, 3) ||
        wf_model_add(model, &cx, "rows", NULL, NULL, NULL, 0) ||
        wf_model_add(model, &cx, "gru", "units: 8", NULL, NULL, 0) ||
        wf_model_add(model, &cx, "dense", "units: 2, activation: softmax", NULL, NULL, 0) ||
        wf_model_finish(model, &cx) || wf_model_set(model, &cx, "training.epochs=40") ||
        wf_normalization_create(&data.normalization, &cx, WF_NORMALIZATION_UNIT, &images, NULL,
                                0) ||
        wf_model_params(&params, &cx, model, 1) ||
        wf_fit(&trained, params, &cx, pool, wf_model_recipe(model), &data,
               &(wf_train_options){0}) ||
        wf_predict(&judged, NULL, params, &cx, pool,
                   &(wf_predict_options){.images = &images,
                                         .normalization = data.normalization,
                                         .recipe = wf_model_recipe(model)})) {
        fprintf(stderr, "%s: %s\n", wf_status_name(cx.code), cx.message);
        return 1;
    }
    printf("%d epochs, accuracy %.2f\n", (int)trained.epochs, judged.accuracy);
    wf_train_result_reset(&trained);
    wf_params_destroy(params);
    wf_model_destroy(model);
    wf_pool_destroy(pool);
    return 0;
}
