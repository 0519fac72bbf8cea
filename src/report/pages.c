#include "report/pages.h"

#include <string.h>

#include "base/alloc.h"
#include "base/files.h"

static const char MARK[] = "<!-- weft:data -->";

/* In JSON "<" stands in texts only, where its escape means the same; without it no element ends and
 * no comment begins. */
static void add_json(wf_str *out, wf_context *cx, const char *json) {
    for (;;) {
        size_t n = strcspn(json, "<");
        wf_str_add_bytes(out, cx, json, n);
        if (!json[n]) return;
        wf_str_add(out, cx, "\\u003c");
        json += n + 1;
    }
}

/* gzip, in base64, as common/document.js reads it. */
static wf_status add_packed(wf_str *out, wf_context *cx, const char *id, const wf_str *json) {
    uint8_t *packed = NULL;
    size_t size = 0;
    WF_TRY(wf_gz_pack(&packed, &size, cx, json->text, json->length));
    wf_str_addf(out, cx, "<script type=\"text/plain\" data-encoding=\"gzip\" id=\"%s\">", id);
    wf_str_add_base64(out, cx, packed, size);
    wf_str_add(out, cx, "</script>\n");
    wf_free(packed);
    return out->status;
}

static wf_status add_document(wf_str *out, wf_context *cx, const wf_page_data *data) {
    wf_str json = {0};
    wf_status status = wf_json_text(&json, cx, data->document, WF_JSON_COMPACT);
    if (status == WF_OK && json.length > WF_PAGE_PLAIN_BYTES) {
        status = add_packed(out, cx, data->id, &json);
    } else if (status == WF_OK) {
        wf_str_addf(out, cx, "<script type=\"application/json\" id=\"%s\">", data->id);
        add_json(out, cx, json.text);
        wf_str_add(out, cx, "</script>\n");
    }
    wf_str_reset(&json);
    return status;
}

/* Not shown itself: the page draws pieces of it. */
static void add_image(wf_str *out, wf_context *cx, const wf_page_data *data) {
    wf_str_addf(out, cx, "<img id=\"%s\" alt=\"\" hidden src=\"", data->id);
    wf_str_add(out, cx, data->image);
    wf_str_add(out, cx, "\">\n");
}

wf_status wf_page_fill(wf_str *out, wf_context *cx, const char *page, const wf_page_data *data,
                       size_t count) {
    const char *mark = strstr(page, MARK);
    WF_REQUIRE(mark, WF_E_ARG, "the page has no place for data");
    wf_str_add_bytes(out, cx, page, (size_t)(mark - page));
    for (size_t i = 0; i < count; i++) {
        if (data[i].image) add_image(out, cx, &data[i]);
        else WF_TRY(add_document(out, cx, &data[i]));
    }
    wf_str_add(out, cx, mark + strlen(MARK));
    return out->status;
}
