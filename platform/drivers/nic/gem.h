/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_NIC_GEM_H
#define DRIVERS_NIC_GEM_H

#include "gem_regs.h"
#include "rx_pool.h"
#include "service.h"
#include "transmit.h"

#include <contract/nic.h>
#include <core/host_info.h>
#include <core/irq.h>
#include <platform/mmio.h>

#define GEM_RX_RING 256u
#define GEM_TX_RING 256u

/* A link as its PHY has negotiated it. */
struct gem_link {
    bool is_up, is_full_duplex;
    unsigned mbit; /* 10, 100, 1000 */
};

struct gem {
    struct nic nic;
    const struct host_device *where;
    volatile void *regs;
    bool is_coherent, is_clear_on_read; /* immutable */
    uint32_t other_queues;              /* immutable; by bit */
    int phy;                            /* immutable; address, negative: none */
    struct irq_action irq;
    struct nic_service service;
    struct timer poll; /* while up: PHYs have no interrupt line, and the hardware may have stopped */
    atomic_bool is_polled;
    struct gem_link link; /* owner: service thread */
    struct gem *next;

    struct gem_desc *parked; /* immutable: never a buffer, for the queues that are not used */
    uint64_t parked_address;
    struct gem_desc *rx_ring; /* these: owner service thread */
    uint64_t rx_ring_address;
    struct rx_buffer *rx[GEM_RX_RING]; /* on the ring */
    unsigned rx_next;                  /* the next to be received into */
    unsigned rx_count;                 /* buffers on the ring, from rx_next on */
    struct rx_pool pool;

    struct nic_tx tx;
    struct gem_desc *tx_ring; /* these: tx.lock */
    uint64_t tx_ring_address;
    struct frame *tx_frames[GEM_TX_RING]; /* by a frame's first descriptor */
    uint16_t tx_length[GEM_TX_RING];      /* in descriptors, likewise */
    unsigned tx_clean, tx_next, tx_shown; /* oldest not collected, next to fill, what the device knows */
};

static always_inline uint32_t gem_read(struct gem *dev, uint32_t reg)
{
    return mmio_read32(dev->regs, reg);
}

static always_inline void gem_write(struct gem *dev, uint32_t reg, uint32_t value)
{
    mmio_write32(dev->regs, reg, value);
}

/* --- gem_hw.c ---------------------------------------------------------------------------------------------
 */

#define GEM_INT_QUEUE (GEM_INT_RX | GEM_INT_RX_USED | GEM_INT_RX_OVERRUN)
#define GEM_INT_FATAL (GEM_INT_BUS | GEM_INT_TX_BUS | GEM_INT_TX_UNDERRUN)

/* Stops DMA and leaves it silent. -ETIMEDOUT. Context: thread; sleeps. */
must_check int gem_quiesce(struct gem *dev);

/* What has happened since it was last asked; acknowledges it. Context: any. */
uint32_t gem_causes(struct gem *dev);

/* From silence to receiving and sending, rings empty, interrupts masked. */
void gem_bring_up(struct gem *dev);

/* Tells the MAC what the PHY has negotiated. */
void gem_link_set(struct gem *dev, const struct gem_link *link);

/* --- gem_phy.c --------------------------------------------------------------------------------------------
 */

/* Finds the PHY; negative: none answers. Context: thread. */
int gem_phy_find(struct gem *dev);

/* The link as it is now; without a PHY it is taken for up. Context: thread. */
struct gem_link gem_phy_link(struct gem *dev);

/* What status, abilities and the partner's abilities mean (IEEE 802.3, 22.2.4 and 40.5.1.1). Pure. */
struct gem_link gem_link_resolve(uint16_t status, uint16_t ours, uint16_t partner, uint16_t ours_1000,
                                 uint16_t partner_1000);

/* --- gem_rx.c, gem_tx.c: as their namesakes in virtio_net.h ------------------------------------------------
 */

/* An empty ring of descriptors that are all ours. */
void gem_rx_init(struct gem *dev);
void gem_receive(struct gem *dev);
/* Whether a frame is waiting. Context: service thread. */
bool gem_rx_is_pending(const struct gem *dev);
void gem_rx_fill(struct gem *dev);
void gem_rx_drain(struct gem *dev);

void gem_tx_init(struct gem *dev);
void gem_transmit(struct nic *nic, struct frame_list *frames);
void gem_tx_service(struct gem *dev, unsigned events);
void gem_tx_drain(struct gem *dev);

#endif
