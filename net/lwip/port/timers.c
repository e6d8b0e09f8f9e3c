/* SPDX-License-Identifier: BSD-2-Clause */
#include "port.h"

#include <core/time.h>
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <net/net.h>

/*
 * lwIP's own timer list would wake an idle host ten times a second. Here a cyclic timer ticks only while
 * something waits for it; what remains of an idle host's ticks is one a second, for the neighbour tables.
 */
struct cyclic {
    void (*tick)(void);
    bool (*is_needed)(void);
    uint64_t interval_ns;
    uint64_t due_ns; /* 0: not ticking */
};

static bool always(void)
{
    return true;
}

static bool tcp_is_needed(void)
{
    return tcp_active_pcbs || tcp_tw_pcbs;
}

static bool dhcp_is_needed(void)
{
    const struct dhcp *dhcp = netif_dhcp_data(netif_port());

    return dhcp && dhcp->request_timeout != 0;
}

static bool mld6_is_needed(void)
{
    for (const struct mld_group *group = netif_mld6_data(netif_port()); group; group = group->next) {
        if (group->timer != 0)
            return true;
    }
    return false;
}

static struct cyclic cyclics[] = {
    {tcp_tmr, tcp_is_needed, TCP_TMR_INTERVAL *NSEC_PER_MSEC, 0},
    {dhcp_fine_tmr, dhcp_is_needed, DHCP_FINE_TIMER_MSECS *NSEC_PER_MSEC, 0},
    {mld6_tmr, mld6_is_needed, MLD6_TMR_INTERVAL *NSEC_PER_MSEC, 0},
    {etharp_tmr, always, ARP_TMR_INTERVAL *NSEC_PER_MSEC, 0},
    {nd6_tmr, always, ND6_TMR_INTERVAL *NSEC_PER_MSEC, 0},
    {ip_reass_tmr, always, IP_TMR_INTERVAL *NSEC_PER_MSEC, 0},
    {ip6_reass_tmr, always, IP6_REASS_TMR_INTERVAL *NSEC_PER_MSEC, 0},
    {dhcp_coarse_tmr, always, DHCP_COARSE_TIMER_MSECS *NSEC_PER_MSEC, 0},
};

static struct net_timer *timers;

u32_t sys_now(void)
{
    return (u32_t)(clock_now_ns() / NSEC_PER_MSEC);
}

void sys_timeouts_init(void)
{
}

void net_timer_cancel(struct net_timer *timer)
{
    for (struct net_timer **at = &timers; *at; at = &(*at)->next) {
        if (*at == timer) {
            *at = timer->next;
            break;
        }
    }
    timer->deadline_ns = 0;
}

void net_timer_arm(struct net_timer *timer, uint64_t deadline_ns)
{
    if (timer->deadline_ns == 0) {
        timer->next = timers;
        timers = timer;
    }
    timer->deadline_ns = deadline_ns;
}

static struct net_timer *timer_due(uint64_t now_ns)
{
    for (struct net_timer *timer = timers; timer; timer = timer->next) {
        if (timer->deadline_ns <= now_ns)
            return timer;
    }
    return NULL;
}

void net_timers_run(uint64_t now_ns)
{
    struct net_timer *timer;

    for (size_t i = 0; i < ARRAY_SIZE(cyclics); i++) {
        struct cyclic *cyclic = &cyclics[i];

        if (cyclic->due_ns == 0 || cyclic->due_ns > now_ns)
            continue;
        /* The rhythm is kept; ticks that were missed altogether are not made up for. */
        cyclic->due_ns += cyclic->interval_ns;
        if (cyclic->due_ns <= now_ns)
            cyclic->due_ns = now_ns + cyclic->interval_ns;
        cyclic->tick();
    }
    while ((timer = timer_due(now_ns)) != NULL) {
        net_timer_cancel(timer);
        timer->fn(timer);
    }
}

uint64_t net_timers_next(void)
{
    uint64_t now_ns = clock_now_ns(), next = ~0ULL;

    for (size_t i = 0; i < ARRAY_SIZE(cyclics); i++) {
        struct cyclic *cyclic = &cyclics[i];

        if (!cyclic->is_needed())
            cyclic->due_ns = 0;
        else if (cyclic->due_ns == 0)
            /* On multiples of the interval, so that the timers share their wake-ups. */
            cyclic->due_ns = (now_ns / cyclic->interval_ns + 1) * cyclic->interval_ns;
        if (cyclic->due_ns)
            next = MIN(next, cyclic->due_ns);
    }
    for (const struct net_timer *timer = timers; timer; timer = timer->next)
        next = MIN(next, timer->deadline_ns);
    return next;
}
