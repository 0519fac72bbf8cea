#include "report/contact_sheet.h"

#include <string.h>

#include "data/png.h"
#include "report/html.h"

/* In user units of SVG. */
enum { SIDE = 84, GAP = 3, CELL = 138, LINE = 14, TITLE = 34, MARGIN = 10 };
enum { ACROSS = 1120 };

/* Where things are: a cell, and an image in it. */
typedef struct layout {
    int columns, rows, cell_width, cell_height, image_width, image_height;
} layout;

static int images_of(const wf_contact *contact) {
    int n = 0;
    while (n < WF_CONTACT_IMAGES && contact->images[n]) n++;
    return n;
}

static layout lay_out(const wf_contact *contacts, size_t count, const wf_images *form) {
    int longer = form->width > form->height ? form->width : form->height;
    layout l = {.cell_width = CELL};
    for (size_t i = 0; i < count; i++) {
        const int width = images_of(&contacts[i]) * (SIDE + GAP) + MARGIN;
        if (width > l.cell_width) l.cell_width = width;
    }
    l.image_width = (int)((int64_t)SIDE * form->width / longer);
    l.image_height = (int)((int64_t)SIDE * form->height / longer);
    l.image_width += l.image_width == 0;
    l.image_height += l.image_height == 0;
    l.cell_height = l.image_height + WF_CONTACT_LINES * LINE + 2 * MARGIN;
    l.columns = ACROSS / l.cell_width;
    l.rows = (int)((count + (size_t)l.columns - 1) / (size_t)l.columns);
    return l;
}

static wf_status add_image(wf_html *h, const layout *l, int x, const uint8_t *pixels,
                           const wf_images *form) {
    wf_context *cx = h->cx;
    wf_str png = {0};
    WF_TRY(wf_png_encode(&png, cx, pixels, form->height, form->width, form->channels));
    wf__html(h,
             "<image x=\"%d\" width=\"%d\" height=\"%d\" preserveAspectRatio=\"none\" "
             "href=\"data:image/png;base64,",
             x, l->image_width, l->image_height);
    wf_str_add_base64(&h->out, cx, png.text, png.length);
    wf__html(h, "\"/>");
    wf_str_reset(&png);
    return h->out.status;
}

static void add_curve(wf_html *h, const layout *l, int x, const wf_contact *contact) {
    wf__html(h, "<polyline points=\"");
    for (size_t i = 0; i < contact->curve_count; i++)
        wf__html(h, "%.1f,%.1f ", x + (double)contact->curve[2 * i] * l->image_width,
                 (double)contact->curve[2 * i + 1] * l->image_height);
    wf__html(h, "\"/>");
}

/* A cell is an svg of its own, which cuts off what is too long. */
static wf_status add_contact(wf_html *h, const layout *l, size_t place, const wf_contact *contact,
                             const wf_images *form) {
    int column = (int)(place % (size_t)l->columns), row = (int)(place / (size_t)l->columns);
    wf__html(h, "<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">",
             MARGIN + column * l->cell_width, TITLE + row * l->cell_height, l->cell_width - GAP,
             l->cell_height);
    const int n = images_of(contact);
    for (int i = 0; i < n; i++)
        WF_TRY(add_image(h, l, i * (l->image_width + GAP), contact->images[i], form));
    if (contact->curve) add_curve(h, l, (n - 1) * (l->image_width + GAP), contact);
    for (int i = 0; i < WF_CONTACT_LINES; i++)
        wf__html(h, "<text y=\"%d\">%s</text>", l->image_height + (i + 1) * LINE,
                 contact->captions[i]);
    wf__html(h, "</svg>\n");
    return h->out.status;
}

wf_status wf_contact_sheet(wf_str *out, wf_context *cx, const char *title,
                           const wf_contact *contacts, size_t count, const wf_images *form) {
    layout l = lay_out(contacts, count, form);
    wf_html h = {.cx = cx};
    int width = l.columns * l.cell_width + 2 * MARGIN, height = l.rows * l.cell_height + TITLE;
    wf__html(&h,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
             "height=\"%d\">\n<title>%s</title>\n<style>text{font:11px sans-serif;fill:#222}"
             "image{image-rendering:pixelated}polyline{fill:none;stroke:#e69f00;stroke-width:2.5}"
             ".title{font-size:14px;font-weight:bold}</style>\n",
             width, height, width, height, title);
    wf__html(&h, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height);
    wf__html(&h, "<text class=\"title\" x=\"%d\" y=\"22\">%s</text>\n", MARGIN, title);
    wf_status status = h.out.status;
    for (size_t i = 0; i < count && status == WF_OK; i++)
        status = add_contact(&h, &l, i, &contacts[i], form);
    wf__html(&h, "</svg>\n");
    if (status == WF_OK) status = h.out.status;
    if (status == WF_OK) *out = h.out;
    else wf_str_reset(&h.out);
    return status;
}
