/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio network device, whatever carries it: bind, start, stop, reset, link. All of it but binding happens
 * in the service thread. virtio 1.2, 5.1.
 */
#include "virtio_net.h"

#include <core/log.h>
#include <core/mm.h>
#include <core/time.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FEATURES                                                                                      \
    (VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC |              \
     VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS | \
     VIRTIO_F_EVENT_IDX)

/* Rings larger than this only add memory: the service thread outruns them or the machine is lost anyway. */
#define RING_SIZE_MAX 256
/* The longest frame and its header must fit. */
#define RING_SIZE_MIN 32

#define MTU_DEFAULT 1500
#define MTU_MAX     9000

/* --- interrupts -------------------------------------------------------------------------------------------
 */

void virtio_net_queues_interrupt(void *arg)
{
    struct virtio_net *net = arg;

    nic_service_post(&net->service, NIC_EVENT_QUEUES);
}

void virtio_net_config_interrupt(void *arg)
{
    struct virtio_net *net = arg;

    nic_service_post(&net->service, NIC_EVENT_LINK);
}

void virtio_net_line_interrupt(void *arg)
{
    struct virtio_net *net = arg;
    uint8_t status = virtio_isr(net->dev);
    unsigned events = (status & 1 ? NIC_EVENT_QUEUES : 0) | (status & 2 ? NIC_EVENT_LINK : 0);

    if (events)
        nic_service_post(&net->service, events);
}

static uint16_t vector(const struct virtio_net *net, uint16_t n)
{
    return net->has_vectors ? n : VIRTIO_NO_VECTOR;
}

/* --- bringing the device up -------------------------------------------------------------------------------
 */

static int queue_alloc(struct virtio_net *net, struct virtio_net_queue *queue, uint16_t index)
{
    hpa_t ring;

    queue->size = MIN(virtio_queue_size_max(net->dev, index), (uint16_t)RING_SIZE_MAX);
    if (queue->size < RING_SIZE_MIN)
        return -ENODEV;
    while (PAGE_SIZE << queue->ring_order < virtqueue_ring_bytes(queue->size))
        queue->ring_order++;
    ring = page_alloc(queue->ring_order, 0, NODE_ANY);
    queue->slots = malloc(virtqueue_slot_bytes(queue->size));
    queue->ring = hpa_valid(ring) ? hpa_to_ptr(ring) : NULL;
    return queue->ring && queue->slots ? 0 : -ENOMEM;
}

static int queue_start(struct virtio_net *net, struct virtio_net_queue *queue, uint16_t index)
{
    memset(queue->ring, 0, virtqueue_ring_bytes(queue->size));
    virtqueue_init(&queue->vq, queue->size, queue->ring, queue->slots,
                   (net->features & VIRTIO_F_EVENT_IDX) != 0);
    return virtio_queue_enable(net->dev, index, &queue->vq, vector(net, VIRTIO_NET_VECTOR_QUEUES),
                               &queue->doorbell);
}

static bool link_read(struct virtio_net *net)
{
    uint16_t status;

    if (!(net->features & VIRTIO_NET_F_STATUS))
        return true;
    virtio_config_read(net->dev, VIRTIO_NET_CONFIG_STATUS, &status, 2, 1);
    return (status & VIRTIO_NET_LINK_UP) != 0;
}

static void link_update(struct virtio_net *net)
{
    bool is_up = nic_is_running(&net->service) && link_read(net);

    if (is_up != net->nic.is_link_up)
        nic_link_changed(&net->nic, is_up);
}

static uint64_t features_wanted(const struct virtio_net *net)
{
    /* Once bound, the same again: what was told to the net room stays true. */
    return net->features ? net->features : FEATURES;
}

/* From reset to DRIVER_OK. 3.1.1. */
static int device_start(void *device)
{
    struct virtio_net *net = device;
    uint64_t accepted;
    int err;

    virtio_master_set(net->dev, true);
    err = virtio_negotiate(net->dev, features_wanted(net), &accepted);
    if (err)
        return err;
    if (accepted != net->features)
        return -EIO;
    err = virtio_config_vector(net->dev, vector(net, VIRTIO_NET_VECTOR_CONFIG));
    if (!err)
        err = queue_start(net, &net->rx_queue, VIRTIO_NET_QUEUE_RX);
    if (!err)
        err = queue_start(net, &net->tx_queue, VIRTIO_NET_QUEUE_TX);
    if (err)
        return err;
    virtio_status_add(net->dev, VIRTIO_STATUS_DRIVER_OK);
    virtqueue_interrupts_off(&net->tx_queue.vq);
    virtio_net_rx_fill(net);
    nic_tx_open(&net->tx);
    return 0;
}

