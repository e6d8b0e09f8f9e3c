/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames through virtio-net's queues, with a device that plays by the rules and one that does not. */
#include <criterion/criterion.h>

#include "nic_stubs.h"
#include "virtio_net.h"

#define SIZE 64

static struct virtio_net net;
static uint16_t seen[2], used[2];
static unsigned sent, doorbells;
static volatile uint16_t doorbell;

static void refill(void *arg)
{
    stub_events |= NIC_EVENT_QUEUES;
}

static void queue_setup(struct virtio_net_queue *queue)
{
    queue->size = SIZE;
    queue->ring = hpa_to_ptr(page_alloc(1, PAGE_ZERO, NODE_ANY));
    queue->slots = malloc(virtqueue_slot_bytes(SIZE));
    queue->doorbell.narrow = &doorbell;
    virtqueue_init(&queue->vq, SIZE, queue->ring, queue->slots, true);
}

static void setup(void)
{
    memset(&net, 0, sizeof(net));
    net.features = VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM;
    queue_setup(&net.rx_queue);
    queue_setup(&net.tx_queue);
    net.tx_headers = hpa_to_ptr(page_alloc(0, 0, NODE_ANY));
    net.tx_headers_address = (uintptr_t)net.tx_headers;
    nic_tx_init(&net.tx, &net.nic, &net.service);
    nic_tx_open(&net.tx);
    virtqueue_interrupts_off(&net.tx_queue.vq);
    cr_assert_eq(rx_pool_init(&net.pool, SIZE + RX_POOL_SLACK, refill, NULL), 0);
    virtio_net_rx_fill(&net);
}

TestSuite(virtio_net, .init = setup);

/* --- the device's side ------------------------------------------------------------------------------------
 */

static void device_uses(struct virtio_net_queue *queue, unsigned which, uint16_t id, uint32_t length)
{
    queue->vq.used->ring[used[which] % SIZE] = (struct vring_used_elem){id, length};
    queue->vq.used->idx = ++used[which];
}

/* Fills the next buffer with `length` bytes after `header` (NULL: without one). False: the ring is empty. */
static bool device_receives(const struct virtio_net_header *header, uint32_t length, uint8_t fill)
{
    uint16_t id;
    uint8_t *to;
    uint32_t at = header ? sizeof(*header) : 0;

    if (seen[0] == net.rx_queue.vq.avail->idx)
        return false;
    id = net.rx_queue.vq.avail->ring[seen[0]++ % SIZE];
    cr_assert_eq(net.rx_queue.vq.desc[id].flags, VRING_DESC_WRITE);
    cr_assert_eq(net.rx_queue.vq.desc[id].length, RX_BUFFER_SIZE);
    to = (uint8_t *)(uintptr_t)net.rx_queue.vq.desc[id].address;
    if (header)
        memcpy(to, header, sizeof(*header));
    memset(to + at, fill, length);
    device_uses(&net.rx_queue, 0, id, at + length);
    return true;
}

/* Sends up to `count` frames, each `bytes` long and with a checksum request as given. */
static void device_sends(unsigned count, uint32_t bytes, bool with_checksum)
{
    struct vring_desc *desc = net.tx_queue.vq.desc;

    while (count-- > 0 && seen[1] != net.tx_queue.vq.avail->idx) {
        uint16_t head = net.tx_queue.vq.avail->ring[seen[1]++ % SIZE], at = head;
        const struct virtio_net_header *header = (const void *)(uintptr_t)desc[head].address;
        uint32_t total = 0;

        cr_assert_eq(desc[head].length, sizeof(*header));
        cr_assert_eq(header->flags, with_checksum ? VIRTIO_NET_HDR_NEEDS_CSUM : 0);
        cr_assert(!with_checksum || (header->csum_start == 34 && header->csum_offset == 16));
        cr_assert_eq(header->gso_type, 0);
        while (desc[at].flags & VRING_DESC_NEXT) {
            at = desc[at].next;
            cr_assert_neq(desc[at].length, 0);
            total += desc[at].length;
        }
        cr_assert_eq(total, bytes);
        device_uses(&net.tx_queue, 1, head, 0);
        sent++;
    }
    *(uint16_t *)&net.tx_queue.vq.used->ring[SIZE] = seen[1];
    doorbells += doorbell == VIRTIO_NET_QUEUE_TX;
    doorbell = 0xffff;
}

