/* Where the server listens. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "serve/internal.h"

typedef union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} address;

static wf_status parse(address *out, socklen_t *out_size, wf_context *cx, const char *host,
                       int port) {
    *out = (address){0};
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        *out_size = sizeof out->v4;
        return WF_OK;
    }
    WF_REQUIRE(inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1, WF_E_ARG,
               "host %s: must be an IP address | 127.0.0.1 is this machine alone, 0.0.0.0 and :: "
               "are all of its addresses",
               host);
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons((uint16_t)port);
    *out_size = sizeof out->v6;
    return WF_OK;
}

static wf_status explain(wf_context *cx, const char *host, int port) {
    switch (errno) {
    case EADDRINUSE:
        return WF_FAIL(WF_E_IO,
                       "port %d of %s is in use | --port 0 takes a free one; or does another weft "
                       "ui run there?",
                       port, host);
    case EADDRNOTAVAIL: return WF_FAIL(WF_E_ARG, "host %s: is no address of this machine", host);
    default:
        return WF_FAIL(WF_E_IO, "cannot listen on port %d of %s: %s", port, host, strerror(errno));
    }
}

/* The name under which another machine finds this one. */
static wf_status name_of(wf_str *out, wf_context *cx, const address *a, const char *host) {
    char name[256] = "localhost";
    bool is_any = a->any.sa_family == AF_INET ? a->v4.sin_addr.s_addr == INADDR_ANY
                                              : IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
    if (is_any) gethostname(name, sizeof name - 1);
    if (is_any) wf_str_add(out, cx, name);
    else wf_str_addf(out, cx, a->any.sa_family == AF_INET6 ? "[%s]" : "%s", host);
    return out->status;
}

wf_status wf__listen(int *out_fd, int *out_port, char **out_url, wf_context *cx, const char *host,
                     int port) {
    enum { BACKLOG = 512, SEND_BUFFER = 128 << 10 };
    address a, bound = {0};
    socklen_t size = 0, bound_size = sizeof bound;
    wf_str url = {0};
    wf_status status = WF_OK;
    WF_TRY(parse(&a, &size, cx, host, port));
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    WF_REQUIRE(fd >= 0, WF_E_IO, "cannot make a socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    /* Connections inherit it. Without it the kernel takes megabytes of answers for a client that
     * takes none, and the others wait while they are copied. */
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){SEND_BUFFER}, sizeof(int));
    if (bind(fd, &a.any, size) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, &bound.any, &bound_size) != 0) {
        status = explain(cx, host, port);
        goto done;
    }
    port = ntohs(bound.any.sa_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
    wf_str_add(&url, cx, "http://");
    WF_TRY_OR(name_of(&url, cx, &a, host));
    wf_str_addf(&url, cx, ":%d/", port);
    WF_TRY_OR(url.status);
    *out_url = url.text;
    *out_port = port;
    *out_fd = fd;
    return WF_OK;
done:
    wf_str_reset(&url);
    close(fd);
    return status;
}
