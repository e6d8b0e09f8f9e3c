/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive: buffers become frames where they lie. 82574 datasheet, 7.1. */
#include "e1000e.h"

#include <arch/barrier.h>

#define RX_BATCH  64
#define RING_MASK (E1000_RX_RING - 1)

void e1000e_rx_fill(struct e1000e *dev)
{
    unsigned tail = dev->rx_tail;

    /* Head equal to tail means empty: one descriptor stays unused (7.1.6). */
    while (((tail + 1) & RING_MASK) != dev->rx_next) {
        struct rx_buffer *buffer = rx_pool_take(&dev->pool);

        if (!buffer)
            break;
        dev->rx[tail] = buffer;
        dev->rx_ring[tail] = (struct e1000_rx_desc){.address = buffer->address};
        tail = (tail + 1) & RING_MASK;
    }
    if (tail == dev->rx_tail)
        return;
    dev->rx_tail = tail;
    arch_wmb(); /* descriptors before the tail */
    e1000e_write(dev, E1000_RDT, tail);
}

/* The frame in `buffer`, or NULL when it was dropped. */
static struct frame *frame_make(struct e1000e *dev, struct rx_buffer *buffer,
                                const struct e1000_rx_desc *desc)
{
    bool is_last = (desc->status & E1000_RX_EOP) != 0;
    struct frame *frame;

    /* Longer than a buffer cannot happen (RCTL.LPE is off), so it must not matter if it does. */
    if (unlikely(!is_last || dev->is_rx_skipping || (desc->errors & E1000_RX_ERRORS) || desc->length == 0 ||
                 desc->length > RX_BUFFER_SIZE)) {
        dev->is_rx_skipping = !is_last;
        dev->nic.rx_dropped++;
        rx_pool_put(buffer);
        return NULL;
    }
    frame = rx_frame_init(buffer, 0, desc->length);
    if ((desc->status & (E1000_RX_IXSM | E1000_RX_TCPCS)) == E1000_RX_TCPCS &&
        !(desc->errors & E1000_RX_TCPE))
        frame->flags = FRAME_CSUM_VALID;
    return frame;
}

static unsigned batch_take(struct e1000e *dev, struct frame_list *frames)
{
    unsigned n = 0;

    while (n < RX_BATCH && dev->rx_next != dev->rx_tail) {
        const struct e1000_rx_desc *desc = &dev->rx_ring[dev->rx_next];
        struct frame *frame;

        if (!(*(volatile const uint8_t *)&desc->status & E1000_RX_DD))
            break;
        arch_rmb(); /* DD before the rest */
        frame = frame_make(dev, dev->rx[dev->rx_next], desc);
        if (frame)
            STAILQ_INSERT_TAIL(frames, frame, link);
        dev->rx[dev->rx_next] = NULL;
        dev->rx_next = (dev->rx_next + 1) & RING_MASK;
        n++;
    }
    return n;
}

void e1000e_receive(struct e1000e *dev)
{
    unsigned n;

    do {
        struct frame_list frames = STAILQ_HEAD_INITIALIZER(frames);

        n = batch_take(dev, &frames);
        e1000e_rx_fill(dev);
        if (!STAILQ_EMPTY(&frames))
            nic_receive(&dev->nic, &frames);
    } while (n == RX_BATCH);
}

void e1000e_rx_drain(struct e1000e *dev)
{
    for (unsigned i = 0; i < E1000_RX_RING; i++) {
        if (dev->rx[i])
            rx_pool_put(dev->rx[i]);
        dev->rx[i] = NULL;
    }
    dev->rx_next = dev->rx_tail = 0;
}
