/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit: descriptors point straight at the frame's segments. The hardware goes on until it finds a
 * descriptor that is ours, and gives back only the first of each frame.
 * UG1085, "GEM Ethernet", "Transmit Buffer Descriptor".
 */
#include "gem.h"

#include <arch/barrier.h>
#include <arch/dma.h>
#include <core/mm.h>

#define RING_MASK (GEM_TX_RING - 1)

static always_inline struct gem *gem_of(struct nic_tx *tx)
{
    return container_of(tx, struct gem, tx);
}

static uint32_t wrap(unsigned at)
{
    return at == RING_MASK ? GEM_TX_WRAP : 0;
}

static void park(struct gem *dev, unsigned at)
{
    dev->tx_ring[at].control = GEM_TX_USED | wrap(at);
}

void gem_tx_init(struct gem *dev)
{
    for (unsigned i = 0; i < GEM_TX_RING; i++)
        park(dev, i);
    dev->tx_clean = dev->tx_next = dev->tx_shown = 0;
    dev->tx.count = 0;
}

static void collect(struct nic_tx *tx, struct frame_list *done)
{
    struct gem *dev = gem_of(tx);

    while (tx->count > 0) {
        unsigned first = dev->tx_clean;
        uint32_t control = dev->tx_ring[first].control;

        if (!(control & GEM_TX_USED))
            break;
        if (unlikely(control & GEM_TX_ERRORS))
            dev->nic.tx_dropped++;
        /* The others still look as if they were the hardware's. */
        for (unsigned i = 0; i < dev->tx_length[first]; i++)
            park(dev, (first + i) & RING_MASK);
        nic_tx_done(tx, dev->tx_frames[first], done);
        dev->tx_frames[first] = NULL;
        dev->tx_clean = (first + dev->tx_length[first]) & RING_MASK;
    }
}

/* Neither checksums nor segmentation were offered; a buffer's length has 14 bits. */
static bool is_sendable(const struct frame *frame)
{
    return frame->length >= 14 && frame->length <= GEM_TX_LENGTH && frame->gso == FRAME_GSO_NONE &&
           !(frame->flags & FRAME_CSUM_NEEDED);
}

/* All but the first are the hardware's at once: it does not come that far before the first is. */
static void segment_add(struct gem *dev, const struct frame_segment *segment, unsigned first)
{
    struct gem_desc *desc = &dev->tx_ring[dev->tx_next];
    uint64_t address = ptr_to_hpa(segment->data).v;

    if (!dev->is_coherent)
        arch_dma_clean(segment->data, segment->length);
    desc->address = (uint32_t)address;
    desc->address_high = (uint32_t)(address >> 32);
    desc->control = segment->length | wrap(dev->tx_next) | (dev->tx_next == first ? GEM_TX_USED : 0);
    dev->tx_next = (dev->tx_next + 1) & RING_MASK;
}

static enum nic_tx_added add(struct nic_tx *tx, struct frame *frame)
{
    struct gem *dev = gem_of(tx);
    unsigned free = (dev->tx_clean - dev->tx_next - 1) & RING_MASK, first = dev->tx_next, last;

    if (unlikely(!is_sendable(frame)))
        return NIC_TX_UNFIT;
    if (frame->n_segments > free) /* the one behind stays ours, which is where the hardware stops */
        return NIC_TX_FULL;
    for (unsigned i = 0; i < frame->n_segments; i++)
        if (frame->segments[i].length > 0)
            segment_add(dev, &frame->segments[i], first);
    last = (dev->tx_next - 1) & RING_MASK;
    dev->tx_ring[last].control |= GEM_TX_LAST;
    dev->tx_length[first] = (uint16_t)((dev->tx_next - first) & RING_MASK);
    dev->tx_frames[first] = frame;
    arch_wmb(); /* a whole frame before its first word */
    dev->tx_ring[first].control &= ~(uint32_t)GEM_TX_USED;
    return NIC_TX_ADDED;
}

static void start(struct gem *dev)
{
    arch_wmb(); /* descriptors before the doorbell */
    gem_write(dev, GEM_CONTROL, gem_read(dev, GEM_CONTROL) | GEM_CONTROL_TX_START);
}

static void show(struct nic_tx *tx)
{
    struct gem *dev = gem_of(tx);

    if (dev->tx_shown != dev->tx_next) {
        start(dev);
        dev->tx_shown = dev->tx_next;
    }
}

/* What it sent before the interrupt was let through does not count, so there is another look at it. */
static void await_room(struct nic_tx *tx, bool is_waiting)
{
    struct gem *dev = gem_of(tx);

    gem_write(dev, is_waiting ? GEM_INT_ENABLE : GEM_INT_DISABLE, GEM_INT_TX);
    if (is_waiting && tx->count > 0 && (dev->tx_ring[dev->tx_clean].control & GEM_TX_USED))
        nic_service_post(tx->service, NIC_EVENT_QUEUES);
}

/* A start that comes while the hardware has just found the end of the ring is lost: it is said again. */
static bool has_hung(struct nic_tx *tx)
{
    struct gem *dev = gem_of(tx);

    if (tx->count > 0 && dev->nic.is_link_up && !(gem_read(dev, GEM_TX_STATUS) & GEM_TX_GO))
        start(dev);
    return nic_tx_is_stuck(tx);
}

static const struct nic_tx_ring ring = {
    .collect = collect, .add = add, .show = show, .await_room = await_room, .has_hung = has_hung};

void gem_transmit(struct nic *nic, struct frame_list *frames)
{
    nic_tx_send(&container_of(nic, struct gem, nic)->tx, &ring, frames);
}

void gem_tx_service(struct gem *dev, unsigned events)
{
    nic_tx_service(&dev->tx, &ring, events);
}

static void reclaim(struct nic_tx *tx, struct frame_list *done)
{
    struct gem *dev = gem_of(tx);

    nic_tx_slots_take(dev->tx_frames, GEM_TX_RING, done);
    gem_tx_init(dev);
}

void gem_tx_drain(struct gem *dev)
{
    nic_tx_drain(&dev->tx, reclaim);
}
