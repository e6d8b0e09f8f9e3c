/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive: buffers become frames where they lie. UG1085, "GEM Ethernet", "Receive Buffer Descriptor". */
#include "gem.h"

#include <arch/barrier.h>
#include <arch/dma.h>

#define RX_BATCH  64
#define RING_MASK (GEM_RX_RING - 1)

static uint32_t wrap(unsigned at)
{
    return at == RING_MASK ? GEM_RX_WRAP : 0;
}

void gem_rx_init(struct gem *dev)
{
    for (unsigned i = 0; i < GEM_RX_RING; i++) {
        dev->rx_ring[i].control = 0;
        dev->rx_ring[i].address_high = 0;
        dev->rx_ring[i].address = GEM_RX_USED | wrap(i);
    }
    dev->rx_next = dev->rx_count = 0;
}

void gem_rx_fill(struct gem *dev)
{
    while (dev->rx_count < GEM_RX_RING) {
        unsigned at = (dev->rx_next + dev->rx_count) & RING_MASK;
        struct rx_buffer *buffer = rx_pool_take(&dev->pool);
        struct gem_desc *desc = &dev->rx_ring[at];

        if (!buffer)
            break;
        /* Who had it last may have written to it. */
        if (!dev->is_coherent)
            arch_dma_flush(buffer->data, RX_BUFFER_SIZE);
        dev->rx[at] = buffer;
        dev->rx_count++;
        desc->control = 0;
        desc->address_high = (uint32_t)(buffer->address >> 32);
        arch_wmb(); /* the rest before the word that gives it away */
        desc->address = (uint32_t)buffer->address | wrap(at);
    }
}

/* The frame in `buffer`, or NULL when it was dropped. */
static struct frame *frame_make(struct gem *dev, struct rx_buffer *buffer, uint32_t control)
{
    uint32_t whole = GEM_RX_FIRST | GEM_RX_LAST, length = control & GEM_RX_LENGTH;
    struct frame *frame;

    /* Frames are shorter than buffers, and bad ones do not come; so it must not matter if they do. */
    if (unlikely((control & whole) != whole || length == 0 || length > RX_BUFFER_SIZE)) {
        dev->nic.rx_dropped++;
        rx_pool_put(buffer);
        return NULL;
    }
    if (!dev->is_coherent)
        arch_dma_flush(buffer->data, length);
    frame = rx_frame_init(buffer, 0, length);
    if (GEM_RX_CSUM(control) >= GEM_RX_CSUM_L4)
        frame->flags = FRAME_CSUM_VALID;
    return frame;
}

bool gem_rx_is_pending(const struct gem *dev)
{
    return dev->rx_count > 0 && (dev->rx_ring[dev->rx_next].address & GEM_RX_USED);
}

static unsigned batch_take(struct gem *dev, struct frame_list *frames)
{
    unsigned n = 0;

    while (n < RX_BATCH && gem_rx_is_pending(dev)) {
        unsigned at = dev->rx_next;
        struct frame *frame;

        arch_rmb(); /* the word that gave it back before the rest */
        frame = frame_make(dev, dev->rx[at], dev->rx_ring[at].control);
        if (frame)
            STAILQ_INSERT_TAIL(frames, frame, link);
        dev->rx[at] = NULL;
        dev->rx_next = (at + 1) & RING_MASK;
        dev->rx_count--;
        n++;
    }
    return n;
}

void gem_receive(struct gem *dev)
{
    unsigned n;

    do {
        struct frame_list frames = STAILQ_HEAD_INITIALIZER(frames);

        n = batch_take(dev, &frames);
        gem_rx_fill(dev);
        if (!STAILQ_EMPTY(&frames))
            nic_receive(&dev->nic, &frames);
    } while (n == RX_BATCH);
}

void gem_rx_drain(struct gem *dev)
{
    for (unsigned i = 0; i < GEM_RX_RING; i++) {
        if (dev->rx[i])
            rx_pool_put(dev->rx[i]);
        dev->rx[i] = NULL;
    }
    gem_rx_init(dev);
}
