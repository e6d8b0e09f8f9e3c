/* SPDX-License-Identifier: BSD-2-Clause */
#include "transmit.h"

static void timer_fired(struct timer *timer)
{
    struct nic_tx *tx = container_of(timer, struct nic_tx, timer);

    /* Mostly everything has been collected meanwhile; then nobody need wake up. */
    atomic_store(&tx->is_timed, false);
    if (atomic_load(&tx->pending) != 0 && !atomic_exchange(&tx->is_timed, true))
        nic_service_post(tx->service, NIC_EVENT_TX);
}

void nic_tx_init(struct nic_tx *tx, struct nic *nic, struct nic_service *service)
{
    tx->nic = nic;
    tx->service = service;
    spin_init(&tx->lock, LOCK_RANK_DEVICE);
    STAILQ_INIT(&tx->backlog);
    timer_init(&tx->timer, timer_fired);
    tx->wait_ns = NIC_TX_COLLECT_NS;
}

void nic_tx_open(struct nic_tx *tx)
{
    spin_lock(&tx->lock);
    tx->is_open = true;
    spin_unlock(&tx->lock);
}

void nic_tx_drain(struct nic_tx *tx, void (*reclaim)(struct nic_tx *tx, struct frame_list *done))
{
    struct frame_list done = STAILQ_HEAD_INITIALIZER(done);

    spin_lock(&tx->lock);
    tx->is_open = false;
    reclaim(tx, &done);
    STAILQ_CONCAT(&done, &tx->backlog);
    tx->backlog_count = 0;
    tx->count = 0;
    tx->stuck_ns = 0;
    spin_unlock(&tx->lock);
    nic_frames_release(&done);
}

void nic_tx_slots_take(struct frame **frames, unsigned count, struct frame_list *done)
{
    for (unsigned i = 0; i < count; i++) {
        if (frames[i])
            STAILQ_INSERT_TAIL(done, frames[i], link);
        frames[i] = NULL;
    }
}

bool nic_tx_is_stuck(struct nic_tx *tx)
{
    uint64_t now = clock_now_ns();

    if (tx->count == 0 || !tx->nic->is_link_up)
        return false;
    if (tx->stuck_ns == 0)
        tx->stuck_ns = now;
    return now - tx->stuck_ns >= NIC_TX_HANG_NS;
}

void nic_tx_watch(struct nic_tx *tx)
{
    /* Pairs with timer_fired(): each side writes its word, then reads the other's. */
    atomic_store(&tx->pending, tx->count);
    if (tx->count == 0 || atomic_load(&tx->is_timed))
        return;
    atomic_store_explicit(&tx->is_timed, true, memory_order_relaxed);
    timer_arm(&tx->timer, clock_now_ns() + tx->wait_ns);
}

void nic_tx_rewatch(struct nic_tx *tx, bool has_progressed)
{
    tx->wait_ns = has_progressed ? NIC_TX_COLLECT_NS : MIN(tx->wait_ns * 2, NIC_TX_COLLECT_MAX_NS);
    atomic_store_explicit(&tx->is_timed, false, memory_order_relaxed);
    nic_tx_watch(tx);
}

bool nic_backlog_put(struct nic_tx *tx, struct frame *frame)
{
    if (tx->backlog_count >= NIC_BACKLOG_MAX)
        return false;
    STAILQ_INSERT_TAIL(&tx->backlog, frame, link);
    tx->backlog_count++;
    return true;
}

struct frame *nic_backlog_take(struct nic_tx *tx)
{
    struct frame *frame = STAILQ_FIRST(&tx->backlog);

    if (frame) {
        STAILQ_REMOVE_HEAD(&tx->backlog, link);
        tx->backlog_count--;
    }
    return frame;
}

void nic_frames_release(struct frame_list *frames)
{
    struct frame *frame, *next;

    for (frame = STAILQ_FIRST(frames); frame; frame = next) {
        next = STAILQ_NEXT(frame, link);
        frame_release(frame);
    }
}