/* --- receive ----------------------------------------------------------------------------------------------
 */

Test(virtio_net, received_frames_go_up_in_place_and_buffers_come_back)
{
    struct virtio_net_header header = {.num_buffers = 1};
    struct frame *frame;

    for (unsigned i = 0; i < 100000; i++) {
        cr_assert(device_receives(&header, 60 + i % 1400, (uint8_t)i));
        if (i % 50 != 49)
            continue;
        virtio_net_receive(&net);
        cr_assert_eq(stub_received_count, 50);
        for (unsigned k = i - 49; k <= i; k++) {
            frame = stub_take();
            cr_assert_eq(frame->length, 60 + k % 1400);
            cr_assert_eq(frame->segments[0].data[frame->length - 1], (uint8_t)k);
            cr_assert_eq(frame->flags, 0);
            frame_release(frame);
        }
    }
    cr_assert_eq(net.pool.extra_pages, 0);
    cr_assert_eq(stub_events, 0);
}

Test(virtio_net, frame_in_several_buffers_is_one_frame)
{
    struct virtio_net_header header = {.num_buffers = 3};
    unsigned pages = stub_pages;
    struct frame *frame;

    for (unsigned round = 0; round < 500; round++) {
        device_receives(&header, 2036, 1);
        device_receives(NULL, 2048, 2);
        device_receives(NULL, 100, 3);
        virtio_net_receive(&net);
        frame = stub_take();
        cr_assert_eq(frame->length, 2036 + 2048 + 100);
        cr_assert_eq(frame->n_segments, 3);
        cr_assert_eq(frame->segments[2].data[99], 3);
        frame_release(frame);
    }
    cr_assert_eq(stub_pages, pages);
    header.num_buffers = FRAME_SEGMENTS_MAX + 1;
    device_receives(&header, 100, 0);
    for (unsigned i = 0; i < FRAME_SEGMENTS_MAX; i++)
        device_receives(NULL, 100, 0);
    virtio_net_receive(&net);
    cr_assert_null(stub_take());
    cr_assert_eq(net.nic.rx_dropped, 1);
    cr_assert(!net.rx_queue.vq.is_broken);
    cr_assert_eq(virtqueue_free_count(&net.rx_queue.vq), 0, "the ring is full again");
}

Test(virtio_net, checksum_verdicts)
{
    struct virtio_net_header header = {.num_buffers = 1, .flags = VIRTIO_NET_HDR_DATA_VALID};
    struct frame *frame;

    device_receives(&header, 60, 0);
    header = (struct virtio_net_header){
        .num_buffers = 1, .flags = VIRTIO_NET_HDR_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16};
    device_receives(&header, 60, 0);
    header.csum_offset = 25; /* outside */
    device_receives(&header, 60, 0);
    virtio_net_receive(&net);
    frame = stub_take();
    cr_assert_eq(frame->flags, FRAME_CSUM_VALID);
    frame_release(frame);
    frame = stub_take();
    cr_assert_eq(frame->flags, FRAME_CSUM_VALID | FRAME_CSUM_NEEDED);
    cr_assert_eq(frame->csum_start, 34);
    frame_release(frame);
    frame = stub_take();
    cr_assert_eq(frame->flags, 0);
    frame_release(frame);
}

