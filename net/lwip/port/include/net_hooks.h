/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HOOKS_H
#define NET_HOOKS_H

#include <lwip/err.h>
#include <lwip/ip_addr.h>

struct pbuf;
struct tcp_hdr;
struct tcp_pcb;

/* The initial sequence number of a connection (RFC 6528): a clock plus a keyed hash of the four-tuple. */
u32_t net_tcp_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip, u16_t remote_port);

/*
 * A segment for a connection in TIME-WAIT: a new SYN beyond its sequence numbers ends it and meets the
 * listener, as RFC 1122, 4.2.2.13 allows, for a busy client comes back with the same port within the waiting
 * time. Anything but ERR_OK: the segment has been dealt with, and its pbuf is to be freed.
 */
err_t net_tcp_time_wait(struct tcp_pcb *pcb, struct tcp_hdr *header, u16_t options_length,
                        const void *second_options, struct pbuf *p);

#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, options_length, first_options_length, second_options, p) \
    ((pcb)->state == TIME_WAIT ? net_tcp_time_wait(pcb, header, options_length, second_options, p) : ERR_OK)

#endif
