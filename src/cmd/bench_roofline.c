#include "cmd/bench_roofline.h"

#include "train/roofline.h"

static const char *layer_of(const wf_graph *g, const wf_roofline_row *row) {
    return row->node < 0 ? "optimizer" : g->nodes[row->node].name;
}

static const char *limit_of(const wf_roofline *r, const wf_roofline_row *row) {
    switch (row->bound) {
    case WF_BOUND_PRODUCTS: return row->is_bf16 ? "bfloat16 products" : "float32 products";
    case WF_BOUND_NEAR: return r->near == WF_CEILING_L1 ? "L1" : "L2";
    case WF_BOUND_FAR: return "batch memory";
    case WF_BOUND_FUNCTIONS: return "exp and tanh";
    default: return "-";
    }
}

/* ---- text ---- */

static void print_ceilings(const wf_cli *cli, const wf_roofline *r, int threads) {
    const double *c = r->ceilings;
    wf_print(cli,
             "Ceilings, %d threads: products %.0f GFLOP/s in float32, %.0f in bfloat16; exp %.1f,"
             " tanh %.1f billion/s;\n"
             "reading %.0f GB/s in L1, %.0f in L2, %.0f batch memory, %.0f memory\n",
             threads, 1e-9 * c[WF_CEILING_FLOAT32], 1e-9 * c[WF_CEILING_BFLOAT16],
             1e-9 * c[WF_CEILING_EXP], 1e-9 * c[WF_CEILING_TANH], 1e-9 * c[WF_CEILING_L1],
             1e-9 * c[WF_CEILING_L2], 1e-9 * c[WF_CEILING_FAR], 1e-9 * c[WF_CEILING_MEMORY]);
}

static wf_status add_cells(wf_table *t, wf_context *cx, const wf_roofline *r,
                           const wf_roofline_row *row, const char *layer, const char *limit) {
    WF_TRY(wf_table_add(t, cx, layer));
    WF_TRY(wf_table_add(t, cx, wf_pass_name(row->pass)));
    WF_TRY(wf_table_addf(t, cx, "%.1f", 1e-6 * row->flop));
    WF_TRY(wf_table_addf(t, cx, "%.1f", 1e-6 * row->made_flop));
    WF_TRY(wf_table_addf(t, cx, "%.2f", 1e-6 * row->bytes));
    WF_TRY(wf_table_addf(t, cx, "%.3f", 1e-6 * row->evaluations));
    WF_TRY(wf_table_addf(t, cx, "%.4f", row->least_ms));
    WF_TRY(wf_table_addf(t, cx, "%.4f", row->ms));
    if (row->least_ms > 0) WF_TRY(wf_table_addf(t, cx, "%.1f", row->ms / row->least_ms));
    else WF_TRY(wf_table_add(t, cx, "-"));
    WF_TRY(wf_table_addf(t, cx, "%.1f %%", 100 * row->ms / r->ms));
    return wf_table_add(t, cx, limit);
}

/* A row that is no layer's. */
static wf_status add_rest(wf_table *t, wf_context *cx, const wf_roofline *r, const char *name,
                          double ms) {
    const char *const before[] = {name, "", "", "", "", "", ""};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        WF_TRY(wf_table_add(t, cx, before[i]));
    WF_TRY(wf_table_addf(t, cx, "%.4f", ms));
    WF_TRY(wf_table_add(t, cx, ""));
    WF_TRY(wf_table_addf(t, cx, "%.1f %%", 100 * ms / r->ms));
    return wf_table_add(t, cx, "");
}

static wf_status fill_table(wf_table *t, wf_context *cx, const wf_roofline *r, const wf_graph *g) {
    static const char *const head[] = {"layer",    "pass",  "MFLOP", "made",  "MB",   "M exp, tanh",
                                       "least ms", "is ms", "times", "share", "limit"};
    wf_roofline_row whole = {.least_ms = r->least_ms, .ms = r->ms};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) WF_TRY(wf_table_add(t, cx, head[i]));
    for (int i = 0; i < r->n_rows; i++) {
        const wf_roofline_row *row = &r->rows[i];
        WF_TRY(add_cells(t, cx, r, row, layer_of(g, row), limit_of(r, row)));
        whole.flop += row->flop;
        whole.made_flop += row->made_flop;
        whole.bytes += row->bytes;
        whole.evaluations += row->evaluations;
    }
    WF_TRY(add_rest(t, cx, r, "waiting for workers", r->waiting_ms));
    WF_TRY(add_rest(t, cx, r, "between phases", r->other_ms));
    return add_cells(t, cx, r, &whole, "whole", "");
}

