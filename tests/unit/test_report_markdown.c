/* The report as Markdown and the charts beside it. */
#include "report_runs.h"

#include <math.h>

#include "report/charts.h"
#include "report/document_markdown.h"
#include "report/packed.h"
#include "report/palette.h"

/* ---- charts ---- */

/* Every element is closed, in order; no figure is NAN, no quote is lost. */
static void check_svg(const wf_str *svg) {
    enum { MOST = 64, NAME = 32 };
    char open[MOST][NAME];
    int depth = 0, elements = 0;
    CHECK(svg->text && !strncmp(svg->text, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39));
    CHECK(!strstr(svg->text, "nan") && !strstr(svg->text, "inf\"") && !strstr(svg->text, "-inf"));
    CHECK(strlen(svg->text) == svg->length);
    for (const char *at = svg->text; (at = strchr(at, '<'));) {
        const char *end = strchr(at, '>');
        CHECK(end != NULL);
        size_t n = strcspn(at + 1, " />\n");
        if (at[1] == '/') {
            CHECK(depth > 0);
            CHECK(!strncmp(at + 2, open[depth - 1], strlen(open[depth - 1])));
            depth--;
        } else if (end[-1] != '/') {
            CHECK(depth < MOST);
            snprintf(open[depth++], NAME, "%.*s", (int)n, at + 1);
        }
        int quotes = 0;
        for (const char *c = at; c < end; c++) quotes += *c == '"';
        CHECK(quotes % 2 == 0);
        elements++;
        at = end;
    }
    CHECK(depth == 0 && elements > 4);
}

static int count_of(const char *text, const char *what) {
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what)) n++;
    return n;
}

TEST(cost_is_drawn_with_one_mark_and_name_per_row) {
    begin();
    add_simple("first <&\"", "cnn", 1, 90);
    add_simple("second", "rnn", 1, 80);
    add_run((made){"third", "hybrid", 1, 85, 2, 3000, 3, no_claim, NULL, 0, NULL});
    wf_comparison *c = compare();
    for (int cost = 0; cost < WF_COST_COUNT; cost++) {
        wf_str svg = {0};
        CHECK_OK(&cx, wf_chart_scatter(&svg, &cx, c, (wf_chart_cost)cost));
        check_svg(&svg);
        CHECK_INT(count_of(svg.text, "class=\"name\""), 3);
        CHECK(strstr(svg.text, ">first &lt;&amp;&quot;</text>"));
        CHECK_INT(count_of(svg.text, "<circle class=\"cnn\""), 2); /* in the legend, too */
        CHECK_INT(count_of(svg.text, "class=\"rnn\""), 2);
        CHECK_INT(count_of(svg.text, "class=\"hybrid\""), 2);
        wf_str_reset(&svg);
    }
    wf_comparison_destroy(c);
    end();
}

TEST(what_has_no_cost_is_not_drawn) {
    begin();
    add_run((made){"a", "cnn", 1, 90, 2, 0, 0, no_claim, NULL, 0, NULL});
    wf_comparison *c = compare();
    wf_str svg = {0};
    CHECK_OK(&cx, wf_chart_scatter(&svg, &cx, c, WF_COST_TIME));
    CHECK(svg.text == NULL);
    CHECK_OK(&cx, wf_chart_curves(&svg, &cx, &c->rows[0])); /* no epoch: axes only */
    check_svg(&svg);
    wf_str_reset(&svg);
    wf_comparison_destroy(c);
    end();
}

TEST(curves_have_a_line_per_seed_and_gaps_where_nothing_is_known) {
    begin();
    add_simple("a", "cnn", 1, 90);
    add_simple("a", "cnn", 2, 91);
    wf_comparison *c = compare();
    wf_str svg = {0};
    CHECK_OK(&cx, wf_chart_curves(&svg, &cx, &c->rows[0]));
    check_svg(&svg);
    /* 2 seeds, loss and accuracy, with the one of the legend */
    CHECK_INT(count_of(svg.text, "class=\"curve train\""), 2 * 2 + 1);
    CHECK_INT(count_of(svg.text, "class=\"curve validation\""), 2 * 2 + 1);
    CHECK_INT(count_of(svg.text, "class=\"curve rate\""), 2);
    CHECK_INT(count_of(svg.text, "class=\"dot train\""), 2 * 2 * 3);
    CHECK_INT(count_of(svg.text, "class=\"dot validation\""), 2 * 2 * 2); /* not of epoch 2 */
    wf_str_reset(&svg);
    wf_comparison_destroy(c);
    end();
}

