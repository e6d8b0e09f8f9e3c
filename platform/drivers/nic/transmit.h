/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_NIC_TRANSMIT_H
#define DRIVERS_NIC_TRANSMIT_H

#include "service.h"

#include <contract/nic.h>

/*
 * Transmit, as far as it is the same for all NICs. Sent frames are collected by the next transmit, by the
 * service thread when it has something to do anyway or, after the last of a burst, by a timer that wakes it:
 * sending needs no interrupt. The device interrupts only while frames wait for room in its ring.
 */
struct nic_tx {
    struct nic *nic;             /* immutable; counts what is dropped */
    struct nic_service *service; /* immutable */
    struct spinlock lock;        /* of the driver's ring, too */
    bool is_open;                /* lock; the ring is up */
    unsigned count;              /* lock; frames in the ring */
    uint64_t stuck_ns;           /* lock; since when nothing has moved; 0: it moves */
    struct frame_list backlog;   /* lock; frames that the ring has no room for yet */
    unsigned backlog_count;      /* lock */
    struct timer timer;          /* lock */
    uint64_t wait_ns;            /* lock; until the next look at the frames in the ring */
    atomic_bool is_timed;        /* the timer is armed, or its event is on the way */
    atomic_uint pending;         /* frames in the ring */
};

/* How long a transmitted frame may wait for its release when nothing else happens. */
#define NIC_TX_COLLECT_NS (5 * NSEC_PER_MSEC)
/* A device that sends nothing is looked at more and more rarely. */
#define NIC_TX_COLLECT_MAX_NS NSEC_PER_SEC
/* A frame in the ring for so long means that the device hangs (flow control is off). */
#define NIC_TX_HANG_NS (2 * NSEC_PER_SEC)
/* Frames that wait beyond the ring; more are dropped. They cost no copy, the sender has them in memory
 * anyway. */
#define NIC_BACKLOG_MAX 2048

enum nic_tx_added {
    NIC_TX_ADDED,
    NIC_TX_FULL,  /* the ring has no room for this frame yet */
    NIC_TX_UNFIT, /* the device cannot send such a frame */
};

/*
 * What the driver knows of its ring. A constant in the file that has the functions: all of this is inlined
 * there, no call goes through a pointer. Context of each: tx->lock held.
 */
struct nic_tx_ring {
    /* nic_tx_done() for each frame that the device has sent. */
    void (*collect)(struct nic_tx *tx, struct frame_list *done);
    enum nic_tx_added (*add)(struct nic_tx *tx, struct frame *frame);
    /* Tells the device of everything added since the last time, with one write. */
    void (*show)(struct nic_tx *tx);
    /* Frames wait: the device is to interrupt when it has sent some. They wait no more: it is not to. */
    void (*await_room)(struct nic_tx *tx, bool is_waiting);
    /* Whether it is time to give up on the device; called while nothing moves. NULL: it tells by itself. */
    bool (*has_hung)(struct nic_tx *tx);
};

/* Context of these: thread; at bind, and when the ring has been set up. */
void nic_tx_init(struct nic_tx *tx, struct nic *nic, struct nic_service *service);
void nic_tx_open(struct nic_tx *tx);

/* Releases every frame in ring and backlog of a device that has been reset; `reclaim` empties the ring.
 * Context: service thread. */
void nic_tx_drain(struct nic_tx *tx, void (*reclaim)(struct nic_tx *tx, struct frame_list *done));

/* For `reclaim`: the frames out of a ring's `frames`. */
void nic_tx_slots_take(struct frame **frames, unsigned count, struct frame_list *done);

/* A has_hung(): frames have been in the ring for NIC_TX_HANG_NS while the link was up. */
bool nic_tx_is_stuck(struct nic_tx *tx);

/* After frames were shown to the device: sees to it that they are collected. Context: lock held. */
void nic_tx_watch(struct nic_tx *tx);

/* In NIC_EVENT_TX, after collecting: goes on watching if frames are left. Context: lock held. */
void nic_tx_rewatch(struct nic_tx *tx, bool has_progressed);

