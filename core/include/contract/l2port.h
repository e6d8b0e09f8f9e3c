/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONTRACT_L2PORT_H
#define CONTRACT_L2PORT_H

#include <core/frame.h>

/*
 * A port of the host's L2 switch: a NIC, the host's own network stack, a guest's virtio-net are all equal.
 * The switch implements l2_*; whoever owns a port embeds struct l2port and implements `deliver`.
 */
struct l2port;

struct l2port_stats {
    uint64_t rx_frames, rx_bytes; /* into the switch from this port */
    uint64_t tx_frames, tx_bytes; /* out of the switch to this port */
    uint64_t rx_dropped, tx_dropped;
};

struct l2port {
    const char *name; /* immutable; unique */
    /*
     * Takes every frame of the list (drops what it cannot queue, with frame_release()). Must not block and
     * must not call l2_input(). Context: thread of the sending port.
     */
    void (*deliver)(struct l2port *port, struct frame_list *frames, unsigned count);
    uint8_t mac[6]; /* its own address, for learning at attach; zero: unknown */
    bool is_uplink; /* towards the physical network: unknown unicast goes there */
    uint16_t mtu;
    struct l2port_stats stats; /* atomic, relaxed; owner: the switch */
    void *priv;                /* owner: the switch */
};

/* Attaches / detaches a port; after detach returns, `deliver` will not be called again. Context: thread. */
must_check int l2_port_attach(struct l2port *port);
void l2_port_detach(struct l2port *port);

/* Frames from outside enter the switch through `port`, in a batch; ownership passes. Context: thread. */
void l2_input(struct l2port *port, struct frame_list *frames);

#endif
