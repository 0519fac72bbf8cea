/* What all charts have in common. */
#include "report/charts.h"

static const char style[] =
    "text{font:12px system-ui,'DejaVu Sans',sans-serif;fill:#1a1e24}"
    ".tick{fill:#59636e}.title{font-size:14px;font-weight:600}.name{paint-order:stroke;"
    "stroke:#fff;stroke-width:4px}.grid{stroke:#d9dee4}.axis,.leader{stroke:#59636e}"
    ".leader{stroke-width:.7}.whisker{stroke:#59636e;stroke-width:1.5}"
    ".cnn{fill:#0072b2}.rnn{fill:#c75000}.hybrid{fill:#00825f}.other{fill:#a8517f}"
    ".curve{fill:none;stroke-width:2;stroke-linejoin:round}.train{stroke:#0072b2}"
    ".validation{stroke:#c75000;stroke-dasharray:5 3}.rate{stroke:#59636e}"
    ".dot{stroke:none}.dot.train{fill:#0072b2}.dot.validation{fill:#c75000}"
    ".dot.rate{fill:#59636e}.ideal{stroke:#8a939d;stroke-dasharray:3 3}"
    ".bar{fill:#0072b2;fill-opacity:.75}.count{fill:#c3ccd6}.strong{fill:#fff}.worst{font-weight:"
    "700}";

void wf__chart_begin(wf_html *h, int width, int height, const char *label) {
    wf__html(h,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
             "height=\"%d\" role=\"img\" aria-label=\"%s\"><style>",
             width, height, width, height, label);
    wf_str_add(&h->out, h->cx, style);
    wf__html(h, "</style><rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height);
}

wf_status wf__chart_end(wf_str *out, wf_html *h) {
    wf__html(h, "</svg>\n");
    const wf_status status = h->out.status;
    if (status == WF_OK) *out = h->out;
    else wf_str_reset(&h->out);
    return status;
}
