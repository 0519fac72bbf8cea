/* A request on its way: what it must be before anything is done for it. */
#include <ctype.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "serve/internal.h"

static const char *header(const wf__request *r, const char *name) {
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* As long for a wrong token as for the right one. */
static bool is_token(const wf_server *s, const char *given) {
    size_t n = strlen(s->token);
    unsigned char difference = 0;
    if (!given || strlen(given) != n) return false;
    for (size_t i = 0; i < n; i++) difference |= (unsigned char)(given[i] ^ s->token[i]);
    return difference == 0;
}

/* ---- who asks, and for whom ---- */

/* The name in "name:port", "[::1]:port"; false when it is none. */
static bool host_name(char out[256], const char *host) {
    size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (n == 0 || n > strlen(host) || n >= 256) return false;
    const char *port = host + n;
    if (*port && (*port != ':' || port[1 + strspn(port + 1, "0123456789")] || !port[1]))
        return false;
    memcpy(out, host, n);
    out[n] = 0;
    if (*out == '[') {
        memmove(out, out + 1, n - 2);
        out[n - 2] = 0;
    }
    return true;
}

/* A page of another name whose address was made to be ours (DNS rebinding) sends that name. Names
 * of this machine and addresses cannot be made to be something else. */
static bool is_own_host(const wf_server *s, const char *host) {
    char name[256], own[256] = "";
    unsigned char address[16];
    if (!host || !host_name(name, host)) return false;
    if (!strcasecmp(name, "localhost") || !strcmp(name, "127.0.0.1") || !strcmp(name, "::1"))
        return true;
    if (!s->wants_token) return false;
    if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
        return true;
    return gethostname(own, sizeof own - 1) == 0 && !strcasecmp(name, own);
}

/* Whether it is from a page of ours: "http://" and the host that was asked. */
static bool is_own_origin(const char *origin, const char *host) {
    static const char scheme[] = "http://";
    return !strncmp(origin, scheme, sizeof scheme - 1) &&
           !strcasecmp(origin + sizeof scheme - 1, host);
}

/* Requests that another site's page makes the browser send; a link to our page is none. */
static bool is_of_another_site(const wf__request *r) {
    const char *site = header(r, "Sec-Fetch-Site");
    return site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0 &&
           strcmp(r->route->path, "/") != 0;
}

/* A browser gives the cookies of a host to all of its ports. */
static void name_cookie(char out[32], const wf_server *server) {
    snprintf(out, 32, "weft-token-%d", server->port);
}

static bool is_let_in(const wf__request *r) {
    if (!r->server->wants_token) return true;
    char name[32];
    name_cookie(name, r->server);
    return is_token(r->server, header(r, "X-Weft-Token")) ||
           is_token(r->server, MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, name));
}

/* A link with the token in it gives the browser a cookie and leads to the page without it. */
static enum MHD_Result let_in(wf__request *r) {
    const char *token = MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, "token");
    wf_str cookie = {0};
    if (!is_token(r->server, token))
        return wf__answer_refusal(r, MHD_HTTP_FORBIDDEN, "argument",
                                  "the token is missing or wrong: use the address that weft ui "
                                  "prints");
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    char name[32];
    name_cookie(name, r->server);
    wf_str_addf(&cookie, NULL, "%s=%s; HttpOnly; SameSite=Strict; Path=/", name, token);
    if (response && cookie.status == WF_OK) {
        wf__answer_guard(response, "text/plain");
        MHD_add_response_header(response, "Set-Cookie", cookie.text);
        MHD_add_response_header(response, "Location", "/");
    }
    wf_str_reset(&cookie);
    return wf__answer_response(r, MHD_HTTP_SEE_OTHER, response);
}

/* ---- what may be posted ---- */

static bool is_json(const char *type) {
    static const char json[] = "application/json";
    size_t n = sizeof json - 1;
    return type && !strncasecmp(type, json, n) && (!type[n] || type[n] == ';' || type[n] == ' ');
}

static enum MHD_Result refuse(wf__request *r, unsigned status, const char *message) {
    return wf__answer_refusal(r, status, "argument", message);
}

static enum MHD_Result check_post(wf__request *r) {
    const char *origin = header(r, "Origin"), *length = header(r, "Content-Length");
    if (!is_json(header(r, "Content-Type")))
        return refuse(r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                      "what is posted must have Content-Type: application/json");
    if (!origin || !is_own_origin(origin, header(r, "Host")))
        return refuse(r, MHD_HTTP_FORBIDDEN,
                      "only this server's own page may post: Origin is "
                      "another one, or missing");
    if (!is_token(r->server, header(r, "X-Weft-Token")))
        return refuse(r, MHD_HTTP_FORBIDDEN,
                      "the header X-Weft-Token is missing or wrong: load "
                      "the page again");
    if (length && strtoull(length, NULL, 10) > WF__MAX_BODY_BYTES)
        return refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is above 64 KiB");
    return MHD_YES;
}

static enum MHD_Result refuse_method(wf__request *r, const char *methods) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    wf__answer_guard(response, "text/plain");
    MHD_add_response_header(response, "Allow", methods);
    return wf__answer_response(r, MHD_HTTP_METHOD_NOT_ALLOWED, response);
}

/* Everything that the request line and the headers say. */
static enum MHD_Result check(wf__request *r, const char *method, const char *path) {
    const char *host = header(r, "Host"), *origin = header(r, "Origin"), *methods = NULL;
    if (!is_own_host(r->server, host))
        return refuse(r, MHD_HTTP_MISDIRECTED_REQUEST,
                      "Host names another machine | use the address that weft ui prints");
    r->route = wf__route_find(&methods, method, path);
    if (!r->route && methods) return refuse_method(r, methods);
    if (!r->route)
        return wf__answer_refusal(r, MHD_HTTP_NOT_FOUND, "not-found", "there is no such page");
    if ((origin && !is_own_origin(origin, host)) || is_of_another_site(r))
        return refuse(r, MHD_HTTP_FORBIDDEN, "asked for by another site");
    if (!is_let_in(r)) return let_in(r);
    return strcmp(r->route->method, "POST") == 0 ? check_post(r) : MHD_YES;
}

/* ---- MHD's callbacks ---- */

static enum MHD_Result begin(wf__request **out, wf_server *s, struct MHD_Connection *connection,
                             const char *method, const char *path) {
    wf__request *r = NULL;
    wf__peer *peer = wf__peer_of(connection);
    if (!peer || wf_alloc(&r, NULL, 1, sizeof *r) != WF_OK) return MHD_NO;
    *r = (wf__request){.server = s, .connection = connection, .peer = peer};
    *out = r;
    return check(r, method, path);
}

enum MHD_Result wf__request_handle(void *user, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_size, void **request) {
    wf__request *r = *request;
    (void)version;
    if (!r) return begin((wf__request **)(void *)request, user, connection, method, url);
    if (*upload_size) {
        r->is_long |= r->body.length + *upload_size > WF__MAX_BODY_BYTES;
        if (!r->is_long) wf_str_add_bytes(&r->body, NULL, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (r->is_queued) return MHD_YES;
    if (r->is_long) return refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is above 64 KiB");
    return r->route->answer(r);
}

void wf__request_completed(void *user, struct MHD_Connection *connection, void **request,
                           enum MHD_RequestTerminationCode code) {
    wf__request *r = *request;
    (void)user;
    (void)connection;
    (void)code;
    if (!r) return;
    wf__peer_set(r->peer, WF__WAITS);
    wf__reports_forget(r);
    wf_str_reset(&r->body);
    wf_free(r);
    *request = NULL;
}
