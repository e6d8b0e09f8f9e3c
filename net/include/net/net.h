/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_NET_H
#define NET_NET_H

#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * The net thread: lwIP, the HTTP server and the agent's handlers all run in it, one after another, so they
 * need no locks among themselves and must never block for long.
 */

/*
 * Work for the net thread. Embedded in the caller's object; in flight once at most until `fn` begins. fn runs
 * in the net thread and may queue the call again.
 */
struct net_call {
    struct net_call *next;
    void (*fn)(struct net_call *call);
    atomic_bool is_queued;
};

/* False: it was queued already, and will still see what the caller has stored before. Context: any. */
bool net_call(struct net_call *call);

/* A deadline of the net thread. Context of everything: net thread. */
struct net_timer {
    struct net_timer *next; /* owner: the timer list */
    uint64_t deadline_ns;   /* 0: not armed */
    void (*fn)(struct net_timer *timer);
};

/* Calls fn once, at or soon after the deadline. Re-arming moves it. The list is short: a linear one. */
void net_timer_arm(struct net_timer *timer, uint64_t deadline_ns);
void net_timer_cancel(struct net_timer *timer);

/*
 * Runs `fn` when no frame that was handed to a NIC before this call is on its way any more: bytes that were
 * sent by reference may be freed or changed then. At once, if nothing is on its way. Context: net thread.
 */
struct net_after_tx {
    struct net_after_tx *next;
    void (*fn)(struct net_after_tx *self);
};
void net_after_tx(struct net_after_tx *self);

/* The host's addresses. */
enum net_address_source { NET_ADDRESS_NONE, NET_ADDRESS_DHCP, NET_ADDRESS_STATIC };

#define NET_IPV6_MAX  4
#define NET_TEXT_SIZE 48

struct net_addresses {
    enum net_address_source source;
    char ipv4[NET_TEXT_SIZE]; /* empty: none yet */
    char gateway[NET_TEXT_SIZE];
    unsigned prefix;
    unsigned n_ipv6;
    struct {
        char address[NET_TEXT_SIZE];
        const char *state; /* "tentative", "preferred", "deprecated", "duplicated" */
    } ipv6[NET_IPV6_MAX];
};
void net_addresses_get(struct net_addresses *out); /* context: net thread */

/* The name the host gives itself (boot option `hostname=`; basalt- and half its MAC otherwise). Context: any.
 */
const char *net_hostname(void);

/* What the stack holds now, and may hold at most. Context: net thread. */
struct net_memory {
    uint64_t used_bytes, limit_bytes, rx_held_frames, refused;
};
void net_memory_get(struct net_memory *out);

#endif
