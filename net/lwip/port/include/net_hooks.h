/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HOOKS_H
#define NET_HOOKS_H

#include <lwip/ip_addr.h>

/* The initial sequence number of a connection (RFC 6528): a clock plus a keyed hash of the four-tuple. */
u32_t net_tcp_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip, u16_t remote_port);

#endif
