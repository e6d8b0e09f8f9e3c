/* SPDX-License-Identifier: BSD-2-Clause */
/* The device itself. 82574 datasheet, chapter 4 (initialization) and 10. */
#include "e1000e.h"

#include <core/mm.h>
#include <core/thread.h>
#include <core/time.h>
#include <errno.h>
#include <string.h>

static void sleep_ms(unsigned ms)
{
    thread_sleep_until(clock_now_ns() + ms * NSEC_PER_MSEC);
}

/* Until (register & bit) == want; false after `ms`. */
static bool wait_for(struct e1000e *dev, uint32_t reg, uint32_t bit, uint32_t want, unsigned ms)
{
    for (unsigned waited = 0; waited < ms; waited++) {
        if ((e1000e_read(dev, reg) & bit) == want)
            return true;
        sleep_ms(1);
    }
    return (e1000e_read(dev, reg) & bit) == want;
}

/* 4.6.1, and 5.2.2: no bus transaction may be under way when the reset bit is written. */
int e1000e_reset(struct e1000e *dev)
{
    e1000e_write(dev, E1000_IMC, ~0U);
    e1000e_write(dev, E1000_RCTL, 0);
    e1000e_write(dev, E1000_TCTL, E1000_TCTL_PSP);
    if (dev->is_82574) {
        e1000e_write(dev, E1000_CTRL, e1000e_read(dev, E1000_CTRL) | E1000_CTRL_MASTER_DISABLE);
        /* Past the time limit the reset is the only way on. */
        (void)wait_for(dev, E1000_STATUS, E1000_STATUS_MASTER, 0, 80);
    } else {
        sleep_ms(1);
    }
    e1000e_write(dev, E1000_CTRL, e1000e_read(dev, E1000_CTRL) | E1000_CTRL_RST);
    sleep_ms(5);
    if (!wait_for(dev, E1000_CTRL, E1000_CTRL_RST, 0, 100))
        return -ETIMEDOUT;
    if (dev->is_82574)
        (void)wait_for(dev, E1000_EECD, E1000_EECD_AUTO_READ, E1000_EECD_AUTO_READ, 20);
    e1000e_write(dev, E1000_IMC, ~0U);
    (void)e1000e_read(dev, E1000_ICR);
    return 0;
}

/* A word of NVM (10.2.2.5); the field positions differ between the two chips. */
static int nvm_read(struct e1000e *dev, unsigned word, uint16_t *out)
{
    unsigned address_shift = dev->is_82574 ? 2 : 8;
    uint32_t done = dev->is_82574 ? BIT(1) : BIT(4);

    e1000e_write(dev, E1000_EERD, word << address_shift | 1);
    if (!wait_for(dev, E1000_EERD, done, done, 10))
        return -ETIMEDOUT;
    *out = (uint16_t)(e1000e_read(dev, E1000_EERD) >> 16);
    return 0;
}

static bool mac_is_valid(const uint8_t mac[6])
{
    static const uint8_t zero[6];

    return !(mac[0] & 1) && memcmp(mac, zero, 6) != 0;
}

int e1000e_mac_read(struct e1000e *dev)
{
    uint32_t low = e1000e_read(dev, E1000_RAL), high = e1000e_read(dev, E1000_RAH);
    uint16_t words[3];

    memcpy(&dev->nic.mac[0], &low, 4);
    memcpy(&dev->nic.mac[4], &high, 2);
    if ((high & E1000_RAH_VALID) && mac_is_valid(dev->nic.mac))
        return 0;
    for (unsigned i = 0; i < 3; i++)
        if (nvm_read(dev, i, &words[i]) != 0)
            return -ENODEV;
    memcpy(dev->nic.mac, words, 6);
    return mac_is_valid(dev->nic.mac) ? 0 : -ENODEV;
}

static void ring_set(struct e1000e *dev, uint32_t base, const void *ring, uint32_t bytes)
{
    uint64_t address = ptr_to_hpa(ring).v;

    e1000e_write(dev, base, (uint32_t)address);
    e1000e_write(dev, base + (E1000_RDBAH - E1000_RDBAL), (uint32_t)(address >> 32));
    e1000e_write(dev, base + (E1000_RDLEN - E1000_RDBAL), bytes);
    e1000e_write(dev, base + (E1000_RDH - E1000_RDBAL), 0);
    e1000e_write(dev, base + (E1000_RDT - E1000_RDBAL), 0);
}

