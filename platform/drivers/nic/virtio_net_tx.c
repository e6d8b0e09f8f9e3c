/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit: descriptors point straight at the frame's segments. Sent frames are collected by the next
 * transmit, the next received batch or, after the last of a burst, by the service thread's timer; the device
 * interrupts only when frames wait for room. virtio 1.2, 5.1.6.2.
 */
#include "virtio_net.h"

#include <core/mm.h>

/* Frames that the device is done with go to `done`. */
static void frames_collect(struct virtio_net *net, struct frame_list *done)
{
    struct frame *frame;
    uint32_t length;

    while ((frame = virtqueue_take(&net->tx.vq, &length)) != NULL) {
        STAILQ_INSERT_TAIL(done, frame, link);
        net->tx_count--;
    }
    if (unlikely(net->tx.vq.is_broken))
        nic_service_post(&net->service, NIC_EVENT_RESET);
}

static void header_fill(struct virtio_net_header *header, const struct frame *frame)
{
    *header = (struct virtio_net_header){0};
    if (frame->flags & FRAME_CSUM_NEEDED) {
        header->flags = VIRTIO_NET_HDR_NEEDS_CSUM;
        header->csum_start = frame->csum_start;
        header->csum_offset = frame->csum_offset;
    }
    if (frame->gso != FRAME_GSO_NONE) {
        header->gso_type = frame->gso == FRAME_GSO_TCPV4 ? VIRTIO_NET_GSO_TCPV4 : VIRTIO_NET_GSO_TCPV6;
        header->header_length = frame->header_length;
        header->gso_size = frame->gso_size;
    }
}

/* False: no room in the ring. */
static bool frame_add(void *driver, struct frame *frame)
{
    struct virtio_net *net = driver;
    struct virtqueue *vq = &net->tx.vq;
    struct virtqueue_buffer buffers[1 + FRAME_SEGMENTS_MAX];
    unsigned n = 1, head = vq->free_head;

    if (frame->n_segments >= virtqueue_free_count(vq))
        return false;
    header_fill(&net->tx_headers[head], frame);
    buffers[0].address = net->tx_headers_address + head * sizeof(struct virtio_net_header);
    buffers[0].length = sizeof(struct virtio_net_header);
    for (unsigned i = 0; i < frame->n_segments; i++) {
        buffers[n].address = ptr_to_hpa(frame->segments[i].data).v;
        buffers[n].length = frame->segments[i].length;
        n += buffers[n].length != 0;
    }
    if (virtqueue_add(vq, buffers, n, 0, frame) != 0)
        return false;
    net->tx_count++;
    return true;
}

static void tx_show(struct virtio_net *net)
{
    if (virtqueue_publish(&net->tx.vq))
        virtio_notify(&net->tx.doorbell, VIRTIO_NET_QUEUE_TX);
    nic_tx_watch(&net->service, net->tx_count);
}

/* While frames wait for room the device interrupts once a part of the ring is free. */
static void backlog_send(struct virtio_net *net)
{
    if (!nic_backlog_add(&net->service, frame_add, net))
        virtqueue_interrupts_off(&net->tx.vq);
    else if (virtqueue_interrupts_on(&net->tx.vq, (uint16_t)MAX(net->tx_count / 2, 1U)))
        nic_service_post(&net->service, NIC_EVENT_QUEUES);
}

void virtio_net_transmit(struct nic *nic, struct frame_list *frames)
{
    struct virtio_net *net = container_of(nic, struct virtio_net, nic);
    struct frame_list done = STAILQ_HEAD_INITIALIZER(done);

    spin_lock(&net->service.tx_lock);
    if (likely(net->is_tx_open)) {
        frames_collect(net, &done);
        nic_frames_add(&net->service, frames, frame_add, net, &done, &nic->tx_dropped);
        if (unlikely(net->service.backlog_count > 0))
            backlog_send(net);
        tx_show(net);
    } else {
        STAILQ_CONCAT(&done, frames);
    }
    spin_unlock(&net->service.tx_lock);
    nic_frames_release(&done);
}

void virtio_net_tx_service(struct virtio_net *net, unsigned events)
{
    struct frame_list done = STAILQ_HEAD_INITIALIZER(done);

    spin_lock(&net->service.tx_lock);
    if (net->is_tx_open) {
        frames_collect(net, &done);
        if (net->service.backlog_count > 0)
            backlog_send(net);
        if (!STAILQ_EMPTY(&done))
            tx_show(net);
    }
    if (events & NIC_EVENT_TX)
        nic_tx_rewatch(&net->service, net->tx_count, !STAILQ_EMPTY(&done));
    spin_unlock(&net->service.tx_lock);
    nic_frames_release(&done);
}

void virtio_net_tx_drain(struct virtio_net *net)
{
    struct frame_list done = STAILQ_HEAD_INITIALIZER(done);
    struct frame *frame;

    spin_lock(&net->service.tx_lock);
    net->is_tx_open = false;
    while ((frame = virtqueue_reclaim(&net->tx.vq)) != NULL)
        STAILQ_INSERT_TAIL(&done, frame, link);
    while ((frame = nic_backlog_take(&net->service)) != NULL)
        STAILQ_INSERT_TAIL(&done, frame, link);
    net->tx_count = 0;
    spin_unlock(&net->service.tx_lock);
    nic_frames_release(&done);
}
