/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_NIC_VIRTIO_NET_H
#define DRIVERS_NIC_VIRTIO_NET_H

#include "rx_pool.h"
#include "service.h"
#include "transmit.h"

#include <contract/nic.h>
#include <core/irq.h>
#include <platform/virtio.h>

/* Network device: virtio 1.2, 5.1. One queue pair. */
#define VIRTIO_NET_F_CSUM       BIT(0)
#define VIRTIO_NET_F_GUEST_CSUM BIT(1)
#define VIRTIO_NET_F_MTU        BIT(3)
#define VIRTIO_NET_F_MAC        BIT(5)
#define VIRTIO_NET_F_HOST_TSO4  BIT(11)
#define VIRTIO_NET_F_HOST_TSO6  BIT(12)
#define VIRTIO_NET_F_MRG_RXBUF  BIT(15)
#define VIRTIO_NET_F_STATUS     BIT(16)

/* Device configuration: 5.1.4. */
#define VIRTIO_NET_CONFIG_MAC    0
#define VIRTIO_NET_CONFIG_STATUS 6
#define VIRTIO_NET_CONFIG_MTU    10
#define VIRTIO_NET_LINK_UP       1

#define VIRTIO_NET_QUEUE_RX 0
#define VIRTIO_NET_QUEUE_TX 1

/* 5.1.6. Before every packet in both directions. */
struct virtio_net_header {
    uint8_t flags;
    uint8_t gso_type;
    uint16_t header_length;
    uint16_t gso_size;
    uint16_t csum_start;
    uint16_t csum_offset;
    uint16_t num_buffers;
};

_Static_assert(sizeof(struct virtio_net_header) == 12, "virtio 1.2, 5.1.6");

#define VIRTIO_NET_HDR_NEEDS_CSUM 1
#define VIRTIO_NET_HDR_DATA_VALID 2
#define VIRTIO_NET_GSO_TCPV4      1
#define VIRTIO_NET_GSO_TCPV6      4

struct virtio_net_queue {
    struct virtqueue vq;
    struct virtio_doorbell doorbell;
    void *ring;  /* page_alloc'ed, ring_order; kept over resets */
    void *slots; /* malloc'ed */
    unsigned ring_order;
    uint16_t size;
};

struct virtio_net {
    struct nic nic;
    struct virtio_device *dev; /* immutable */
    bool has_vectors;          /* immutable: interrupts tell themselves apart */
    uint64_t features;         /* accepted; constant but for resets */
    struct irq_action irqs[2];
    struct nic_service service;

    struct virtio_net_queue rx_queue; /* owner: service thread */
    struct rx_pool pool;

    struct nic_tx tx;
    struct virtio_net_queue tx_queue;     /* tx.lock */
    struct virtio_net_header *tx_headers; /* tx.lock; one per descriptor */
    uint64_t tx_headers_address;
};

#define VIRTIO_NET_VECTOR_QUEUES 0
#define VIRTIO_NET_VECTOR_CONFIG 1

/*
 * The rest of binding, for a device that its transport has found and reset: interrupts_request sets `irqs`
 * and has_vectors. Context: thread.
 */
must_check int virtio_net_bind(struct virtio_net *net, struct virtio_device *dev,
                               int (*interrupts_request)(struct virtio_net *net));

/* Handlers: of one vector each, or of a line, which has to ask. */
void virtio_net_queues_interrupt(void *net);
void virtio_net_config_interrupt(void *net);
void virtio_net_line_interrupt(void *net);

/* Received frames to the net room, empty buffers to the device; until nothing is left, then interrupts are on
 * again. Context: service thread. */
void virtio_net_receive(struct virtio_net *net);

/* Fills the receive ring and tells the device. Context: service thread. */
void virtio_net_rx_fill(struct virtio_net *net);

/* Empties the ring of a device that has been reset. Context: service thread. */
void virtio_net_rx_drain(struct virtio_net *net);

/* nic_ops.transmit. */
void virtio_net_transmit(struct nic *nic, struct frame_list *frames);

/* Collects what was transmitted and sends what waits. Context: service thread. */
void virtio_net_tx_service(struct virtio_net *net, unsigned events);

/* Releases every frame in ring and backlog of a device that has been reset. Context: service thread. */
void virtio_net_tx_drain(struct virtio_net *net);

#endif