static void expect_reset(uint16_t buffers, uint32_t length)
{
    struct virtio_net_header header = {.num_buffers = buffers};
    struct frame *frame;
    unsigned pages = stub_pages;

    device_receives(&header, 60, 0);
    net.rx_queue.vq.used->ring[(used[0] - 1) % SIZE].length = length;
    virtio_net_receive(&net);
    cr_assert_eq(stub_events, NIC_EVENT_RESET);
    virtio_net_rx_drain(&net);
    virtqueue_init(&net.rx_queue.vq, SIZE, net.rx_queue.ring, net.rx_queue.slots, true);
    memset(net.rx_queue.ring, 0, virtqueue_ring_bytes(SIZE));
    seen[0] = used[0] = 0;
    stub_events = 0;
    virtio_net_rx_fill(&net);
    header.num_buffers = 1;
    device_receives(&header, 60, 0);
    virtio_net_receive(&net);
    frame = stub_take();
    cr_assert_eq(frame->length, 60);
    frame_release(frame);
    cr_assert_eq(stub_pages, pages, "no buffer is lost");
}

Test(virtio_net, device_that_breaks_the_rules_is_reset)
{
    expect_reset(1, 12);     /* a header without a frame */
    expect_reset(1, 0);      /* nothing */
    expect_reset(1, 0x8000); /* more than the buffer holds */
    expect_reset(0, 72);     /* no buffers */
    expect_reset(5, 72);     /* buffers that it has not used */
}

/* --- transmit ---------------------------------------------------------------------------------------------
 */

static void transmit(unsigned count, unsigned segments, bool with_checksum)
{
    struct frame_list frames = STAILQ_HEAD_INITIALIZER(frames);

    stub_frames(&frames, count, segments, with_checksum);
    virtio_net_transmit(&net.nic, &frames);
}

Test(virtio_net, frames_are_sent_and_released_over_many_wraps)
{
    unsigned total = 0;

    for (unsigned round = 0; round < 30000; round++) {
        unsigned n = 1 + round % 7, segments = 1 + round % 3;

        transmit(n, segments, round % 2);
        total += n;
        device_sends(~0U, 100 * segments, round % 2);
    }
    virtio_net_tx_service(&net, NIC_EVENT_TX);
    cr_assert_eq(sent, total);
    cr_assert_eq(stub_released, total);
    cr_assert_eq(doorbells, 30000, "one per batch");
    cr_assert_eq(net.tx.pending, 0);
    cr_assert_eq(stub_events, 0);
}

Test(virtio_net, what_does_not_fit_waits_and_then_is_dropped)
{
    transmit(100, 1, false);
    cr_assert_eq(net.tx.count, SIZE / 2);
    cr_assert_eq(net.tx.backlog_count, 100 - SIZE / 2);
    cr_assert_eq((uint16_t)(net.tx_queue.vq.avail->ring[SIZE] + 1), SIZE / 4, "interrupts when half is sent");
    device_sends(10, 100, false);
    virtio_net_tx_service(&net, NIC_EVENT_QUEUES);
    cr_assert_eq(stub_released, 10);
    cr_assert_eq(net.tx.backlog_count, 90 - SIZE / 2);
    transmit(NIC_BACKLOG_MAX, 1, false);
    cr_assert_eq(net.tx.backlog_count, NIC_BACKLOG_MAX);
    cr_assert_eq(net.nic.tx_dropped, 90 - SIZE / 2);
    while (net.tx.count > 0) {
        device_sends(~0U, 100, false);
        virtio_net_tx_service(&net, NIC_EVENT_QUEUES);
    }
    cr_assert_eq(sent, NIC_BACKLOG_MAX + 100 - (90 - SIZE / 2));
    cr_assert_eq(stub_released, NIC_BACKLOG_MAX + 100);
}

Test(virtio_net, reset_releases_everything)
{
    transmit(100, 2, false);
    device_uses(&net.tx_queue, 1, 77, 0); /* nonsense */
    virtio_net_tx_service(&net, 0);
    cr_assert_eq(stub_events, NIC_EVENT_RESET);
    virtio_net_tx_drain(&net);
    cr_assert_eq(stub_released, 100);
    cr_assert_eq(net.tx.count, 0);
    transmit(1, 1, false);
    cr_assert_eq(stub_released, 101, "while the device is down frames are dropped");
}
