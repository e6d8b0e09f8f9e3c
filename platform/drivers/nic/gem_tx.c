/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit: descriptors point straight at the frame's segments; collection as in virtio_net_tx.c. The
 * hardware goes on until it finds a descriptor that is ours, and gives back only the first of each frame.
 * UG1085, "GEM Ethernet", "Transmit Buffer Descriptor".
 */
#include "gem.h"

#include <arch/barrier.h>
#include <arch/dma.h>
#include <core/mm.h>

#define RING_MASK (GEM_TX_RING - 1)

/* A frame in the ring for so long means that the device hangs. */
#define HANG_NS (2 * NSEC_PER_SEC)

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
    dev->tx_clean = dev->tx_next = dev->tx_shown = dev->tx_count = 0;
    dev->tx_stuck_ns = 0;
}

static void frames_collect(struct gem *dev, struct frame_list *done)
{
    while (dev->tx_count > 0) {
        unsigned first = dev->tx_clean;
        uint32_t control = dev->tx_ring[first].control;

        if (!(control & GEM_TX_USED))
            break;
        if (unlikely(control & GEM_TX_ERRORS))
            dev->nic.tx_dropped++;
        /* The others still look as if they were the hardware's. */
        for (unsigned i = 0; i < dev->tx_length[first]; i++)
            park(dev, (first + i) & RING_MASK);
        STAILQ_INSERT_TAIL(done, dev->tx_frames[first], link);
        dev->tx_frames[first] = NULL;
        dev->tx_clean = (first + dev->tx_length[first]) & RING_MASK;
        dev->tx_count--;
        dev->tx_stuck_ns = 0;
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

/* nic_frames_add()'s: true if the frame is taken care of. */
static bool frame_add(void *driver, struct frame *frame)
{
    struct gem *dev = driver;
    unsigned free = (dev->tx_clean - dev->tx_next - 1) & RING_MASK, first = dev->tx_next, last;

    if (unlikely(!is_sendable(frame))) {
        STAILQ_INSERT_TAIL(&dev->tx_rejected, frame, link);
        dev->nic.tx_dropped++;
        return true;
    }
    if (frame->n_segments > free) /* the one behind stays ours, which is where the hardware stops */
        return false;
    for (unsigned i = 0; i < frame->n_segments; i++)
        if (frame->segments[i].length > 0)
            segment_add(dev, &frame->segments[i], first);
    last = (dev->tx_next - 1) & RING_MASK;
    dev->tx_ring[last].control |= GEM_TX_LAST;
    dev->tx_length[first] = (uint16_t)((dev->tx_next - first) & RING_MASK);
    dev->tx_frames[first] = frame;
    dev->tx_count++;
    arch_wmb(); /* a whole frame before its first word */
    dev->tx_ring[first].control &= ~(uint32_t)GEM_TX_USED;
    return true;
}

static void start(struct gem *dev)
{
    arch_wmb(); /* descriptors before the doorbell */
    gem_write(dev, GEM_CONTROL, gem_read(dev, GEM_CONTROL) | GEM_CONTROL_TX_START);
}

/* Everything added since the last time, with one write. */
static void tx_show(struct gem *dev)
{
    if (dev->tx_shown != dev->tx_next) {
        start(dev);
        dev->tx_shown = dev->tx_next;
    }
    nic_tx_watch(&dev->service, dev->tx_count);
}

/*
 * While frames wait for room the device interrupts when it has sent some. What it sent before the interrupt
 * was let through does not count, so there is another look at it.
 */
static void backlog_send(struct gem *dev)
{
    if (!nic_backlog_add(&dev->service, frame_add, dev)) {
        gem_write(dev, GEM_INT_DISABLE, GEM_INT_TX);
        return;
    }
    gem_write(dev, GEM_INT_ENABLE, GEM_INT_TX);
    if (dev->tx_count > 0 && (dev->tx_ring[dev->tx_clean].control & GEM_TX_USED))
        nic_service_post(&dev->service, NIC_EVENT_QUEUES);
}

void gem_transmit(struct nic *nic, struct frame_list *frames)
{
    struct gem *dev = container_of(nic, struct gem, nic);
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

/*
 * Frames that do not move. A start that comes while the hardware has just found the end of the ring is lost:
 * it is said again. True: it is time to give up on the device.
 */
static bool has_hung(struct gem *dev)
{
    uint64_t now = clock_now_ns();

    if (dev->tx_count == 0 || !dev->nic.is_link_up)
        return false;
    if (!(gem_read(dev, GEM_TX_STATUS) & GEM_TX_GO))
        start(dev);
    if (dev->tx_stuck_ns == 0)
        dev->tx_stuck_ns = now;
    return now - dev->tx_stuck_ns >= HANG_NS;
}

void gem_tx_service(struct gem *dev, unsigned events)
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

void gem_tx_drain(struct gem *dev)
{
    struct frame_list done = STAILQ_HEAD_INITIALIZER(done);
    struct frame *frame;

    spin_lock(&dev->service.tx_lock);
    dev->is_tx_open = false;
    for (unsigned i = 0; i < GEM_TX_RING; i++) {
        if (dev->tx_frames[i])
            STAILQ_INSERT_TAIL(&done, dev->tx_frames[i], link);
        dev->tx_frames[i] = NULL;
    }
    while ((frame = nic_backlog_take(&dev->service)) != NULL)
        STAILQ_INSERT_TAIL(&done, frame, link);
    gem_tx_init(dev);
    spin_unlock(&dev->service.tx_lock);
    nic_frames_release(&done);
}