static wf_status print_text(wf_session *s, const wf_model_spec *model, const wf_bench_options *o,
                            const wf_roofline *r) {
    const char *what = o->is_inference ? "call" : "step";
    char isa[16];
    wf_table table;
    wf_table_init(&table, 11, 0x3FC);
    wf_status status = fill_table(&table, &s->cli->cx, r, model->graph);
    if (status == WF_OK) {
        wf_print(
            s->cli,
            "%s: %.3f ms per %s of %d image%s, %.2f times the %.3f ms that the ceilings allow\n"
            "%s, %s, mean over the faster half of %lld %ss\n",
            model->name, r->ms, what, r->batch_size, r->batch_size == 1 ? "" : "s",
            r->ms / r->least_ms, r->least_ms, wf_precision_name(o->precision),
            wf_isa_text(isa, s->kernels), (long long)r->runs, what);
        print_ceilings(s->cli, r, wf_pool_size(s->pool));
        wf_print(s->cli, "\n");
        wf_table_print(&table, s->cli);
    }
    wf_table_reset(&table);
    return status;
}

/* ---- JSON ---- */

static json_t *row_json(const wf_roofline *r, const wf_roofline_row *row, const wf_graph *g) {
    return json_pack("{s:s, s:s, s:b, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:s}",
                     "layer", layer_of(g, row), "pass", wf_pass_name(row->pass), "bfloat16",
                     row->is_bf16, "flop", row->flop, "made_flop", row->made_flop, "bytes",
                     row->bytes, "evaluations", row->evaluations, "products_ms",
                     row->parts[WF_BOUND_PRODUCTS], "near_ms", row->parts[WF_BOUND_NEAR], "far_ms",
                     row->parts[WF_BOUND_FAR], "functions_ms", row->parts[WF_BOUND_FUNCTIONS],
                     "least_ms", row->least_ms, "ms", row->ms, "limit", limit_of(r, row));
}

static wf_status make_json(wf_session *s, const wf_model_spec *model, const wf_bench_options *o,
                           const wf_roofline *r) {
    wf_context *cx = &s->cli->cx;
    char isa[16];
    json_t *ceilings = json_object(), *rows = json_array();
    wf_status status = WF_OK;
    for (int i = 0; i < WF_CEILINGS && status == WF_OK; i++)
        status =
            wf_json_put(ceilings, cx, wf_ceiling_key((wf_ceiling)i), wf_json_real(r->ceilings[i]));
    for (int i = 0; i < r->n_rows && status == WF_OK; i++)
        status = wf_json_append(rows, cx, row_json(r, &r->rows[i], model->graph));
    if (status == WF_OK)
        s->cli->result = json_pack(
            "{s:s, s:s, s:f, s:f, s:f, s:I, s:i, s:s, s:i, s:s, s:s, s:O, s:O, s:f, s:f}", "model",
            model->name, "mode", o->is_inference ? "inference" : "train", "ms_per_step", r->ms,
            "least_ms", r->least_ms, "ratio", r->ms / r->least_ms, "steps", (json_int_t)r->runs,
            "batch_size", r->batch_size, "precision", wf_precision_name(o->precision), "threads",
            wf_pool_size(s->pool), "isa", wf_isa_text(isa, s->kernels), "images",
            o->images ? s->dataset->name : "random", "ceilings", ceilings, "rows", rows,
            "waiting_ms", r->waiting_ms, "between_phases_ms", r->other_ms);
    json_decref(ceilings);
    json_decref(rows);
    return status;
}

wf_status wf_roofline_print(wf_session *s, const wf_model_spec *model, wf_params *params,
                            const wf_bench_options *options) {
    wf_roofline r;
    WF_TRY(wf_roofline_measure(&r, params, &s->cli->cx, s->pool, options));
    wf_status status = print_text(s, model, options, &r);
    if (status == WF_OK) status = make_json(s, model, options, &r);
    wf_roofline_reset(&r);
    return status;
}
