/* SPDX-License-Identifier: BSD-2-Clause */
/* The GEM's registers, but for rings and PHY. UG1085, "GEM Ethernet", "Programming Model". */
#include "gem.h"

#include <core/thread.h>
#include <core/time.h>
#include <errno.h>

#define STOP_TIMEOUT_NS (100 * NSEC_PER_MSEC)

int gem_quiesce(struct gem *dev)
{
    uint64_t deadline = clock_now_ns() + STOP_TIMEOUT_NS;
    int err = 0;

    gem_write(dev, GEM_INT_DISABLE, GEM_INT_ALL);
    for (unsigned q = 1; q < GEM_QUEUES_MAX; q++)
        if (dev->other_queues & BIT(q))
            gem_write(dev, GEM_INT_DISABLE_OF(q), GEM_INT_ALL);
    /* A frame on its way out is finished first. */
    gem_write(dev, GEM_CONTROL, gem_read(dev, GEM_CONTROL) | GEM_CONTROL_TX_HALT);
    while (!err && (gem_read(dev, GEM_TX_STATUS) & GEM_TX_GO)) {
        if (clock_now_ns() >= deadline)
            err = -ETIMEDOUT;
        else
            thread_sleep_until(clock_now_ns() + NSEC_PER_MSEC);
    }
    gem_write(dev, GEM_CONTROL, GEM_CONTROL_MDIO | GEM_CONTROL_CLEAR);
    gem_write(dev, GEM_TX_STATUS, ~0U);
    gem_write(dev, GEM_RX_STATUS, ~0U);
    (void)gem_causes(dev);
    return err;
}

uint32_t gem_causes(struct gem *dev)
{
    uint32_t causes = gem_read(dev, GEM_INT_STATUS);

    if (!dev->is_clear_on_read)
        gem_write(dev, GEM_INT_STATUS, causes);
    return causes;
}

/* Queues that are not used find a descriptor that is nobody's, and stop there. */
static void park_other_queues(struct gem *dev)
{
    dev->parked[0].address = GEM_RX_USED | GEM_RX_WRAP;
    dev->parked[1].control = GEM_TX_USED | GEM_TX_WRAP | GEM_TX_LAST;
    for (unsigned q = 1; q < GEM_QUEUES_MAX; q++) {
        if (!(dev->other_queues & BIT(q)))
            continue;
        gem_write(dev, GEM_RX_BASE_OF(q), (uint32_t)dev->parked_address);
        gem_write(dev, GEM_TX_BASE_OF(q), (uint32_t)dev->parked_address + sizeof(struct gem_desc));
    }
}

static void mac_write(struct gem *dev)
{
    const uint8_t *mac = dev->nic.mac;

    /* The upper half makes it valid (spec_add1_top). */
    gem_write(dev, GEM_MAC_LOW,
              mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24);
    gem_write(dev, GEM_MAC_HIGH, mac[4] | (uint32_t)mac[5] << 8);
}

void gem_link_set(struct gem *dev, const struct gem_link *link)
{
    uint32_t config =
        gem_read(dev, GEM_CONFIG) & ~(uint32_t)(GEM_CONFIG_1000 | GEM_CONFIG_100 | GEM_CONFIG_FULL);

    gem_write(dev, GEM_CONFIG,
              config | (link->mbit == 1000 ? GEM_CONFIG_1000 : 0U) |
                  (link->mbit == 100 ? GEM_CONFIG_100 : 0U) | (link->is_full_duplex ? GEM_CONFIG_FULL : 0U));
}

void gem_bring_up(struct gem *dev)
{
    gem_rx_init(dev);
    gem_tx_init(dev);
    /* Everything on the wire: guests behind the switch have addresses of their own. */
    gem_write(dev, GEM_CONFIG,
              (gem_read(dev, GEM_CONFIG) & GEM_CONFIG_WIDTH) | GEM_CONFIG_MDC | GEM_CONFIG_ALL |
                  GEM_CONFIG_MULTICAST | GEM_CONFIG_1536 | GEM_CONFIG_NO_FCS | GEM_CONFIG_RX_CSUM |
                  GEM_CONFIG_1000 | GEM_CONFIG_FULL);
    gem_write(dev, GEM_HASH_LOW, ~0U);
    gem_write(dev, GEM_HASH_HIGH, ~0U);
    mac_write(dev);
    gem_write(dev, GEM_DMA_CONFIG,
              GEM_DMA_BURST_16 | GEM_DMA_RX_MEMORY | GEM_DMA_TX_MEMORY | GEM_DMA_64BIT |
                  RX_BUFFER_SIZE / GEM_DMA_RX_UNIT << GEM_DMA_RX_SHIFT);
    park_other_queues(dev);
    /* One allocation holds all rings, so the upper halves agree. */
    gem_write(dev, GEM_RX_BASE_HI, (uint32_t)(dev->rx_ring_address >> 32));
    gem_write(dev, GEM_TX_BASE_HI, (uint32_t)(dev->tx_ring_address >> 32));
    gem_write(dev, GEM_RX_BASE, (uint32_t)dev->rx_ring_address);
    gem_write(dev, GEM_TX_BASE, (uint32_t)dev->tx_ring_address);
    gem_rx_fill(dev);
    gem_write(dev, GEM_CONTROL, GEM_CONTROL_MDIO | GEM_CONTROL_RX | GEM_CONTROL_TX);
}
