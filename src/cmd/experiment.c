#include "cmd/experiment.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "spec/yaml.h"

enum { MAX_BYTES = 1 << 20 };

wf_status wf_stable_path(char **out, wf_context *cx, const char *text) {
    for (size_t i = 0; wf_dataset_info_at(i); i++)
        if (!strcmp(wf_dataset_info_at(i)->name, text)) return wf_strdup(out, cx, text);
    char *absolute = realpath(text, NULL);
    wf_status status = wf_strdup(out, cx, absolute ? absolute : text);
    free(absolute);
    WF_TRY(status);
    if (wf_utf8_is_valid(*out)) return WF_OK;
    wf_free(*out);
    *out = NULL;
    return WF_FAIL(WF_E_ARG,
                   "%s: this path is not UTF-8, in which a run keeps it | give the file or "
                   "folder another name",
                   text);
}

static wf_status set_value(wf_experiment *e, wf_context *cx, const char *format, double value) {
    char text[96], number[32];
    snprintf(text, sizeof text, format, wf_double_text(number, value));
    return wf_model_spec_set(e->model, cx, text);
}

static wf_status apply(wf_experiment *e, wf_context *cx, const wf_experiment_flags *flags) {
    char text[96];
    WF_TRY(wf_model_apply(e->model, cx, &flags->set));
    if (flags->epochs != WF_UNSET) {
        snprintf(text, sizeof text, "training.epochs=%lld", (long long)flags->epochs);
        WF_TRY(wf_model_spec_set(e->model, cx, text));
    }
    if (flags->batch_size != WF_UNSET) {
        snprintf(text, sizeof text, "training.batch_size=%lld", (long long)flags->batch_size);
        WF_TRY(wf_model_spec_set(e->model, cx, text));
    }
    if (!isnan(flags->validation))
        WF_TRY(set_value(e, cx, "training.validation=%s", flags->validation));
    return WF_OK;
}

wf_status wf_experiment_create(wf_experiment *out, wf_cli *cli, const char *model,
                               const wf_experiment_flags *flags, int64_t seed) {
    wf_context *cx = &cli->cx;
    wf_experiment e = {.seed = seed, .limit = flags->limit};
    WF_REQUIRE(!flags->splits || (flags->limit == 0 && isnan(flags->validation)), WF_E_ARG,
               "--splits %s says which images are for training and validation | leave --limit and "
               "--validation out",
               flags->splits);
    wf_status status = wf_precision_find(&e.precision, cx, flags->precision);
    if (status == WF_OK) status = wf_model_load(&e.model, cli, model);
    if (status == WF_OK) status = apply(&e, cx, flags);
    if (status == WF_OK) status = wf_stable_path(&e.dataset, cx, flags->dataset);
    if (status == WF_OK && flags->splits) status = wf_stable_path(&e.splits, cx, flags->splits);
    if (status == WF_OK && !flags->splits) status = wf_strdup(&e.splits, cx, "drawn");
    if (status == WF_OK) *out = e;
    else wf_experiment_reset(&e);
    return status;
}

wf_status wf_experiment_write(wf_str *out, wf_context *cx, const wf_experiment *e) {
    wf_str model = {0};
    wf_str_add(out, cx, "dataset: ");
    wf_yaml_add_text(out, cx, e->dataset);
    wf_str_addf(out, cx, "\nseed: %lld\nlimit: %lld\nsplits: ", (long long)e->seed,
                (long long)e->limit);
    wf_yaml_add_text(out, cx, e->splits);
    if (e->folds)
        wf_str_addf(out, cx, "\nfolds: %d\nrepeat: %d\nfold: %d", e->folds, e->repeat, e->fold);
    if (e->is_trial) wf_str_add(out, cx, "\ntrial: true");
    wf_str_addf(out, cx, "\nprecision: %s", wf_precision_name(e->precision));
    if (e->pretrained) {
        wf_str_add(out, cx, "\npretrained: ");
        wf_yaml_add_text(out, cx, e->pretrained);
        wf_str_addf(out, cx, "\npretrained_sha256: %s", e->pretrained_sha256);
    }
    wf_str_add(out, cx, "\nmodel:\n");
    wf_status status = wf_model_spec_write(&model, cx, e->model);
    for (const char *line = model.text; status == WF_OK && line && *line;) {
        size_t n = strcspn(line, "\n");
        if (n) wf_str_add(out, cx, "  ");
        wf_str_add_bytes(out, cx, line, n);
        wf_str_add(out, cx, "\n");
        line += n + (line[n] == '\n');
    }
    wf_str_reset(&model);
    return status != WF_OK ? status : out->status;
}

wf_status wf_experiment_key(wf_str *out, wf_context *cx, const wf_experiment *e) {
    char none[] = "";
    wf_model_spec bare = *e->model;
    bare.source = bare.description = none;
    bare.family = WF_FAMILY_OTHER;
    bare.claim = (wf_claim){none, none, NAN, NAN, NAN};
    wf_experiment key = *e;
    key.model = &bare;
    if (key.pretrained) key.pretrained = none;
    return wf_experiment_write(out, cx, &key);
}

wf_status wf_experiment_key_of_data(wf_str *out, wf_context *cx, const wf_experiment *e) {
    char known[] = "known";
    wf_experiment anywhere = *e;
    anywhere.dataset = known;
    return wf_experiment_key(out, cx, &anywhere);
}

/* ---- reading ---- */

static const char *find_text(const wf_yaml *root, const char *key) {
    for (size_t i = 0; root->kind == WF_YAML_MAP && i < root->count; i++)
        if (root->items[i].key && !strcmp(root->items[i].key, key)) return root->items[i].text;
    return NULL;
}