static void station_set(struct e1000e *dev)
{
    uint32_t low, high = 0;

    memcpy(&low, &dev->nic.mac[0], 4);
    memcpy(&high, &dev->nic.mac[4], 2);
    e1000e_write(dev, E1000_RAL, low);
    e1000e_write(dev, E1000_RAH, high | E1000_RAH_VALID);
    for (unsigned i = 0; i < 128; i++)
        e1000e_write(dev, E1000_MTA + 4 * i, 0);
}

/* At most one interrupt in 50 µs; a lone frame is not delayed. Units of 256 ns (10.2.4.2). */
#define THROTTLE 195u

static void interrupts_set(struct e1000e *dev)
{
    if (dev->pci->irq_mode == PCI_IRQ_MSIX) {
        e1000e_write(dev, E1000_CTRL_EXT, e1000e_read(dev, E1000_CTRL_EXT) | E1000_CTRL_EXT_PBA_CLR);
        e1000e_write(dev, E1000_IVAR, E1000_IVAR_QUEUES_0_OTHER_1);
        e1000e_write(dev, E1000_EIAC, E1000_INT_RXQ0 | E1000_INT_TXQ0);
        e1000e_write(dev, E1000_EITR(0), THROTTLE);
    } else {
        e1000e_write(dev, E1000_ITR, THROTTLE);
    }
}

void e1000e_bring_up(struct e1000e *dev)
{
    uint32_t ctrl = e1000e_read(dev, E1000_CTRL);

    ctrl &= ~(uint32_t)(E1000_CTRL_FRCSPD | E1000_CTRL_FRCDPX | E1000_CTRL_MASTER_DISABLE);
    /* The 82574 takes the speed from its PHY by itself (10.2.2.1). */
    ctrl |= (uint32_t)(E1000_CTRL_SLU | (dev->is_82574 ? 0 : E1000_CTRL_ASDE));
    e1000e_write(dev, E1000_CTRL, ctrl);
    e1000e_write(dev, E1000_FCAL, 0); /* no flow control: a full switch port drops */
    e1000e_write(dev, E1000_FCAH, 0);
    e1000e_write(dev, E1000_FCT, 0);
    station_set(dev);
    interrupts_set(dev);

    /* 4.6.6: transmit. */
    memset(dev->tx_ring, 0, E1000_TX_RING * sizeof(*dev->tx_ring));
    dev->tx_clean = dev->tx_next = dev->tx_shown = 0;
    dev->tx.count = 0;
    dev->tx_context = 0;
    ring_set(dev, E1000_TDBAL, dev->tx_ring, E1000_TX_RING * sizeof(*dev->tx_ring));
    if (dev->is_82574)
        e1000e_write(dev, E1000_TXDCTL, E1000_TXDCTL_GRAN | E1000_TXDCTL_COUNT | E1000_TXDCTL_WTHRESH1);
    e1000e_write(dev, E1000_TIPG, E1000_TIPG_COPPER);
    e1000e_write(dev, E1000_TCTL, E1000_TCTL_EN | E1000_TCTL_PSP | E1000_TCTL_CT(15) | E1000_TCTL_COLD(63));

    /* 4.6.5: receive. Everything on the wire: the switch behind us has addresses of its own. */
    memset(dev->rx_ring, 0, E1000_RX_RING * sizeof(*dev->rx_ring));
    dev->rx_next = dev->rx_tail = 0;
    dev->is_rx_skipping = false;
    ring_set(dev, E1000_RDBAL, dev->rx_ring, E1000_RX_RING * sizeof(*dev->rx_ring));
    e1000e_write(dev, E1000_RDTR, 0);
    e1000e_write(dev, E1000_RADV, 0);
    e1000e_write(dev, E1000_RXCSUM, E1000_RXCSUM_TUOFL);
    e1000e_write(dev, E1000_RCTL,
                 E1000_RCTL_EN | E1000_RCTL_UPE | E1000_RCTL_MPE | E1000_RCTL_BAM | E1000_RCTL_SECRC);
    e1000e_rx_fill(dev);
}
