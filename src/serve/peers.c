/* Connections: how many there may be, and until when. A deadline is a moment, which no byte that
 * trickles in moves; a connection is ended by shutting its socket down, which MHD then notices. */
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
    p->deadline_s = now + seconds[phase];
    if (phase == WF__WAITS && p->deadline_s > p->began_s + WF__PEER_S)
        p->deadline_s = p->began_s + WF__PEER_S;
}

void wf__peer_drop(wf__peer *p) {
    p->is_dropped = true;
    shutdown(p->fd, SHUT_RDWR);
}

void wf__peers_sweep(const wf__peers *peers, double now_s) {
    for (wf__peer *p = peers->first; p; p = p->next)
        if (!p->is_dropped && now_s >= p->deadline_s) wf__peer_drop(p);
}

/* When there are too many, those that have asked for nothing go first, the oldest of them. */
static void make_room(const wf__peers *peers, const wf__peer *new) {
    size_t all = 0, near = 0;
    wf__peer *oldest = NULL, *oldest_near = NULL;
    for (wf__peer *p = peers->first; p; p = p->next) {
        if (p->is_dropped) continue;
        bool is_near = memcmp(p->address, new->address, sizeof p->address) == 0;
        all++;
        near += is_near;
        if (p->phase != WF__WAITS || p == new) continue;
        if (!oldest) oldest = p;
        if (is_near && !oldest_near) oldest_near = p;
    }
    if (near > WF__MAX_PEERS_PER_ADDRESS && oldest_near) wf__peer_drop(oldest_near);
    else if (all > WF__MAX_PEERS && oldest) wf__peer_drop(oldest);
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
