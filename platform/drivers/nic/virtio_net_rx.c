/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive: buffers become frames where they lie. virtio 1.2, 5.1.6.4. */
#include "virtio_net.h"

/* Frames that go up in one batch. */
#define RX_BATCH 64

void virtio_net_rx_fill(struct virtio_net *net)
{
    struct virtqueue *vq = &net->rx_queue.vq;

    while (virtqueue_free_count(vq) > 0) {
        struct rx_buffer *buffer = rx_pool_take(&net->pool);
        struct virtqueue_buffer at;

        if (!buffer)
            break;
        at = (struct virtqueue_buffer){buffer->address, RX_BUFFER_SIZE};
        if (virtqueue_add(vq, &at, 0, 1, buffer) != 0) {
            rx_pool_put(buffer);
            break;
        }
    }
    if (virtqueue_publish(vq))
        virtio_notify(&net->rx_queue.doorbell, VIRTIO_NET_QUEUE_RX);
}

static void buffers_put(struct rx_buffer *buffer)
{
    struct rx_buffer *more;

    for (; buffer; buffer = more) {
        more = buffer->more;
        buffer->more = NULL;
        rx_pool_put(buffer);
    }
}

/* The rest of a frame that spans buffers. False: the device is broken, or the frame too long for us. */
static bool frame_extend(struct virtio_net *net, struct rx_buffer *first, unsigned buffers)
{
    struct frame *frame = &first->frame;
    struct rx_buffer *last = first;

    for (unsigned i = 1; i < buffers; i++) {
        uint32_t length;
        struct rx_buffer *buffer = virtqueue_take(&net->rx_queue.vq, &length);

        if (!buffer || length > RX_BUFFER_SIZE) {
            net->rx_queue.vq.is_broken = true; /* the device said it had them (5.1.6.4.1) */
            if (buffer)
                rx_pool_put(buffer);
            return false;
        }
        last->more = buffer;
        last = buffer;
        frame->length += length;
        if (frame->n_segments < FRAME_SEGMENTS_MAX)
            frame->segments[frame->n_segments++] = (struct frame_segment){buffer->data, length};
    }
    return buffers <= FRAME_SEGMENTS_MAX;
}

/* 5.1.6.4.2: a checksum that the device has verified, or one that a neighbour on the same machine left for
 * whoever puts the frame on a wire; the data is good in both cases. */
static void frame_checksum(struct frame *frame, const struct virtio_net_header *header)
{
    if (header->flags & VIRTIO_NET_HDR_DATA_VALID)
        frame->flags = FRAME_CSUM_VALID;
    if (!(header->flags & VIRTIO_NET_HDR_NEEDS_CSUM) ||
        (uint32_t)header->csum_start + header->csum_offset + 2 > frame->length)
        return;
    frame->flags = FRAME_CSUM_VALID | FRAME_CSUM_NEEDED;
    frame->csum_start = header->csum_start;
    frame->csum_offset = header->csum_offset;
}

/* The frame in `buffer`, or NULL when it was dropped. */
static struct frame *frame_make(struct virtio_net *net, struct rx_buffer *buffer, uint32_t length)
{
    const struct virtio_net_header *header = (const void *)buffer->data;
    unsigned buffers = net->features & VIRTIO_NET_F_MRG_RXBUF ? header->num_buffers : 1;
    struct frame *frame;

    if (unlikely(length <= sizeof(*header) || length > RX_BUFFER_SIZE || buffers == 0)) {
        net->rx_queue.vq.is_broken = true;
        rx_pool_put(buffer);
        return NULL;
    }
    frame = rx_frame_init(buffer, sizeof(*header), length - (uint32_t)sizeof(*header));
    if (unlikely(buffers > 1) && !frame_extend(net, buffer, buffers)) {
        buffers_put(buffer);
        net->nic.rx_dropped++;
        return NULL;
    }
    if (header->flags)
        frame_checksum(frame, header);
    return frame;
}

static unsigned batch_take(struct virtio_net *net, struct frame_list *frames)
{
    struct rx_buffer *buffer;
    uint32_t length;
    unsigned n = 0;

    while (n < RX_BATCH && (buffer = virtqueue_take(&net->rx_queue.vq, &length)) != NULL) {
        struct frame *frame = frame_make(net, buffer, length);

        if (frame)
            STAILQ_INSERT_TAIL(frames, frame, link);
        n++;
    }
    return n;
}

void virtio_net_receive(struct virtio_net *net)
{
    struct virtqueue *vq = &net->rx_queue.vq;
    bool more;

    virtqueue_interrupts_off(vq);
    do {
        struct frame_list frames = STAILQ_HEAD_INITIALIZER(frames);
        unsigned n = batch_take(net, &frames);

        virtio_net_rx_fill(net);
        if (!STAILQ_EMPTY(&frames))
            nic_receive(&net->nic, &frames);
        if (unlikely(vq->is_broken)) {
            nic_service_post(&net->service, NIC_EVENT_RESET);
            return;
        }
        more = n == RX_BATCH || virtqueue_interrupts_on(vq, 1);
    } while (more);
}

void virtio_net_rx_drain(struct virtio_net *net)
{
    struct rx_buffer *buffer;

    while ((buffer = virtqueue_reclaim(&net->rx_queue.vq)) != NULL)
        rx_pool_put(buffer);
}