static wf_status get_int(int64_t *out, wf_context *cx, const wf_yaml *root, const char *key,
                         const char *path) {
    const char *text = find_text(root, key);
    char *end = NULL;
    errno = 0;
    long long value = text ? strtoll(text, &end, 10) : -1;
    WF_REQUIRE(text && end != text && !*end && errno == 0 && value >= 0, WF_E_MODEL,
               "%s: %s is \"%s\", must be a whole number from 0", path, key, text ? text : "");
    *out = value;
    return WF_OK;
}

static wf_status get_fold(wf_experiment *e, wf_context *cx, const wf_yaml *root, const char *path) {
    int64_t folds = 0, repeat = 0, fold = 0;
    if (!find_text(root, "folds")) return WF_OK;
    WF_TRY(get_int(&folds, cx, root, "folds", path));
    WF_TRY(get_int(&repeat, cx, root, "repeat", path));
    WF_TRY(get_int(&fold, cx, root, "fold", path));
    WF_REQUIRE(folds >= 2 && folds <= WF_MAX_FOLDS && fold < folds && repeat <= INT32_MAX,
               WF_E_MODEL,
               "%s: fold %lld of %lld, must be from 0 to one less than the folds, at "
               "most %d of them",
               path, (long long)fold, (long long)folds, WF_MAX_FOLDS);
    e->folds = (int32_t)folds;
    e->repeat = (int32_t)repeat;
    e->fold = (int32_t)fold;
    return WF_OK;
}

/* The model's lines are those behind "model:", two spaces deeper than in a model file. */
static wf_status read_model(wf_experiment *e, wf_context *cx, const char *text, const char *path) {
    const char *line = strstr(text, "\nmodel:\n");
    WF_REQUIRE(line, WF_E_MODEL, "%s: there is no line \"model:\"", path);
    line += strlen("\nmodel:\n");
    wf_str model = {0};
    while (*line) {
        size_t n = strcspn(line, "\n");
        size_t indent = n >= 2 && line[0] == ' ' && line[1] == ' ' ? 2 : 0;
        wf_str_add_bytes(&model, cx, line + indent, n - indent);
        wf_str_add(&model, cx, "\n");
        line += n + (line[n] == '\n');
    }
    wf_status status = model.status;
    if (status == WF_OK)
        status =
            wf_model_spec_parse(&e->model, cx, model.text ? model.text : "", model.length, path);
    wf_str_reset(&model);
    return status;
}

static wf_status get_pretrained(wf_experiment *e, wf_context *cx, const wf_yaml *root,
                                const char *path) {
    const char *file = find_text(root, "pretrained"), *hash = find_text(root, "pretrained_sha256");
    if (!file) return WF_OK;
    WF_REQUIRE(hash && strlen(hash) == WF_HASH_HEX - 1, WF_E_MODEL,
               "%s: pretrained_sha256 is \"%s\", must be the SHA-256 of %s", path, hash ? hash : "",
               file);
    memcpy(e->pretrained_sha256, hash, WF_HASH_HEX);
    return wf_strdup(&e->pretrained, cx, file);
}

static wf_status read_text(wf_experiment *e, wf_context *cx, const char *text, size_t size,
                           const char *path) {
    wf_yaml *root = NULL;
    WF_TRY(wf_yaml_parse(&root, cx, text, size, path));
    const char *dataset = find_text(root, "dataset"), *splits = find_text(root, "splits");
    const char *precision = find_text(root, "precision"), *trial = find_text(root, "trial");
    wf_status status = WF_OK;
    if (!dataset || !splits || !precision)
        status = WF_FAIL(WF_E_MODEL, "%s: dataset, splits or precision is missing", path);
    if (status == WF_OK) status = wf_precision_find(&e->precision, cx, precision);
    if (status == WF_OK) status = wf_strdup(&e->dataset, cx, dataset);
    if (status == WF_OK) status = wf_strdup(&e->splits, cx, splits);
    if (status == WF_OK) status = get_int(&e->seed, cx, root, "seed", path);
    if (status == WF_OK) status = get_int(&e->limit, cx, root, "limit", path);
    if (status == WF_OK) status = get_fold(e, cx, root, path);
    if (status == WF_OK) status = get_pretrained(e, cx, root, path);
    e->is_trial = trial && !strcmp(trial, "true");
    wf_yaml_destroy(root);
    return status == WF_OK ? read_model(e, cx, text, path) : status;
}

wf_status wf_experiment_parse(wf_experiment *out, wf_context *cx, const char *text,
                              const char *path) {
    wf_experiment e = {0};
    wf_status status = read_text(&e, cx, text, strlen(text), path);
    if (status == WF_OK) *out = e;
    else wf_experiment_reset(&e);
    return status;
}

wf_status wf_experiment_read(wf_experiment *out, wf_cli *cli, const char *path) {
    wf_context *cx = &cli->cx;
    uint8_t *text = NULL;
    size_t size = 0;
    wf_experiment e = {0};
    wf_status status = wf_file_read(&text, &size, cx, path, MAX_BYTES);
    if (status == WF_OK) status = read_text(&e, cx, (const char *)text, size, path);
    wf_free(text);
    if (status == WF_OK) *out = e;
    else wf_experiment_reset(&e);
    if (status == WF_E_ARG || status == WF_E_SHAPE || status == WF_E_LIMIT)
        cli->exit_code = WF_EXIT_MODEL;
    return status;
}

uint64_t wf_experiment_training_seed(const wf_experiment *e) {
    return (uint64_t)e->seed + (uint64_t)e->repeat * (uint64_t)e->folds + (uint64_t)e->fold;
}

void wf_experiment_reset(wf_experiment *e) {
    wf_model_spec_destroy(e->model);
    wf_free(e->dataset);
    wf_free(e->splits);
    wf_free(e->pretrained);
    *e = (wf_experiment){0};
}
