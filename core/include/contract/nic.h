/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONTRACT_NIC_H
#define CONTRACT_NIC_H

#include <core/frame.h>

/*
 * A physical network interface. Drivers (platform/drivers/nic) fill a struct nic and register it; the net
 * room attaches it to the switch. All calls come from threads; the driver has a service thread of its own
 * that its interrupt wakes.
 */
struct nic;

struct nic_ops {
    /* Starts/stops receive and transmit. */
    int (*start)(struct nic *nic);
    void (*stop)(struct nic *nic);
    /*
     * Queues frames for transmission in one batch (one doorbell) and releases each when the hardware is done
     * with it; what does not fit the ring is dropped and counted. Never blocks. Several threads may call it
     * at once.
     */
    void (*transmit)(struct nic *nic, struct frame_list *frames);
};

enum nic_offload {
    NIC_TX_CSUM = 1 << 0, /* FRAME_CSUM_NEEDED */
    NIC_RX_CSUM = 1 << 1,
    NIC_TSO = 1 << 2, /* FRAME_GSO_* */
};

struct nic {
    const struct nic_ops *ops;               /* immutable */
    const char *driver;                      /* immutable: "virtio-net", "e1000e" */
    char name[16];                           /* "eth0" …, given by nic_register() */
    uint8_t mac[6];                          /* immutable */
    uint16_t mtu;                            /* immutable */
    unsigned offloads;                       /* immutable: enum nic_offload */
    void *driver_data;                       /* owner: driver */
    bool is_link_up;                         /* atomic; changed with nic_link_changed() */
    uint64_t rx_dropped, tx_dropped, resets; /* atomic, relaxed; owner: driver */
    void *net_data;                          /* owner: net */
};

/* Implemented by net, called by drivers from their service threads. */
must_check int nic_register(struct nic *nic);                 /* at bind, before start */
void nic_receive(struct nic *nic, struct frame_list *frames); /* a batch; ownership passes */
void nic_link_changed(struct nic *nic, bool is_up);

#endif
