/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmit: descriptors point straight at the frame's segments. 82574 datasheet, 7.2. */
#include "e1000e.h"

#include <arch/barrier.h>
#include <core/mm.h>

#define RING_MASK (E1000_TX_RING - 1)

static always_inline struct e1000e *e1000e_of(struct nic_tx *tx)
{
    return container_of(tx, struct e1000e, tx);
}

static void collect(struct nic_tx *tx, struct frame_list *done)
{
    struct e1000e *dev = e1000e_of(tx);

    while (tx->count > 0) {
        unsigned last = dev->tx_last[dev->tx_clean];

        if (!(*(volatile uint32_t *)&dev->tx_ring[last].status & E1000_TX_DD))
            break;
        nic_tx_done(tx, dev->tx_frames[last], done);
        dev->tx_frames[last] = NULL;
        dev->tx_clean = (last + 1) & RING_MASK;
    }
}

static struct e1000_tx_desc *desc_next(struct e1000e *dev)
{
    struct e1000_tx_desc *desc = &dev->tx_ring[dev->tx_next];

    dev->tx_next = (dev->tx_next + 1) & RING_MASK;
    return desc;
}

/* Where the checksum goes. The device remembers it, and it is mostly the same (7.2.10.1). */
static void context_add(struct e1000e *dev, const struct frame *frame)
{
    uint32_t context = (uint32_t)frame->csum_start << 16 | frame->csum_offset;
    uint64_t start = frame->csum_start & 0xff, at = (frame->csum_start + frame->csum_offset) & 0xff;
    struct e1000_tx_desc *desc;

    if (context == dev->tx_context)
        return;
    dev->tx_context = context;
    desc = desc_next(dev);
    /* TUCSE 0: to the end of the frame. The IP fields are not used (no IXSM), but must make sense. */
    desc->first = 14 | 24 << 8 | 33ULL << 16 | start << 32 | at << 40;
    desc->command = E1000_TX_DEXT | (frame->csum_offset == 16 ? E1000_TX_TUCMD_TCP : 0) | E1000_TX_TUCMD_IPV4;
    desc->status = 0;
}

/* The header of a frame lies in the first 256 bytes; the datasheet's smallest packet is 17 bytes (7.2.1.2).
 */
static bool is_sendable(const struct frame *frame)
{
    return frame->length >= 17 && frame->gso == FRAME_GSO_NONE &&
           (!(frame->flags & FRAME_CSUM_NEEDED) || frame->csum_start + frame->csum_offset < 256);
}

static enum nic_tx_added add(struct nic_tx *tx, struct frame *frame)
{
    struct e1000e *dev = e1000e_of(tx);
    unsigned free = (dev->tx_clean - dev->tx_next - 1) & RING_MASK, first = dev->tx_next, last = first;
    uint32_t options = frame->flags & FRAME_CSUM_NEEDED ? E1000_TX_TXSM : 0;
    struct e1000_tx_desc *desc;

    if (unlikely(!is_sendable(frame)))
        return NIC_TX_UNFIT;
    if (frame->n_segments + 1U > free) /* one for the context */
        return NIC_TX_FULL;
    if (options)
        context_add(dev, frame);
    for (unsigned i = 0; i < frame->n_segments; i++) {
        const struct frame_segment *segment = &frame->segments[i];

        if (segment->length == 0)
            continue;
        last = dev->tx_next;
        desc = desc_next(dev);
        desc->first = ptr_to_hpa(segment->data).v;
        desc->command = segment->length | E1000_TX_TYPE_DATA | E1000_TX_DEXT | E1000_TX_IFCS;
        desc->status = options;
    }
    dev->tx_ring[last].command |= E1000_TX_EOP | E1000_TX_RS;
    dev->tx_last[first] = (uint16_t)last;
    dev->tx_frames[last] = frame;
    return NIC_TX_ADDED;
}

static void show(struct nic_tx *tx)
{
    struct e1000e *dev = e1000e_of(tx);

    if (dev->tx_shown != dev->tx_next) {
        arch_wmb(); /* descriptors before the tail */
        e1000e_write(dev, E1000_TDT, dev->tx_next);
        dev->tx_shown = dev->tx_next;
    }
}

static void await_room(struct nic_tx *tx, bool is_waiting)
{
    struct e1000e *dev = e1000e_of(tx);

    e1000e_write(dev, is_waiting ? E1000_IMS : E1000_IMC, dev->tx_cause);
}

static const struct nic_tx_ring ring = {
    .collect = collect, .add = add, .show = show, .await_room = await_room, .has_hung = nic_tx_is_stuck};

void e1000e_transmit(struct nic *nic, struct frame_list *frames)
{
    nic_tx_send(&container_of(nic, struct e1000e, nic)->tx, &ring, frames);
}

void e1000e_tx_service(struct e1000e *dev, unsigned events)
{
    nic_tx_service(&dev->tx, &ring, events);
}

static void reclaim(struct nic_tx *tx, struct frame_list *done)
{
    nic_tx_slots_take(e1000e_of(tx)->tx_frames, E1000_TX_RING, done);
}

void e1000e_tx_drain(struct e1000e *dev)
{
    nic_tx_drain(&dev->tx, reclaim);
}
