/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* lwIP's options (its opt.h says what each means); what is not here has lwIP's default. */

/*
 * One thread runs all of lwIP, and nothing else touches its data: received frames come in through a queue,
 * transmitted ones hand their pbufs back through another (netif_port.c). So there is nothing to protect.
 */
#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0

/* Timers of our own: they only tick while something waits for them (timers.c). */
#define LWIP_TIMERS        1
#define LWIP_TIMERS_CUSTOM 1

/* Memory comes from malloc by way of net_memory_alloc(), which bounds it: no pools, no fixed numbers. */
#define MEM_CUSTOM_ALLOCATOR 1
#define MEM_CUSTOM_MALLOC    net_memory_alloc
#define MEM_CUSTOM_CALLOC    net_memory_calloc
#define MEM_CUSTOM_FREE      net_memory_free
#define MEMP_MEM_MALLOC      1
#define MEM_ALIGNMENT        8

/* Link and addresses. */
#define LWIP_ARP                       1
#define ETHARP_TRUST_IP_MAC            0
#define ARP_TABLE_SIZE                 127 /* what the index type allows */
#define ARP_QUEUEING                   1
#define LWIP_SINGLE_NETIF              1
#define LWIP_NETIF_HWADDRHINT          1 /* a connection remembers its place in the table */
#define LWIP_NETIF_HOSTNAME            1
#define LWIP_NETIF_STATUS_CALLBACK     1
#define LWIP_NETIF_EXT_STATUS_CALLBACK 1
#define LWIP_HAVE_LOOPIF               0
#define LWIP_NETIF_LOOPBACK            0
#define LWIP_IPV4                      1
#define IP_FORWARD                     0
#define IP_REASSEMBLY                  1
#define IP_REASS_MAX_PBUFS             64
#define IP_FRAG                        1
#define LWIP_ICMP                      1
#define LWIP_IGMP                      0
#define LWIP_RAW                       0
#define LWIP_UDP                       1
#define LWIP_DNS                       0
#define LWIP_DHCP                      1
/* Probing the offered address for seconds before using it is the server's job (RFC 2131, 2.2: "should"). */
#define LWIP_DHCP_DOES_ACD_CHECK      0
#define LWIP_DHCP_MAX_NTP_SERVERS     0
#define LWIP_AUTOIP                   0
#define LWIP_IPV6                     1
#define IPV6_FRAG_COPYHEADER          1 /* pointers are wider than the header field they would be kept in */
#define LWIP_ICMP6                    1
#define LWIP_IPV6_MLD                 1
#define LWIP_IPV6_AUTOCONFIG          1
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 1
#define LWIP_IPV6_NUM_ADDRESSES       4
#define LWIP_IPV6_FORWARD             0
#define LWIP_IPV6_REASS               1
#define LWIP_IPV6_FRAG                1
#define LWIP_IPV6_DHCP6               0
#define LWIP_ND6_NUM_NEIGHBORS        64
#define LWIP_ND6_NUM_DESTINATIONS     64

/* TCP. Windows for 10 Gbit/s over some 0.4 ms; out-of-order data may fill half of one. */
#define LWIP_TCP            1
#define LWIP_CALLBACK_API   1
#define TCP_MSS             1460
#define LWIP_WND_SCALE      1
#define TCP_RCV_SCALE       3
#define TCP_WND             (512 * 1024 - 8)
#define TCP_SND_BUF         (256 * 1024)
#define TCP_SND_QUEUELEN    (4 * TCP_SND_BUF / TCP_MSS)
#define TCP_SNDLOWAT        (48 * 1024) /* only for select(), but its default would not fit 16 bits */
#define TCP_QUEUE_OOSEQ     1
#define TCP_OOSEQ_MAX_BYTES (256 * 1024)
#define LWIP_TCP_SACK_OUT   1
#define LWIP_TCP_KEEPALIVE  1
/* No fixed number of half-open connections: memory bounds them, and lwIP gives up the oldest when it is out.
 */
#define TCP_LISTEN_BACKLOG 0
/* TIME-WAIT for 20 s instead of 4 minutes (RFC 9293, 3.4.2 leaves it to be tuned): management connections are
 * many and short, segments do not live that long in a data centre. */
#define TCP_MSL            10000
#define TCP_OVERSIZE       TCP_MSS
#define LWIP_HOOK_FILENAME "net_hooks.h"
#define LWIP_HOOK_TCP_ISN  net_tcp_isn

/* Received checksums are checked unless the NIC has; transmitted ones are left to the port (netif_port.c). */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#define LWIP_STATS                 0
#define MIB2_STATS                 0
#define PPP_SUPPORT                0
#define LWIP_NUM_NETIF_CLIENT_DATA 0

#endif
