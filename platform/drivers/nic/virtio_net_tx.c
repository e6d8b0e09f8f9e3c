/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmit: descriptors point straight at the frame's segments. virtio 1.2, 5.1.6.2. */
#include "virtio_net.h"

#include <core/mm.h>

static always_inline struct virtio_net *virtio_net_of(struct nic_tx *tx)
{
    return container_of(tx, struct virtio_net, tx);
}

static void collect(struct nic_tx *tx, struct frame_list *done)
{
    struct virtqueue *vq = &virtio_net_of(tx)->tx_queue.vq;
    struct frame *frame;
    uint32_t length;

    while ((frame = virtqueue_take(vq, &length)) != NULL)
        nic_tx_done(tx, frame, done);
    if (unlikely(vq->is_broken))
        nic_service_post(tx->service, NIC_EVENT_RESET);
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

static enum nic_tx_added add(struct nic_tx *tx, struct frame *frame)
{
    struct virtio_net *net = virtio_net_of(tx);
    struct virtqueue *vq = &net->tx_queue.vq;
    struct virtqueue_buffer buffers[1 + FRAME_SEGMENTS_MAX];
    unsigned n = 1, head = vq->free_head;

    if (frame->n_segments >= virtqueue_free_count(vq))
        return NIC_TX_FULL;
    header_fill(&net->tx_headers[head], frame);
    buffers[0].address = net->tx_headers_address + head * sizeof(struct virtio_net_header);
    buffers[0].length = sizeof(struct virtio_net_header);
    for (unsigned i = 0; i < frame->n_segments; i++) {
        buffers[n].address = ptr_to_hpa(frame->segments[i].data).v;
        buffers[n].length = frame->segments[i].length;
        n += buffers[n].length != 0;
    }
    return virtqueue_add(vq, buffers, n, 0, frame) == 0 ? NIC_TX_ADDED : NIC_TX_FULL;
}

static void show(struct nic_tx *tx)
{
    struct virtio_net_queue *queue = &virtio_net_of(tx)->tx_queue;

    if (virtqueue_publish(&queue->vq))
        virtio_notify(&queue->doorbell, VIRTIO_NET_QUEUE_TX);
}

/* It interrupts once a part of the ring is free. */
static void await_room(struct nic_tx *tx, bool is_waiting)
{
    struct virtqueue *vq = &virtio_net_of(tx)->tx_queue.vq;

    if (!is_waiting)
        virtqueue_interrupts_off(vq);
    else if (virtqueue_interrupts_on(vq, (uint16_t)MAX(tx->count / 2, 1U)))
        nic_service_post(tx->service, NIC_EVENT_QUEUES);
}

static const struct nic_tx_ring ring = {
    .collect = collect, .add = add, .show = show, .await_room = await_room};

void virtio_net_transmit(struct nic *nic, struct frame_list *frames)
{
    nic_tx_send(&container_of(nic, struct virtio_net, nic)->tx, &ring, frames);
}

void virtio_net_tx_service(struct virtio_net *net, unsigned events)
{
    nic_tx_service(&net->tx, &ring, events);
}

static void reclaim(struct nic_tx *tx, struct frame_list *done)
{
    struct frame *frame;

    while ((frame = virtqueue_reclaim(&virtio_net_of(tx)->tx_queue.vq)) != NULL)
        STAILQ_INSERT_TAIL(done, frame, link);
}

void virtio_net_tx_drain(struct virtio_net *net)
{
    nic_tx_drain(&net->tx, reclaim);
}
