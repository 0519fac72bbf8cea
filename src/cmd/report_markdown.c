/* A report as one Markdown file and a folder of pictures beside it. */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/rasterize.h"
#include "cmd/report.h"
#include "report/document_markdown.h"

/* The images that the document speaks of: those of the first row whose data set is the document's.
 * Without them the report has no pictures of images. */
static wf_status find_images(wf_report_images *out, const wf_report *r) {
    wf_session *s = r->session;
    wf_context *cx = &s->cli->cx;
    const char *hash =
        json_string_value(json_object_get(json_object_get(r->document, "data"), "hash"));
    for (size_t i = 0; hash && i < r->comparison->row_count; i++) {
        const wf_experiment *e = &r->experiments[i];
        if (!e->model || strcmp(r->comparison->rows[i].runs[0].summary.data_hash, hash)) continue;
        wf_status status =
            wf_session_open_data(s, s->moved_to ? s->moved_to : e->dataset, e->model);
        if (status == WF_E_NOMEM || status == WF_E_INTERRUPTED) return status;
        if (status == WF_OK && !strcmp(s->dataset->sha256, hash)) {
            *out =
                (wf_report_images){&s->dataset->train, &s->dataset->validation, &s->dataset->test};
            return WF_OK;
        }
        wf_context_reset(cx); /* that they are missing is noted already */
        s->cli->exit_code = WF_EXIT_OK;
    }
    return WF_OK;
}

/* "there/report.md" -> "there/report-files". */
static wf_status name_folder(char **out, wf_context *cx, const char *path) {
    wf_str folder = {0};
    size_t length = strlen(path);
    if (length > 3 && !strcmp(path + length - 3, ".md")) length -= 3;
    wf_str_add_bytes(&folder, cx, path, length);
    wf_str_add(&folder, cx, "-files");
    const wf_status status = folder.status;
    if (status == WF_OK) *out = folder.text;
    else wf_str_reset(&folder);
    return status;
}

static wf_status write_picture(wf_context *cx, const char *folder, const wf_report_picture *p) {
    char *path = NULL;
    wf_str png = {0};
    WF_TRY(wf_path_join(&path, cx, folder, p->name));
    wf_status status = wf_svg_to_png(&png, cx, &p->svg, p->name);
    if (status == WF_OK) status = wf_file_write(cx, path, png.text, png.length);
    wf_str_reset(&png);
    wf_free(path);
    return status;
}

wf_status wf_report_write_markdown(wf_report *r, const char *path) {
    wf_context *cx = &r->session->cli->cx;
    wf_report_images images = {0};
    wf_report_markdown_file file = {0};
    const wf_report_options options = {.cvs = r->choice.cvs, .cv_count = r->choice.cv_count};
    char *folder = NULL;
    wf_status status;
    WF_TRY_OR(name_folder(&folder, cx, path));
    const char *slash = strrchr(folder, '/');
    WF_TRY_OR(find_images(&images, r));
    WF_TRY_OR(wf_report_document_markdown(&file, cx, r->comparison, &options, r->document, &images,
                                          slash ? slash + 1 : folder));
    WF_TRY_OR(wf_dir_create(cx, folder));
    for (size_t i = 0; i < file.count; i++) WF_TRY_OR(write_picture(cx, folder, &file.pictures[i]));
    WF_TRY_OR(wf_file_write(cx, path, file.text.text, file.text.length));
done:
    wf_report_markdown_reset(&file);
    wf_free(folder);
    return status;
}
