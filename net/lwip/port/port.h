/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_LWIP_PORT_H
#define NET_LWIP_PORT_H

#include <core/compiler.h>
#include <core/types.h>

/* Between the parts of the lwIP port. Everything runs in the net thread unless it says otherwise. */

struct netif;

/* Wakes the net thread. Context: any. */
void net_thread_wake(void);

/* netif_port.c: the host's interface as a port of the switch. */
must_check int netif_port_attach(void);
struct netif *netif_port(void);
void netif_port_receive(void); /* feeds some of the queued frames to lwIP */
void netif_port_reclaim(void); /* frees what the NICs are done with */
void netif_port_flush(void);   /* sends what has been collected, in one batch */
bool netif_port_has_input(void);
uint64_t netif_port_rx_held(void);

/* timers.c: lwIP's cyclic timers, and ours. */
void net_timers_run(uint64_t now_ns);
uint64_t net_timers_next(void);

/* address.c */
void net_address_start(void);
void net_address_stop(void);

/* memory.c. Context of net_memory_limit_set: before lwIP starts. */
void net_memory_limit_set(uint64_t limit_bytes);
uint64_t net_memory_frames_max(void); /* received frames that may be held at a time */

/* http_tcp.c */
uint64_t http_tcp_next_deadline(void);
void http_tcp_tick(void);

#endif
