/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_TCP_H
#define NET_HTTP_TCP_H

#include <core/compiler.h>
#include <stdint.h>

struct http_server;

/* Serves TCP port `port` of every address of the host, IPv4 and IPv6. One server at a time; the net thread
 * then keeps its deadlines. -ENOMEM, -EADDRINUSE. Context: net thread. */
must_check int http_tcp_listen(struct http_server *server, uint16_t port);

/* The address of req->peer as text, for the log. */
const char *http_tcp_peer_text(const void *peer, char *out, unsigned size);

#endif