TEST(confusion_shows_every_count) {
    const int64_t confusion[] = {8, 2, 0, 1, 0, 0, 0, 0, 0}; /* the third class has no image */
    static const char *const names[] = {"cat", "d<og>", "cow"};
    wf_evaluation *e = NULL;
    wf_str svg = {0};
    CHECK_OK(&cx, wf_evaluation_from_confusion(&e, &cx, confusion, 3, names));
    CHECK_OK(&cx, wf_chart_confusion(&svg, &cx, e));
    check_svg(&svg);
    CHECK_INT(count_of(svg.text, "fill-opacity=\""), 9);
    CHECK_INT(count_of(svg.text, ">d&lt;og&gt;</text>"), 2);
    CHECK(strstr(svg.text, ">8</text>") && strstr(svg.text, ">2</text>"));
    CHECK(strstr(svg.text, "fill-opacity=\"0.894\"")); /* sqrt(8 / 10) */
    wf_str_reset(&svg);
    wf_evaluation_destroy(e);
    static int64_t large[41 * 41];
    CHECK_OK(&cx, wf_evaluation_from_confusion(&e, &cx, large, 41, NULL));
    CHECK_OK(&cx, wf_chart_confusion(&svg, &cx, e));
    CHECK(svg.text == NULL);
    wf_evaluation_destroy(e);
}

TEST(the_worst_class_is_marked) {
    begin();
    add_run((made){"a", "cnn", 1, 80, 3, 30, 3, no_claim, NULL, 0, NULL});
    wf_comparison *c = compare();
    json_t *roc =
        json_pack("[{s:i,s:f,s:[f,f,f],s:[f,f,f]},{s:i,s:f,s:[f,f],s:[f,f]},"
                  "{s:i,s:n,s:[],s:[]}]",
                  "class", 0, "auc", .9, "fpr", 0., 0., 1., "tpr", 0., .9, 1., "class", 1, "auc",
                  .5, "fpr", 0., 1., "tpr", 0., 1., "class", 2, "auc", "fpr", "tpr");
    wf_str svg = {0};
    CHECK_OK(&cx, wf_chart_roc(&svg, &cx, roc, c->rows[0].runs[0].evaluation));
    check_svg(&svg);
    CHECK(strstr(svg.text, ">dog 0.5000, the worst</text>"));
    CHECK(strstr(svg.text, ">cow -</text>"));
    CHECK_INT(count_of(svg.text, "class=\"curve\""), 3);
    wf_str_reset(&svg);
    json_decref(roc);
    roc = json_array();
    CHECK_OK(&cx, wf_chart_roc(&svg, &cx, roc, c->rows[0].runs[0].evaluation));
    CHECK(svg.text == NULL);
    json_decref(roc);
    wf_comparison_destroy(c);
    end();
}

TEST(reliability_has_a_bar_for_each_bin_that_is_not_empty) {
    json_t *bins = json_pack("[{s:f,s:f,s:i,s:n,s:n},{s:f,s:f,s:i,s:f,s:f}]", "low", 0., "high", .5,
                             "count", 0, "confidence", "accuracy", "low", .5, "high", 1., "count",
                             7, "confidence", .8, "accuracy", .9);
    wf_str svg = {0};
    CHECK_OK(&cx, wf_chart_reliability(&svg, &cx, bins));
    check_svg(&svg);
    CHECK_INT(count_of(svg.text, "class=\"bar\""), 1);
    CHECK_INT(count_of(svg.text, "class=\"count\""), 2);
    wf_str_reset(&svg);
    json_decref(bins);
}

TEST(classes_have_colours_of_their_own) {
    char a[WF_COLOUR_BYTES], b[WF_COLOUR_BYTES];
    for (int i = 0; i < 10; i++)
        for (int k = 0; k < i; k++)
            CHECK(strcmp(wf_class_colour(a, i, 10), wf_class_colour(b, k, 10)));
    CHECK_STR(wf_class_colour(a, 0, 10), "#0495bb");
    CHECK_STR(wf_class_colour(a, 1, 11), "hsl(138,55%,45%)");
    CHECK_STR(wf_family_mark("recurrent"), "other");
}

/* ---- unpacking ---- */

