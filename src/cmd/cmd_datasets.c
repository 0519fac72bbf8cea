#include <string.h>

#include "base/alloc.h"
#include "cmd/dataset_show.h"
#include "cmd/settings.h"

typedef struct datasets_options {
    wf_data_flags data;
    int only_names;
} datasets_options;

static const wf_option options_table[] = {WF_DATA_OPTIONS(datasets_options, data),
                                          {"names", 0, WF_OPTION_FLAG,
                                           offsetof(datasets_options, only_names), NULL, NULL, NULL,
                                           0, 0, "print the names only"},
                                          {0}};

static wf_status add_json(json_t *list, wf_context *cx, const wf_dataset_info *info,
                          const char *found) {
    return wf_json_append(
        list, cx,
        json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:I, s:I, s:[iii], s:i, s:I, s:s?}", "name",
                  info->name, "summary", info->summary, "licence", info->licence, "homepage",
                  info->homepage, "debian_package", info->debian_package, "url", info->url,
                  "train_images", (json_int_t)info->n_train, "test_images",
                  (json_int_t)info->n_test, "shape", (int)info->height, (int)info->width,
                  (int)info->channels, "classes", (int)info->n_classes, "download_bytes",
                  (json_int_t)info->download_bytes, "found", found));
}

static wf_status add_row(wf_table *t, wf_context *cx, const wf_dataset_info *info,
                         const char *found) {
    char n_train[32], n_test[32], bytes[32];
    WF_TRY(wf_table_add(t, cx, info->name));
    WF_TRY(wf_table_add(t, cx, wf_thousands(n_train, info->n_train)));
    WF_TRY(wf_table_add(t, cx, wf_thousands(n_test, info->n_test)));
    WF_TRY(wf_table_addf(t, cx, "%d", (int)info->n_classes));
    WF_TRY(
        wf_table_addf(t, cx, "%dx%dx%d", (int)info->height, (int)info->width, (int)info->channels));
    wf_bytes_text(bytes, (double)info->download_bytes);
    WF_TRY(wf_table_add(t, cx, info->download_bytes ? bytes : "-"));
    WF_TRY(wf_table_add(t, cx, info->licence));
    if (found) return wf_table_add(t, cx, found);
    if (info->debian_package)
        return wf_table_addf(t, cx, "no: apt-get install %s%s", info->debian_package,
                             info->url ? ", or downloaded when used" : "");
    return wf_table_add(t, cx, info->url ? "no: downloaded when used" : "no: see its home page");
}

static wf_status show_one(wf_cli *cli, const datasets_options *o) {
    wf_data_settings settings = {0};
    wf_dataset *dataset = NULL;
    wf_status status = wf_data_settings_init(&settings, cli, &o->data);
    settings.options.as_first = 1;
    if (status == WF_OK) status = wf_data_open(&dataset, cli, cli->operands[0], &settings);
    if (status == WF_OK) status = wf_dataset_show(cli, dataset);
    wf_dataset_destroy(dataset);
    wf_data_settings_reset(&settings);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const datasets_options *o = given;
    if (cli->operand_count) return show_one(cli, o);
    wf_context *cx = &cli->cx;
    static const char *const head[] = {"name",   "train",    "test",    "classes",
                                       "pixels", "download", "licence", "found"};
    wf_data_settings settings = {0};
    wf_table table;
    wf_table_init(&table, 8, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5);
    json_t *list = json_array();
    wf_status status = wf_data_settings_init(&settings, cli, &o->data);
    for (size_t i = 0; i < sizeof head / sizeof *head && status == WF_OK; i++)
        status = wf_table_add(&table, cx, head[i]);
    for (size_t i = 0; status == WF_OK && wf_dataset_info_at(i); i++) {
        const wf_dataset_info *info = wf_dataset_info_at(i);
        char *found = NULL;
        if (o->only_names) wf_print(cli, "%s\n", info->name);
        status = wf_dataset_locate(&found, cx, info->name, &settings.options);
        if (status == WF_OK) status = add_row(&table, cx, info, found);
        if (status == WF_OK) status = add_json(list, cx, info, found);
        wf_text_free(found);
    }
    if (status == WF_OK && !o->only_names) wf_table_print(&table, cli);
    if (status == WF_OK) cli->result = json_pack("{s:O}", "datasets", list);
    json_decref(list);
    wf_table_reset(&table);
    wf_data_settings_reset(&settings);
    return status;
}

const wf_command wf_command_datasets = {
    .name = "datasets",
    .summary = "List the data sets that have a name, or show what is in one",
    .operands = "[DATA]",
    .max_operands = 1,
    .description =
        "Any command that takes --dataset also takes a path: to a folder of IDX files, a CSV\n"
        "file, a folder with one subfolder of PNG and JPEG images per class, or a folder with\n"
        "labels.csv for images of any number of labels. DATA is such a name or path: its parts,\n"
        "classes and labels are counted, after every check that training makes.",
    .examples = "weft datasets\nweft datasets outfits/",
    .options_size = sizeof(datasets_options),
    .options = options_table,
    .run = run,
};