/* Puts a frame behind the backlog; false: full, the frame stays the caller's. Context: lock held. */
must_check bool nic_backlog_put(struct nic_tx *tx, struct frame *frame);
struct frame *nic_backlog_take(struct nic_tx *tx);

/* Releases every frame of the list. Context: thread, no lock held. */
void nic_frames_release(struct frame_list *frames);

/* The device has sent this one. Context: lock held. */
static always_inline void nic_tx_done(struct nic_tx *tx, struct frame *frame, struct frame_list *done)
{
    STAILQ_INSERT_TAIL(done, frame, link);
    tx->count--;
    tx->stuck_ns = 0;
}

/* One frame to the ring; false: no room. */
static always_inline bool nic_tx_add(struct nic_tx *tx, const struct nic_tx_ring *ring, struct frame *frame,
                                     struct frame_list *done)
{
    enum nic_tx_added added = ring->add(tx, frame);

    if (added == NIC_TX_FULL)
        return false;
    if (likely(added == NIC_TX_ADDED)) {
        tx->count++;
        return true;
    }
    STAILQ_INSERT_TAIL(done, frame, link);
    tx->nic->tx_dropped++;
    return true;
}

/* As much of the backlog as fits. */
static always_inline void nic_tx_backlog_add(struct nic_tx *tx, const struct nic_tx_ring *ring,
                                             struct frame_list *done)
{
    struct frame *frame;

    while ((frame = nic_backlog_take(tx)) != NULL) {
        if (!nic_tx_add(tx, ring, frame, done)) {
            STAILQ_INSERT_HEAD(&tx->backlog, frame, link);
            tx->backlog_count++;
            break;
        }
    }
    ring->await_room(tx, tx->backlog_count > 0);
}

/* Frames that find no room wait; what may not even wait is dropped. */
static always_inline void nic_tx_frames_add(struct nic_tx *tx, const struct nic_tx_ring *ring,
                                            struct frame_list *frames, struct frame_list *done)
{
    struct frame *frame;

    while ((frame = STAILQ_FIRST(frames)) != NULL) {
        STAILQ_REMOVE_HEAD(frames, link);
        if (likely(tx->backlog_count == 0) && likely(nic_tx_add(tx, ring, frame, done)))
            continue;
        if (!nic_backlog_put(tx, frame)) {
            tx->nic->tx_dropped++;
            STAILQ_INSERT_TAIL(done, frame, link);
        }
    }
}

/* nic_ops.transmit. */
static always_inline void nic_tx_send(struct nic_tx *tx, const struct nic_tx_ring *ring,
                                      struct frame_list *frames)
{
    struct frame_list done = STAILQ_HEAD_INITIALIZER(done);

    spin_lock(&tx->lock);
    if (likely(tx->is_open)) {
        ring->collect(tx, &done);
        nic_tx_frames_add(tx, ring, frames, &done);
        if (unlikely(tx->backlog_count > 0))
            nic_tx_backlog_add(tx, ring, &done);
        ring->show(tx);
        nic_tx_watch(tx);
    } else {
        STAILQ_CONCAT(&done, frames);
    }
    spin_unlock(&tx->lock);
    nic_frames_release(&done);
}

/* Collects what was transmitted and sends what waits. Context: service thread. */
static always_inline void nic_tx_service(struct nic_tx *tx, const struct nic_tx_ring *ring, unsigned events)
{
    struct frame_list done = STAILQ_HEAD_INITIALIZER(done);
    bool has_progressed = false;

    spin_lock(&tx->lock);
    if (tx->is_open) {
        ring->collect(tx, &done);
        has_progressed = !STAILQ_EMPTY(&done);
        if (tx->backlog_count > 0)
            nic_tx_backlog_add(tx, ring, &done);
        if (has_progressed) {
            ring->show(tx);
            nic_tx_watch(tx);
        } else if ((events & NIC_EVENT_TX) && ring->has_hung != NULL && ring->has_hung(tx)) {
            nic_service_post(tx->service, NIC_EVENT_RESET);
        }
    }
    if (events & NIC_EVENT_TX)
        nic_tx_rewatch(tx, has_progressed);
    spin_unlock(&tx->lock);
    nic_frames_release(&done);
}

#endif
