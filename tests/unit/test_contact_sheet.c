/* Sheets of images with captions. */
#include "base/alloc.h"
#include "report/contact_sheet.h"
#include "test.h"

static wf_context cx;

static const uint8_t white[12] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
static const wf_images grey = {.height = 3, .width = 4, .channels = 1};

static int count_of(const char *text, const char *word) {
    int n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) n++;
    return n;
}

TEST(images_and_captions_are_there) {
    const wf_contact contacts[3] = {
        {.images = {white, white}, .captions = {"one <b>", "two & three", ""}},
        {.images = {white}, .captions = {"\"quoted\"", "", ""}},
        {.images = {white, white}, .captions = {"", "", "last"}}};
    wf_str out = {0};
    CHECK_OK(&cx, wf_contact_sheet(&out, &cx, "a < b", contacts, 3, &grey));
    CHECK(!strncmp(out.text, "<svg xmlns=", 11));
    CHECK_STR(out.text + out.length - 7, "</svg>\n");
    CHECK_INT(count_of(out.text, "<image "), 5);
    CHECK_INT(count_of(out.text, "<svg "), 4);
    CHECK_INT(count_of(out.text, "href=\"data:image/png;base64,iVBORw0KGgo"), 5);
    CHECK_INT(count_of(out.text, "a &lt; b</t"), 2); /* title and heading */
    CHECK(strstr(out.text, ">one &lt;b&gt;<") && strstr(out.text, ">two &amp; three<"));
    CHECK(strstr(out.text, ">last<") && !strstr(out.text, "<b>"));
    wf_str_reset(&out);
}

/* A wide image is flat, never without height. */
TEST(images_keep_their_form) {
    const float curve[] = {0.25f, 1, 1, 0};
    const wf_contact one = {.images = {white, white, white}, .curve = curve, .curve_count = 2};
    const wf_images wide = {.height = 1, .width = 12, .channels = 1};
    wf_str out = {0};
    CHECK_OK(&cx, wf_contact_sheet(&out, &cx, "wide", &one, 1, &wide));
    CHECK(strstr(out.text, "<image x=\"0\" width=\"84\" height=\"7\""));
    CHECK(strstr(out.text, "<image x=\"174\" width=\"84\" height=\"7\""));
    CHECK(strstr(out.text, "<polyline points=\"195.0,7.0 258.0,0.0 \"/>"));
    wf_str_reset(&out);
}

TEST(every_allocation_may_fail) {
    const wf_contact contacts[2] = {{.images = {white, white}}, {.images = {white}}};
    for (long k = 1;; k++) {
        wf_str out = {0};
        wf__alloc_fail_at(k);
        wf_status status = wf_contact_sheet(&out, &cx, "sheet", contacts, 2, &grey);
        wf__alloc_fail_at(0);
        if (status == WF_OK) {
            CHECK(k > 10);
            wf_str_reset(&out);
            break;
        }
        CHECK_INT(status, WF_E_NOMEM);
        CHECK(!out.text && cx.code == WF_E_NOMEM);
        wf_context_reset(&cx);
    }
}

TEST_MAIN()