TEST(packed_numbers_are_read_again) {
    static const int32_t values[] = {0, 255, 256, 65535};
    json_t *p = NULL;
    int32_t *read = NULL;
    size_t count = 0;
    for (int64_t limit = 256; limit <= 65536; limit *= 256) {
        size_t n = limit == 256 ? 2 : 4;
        CHECK_OK(&cx, wf_packed_small(&p, &cx, values, n, limit));
        CHECK_OK(&cx, wf_unpack(&read, &count, &cx, p));
        CHECK_INT(count, n);
        CHECK(!memcmp(read, values, n * sizeof *values));
        wf_free(read);
        json_decref(p);
    }
    static const float floats[] = {0, 65536, 16777216};
    CHECK_OK(&cx, wf_packed_f32(&p, &cx, floats, 3));
    CHECK_OK(&cx, wf_unpack(&read, &count, &cx, p));
    CHECK(count == 3 && read[0] == 0 && read[1] == 65536 && read[2] == 16777216);
    wf_free(read);
    json_decref(p);
    static const char *const damaged[] = {"{\"type\": \"u8\", \"count\": 4, \"base64\": \"AAE=\"}",
                                          "{\"type\": \"u8\", \"count\": 2, \"base64\": \"A*E=\"}",
                                          "{\"type\": \"f64\", \"count\": 0, \"base64\": \"\"}",
                                          "{\"type\": \"u8\"}", "{}"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        CHECK_OK(&cx, wf_json_parse(&p, &cx, damaged[i], strlen(damaged[i]), "packed", 1 << 20));
        read = NULL;
        CHECK_FAILS(&cx, wf_unpack(&read, &count, &cx, p), WF_E_DATA);
        CHECK(read == NULL);
        json_decref(p);
    }
}

/* ---- the text ---- */

static uint8_t pixels[100 * 2 * 3 * 3];
static const wf_images test_images = {
    .count = 100, .height = 2, .width = 3, .channels = 3, .pixels = pixels};
static const wf_report_images no_images = {0};

static json_t *parse(const char *text) {
    json_t *json = NULL;
    CHECK_OK(&cx, wf_json_parse(&json, &cx, text, strlen(text), "part", 1 << 20));
    return json;
}

/* What needs images, as the command adds it. */
static void add_images(json_t *d) {
    json_t *x = NULL;
    static const uint16_t places[] = {0, 1000, 65535};
    static const int32_t rows[] = {5, 7, 99};
    json_object_set_new(
        d, "data",
        parse(
            "{\"name\": \"p*ts\", \"hash\": \"\", \"classes\": [\"cat\", \"dog\"],"
            "\"image\": {\"height\": 2, \"width\": 3, \"channels\": 3}, \"parts\": {"
            "\"train\": {\"count\": 1800, \"per_class\": [900, 900]},"
            "\"validation\": {\"count\": 0, \"per_class\": [0, 0]},"
            "\"test\": {\"count\": 100, \"per_class\": [50, 50]}},"
            "\"samples\": {\"train\": [], \"test\": [{\"index\": 3, \"label\": 1, \"tile\": 3},"
            "{\"index\": 400, \"label\": 1, \"tile\": 3}]},"
            "\"audit\": {\"duplicates\": [], \"label_errors\": [{\"part\": \"test\", \"index\": 4,"
            "\"label\": 0, \"suggested\": 1, \"probability\": 0.75, \"tile\": 4}]}}"));
    json_t *model = json_array_get(json_object_get(d, "models"), 0);
    json_object_set_new(
        model, "mistakes",
        parse("[{\"index\": 9, \"tile\": 9, \"label\": 1, \"predicted\": 0, \"probabilities\":"
              "[0.9, 0.1], \"evidence\": [{\"kind\": \"gradcam\", \"height\": 1, \"width\": 2,"
              "\"values\": {\"type\": \"u8\", \"count\": 2, \"base64\": \"AP8=\"}}, {\"kind\":"
              "\"rows\", \"reading\": \"columns\", \"layer\": \"pool\", \"rows\": [0.5, -1], "
              "\"classes\":"
              "[1, 0], \"progress\": [[0.75, 0.25], [0, 1]]}]},"
              "{\"index\": 11, \"tile\": 11, \"label\": 1, \"predicted\": 0, \"probabilities\":"
              "[0.8, 0.2], \"evidence\": [{\"kind\": \"gradcam\", \"height\": 1, \"width\": 2,"
              "\"values\": {\"type\": \"u8\", \"count\": 2, \"base64\": \"AP8=\"}}]}]"));
    json_t *map = parse("{\"kl\": 0.5, \"perplexity\": 30}");
    CHECK_OK(&cx, wf_packed_u16(&x, &cx, places, 3));
    json_object_set(map, "y", x);
    json_object_set_new(map, "x", x);
    CHECK_OK(&cx, wf_packed_small(&x, &cx, rows, 3, 100));
    json_object_set_new(map, "index", x);
    json_object_set_new(model, "map", map);
}

