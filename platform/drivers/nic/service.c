/* SPDX-License-Identifier: BSD-2-Clause */
#include "service.h"

#include <core/cpu.h>
#include <core/thread.h>
#include <errno.h>

static void service_main(void *arg)
{
    struct nic_service *service = arg;

    for (;;) {
        unsigned events = atomic_exchange_explicit(&service->events, 0, memory_order_acquire);

        if (events)
            service->run(service->arg, events);
        else
            wait_event(&service->wake, atomic_load_explicit(&service->events, memory_order_relaxed) != 0);
    }
}

static void tx_timer_fired(struct timer *timer)
{
    struct nic_service *service = container_of(timer, struct nic_service, tx_timer);

    /* Mostly everything has been collected meanwhile; then nobody need wake up. */
    atomic_store(&service->is_tx_timed, false);
    if (atomic_load(&service->tx_pending) != 0 && !atomic_exchange(&service->is_tx_timed, true))
        nic_service_post(service, NIC_EVENT_TX);
}

int nic_service_start(struct nic_service *service, const char *name, void (*run)(void *, unsigned), void *arg)
{
    static atomic_uint next_cpu;
    struct thread_params params = {
        .name = name, .prio = THREAD_PRIO_DRIVER, .flags = THREAD_PINNED, .fn = service_main, .arg = service};
    struct thread *thread;
    int err;

    waitq_init(&service->wake);
    waitq_init(&service->changed);
    spin_init(&service->tx_lock, LOCK_RANK_DEVICE);
    STAILQ_INIT(&service->backlog);
    timer_init(&service->tx_timer, tx_timer_fired);
    service->tx_wait_ns = NIC_TX_COLLECT_NS;
    service->run = run;
    service->arg = arg;
    /* The interrupt goes where the thread is: waking it needs no other CPU. */
    service->cpu = params.cpu = atomic_fetch_add(&next_cpu, 1) % cpu_count();
    err = thread_create(&params, &thread);
    if (!err)
        thread_detach(thread);
    return err;
}

void nic_service_post(struct nic_service *service, unsigned events)
{
    unsigned before = atomic_fetch_or_explicit(&service->events, events, memory_order_acq_rel);

    if (before == 0)
        waitq_wake_one(&service->wake);
}

int nic_service_run(struct nic_service *service, bool wants_running)
{
    atomic_store(&service->start_error, 0);
    atomic_store(&service->wants_running, wants_running);
    nic_service_post(service, NIC_EVENT_CONTROL);
    wait_event(&service->changed,
               atomic_load(&service->is_running) == wants_running || atomic_load(&service->start_error) != 0);
    return atomic_load(&service->start_error);
}

void nic_service_ran(struct nic_service *service, bool is_running, int error)
{
    atomic_store(&service->is_running, is_running);
    atomic_store(&service->start_error, error);
    waitq_wake_all(&service->changed);
}

bool nic_backlog_put(struct nic_service *service, struct frame *frame)
{
    if (service->backlog_count >= NIC_BACKLOG_MAX)
        return false;
    STAILQ_INSERT_TAIL(&service->backlog, frame, link);
    service->backlog_count++;
    return true;
}

struct frame *nic_backlog_take(struct nic_service *service)
{
    struct frame *frame = STAILQ_FIRST(&service->backlog);

    if (frame) {
        STAILQ_REMOVE_HEAD(&service->backlog, link);
        service->backlog_count--;
    }
    return frame;
}

void nic_tx_watch(struct nic_service *service, unsigned pending)
{
    /* Pairs with tx_timer_fired(): each side writes its word, then reads the other's. */
    atomic_store(&service->tx_pending, pending);
    if (pending == 0 || atomic_load(&service->is_tx_timed))
        return;
    atomic_store_explicit(&service->is_tx_timed, true, memory_order_relaxed);
    timer_arm(&service->tx_timer, clock_now_ns() + service->tx_wait_ns);
}

void nic_tx_rewatch(struct nic_service *service, unsigned pending, bool has_progressed)
{
    service->tx_wait_ns =
        has_progressed ? NIC_TX_COLLECT_NS : MIN(service->tx_wait_ns * 2, NIC_TX_COLLECT_MAX_NS);
    atomic_store_explicit(&service->is_tx_timed, false, memory_order_relaxed);
    nic_tx_watch(service, pending);
}

void nic_frames_release(struct frame_list *frames)
{
    struct frame *frame, *next;

    for (frame = STAILQ_FIRST(frames); frame; frame = next) {
        next = STAILQ_NEXT(frame, link);
        frame_release(frame);
    }
}
