/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_NIC_SERVICE_H
#define DRIVERS_NIC_SERVICE_H

#include <core/frame.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/types.h>
#include <core/waitq.h>
#include <stdatomic.h>

/*
 * What NIC drivers have in common: a thread that interrupts and callers wake with event bits, a queue of
 * frames that wait for the transmit ring, and a timer that collects the last transmitted frames of a burst,
 * so that sending needs no interrupt.
 */
struct thread;

enum nic_event {
    NIC_EVENT_QUEUES = 1 << 0,  /* received frames, room to refill, or room to transmit */
    NIC_EVENT_LINK = 1 << 1,    /* link state or configuration may have changed */
    NIC_EVENT_TX = 1 << 2,      /* frames have been in the transmit ring for a while */
    NIC_EVENT_RESET = 1 << 3,   /* the device needs a reset */
    NIC_EVENT_CONTROL = 1 << 4, /* wants_running has changed */
};

struct nic_service {
    struct waitq wake;
    atomic_uint events; /* enum nic_event */
    void (*run)(void *arg, unsigned events);
    void *arg;
    unsigned cpu; /* immutable; where thread and interrupts are */

    atomic_bool wants_running; /* as the last start or stop said */
    atomic_bool is_running;    /* owner: service thread */
    struct waitq changed;      /* is_running is what it was asked to be, or it failed */
    atomic_int start_error;

    struct spinlock tx_lock;
    struct frame_list backlog; /* tx_lock; frames that the ring has no room for yet */
    unsigned backlog_count;    /* tx_lock */
    struct timer tx_timer;     /* tx_lock */
    atomic_bool is_tx_timed;   /* the timer is armed, or its event is on the way */
    atomic_uint tx_pending;    /* frames in the transmit ring */
    uint64_t tx_wait_ns;       /* tx_lock; until the next look at them */
};

/* How long a transmitted frame may wait for its release when nothing else happens. */
#define NIC_TX_COLLECT_NS (5 * NSEC_PER_MSEC)
/* A device that sends nothing is looked at more and more rarely. */
#define NIC_TX_COLLECT_MAX_NS NSEC_PER_SEC
/* Frames that wait beyond the ring; more are dropped. They cost no copy, the sender has them in memory
 * anyway. */
#define NIC_BACKLOG_MAX 2048

/* Makes the thread; run(arg, events) is called in it. Context: thread. */
must_check int nic_service_start(struct nic_service *service, const char *name, void (*run)(void *, unsigned),
                                 void *arg);

/* Context: any, interrupts included. */
void nic_service_post(struct nic_service *service, unsigned events);

/* nic_ops.start and stop: lets the service thread do it and waits. Context: thread, no lock held. */
must_check int nic_service_run(struct nic_service *service, bool wants_running);

/* The service thread's answer. */
void nic_service_ran(struct nic_service *service, bool is_running, int error);

/* Puts a frame behind the backlog; false: full, the frame stays the caller's. Context: tx_lock held. */
must_check bool nic_backlog_put(struct nic_service *service, struct frame *frame);
struct frame *nic_backlog_take(struct nic_service *service);

/*
 * The way of frames to the ring: `add` puts one there and says whether it had room. Frames that find none
 * wait; what may not even wait goes to `done` and is counted in *dropped. Context: tx_lock held.
 */
static always_inline void nic_frames_add(struct nic_service *service, struct frame_list *frames,
                                         bool (*add)(void *driver, struct frame *frame), void *driver,
                                         struct frame_list *done, uint64_t *dropped)
{
    struct frame *frame;

    while ((frame = STAILQ_FIRST(frames)) != NULL) {
        STAILQ_REMOVE_HEAD(frames, link);
        if (likely(service->backlog_count == 0) && likely(add(driver, frame)))
            continue;
        if (!nic_backlog_put(service, frame)) {
            (*dropped)++;
            STAILQ_INSERT_TAIL(done, frame, link);
        }
    }
}

/* As much of the backlog as fits; true: some is left. Context: tx_lock held. */
static inline bool nic_backlog_add(struct nic_service *service,
                                   bool (*add)(void *driver, struct frame *frame), void *driver)
{
    struct frame *frame;

    while ((frame = STAILQ_FIRST(&service->backlog)) != NULL) {
        if (!add(driver, frame))
            return true;
        nic_backlog_take(service);
    }
    return false;
}

/* After frames were shown to the device: sees to it that they are collected. Context: tx_lock held. */
void nic_tx_watch(struct nic_service *service, unsigned pending);

/* In NIC_EVENT_TX, after collecting: goes on watching if frames are left. Context: tx_lock held. */
void nic_tx_rewatch(struct nic_service *service, unsigned pending, bool has_progressed);

/* Releases every frame of the list. Context: thread, no lock held. */
void nic_frames_release(struct frame_list *frames);

#endif
