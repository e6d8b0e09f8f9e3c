/* SPDX-License-Identifier: BSD-2-Clause */
#include "port.h"

#include <core/boot.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/waitq.h>
#include <lwip/init.h>
#include <net/net.h>
#include <stdatomic.h>

/*
 * The net thread. It sleeps until frames arrive, a call is queued or a deadline comes, does everything there
 * is to do, sends what that has produced in one batch, and sleeps again.
 */
static struct {
    struct waitq waitq;
    atomic_bool is_awake; /* something to look at since the thread began its last round */
    _Atomic(struct net_call *) calls;
    bool is_stopping; /* net thread */
    struct thread *thread;
} net = {.waitq = WAITQ_INIT(net.waitq)};

void net_thread_wake(void)
{
    /* Only the first of several wakes pays for one. */
    if (!atomic_exchange(&net.is_awake, true))
        waitq_wake_one(&net.waitq);
}

bool net_call(struct net_call *call)
{
    struct net_call *head;

    if (atomic_exchange(&call->is_queued, true))
        return false;
    head = atomic_load_explicit(&net.calls, memory_order_relaxed);
    do {
        call->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&net.calls, &head, call, memory_order_release,
                                                    memory_order_relaxed));
    net_thread_wake();
    return true;
}

static void run_calls(void)
{
    struct net_call *newest = atomic_exchange_explicit(&net.calls, NULL, memory_order_acquire), *call = NULL;

    /* The stack has the newest first; they run in the order they came. */
    while (newest) {
        struct net_call *next = newest->next;

        newest->next = call;
        call = newest;
        newest = next;
    }
    while (call) {
        struct net_call *next = call->next;

        atomic_store(&call->is_queued, false);
        call->fn(call);
        call = next;
    }
}

static uint64_t next_deadline(void)
{
    return MIN(net_timers_next(), http_tcp_next_deadline());
}

static void net_main(void *arg)
{
    while (!net.is_stopping) {
        uint64_t deadline_ns = next_deadline();

        wait_event_until(&net.waitq, atomic_load(&net.is_awake) || netif_port_has_input(), deadline_ns);
        atomic_store(&net.is_awake, false);
        netif_port_reclaim(); /* first: TCP does not retransmit what a NIC still holds */
        run_calls();
        netif_port_receive();
        net_timers_run(clock_now_ns());
        http_tcp_tick();
        netif_port_flush();
    }
}

static int net_start(void)
{
    struct thread_params params = {.name = "net",
                                   .prio = THREAD_PRIO_SERVICE,
                                   .flags = THREAD_FPU,
                                   .cpu = THREAD_CPU_ANY,
                                   .fn = net_main};
    struct mm_stats memory;
    int error;

    /* An eighth of memory, since many connections may hold full windows; a small host keeps enough to be
     * managed. */
    mm_stats_get(NODE_ANY, &memory);
    net_memory_limit_set(MAX(memory.total_bytes / 8, MIB(8)));
    lwip_init();
    error = netif_port_attach();
    return error ? error : thread_create(&params, &net.thread);
}

static void stop_call(struct net_call *call)
{
    net_address_stop();
    netif_port_flush();
    net.is_stopping = true;
}

static void net_stop(void)
{
    static struct net_call call = {.fn = stop_call};

    if (!net.thread)
        return;
    net_call(&call);
    thread_join(net.thread);
}

BOOT_STEP(BOOT_NET, net, net_start, net_stop);
