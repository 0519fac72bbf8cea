#include <math.h>

#include "cmd/bench_roofline.h"
#include "cmd/session.h"

typedef struct bench_options {
    wf_session_flags session;
    const char *dataset, *precision;
    int64_t batch_size;
    double seconds;
    int inference, roofline;
} bench_options;

static const wf_option options_table[] = {
    {"batch-size", 'b', WF_OPTION_INT, offsetof(bench_options, batch_size), "N", NULL, NULL, 1,
     65536, "images per step or call (default: the model file's)"},
    {"inference", 0, WF_OPTION_FLAG, offsetof(bench_options, inference), NULL, NULL, NULL, 0, 0,
     "time the model's answers instead of training steps"},
    {"roofline", 0, WF_OPTION_FLAG, offsetof(bench_options, roofline), NULL, NULL, NULL, 0, 0,
     "where the time goes, layer by layer, beside the least that this machine allows"},
    {"seconds", 0, WF_OPTION_REAL, offsetof(bench_options, seconds), "S", "2", NULL, 0, 3600,
     "measure for so long, and one step or call at least"},
    {"precision", 0, WF_OPTION_CHOICE, offsetof(bench_options, precision), "float32|bfloat16|auto",
     "float32", "WEFT_PRECISION", 0, 0,
     "factors of matrix products; auto: bfloat16 where the CPU has it"},
    {"dataset", 'd', WF_OPTION_TEXT, offsetof(bench_options, dataset), "DATASET", "fashion-mnist",
     NULL, 0, 0, "use these images; on random ones where they are not found"},
    WF_SESSION_OPTIONS(bench_options, session),
    {0}};

/* The real images if they are here; nothing is downloaded for a measurement. */
static const wf_images *find_images(wf_session *s, const char *dataset,
                                    const wf_model_spec *model) {
    s->data.options.allow_download = 0;
    if (wf_session_open_data(s, dataset, model) == WF_OK) return &s->dataset->train;
    wf_note(s->cli, "random images: %s\n", s->cli->cx.message);
    wf_context_reset(&s->cli->cx);
    s->cli->exit_code = 0;
    return NULL;
}

static wf_status time_steps(wf_session *s, const wf_model_spec *model, wf_params *params,
                            const wf_bench_options *o) {
    wf_cli *cli = s->cli;
    wf_bench_result r;
    char memory[32], isa[16];
    WF_TRY(wf_bench_step(&r, params, &cli->cx, s->pool, o));
    const int batch = o->batch_size;
    const char *images = o->images ? s->dataset->name : "random";
    /* a single image takes well below a millisecond */
    const double scale = o->is_inference && batch == 1 ? 1e3 : 1;
    wf_print(cli,
             "%s: %.3f %s per %s of %d image%s (median of %lld; fastest %.3f, 90 %% below %.3f)\n"
             "%.0f images/s, %d threads, %s, %s, %s images, %s of buffers\n",
             model->name, scale * r.median_ms, scale > 1 ? "us" : "ms",
             o->is_inference ? "call" : "step", batch, batch == 1 ? "" : "s", (long long)r.steps,
             scale * r.min_ms, scale * r.p90_ms, r.images_per_s, wf_pool_size(s->pool),
             wf_precision_name(o->precision), wf_isa_text(isa, s->kernels), images,
             wf_bytes_text(memory, (double)r.plan_bytes));
    cli->result = json_pack("{s:s, s:s, s:f, s:f, s:f, s:I, s:i, s:f, s:s, s:i, s:s, s:s, s:I}",
                            "model", model->name, "mode", o->is_inference ? "inference" : "train",
                            "ms_per_step", r.median_ms, "min_ms", r.min_ms, "p90_ms", r.p90_ms,
                            "steps", (json_int_t)r.steps, "batch_size", batch, "images_per_s",
                            r.images_per_s, "precision", wf_precision_name(o->precision), "threads",
                            wf_pool_size(s->pool), "isa", wf_isa_text(isa, s->kernels), "images",
                            images, "plan_bytes", (json_int_t)r.plan_bytes);
    return WF_OK;
}

static wf_status measure(wf_session *s, const wf_model_spec *model, const bench_options *o) {
    wf_cli *cli = s->cli;
    wf_params *params = NULL;
    int batch = o->batch_size == WF_UNSET ? model->recipe->batch_size : (int)o->batch_size;
    wf_bench_options options = {.recipe = model->recipe,
                                .batch_size = batch,
                                .seconds = o->seconds,
                                .images = find_images(s, o->dataset, model),
                                .is_inference = o->inference,
                                .stop = wf_signals_flag()};
    WF_TRY(wf_precision_find(&options.precision, &cli->cx, o->precision));
    WF_TRY(wf_params_create(&params, &cli->cx, model->graph, 0));
    wf_status status = (o->roofline ? wf_roofline_print : time_steps)(s, model, params, &options);
    wf_params_destroy(params);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const bench_options *o = given;
    wf_session session = {0};
    wf_model_spec *model = NULL;
    wf_status status;
    WF_TRY_OR(wf_model_load(&model, cli, cli->operands[0]));
    WF_TRY_OR(wf_session_init(&session, cli, &o->session));
    WF_TRY_OR(measure(&session, model, o));
done:
    wf_session_reset(&session);
    wf_model_spec_destroy(model);
    return status;
}

const wf_command wf_command_bench = {
    .name = "bench",
    .summary = "Time a model's training steps or its answers",
    .operands = "MODEL",
    .min_operands = 1,
    .max_operands = 1,
    .description =
        "A step is all of a training step: gathering images, conversion, dropout, loss, backward,\n"
        "optimizer; but not the runs by which a free order or scheduled sampling asks a decoder "
        "what\n"
        "it would say. A call of --inference is gathering, conversion and the layers' outputs.\n"
        "With --roofline the machine's ceilings are measured in turn with the steps: the rate of\n"
        "matrix products, of exp and tanh, of reading caches and memory. The table's times add up\n"
        "to the whole step.",
    .examples = "weft bench cnn-3conv-leaky --batch-size 128 --threads 2\n"
                "weft bench cnn-3conv-leaky --inference --batch-size 1\n"
                "weft bench lstm-186 --roofline --precision auto",
    .options_size = sizeof(bench_options),
    .options = options_table,
    .run = run,
};