static const wf_report_options options = {.command = "weft report a b\nc"};

static wf_report_markdown_file markdown_of(const wf_comparison *c, const json_t *d,
                                           const wf_report_images *images) {
    wf_report_markdown_file m = {0};
    CHECK_OK(&cx, wf_report_document_markdown(&m, &cx, c, &options, d, images, "my report-files"));
    return m;
}

/* Of the first both ways, the columns with the class' probability; of the second one. */
static void check_mistakes(const wf_report_markdown_file *m) {
    const char *svg = NULL;
    int count = 0;
    for (size_t i = 0; i < m->count; i++)
        if (!strcmp(m->pictures[i].name, "01-a-b-mistakes.png")) svg = m->pictures[i].svg.text;
    CHECK(svg != NULL);
    CHECK(strstr(svg, "the wrong class: places, lines read, its probability</text>"));
    for (const char *at = svg; (at = strstr(at, "<image")); at++) count++;
    CHECK_INT(count, 3 + 2);
    /* images of 84 x 56: columns at 1/4 and 3/4, their values .25 and 1 of the predicted class 0 */
    CHECK(strstr(svg, "points=\"195.0,42.0 237.0,0.0 \""));
}

static json_t *document_of(const wf_comparison *c) {
    json_t *d = NULL;
    CHECK_OK(&cx, wf_report_document(&d, &cx, c, &options));
    return d;
}

/* Every picture is linked once, under a name of its own. */
static void check_pictures(const wf_report_markdown_file *m) {
    for (size_t i = 0; i < m->count; i++) {
        wf_str link = {0};
        check_svg(&m->pictures[i].svg);
        wf_str_addf(&link, &cx, "](my%%20report-files/%s)\n", m->pictures[i].name);
        CHECK_INT(count_of(m->text.text, link.text), 1);
        wf_str_reset(&link);
        CHECK(!strpbrk(m->pictures[i].name, "/ *<>\"'()%"));
    }
    CHECK_INT(count_of(m->text.text, "]("), m->count);
}

TEST(sections_come_in_the_order_of_the_page) {
    static const char *const order[] = {"# a\\*b and c on pets\n",
                                        "*Convolutional or recurrent network on pets",
                                        "\na\\*b is the most accurate: 0.9000",
                                        "\n> Caution: each model has one seed only.",
                                        "\n## Results on the test images\n",
                                        "\n| a\\*b | 0.9000 |",
                                        "\n## Which differences are real?\n",
                                        "\n## Accuracy and what it costs\n",
                                        "/accuracy-time.png)",
                                        "/accuracy-parameters.png)",
                                        "\n## The data\n\np\\*ts: images of 2 x 3 "
                                        "pixels, in colour.\n",
                                        "\n| cat | 900 | 0 | 50 |\n",
                                        "\n| all | 1,800 | 0 | 100 |\n",
                                        "/data-test.png)",
                                        "An audit found 1 labels",
                                        "/data-labels.png)",
                                        "\n## The models\n\n### a\\*b\n",
                                        "/01-a-b-curves.png)",
                                        "/01-a-b-confusion.png)",
                                        "\n| Class | Precision |",
                                        "/01-a-b-roc.png)",
                                        "/01-a-b-reliability.png)",
                                        "/01-a-b-map.png)",
                                        "/01-a-b-mistakes.png)",
                                        "\n### c\n",
                                        "\n## Side by side\n\n### a\\*b and c\n",
                                        "only the first 20, only the second 10, neither 0",
                                        "/disagreement-1.png)",
                                        "\n## How it was made\n",
                                        "\n    weft report a b c\n",
                                        "\n| run-1 | 1 |",
                                        "\n<details><summary>Configuration of a*b</summary>\n\n  "
                                        "  seed: 1\n      - <b>\n\n</details>\n"};
    begin();
    add_simple("a*b", "cnn", 1, 90);
    add_run((made){"c", "rnn", 1, 80, 2, 30, 3, no_claim, NULL, 20, NULL});
    CHECK_OK(&cx, wf_run_write(&cx, runs[0], "config.yaml", "seed: 1\n  - <b>\n", 16));
    wf_comparison *c = compare();
    json_t *d = document_of(c);
    add_images(d);
    const wf_report_images images = {.train = &test_images, .test = &test_images};
    wf_report_markdown_file m = markdown_of(c, d, &images);
    const char *last = m.text.text;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const char *found = strstr(last, order[i]);
        if (!found) printf("no \"%s\" behind\n%.300s\n", order[i], last);
        CHECK(found != NULL);
        last = found;
    }
    check_pictures(&m);
    CHECK_INT(m.count, 2 + 2 + 6 + 4 + 1);
    check_mistakes(&m);
    wf_report_markdown_reset(&m);
    json_decref(d);
    wf_comparison_destroy(c);
    end();
}

