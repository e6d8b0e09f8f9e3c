/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit: descriptors point straight at the frame's segments; collection as in virtio_net_tx.c. 82574
 * datasheet, 7.2.
 */
#include "e1000e.h"

#include <arch/barrier.h>
#include <core/mm.h>

#define RING_MASK (E1000_TX_RING - 1)

/* A frame in the ring for so long means that the device hangs (flow control is off). */
#define HANG_NS (2 * NSEC_PER_SEC)

static void frames_collect(struct e1000e *dev, struct frame_list *done)
{
    while (dev->tx_count > 0) {
        unsigned last = dev->tx_last[dev->tx_clean];

        if (!(*(volatile uint32_t *)&dev->tx_ring[last].status & E1000_TX_DD))
            break;
        STAILQ_INSERT_TAIL(done, dev->tx_frames[last], link);
        dev->tx_frames[last] = NULL;
        dev->tx_clean = (last + 1) & RING_MASK;
        dev->tx_count--;
        dev->tx_stuck_ns = 0;
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

/* nic_frames_add()'s: true if the frame is taken care of. */
static bool frame_add(void *driver, struct frame *frame)
{
    struct e1000e *dev = driver;
    unsigned free = (dev->tx_clean - dev->tx_next - 1) & RING_MASK, first = dev->tx_next, last = first;
    uint32_t options = frame->flags & FRAME_CSUM_NEEDED ? E1000_TX_TXSM : 0;
    struct e1000_tx_desc *desc;

    if (unlikely(!is_sendable(frame))) {
        STAILQ_INSERT_TAIL(&dev->tx_rejected, frame, link);
        dev->nic.tx_dropped++;
        return true;
    }
    if (frame->n_segments + 1U > free) /* one for the context */
        return false;
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
    dev->tx_count++;
    return true;
}

/* Everything added since the last time, with one write. */
static void tx_show(struct e1000e *dev)
{
    if (dev->tx_shown != dev->tx_next) {
        arch_wmb(); /* descriptors before the tail */
        e1000e_write(dev, E1000_TDT, dev->tx_next);
        dev->tx_shown = dev->tx_next;
    }
    nic_tx_watch(&dev->service, dev->tx_count);
}

/* While frames wait for room the device interrupts when it has sent some. */
static void backlog_send(struct e1000e *dev)
{
    if (nic_backlog_add(&dev->service, frame_add, dev))
        e1000e_write(dev, E1000_IMS, dev->tx_cause);
    else
        e1000e_write(dev, E1000_IMC, dev->tx_cause);
}

void e1000e_transmit(struct nic *nic, struct frame_list *frames)
{
    struct e1000e *dev = container_of(nic, struct e1000e, nic);
    struct frame_list done = STAILQ_HEAD_INITIALIZER(done);

    spin_lock(&dev->service.tx_lock);
    if (likely(dev->is_tx_open)) {
        frames_collect(dev, &done);
        nic_frames_add(&dev->service, frames, frame_add, dev, &done, &nic->tx_dropped);
        if (unlikely(dev->service.backlog_count > 0))
            backlog_send(dev);
        tx_show(dev);
        STAILQ_CONCAT(&done, &dev->tx_rejected);
    } else {
        STAILQ_CONCAT(&done, frames);
    }
    spin_unlock(&dev->service.tx_lock);
    nic_frames_release(&done);
}

/* Frames that do not move: whether it is time to give up on the device. */
static bool has_hung(struct e1000e *dev)
{
    uint64_t now = clock_now_ns();

    if (dev->tx_count == 0 || !dev->nic.is_link_up)
        return false;
    if (dev->tx_stuck_ns == 0)
        dev->tx_stuck_ns = now;
    return now - dev->tx_stuck_ns >= HANG_NS;
}

void e1000e_tx_service(struct e1000e *dev, unsigned events)
{
    struct frame_list done = STAILQ_HEAD_INITIALIZER(done);

    spin_lock(&dev->service.tx_lock);
    if (dev->is_tx_open) {
        frames_collect(dev, &done);
        if (dev->service.backlog_count > 0)
            backlog_send(dev);
        if (!STAILQ_EMPTY(&done))
            tx_show(dev);
        else if ((events & NIC_EVENT_TX) && has_hung(dev))
            nic_service_post(&dev->service, NIC_EVENT_RESET);
    }
    if (events & NIC_EVENT_TX)
        nic_tx_rewatch(&dev->service, dev->tx_count, !STAILQ_EMPTY(&done));
    STAILQ_CONCAT(&done, &dev->tx_rejected);
    spin_unlock(&dev->service.tx_lock);
    nic_frames_release(&done);
}

void e1000e_tx_drain(struct e1000e *dev)
{
    struct frame_list done = STAILQ_HEAD_INITIALIZER(done);
    struct frame *frame;

    spin_lock(&dev->service.tx_lock);
    dev->is_tx_open = false;
    for (unsigned i = 0; i < E1000_TX_RING; i++) {
        if (dev->tx_frames[i])
            STAILQ_INSERT_TAIL(&done, dev->tx_frames[i], link);
        dev->tx_frames[i] = NULL;
    }
    while ((frame = nic_backlog_take(&dev->service)) != NULL)
        STAILQ_INSERT_TAIL(&done, frame, link);
    dev->tx_count = 0;
    dev->tx_stuck_ns = 0;
    spin_unlock(&dev->service.tx_lock);
    nic_frames_release(&done);
}
