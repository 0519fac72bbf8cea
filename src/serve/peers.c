/* Connections: how many there may be, and until when. A deadline is a moment, which no byte that
 * trickles in moves; a connection is ended by shutting its socket down, which MHD then notices. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "serve/internal.h"

wf__peer *wf__peer_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void wf__peer_set(wf__peer *p, wf__phase phase) {
    double now = wf_clock_s();
    const double seconds[] = {[WF__WAITS] = WF__REQUEST_S,
                              [WF__IS_ANSWERED] = WF__ANSWER_S,
                              [WF__STREAMS] = WF__STREAM_S};
    p->phase = phase;
    p->since_s = now;
    p->deadline_s = now + seconds[phase];
    if (phase == WF__WAITS && p->deadline_s > p->began_s + WF__PEER_S)
        p->deadline_s = p->began_s + WF__PEER_S;
}

void wf__peer_drop(wf__peer *p) {
    p->is_dropped = true;
    shutdown(p->fd, SHUT_RDWR);
}

bool wf__peer_has_left(const wf__peer *p) {
    char byte;
    ssize_t n = recv(p->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void wf__peers_sweep(const wf__peers *peers, double now_s) {
    for (wf__peer *p = peers->first; p; p = p->next)
        if (!p->is_dropped && now_s >= p->deadline_s) wf__peer_drop(p);
}

/* When there are too many, the one goes that has been asking for something, or taking its answer,
 * for longest. Streams, of which there are few, stay. */
static void make_room(const wf__peers *peers, const wf__peer *new) {
    size_t all = 0, near = 0;
    wf__peer *slowest = NULL, *slowest_near = NULL;
    for (wf__peer *p = peers->first; p; p = p->next) {
        if (p->is_dropped) continue;
        bool is_near = memcmp(p->address, new->address, sizeof p->address) == 0;
        all++;
        near += is_near;
        if (p->phase == WF__STREAMS || p == new) continue;
        if (!slowest || p->since_s < slowest->since_s) slowest = p;
        if (is_near && (!slowest_near || p->since_s < slowest_near->since_s)) slowest_near = p;
    }
    wf__peer *one = near > WF__MAX_PEERS_PER_ADDRESS ? slowest_near
                    : all > WF__MAX_PEERS            ? slowest
                                                     : NULL;
    if (one) wf__peer_drop(one);
}

static void take_address(wf__peer *p, const struct sockaddr *address) {
    if (address && address->sa_family == AF_INET)
        memcpy(p->address, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    if (address && address->sa_family == AF_INET6)
        memcpy(p->address, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
}

static void begin(wf__peers *peers, struct MHD_Connection *connection, void **socket_context) {
    wf__peer *p = NULL;
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *address =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!fd) return;
    if (wf_alloc(&p, NULL, 1, sizeof *p) != WF_OK) {
        shutdown(fd->connect_fd, SHUT_RDWR);
        return;
    }
    p->fd = fd->connect_fd;
    p->began_s = wf_clock_s();
    wf__peer_set(p, WF__WAITS);
    if (address) take_address(p, address->client_addr);
    p->before = peers->last;
    if (peers->last) peers->last->next = p;
    else peers->first = p;
    peers->last = p;
    *socket_context = p;
    make_room(peers, p);
}

static void end(wf__peers *peers, wf__peer *p) {
    if (!p) return;
    if (p->next) p->next->before = p->before;
    else peers->last = p->before;
    if (p->before) p->before->next = p->next;
    else peers->first = p->next;
    wf_free(p);
}

void wf__peers_notify(void *user, struct MHD_Connection *connection, void **socket_context,
                      enum MHD_ConnectionNotificationCode code) {
    if (code == MHD_CONNECTION_NOTIFY_STARTED) begin(user, connection, socket_context);
    else end(user, *socket_context);
}
