#include "test.h"

#include <float.h>
#include <locale.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/rng.h"
#include "scratch.h"

static wf_context cx;

static wf_status parse(json_t **out, const char *text) {
    return wf_json_parse(out, &cx, text, strlen(text), "x.json", WF_JSON_MAX_BYTES);
}

TEST(limits) {
    json_t *j = NULL;
    CHECK_INT(parse(&j, "{\"a\": 1,\n \"a\": 2}"), WF_E_DATA);
    CHECK_STR(cx.message, "x.json: line 2, column 4: duplicate object key near '\"a\"'");
    CHECK_INT(parse(&j, "{\"a\": }"), WF_E_DATA);
    CHECK(strstr(cx.message, "x.json: line 1, column 7"));
    char deep[80] = "";
    for (int i = 0; i < 32; i++) strcat(deep, "[");
    for (int i = 0; i < 32; i++) strcat(deep, "]");
    CHECK_OK(&cx, parse(&j, deep));
    json_decref(j);
    char deeper[84];
    snprintf(deeper, sizeof deeper, "[%s]", deep);
    CHECK_INT(parse(&j, deeper), WF_E_LIMIT);
    CHECK_STR(cx.message, "x.json: line 1: nested deeper than 32 levels");
    CHECK_OK(&cx, parse(&j, "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ \\\" [[\"]"));
    json_decref(j);
    CHECK_FAILS(&cx, wf_json_parse(&j, &cx, "[1]", 3, "x.json", 2), WF_E_LIMIT);
    CHECK_FAILS(&cx, wf_json_read(&j, &cx, scratch("none.json")), WF_E_NOTFOUND);
}

TEST(round_trip_keeps_order_and_doubles) {
    json_t *j = json_pack("{s:s, s:f, s:[i,i,f], s:{s:b, s:n}, s:[{s:i}], s:{}, s:[]}", "zeta",
                          "q\"\\\n\x01ü", "a", 0.1, "list", 1, 2, 1.0, "o", "t", 1, "n", "rows",
                          "k", 5, "empty", "none");
    const char *path = scratch("out.json");
    CHECK_OK(&cx, wf_json_write(&cx, path, j));
    uint8_t *text = NULL;
    size_t size = 0;
    CHECK_OK(&cx, wf_file_read(&text, &size, &cx, path, 4096));
    CHECK_STR((const char *)text, "{\n"
                                  "  \"zeta\": \"q\\\"\\\\\\n\\u0001ü\",\n"
                                  "  \"a\": 0.1,\n"
                                  "  \"list\": [1, 2, 1.0],\n"
                                  "  \"o\": {\n"
                                  "    \"t\": true,\n"
                                  "    \"n\": null\n"
                                  "  },\n"
                                  "  \"rows\": [\n"
                                  "    {\n"
                                  "      \"k\": 5\n"
                                  "    }\n"
                                  "  ],\n"
                                  "  \"empty\": {},\n"
                                  "  \"none\": []\n"
                                  "}\n");
    wf_free(text);
    json_t *back = NULL;
    CHECK_OK(&cx, wf_json_read(&back, &cx, path));
    CHECK(json_equal(j, back));
    wf_str s = {0};
    CHECK_OK(&cx, wf_json_text(&s, &cx, json_object_get(back, "list"), WF_JSON_COMPACT));
    CHECK_STR(s.text, "[1,2,1.0]");
    wf_str_reset(&s);
    json_decref(j);
    json_decref(back);
}

TEST(members) {
    json_t *j = NULL, *member = NULL;
    const char *text = NULL;
    CHECK_OK(&cx, parse(&j, "{\"t\": \"x\", \"n\": 1.5, \"a\": [], \"o\": {}}"));
    CHECK_OK(&cx, wf_json_get_text(&text, &cx, j, "t", "f"));
    CHECK_STR(text, "x");
    CHECK_OK(&cx, wf_json_get_array(&member, &cx, j, "a", "f"));
    CHECK_INT(wf_json_get_text(&text, &cx, j, "n", "f.json"), WF_E_DATA);
    CHECK_STR(cx.message, "f.json: \"n\": found a number, expected a string");
    CHECK_INT(wf_json_get_text(&text, &cx, j, "none", "f.json"), WF_E_DATA);
    CHECK_STR(cx.message, "f.json: \"none\": found nothing, expected a string");
    CHECK_FAILS(&cx, wf_json_get_array(&member, &cx, j, "o", "f"), WF_E_DATA);
    json_decref(j);
}

TEST(shortest_numbers) {
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0.0"},
                 {1, "1.0"},
                 {-2.5, "-2.5"},
                 {0.1, "0.1"},
                 {1e300, "1e+300"},
                 {1e-7, "1e-07"},
                 {123456789, "123456789.0"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {5e-324, "5e-324"}};
    char buffer[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(wf_double_text(buffer, cases[i].value), cases[i].text);
    CHECK_STR(wf_float_text(buffer, 0.1f), "0.1");
    CHECK_STR(wf_float_text(buffer, FLT_MAX), "3.4028235e+38");
    CHECK_STR(wf_double_text(buffer, (double)NAN), "nan");
    CHECK_STR(wf_double_text(buffer, -(double)INFINITY), "-inf");
    CHECK_STR(wf_float_text(buffer, INFINITY), "inf");
}

TEST(any_double_reads_back) {
    wf_rng r;
    wf_rng_init(&r, 3, WF_STREAM_TEST, 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = (uint64_t)wf_rng_u32(&r) << 32 | wf_rng_u32(&r);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char buffer[32];
        wf_double_text(buffer, value);
        CHECK(strlen(buffer) < sizeof buffer && strtod(buffer, NULL) == value);
        float narrow = (float)(value * 1e-200);
        CHECK(!isfinite(narrow) || strtof(wf_float_text(buffer, narrow), NULL) == narrow);
    }
}

/* printf's shortest text that reads back, with a point. */
static void slow_text(char out[64], double value) {
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, 64, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    if (strchr(out, 'e') && fabs(value) >= 1 && fabs(value) < 1e15)
        snprintf(out, 64, "%.0f", value);
    if (!strpbrk(out, ".e")) strcat(out, ".0");
}

/* Figures of few and of many digits, around the ends of what has a short way. */
TEST(decimals_are_as_short_as_printf_has_them) {
    wf_rng r;
    char fast[32], slow[64];
    int differences = 0;
    wf_rng_init(&r, 4, WF_STREAM_TEST, 0);
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = (uint64_t)wf_rng_u32(&r) << 32 | wf_rng_u32(&r);
        double value = (double)(bits >> (i % 50 + 10)) / pow(10, i % 19);
        if (i % 3 == 0) value = nextafter(value, i % 2 ? 1e300 : 0);
        if (i % 5 == 0) value = -value;
        slow_text(slow, value);
        differences += strcmp(wf_double_text(fast, value), slow) != 0;
    }
    CHECK_INT(differences, 0);
}

TEST(a_locale_with_commas_changes_nothing) {
    char buffer[32];
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8")) setlocale(LC_NUMERIC, "C");
    CHECK_STR(wf_double_text(buffer, 2.5), "2.5");
    setlocale(LC_NUMERIC, "C");
}

TEST_MAIN()