/* A device that does not even reset keeps its hands on memory if it may master the bus, so it may not. */
static void device_stop(void *device)
{
    struct virtio_net *net = device;

    if (virtio_reset(net->dev) != 0) {
        log_error("%s: does not reset", net->nic.name);
        virtio_master_set(net->dev, false);
    }
    virtio_net_tx_drain(net);
    virtio_net_rx_drain(net);
}

static void service_run(void *arg, unsigned events)
{
    struct virtio_net *net = arg;
    bool is_running = nic_is_running(&net->service);

    if (unlikely(events & (NIC_EVENT_CONTROL | NIC_EVENT_LINK | NIC_EVENT_RESET))) {
        if (events & NIC_EVENT_CONTROL)
            nic_service_control(&net->service);
        else if (is_running &&
                 ((events & NIC_EVENT_RESET) || (virtio_status(net->dev) & VIRTIO_STATUS_NEEDS_RESET)))
            nic_service_recover(&net->service);
        link_update(net);
        is_running = nic_is_running(&net->service);
    }
    if (is_running)
        virtio_net_receive(net);
    virtio_net_tx_service(net, events);
}

static const struct nic_device_ops device_ops = {
    .start = device_start, .stop = device_stop, .run = service_run};

static const struct nic_ops virtio_net_ops = {
    .start = nic_service_up, .stop = nic_service_down, .transmit = virtio_net_transmit};

/* --- bind -------------------------------------------------------------------------------------------------
 */

/* Without an address of its own the device gets a local one (5.1.5). */
static void mac_read(struct virtio_net *net)
{
    uint64_t noise = clock_now_ns() * 0x9e3779b97f4a7c15u;

    if (net->features & VIRTIO_NET_F_MAC) {
        virtio_config_read(net->dev, VIRTIO_NET_CONFIG_MAC, net->nic.mac, 1, sizeof(net->nic.mac));
        return;
    }
    for (unsigned i = 0; i < sizeof(net->nic.mac); i++)
        net->nic.mac[i] = (uint8_t)(noise >> (8 * i + 16));
    net->nic.mac[0] = (uint8_t)((net->nic.mac[0] & ~1) | 2);
}

static uint16_t mtu_read(struct virtio_net *net)
{
    uint16_t mtu = MTU_DEFAULT;

    if (net->features & VIRTIO_NET_F_MTU)
        virtio_config_read(net->dev, VIRTIO_NET_CONFIG_MTU, &mtu, 2, 1);
    /* Without mergeable buffers a frame, its Ethernet header and ours must fit into one. */
    if (!(net->features & VIRTIO_NET_F_MRG_RXBUF))
        mtu = MIN(mtu, (uint16_t)(RX_BUFFER_SIZE - sizeof(struct virtio_net_header) - 18));
    return mtu < 68 ? MTU_DEFAULT : MIN(mtu, (uint16_t)MTU_MAX);
}

static unsigned offloads(uint64_t features)
{
    uint64_t tso = VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6;

    return (features & VIRTIO_NET_F_CSUM ? NIC_TX_CSUM : 0U) |
           (features & VIRTIO_NET_F_GUEST_CSUM ? NIC_RX_CSUM : 0U) | ((features & tso) == tso ? NIC_TSO : 0U);
}

/* Everything that start will need, so that it cannot fail for lack of memory. */
static int memory_alloc(struct virtio_net *net)
{
    unsigned order = 0;
    hpa_t headers;
    int err = queue_alloc(net, &net->rx_queue, VIRTIO_NET_QUEUE_RX);

    if (!err)
        err = queue_alloc(net, &net->tx_queue, VIRTIO_NET_QUEUE_TX);
    if (!err)
        err = rx_pool_init(&net->pool, net->rx_queue.size + RX_POOL_SLACK, nic_service_refill, &net->service);
    if (err)
        return err;
    while (PAGE_SIZE << order < net->tx_queue.size * sizeof(struct virtio_net_header))
        order++;
    headers = page_alloc(order, 0, NODE_ANY);
    if (!hpa_valid(headers))
        return -ENOMEM;
    net->tx_headers = hpa_to_ptr(headers);
    net->tx_headers_address = headers.v;
    return 0;
}

int virtio_net_bind(struct virtio_net *net, struct virtio_device *dev,
                    int (*interrupts_request)(struct virtio_net *net))
{
    int err;

    net->dev = dev;
    err = virtio_negotiate(dev, FEATURES, &net->features);
    if (err)
        return err;
    mac_read(net);
    net->nic.ops = &virtio_net_ops;
    net->nic.driver = "virtio-net";
    net->nic.mtu = mtu_read(net);
    net->nic.offloads = offloads(net->features);
    nic_tx_init(&net->tx, &net->nic, &net->service);
    err = memory_alloc(net);
    if (!err)
        err = virtio_reset(dev);
    if (!err)
        err = nic_service_start(&net->service, &device_ops, net, &net->nic);
    if (!err)
        err = interrupts_request(net);
    return err ? err : nic_register(&net->nic);
}
