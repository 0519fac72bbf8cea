/* A program outside of weft that uses the installed library: it trains a GRU to tell bright images
 * from dark ones. It knows public headers only. */
#include <stdio.h>
#include <weft/weft.h>

int main(void) {
    static uint8_t pixels[64 * 16]; /* 64 images of 4x4, every second one bright */
    static int32_t rows[64], labels[64];
    for (int i = 0; i < 64 * 16; i++) pixels[i] = i / 16 % 2 ? 200 : 50;
    for (int i = 0; i < 64; i++) labels[rows[i] = i] = i % 2;
    wf_images images = {
        .count = 64, .height = 4, .width = 4, .channels = 1, .pixels = pixels, .labels = labels};
    wf_train_data data = {.train = &images, .train_index = rows, .n_train = 64};

    wf_context cx = {0};
    wf_pool *pool = NULL;
    wf_model *model = NULL;
    wf_params *params = NULL;
    wf_train_result result = {0};
    const char *text = "{name: bright, input: [4, 4, 1], training: {epochs: 40},"
                       " layers: [rows, gru: {units: 8}, dense: {units: 2, activation: softmax}]}";
    if (wf_pool_create(&pool, &cx, 0) || wf_model_parse(&model, &cx, text) ||
        wf_model_params(&params, &cx, model, 1) ||
        wf_normalization_create(&data.normalization, &cx, WF_NORMALIZATION_UNIT, &images, rows,
                                64) ||
        wf_fit(&result, params, &cx, pool, wf_model_recipe(model), &data, &(wf_train_options){0}))
        fprintf(stderr, "%s: %s\n", wf_status_name(cx.code), cx.message);
    else printf("%d epochs, accuracy %.2f\n", result.epochs, result.history[39].accuracy);
    wf_train_result_reset(&result);
    wf_params_destroy(params);
    wf_model_destroy(model);
    wf_pool_destroy(pool);
    return cx.code != WF_OK;
}
