/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_NIC_E1000E_H
#define DRIVERS_NIC_E1000E_H

#include "e1000e_regs.h"
#include "rx_pool.h"
#include "service.h"
#include "transmit.h"

#include <contract/nic.h>
#include <platform/mmio.h>
#include <platform/pci.h>

#define E1000_RX_RING 256u
#define E1000_TX_RING 256u

struct e1000e {
    struct nic nic;
    struct pci_device *pci;
    volatile void *regs;
    bool is_82574; /* immutable; else 82540EM */
    struct irq_action irqs[2];
    struct nic_service service;
    struct timer watchdog; /* while up: has the device kept what it was told? */
    atomic_bool is_watched;
    uint32_t rx_causes, tx_cause, link_causes; /* immutable once interrupts are bound */

    struct e1000_rx_desc *rx_ring;       /* these: owner service thread */
    struct rx_buffer *rx[E1000_RX_RING]; /* on the ring */
    unsigned rx_next;                    /* the next to be received into */
    unsigned rx_tail;                    /* one behind the last that the device has */
    bool is_rx_skipping;                 /* the rest of a frame that is too long */
    struct rx_pool pool;

    struct nic_tx tx;
    struct e1000_tx_desc *tx_ring;          /* these: tx.lock */
    struct frame *tx_frames[E1000_TX_RING]; /* by a frame's last descriptor */
    uint16_t tx_last[E1000_TX_RING];        /* by a frame's first descriptor: its last */
    unsigned tx_clean, tx_next, tx_shown;   /* oldest not collected, next to fill, what the device knows */
    uint32_t tx_context;                    /* csum_start << 16 | csum_offset that the device has; 0: none */
};

static always_inline uint32_t e1000e_read(struct e1000e *dev, uint32_t reg)
{
    return mmio_read32(dev->regs, reg);
}

static always_inline void e1000e_write(struct e1000e *dev, uint32_t reg, uint32_t value)
{
    mmio_write32(dev->regs, reg, value);
}

/* --- e1000e_hw.c ------------------------------------------------------------------------------------------
 */

/* Stops DMA, resets, and waits until the NVM is loaded. -ETIMEDOUT. Context: thread; sleeps. */
must_check int e1000e_reset(struct e1000e *dev);

/* The station address; -ENODEV: there is none. */
must_check int e1000e_mac_read(struct e1000e *dev);

/* From reset to receiving and sending, rings empty, interrupts masked. */
void e1000e_bring_up(struct e1000e *dev);

/* --- e1000e_rx.c, e1000e_tx.c: as their namesakes in virtio_net.h ------------------------------------------
 */

/* Harvests until the ring is empty. Context: service thread. */
void e1000e_receive(struct e1000e *dev);
void e1000e_rx_fill(struct e1000e *dev);
void e1000e_rx_drain(struct e1000e *dev);

void e1000e_transmit(struct nic *nic, struct frame_list *frames);
void e1000e_tx_service(struct e1000e *dev, unsigned events);
void e1000e_tx_drain(struct e1000e *dev);

#endif
