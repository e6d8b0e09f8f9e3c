/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_NIC_H
#define NET_NIC_H

#include <contract/l2port.h>
#include <contract/nic.h>
#include <core/compiler.h>
#include <core/types.h>

/*
 * The host's physical interfaces, as the rest of net sees them. One of them is the primary: the first whose
 * link is up, and it stays that until its link goes down while another's is up. Only the primary carries
 * traffic: two uplinks to one network would show every frame twice and confuse the tables of the switches
 * outside.
 */
struct nic_info {
    char name[16], driver[16];
    uint8_t mac[6];
    uint16_t mtu;
    unsigned offloads; /* enum nic_offload */
    bool is_link_up, is_primary;
    /* As seen from the network: rx came from outside. */
    uint64_t rx_frames, tx_frames, rx_bytes, tx_bytes, rx_dropped, tx_dropped, resets;
};

/* The index-th interface. -ENOENT: no more. Context: any. */
must_check int nic_info_get(unsigned index, struct nic_info *out);

/* The primary. -ENODEV: there is no interface at all. Context: any. */
must_check int nic_primary_get(struct nic_info *out);

/* `fn` is called after any link or the choice of primary has changed, in a driver's thread. One listener. */
void nic_set_listener(void (*fn)(void));

#endif
