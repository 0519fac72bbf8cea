/* CSV as RFC 4180 has it, one record after another. */
#include <string.h>

#include "base/alloc.h"
#include "data/label_sets.h"

static wf_status fail_quote(wf_context *cx, const wf__records *r, int column, const char *found) {
    return WF_FAIL(WF_E_DATA,
                   "%s: line %lld, column %d: found %s, expected a closing quote before a comma or "
                   "the end of the line | a quote inside of a quoted field is written twice",
                   r->name, (long long)r->line, column, found);
}

/* The quoted field at r->at, which moves to the comma or line break behind it. */
static wf_status take_quoted(char **out, wf__records *r, wf_context *cx, int column) {
    char *to = r->at, *from = r->at + 1;
    *out = to;
    for (; from < r->end; from++) {
        if (*from == '"') {
            if (from + 1 < r->end && from[1] == '"') from++;
            else break;
        }
        r->line += *from == '\n';
        *to++ = *from;
    }
    if (from == r->end) return fail_quote(cx, r, column, "the end of the file");
    from++;
    if (from < r->end && *from == '\r') from++;
    if (from < r->end && *from != ',' && *from != '\n')
        return fail_quote(cx, r, column, "text behind a quoted field");
    r->at = from;
    *to = 0;
    return WF_OK;
}

/* A field without quotes and without blanks around it. */
static char *take_plain(wf__records *r) {
    char *first = r->at, *last;
    while (r->at < r->end && *r->at != ',' && *r->at != '\n') r->at++;
    last = r->at;
    if (last > first && last[-1] == '\r') last--;
    while (first < last && (*first == ' ' || *first == '\t')) first++;
    while (first < last && (last[-1] == ' ' || last[-1] == '\t')) last--;
    *last = 0; /* over the comma, the line break, or the 0 behind the text */
    return first;
}

/* The next record that is no blank line; count 0 at the end. */
wf_status wf__records_next(wf__record *out, wf__records *r, wf_context *cx) {
    out->count = 0;
    while (r->at < r->end && (*r->at == '\n' || (*r->at == '\r' && r->at[1] == '\n'))) {
        r->line += *r->at == '\n';
        r->at++;
    }
    const char *begin = r->at;
    out->line = r->line;
    while (r->at < r->end) {
        WF_REQUIRE(out->count < WF__RECORD_COLUMNS - 1, WF_E_LIMIT,
                   "%s: line %lld: %d columns or more, fewer are allowed", r->name,
                   (long long)r->line, WF__RECORD_COLUMNS);
        char **field = &out->fields[out->count++], stop;
        if (*r->at == '"') {
            WF_TRY(take_quoted(field, r, cx, out->count));
            stop = r->at < r->end ? *r->at : '\n';
        } else {
            char *last = memchr(r->at, '\n', (size_t)(r->end - r->at));
            const char *comma = memchr(r->at, ',', (size_t)((last ? last : r->end) - r->at));
            stop = comma ? ',' : '\n';
            *field = take_plain(r);
        }
        WF_REQUIRE(r->at - begin <= WF_CSV_MAX_LINE, WF_E_LIMIT,
                   "%s: line %lld: more than %d bytes, at most that many are allowed", r->name,
                   (long long)out->line, WF_CSV_MAX_LINE);
        if (r->at < r->end) r->at++;
        if (stop == '\n') {
            r->line++;
            return WF_OK;
        }
        if (r->at == r->end) out->fields[out->count++] = r->end; /* "a," ends in an empty field */
    }
    return WF_OK;
}

wf_status wf__records_begin(wf__records *out, wf_context *cx, char *text, size_t size,
                            const char *name) {
    *out = (wf__records){.at = text, .end = text + size, .name = name, .line = 1};
    WF_REQUIRE(!memchr(text, 0, size), WF_E_DATA, "%s: at byte %zu: found a 0 byte, expected text",
               name, strlen(text));
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) out->at += 3; /* a byte order mark */
    return WF_OK;
}