TEST(without_images_there_are_charts_only) {
    begin();
    add_simple("a", "cnn", 1, 90);
    wf_comparison *c = compare();
    json_t *d = document_of(c);
    wf_report_markdown_file m = markdown_of(c, d, &no_images);
    check_pictures(&m);
    CHECK_INT(m.count, 4);
    CHECK(!strstr(m.text.text, "## The data") && !strstr(m.text.text, "## Side by side"));
    wf_report_markdown_reset(&m);
    add_images(d); /* known, but not at hand any more */
    m = markdown_of(c, d, &no_images);
    check_pictures(&m);
    CHECK_INT(m.count, 5);
    CHECK(strstr(m.text.text, "| cat | 900 | 0 | 50 |"));
    wf_report_markdown_reset(&m);
    json_decref(d);
    wf_comparison_destroy(c);
    end();
}

TEST(hostile_names_have_no_meaning) {
    static const char *const names[] = {"<script>", "a](http://x)|b"};
    begin();
    add_run((made){"<b>[x](y)|../../z", "cnn", 1, 90, 2, 30, 3, no_claim, names, 0, NULL});
    wf_comparison *c = compare();
    json_t *d = document_of(c);
    wf_report_markdown_file m = markdown_of(c, d, &no_images);
    CHECK(!strstr(m.text.text, "<b>") && !strstr(m.text.text, "<script>"));
    CHECK_INT(count_of(m.text.text, "]("), count_of(m.text.text, "\\](") + (int)m.count);
    for (size_t i = 0; i < m.count; i++) CHECK(!strchr(m.pictures[i].name, '/'));
    wf_report_markdown_reset(&m);
    json_decref(d);
    wf_comparison_destroy(c);
    end();
}

TEST(a_damaged_map_is_an_error) {
    begin();
    add_simple("a", "cnn", 1, 90);
    wf_comparison *c = compare();
    json_t *d = document_of(c);
    add_images(d);
    json_t *map = json_object_get(json_array_get(json_object_get(d, "models"), 0), "map");
    json_object_set_new(map, "index",
                        parse("{\"type\": \"u8\", \"count\": 3, \"base64\": \"AAHI\"}"));
    wf_report_markdown_file m = {0};
    CHECK_INT(wf_report_document_markdown(&m, &cx, c, &options, d, &no_images, "f"), WF_E_DATA);
    CHECK(strstr(cx.message, "image 200 of 100"));
    CHECK(m.text.text == NULL && m.pictures == NULL);
    json_decref(d);
    wf_comparison_destroy(c);
    end();
}

TEST(failing_memory_is_reported) {
    begin();
    add_simple("a", "cnn", 1, 90);
    add_run((made){"c", "rnn", 1, 80, 2, 30, 3, no_claim, NULL, 20, NULL});
    wf_comparison *c = compare();
    json_t *d = document_of(c);
    add_images(d);
    const wf_report_images images = {.train = &test_images, .test = &test_images};
    int failures = 0, is_done = 0;
    for (long k = 1; !is_done && k < 20000; k++) {
        wf_report_markdown_file m = {0};
        long before = wf__alloc_count();
        wf__alloc_fail_at(k);
        wf_status status = wf_report_document_markdown(&m, &cx, c, &options, d, &images, "f");
        wf__alloc_fail_at(0);
        is_done = wf__alloc_count() - before < k;
        CHECK_INT(status, is_done ? WF_OK : WF_E_NOMEM);
        failures += !is_done;
        wf_report_markdown_reset(&m);
    }
    CHECK(is_done && failures > 100);
    json_decref(d);
    wf_comparison_destroy(c);
    end();
}

TEST_MAIN()
