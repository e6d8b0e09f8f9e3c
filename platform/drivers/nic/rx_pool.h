/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_NIC_RX_POOL_H
#define DRIVERS_NIC_RX_POOL_H

#include <core/frame.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * Receive buffers: half pages, each with the frame that carries it upwards. Released frames come back from
 * any thread; everything else is the service thread's. When so many frames are held above that the ring would
 * run dry, single pages are added for one trip each and freed on their way back.
 */
#define RX_BUFFER_SIZE 2048u

/* Beyond a full ring: what is on its way up and back while everything is well. */
#define RX_POOL_SLACK 128

struct rx_pool;
struct rx_page;

struct rx_buffer {
    struct frame frame;     /* whole frame if it is the first of one */
    struct rx_buffer *next; /* in a free list */
    struct rx_buffer *more; /* further buffers of the same frame */
    struct rx_pool *pool;   /* immutable */
    struct rx_page *page;   /* immutable; NULL: belongs to the pool for good */
    uint8_t *data;          /* immutable; RX_BUFFER_SIZE bytes, aligned to as much */
    uint64_t address;       /* immutable; host-physical */
};

struct rx_pool {
    _Atomic(struct rx_buffer *) returned; /* any thread pushes, the service thread takes all */
    struct rx_buffer *free;               /* owner: service thread */
    atomic_bool is_starved;               /* the ring lacks buffers: returning one calls `refill` */
    void (*refill)(void *arg);            /* immutable; context: any thread */
    void *refill_arg;                     /* immutable */
    struct rx_buffer *buffers;            /* immutable; those that stay */
    atomic_uint extra_pages;
    unsigned extra_pages_max; /* immutable */
};

/* Makes `count` buffers. -ENOMEM. Context: thread. */
must_check int rx_pool_init(struct rx_pool *pool, unsigned count, void (*refill)(void *), void *refill_arg);

/* A buffer to put on the ring; NULL: none, and `refill` will be called when one returns. Context: service
 * thread. */
must_check struct rx_buffer *rx_pool_take(struct rx_pool *pool);

/* Gives back a buffer that has not become a frame. Context: service thread. */
void rx_pool_put(struct rx_buffer *buffer);

/* A frame over `length` bytes at `offset` of the buffer; one reference. */
static inline struct frame *rx_frame_init(struct rx_buffer *buffer, uint32_t offset, uint32_t length)
{
    struct frame *frame = &buffer->frame;

    atomic_store_explicit(&frame->references, 1, memory_order_relaxed);
    frame->length = length;
    frame->flags = 0;
    frame->gso = FRAME_GSO_NONE;
    frame->n_segments = 1;
    frame->segments[0] = (struct frame_segment){buffer->data + offset, length};
    return frame;
}

#endif
