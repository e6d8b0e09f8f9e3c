/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_NIC_GEM_REGS_H
#define DRIVERS_NIC_GEM_REGS_H

#include <core/compiler.h>
#include <core/types.h>

/* Cadence GEM: Zynq UltraScale+ TRM (UG1085), chapter "GEM Ethernet"; registers by name: UG1087, "GEM". */
#define GEM_BYTES 0x1000

#define GEM_CONTROL     0x000 /* network_control */
#define GEM_CONFIG      0x004 /* network_config */
#define GEM_STATUS      0x008 /* network_status */
#define GEM_DMA_CONFIG  0x010
#define GEM_TX_STATUS   0x014
#define GEM_RX_BASE     0x018 /* queue 0 */
#define GEM_TX_BASE     0x01c
#define GEM_RX_STATUS   0x020
#define GEM_INT_STATUS  0x024
#define GEM_INT_ENABLE  0x028
#define GEM_INT_DISABLE 0x02c
#define GEM_PHY         0x034 /* phy_management */
#define GEM_HASH_LOW    0x080
#define GEM_HASH_HIGH   0x084
#define GEM_MAC_LOW     0x088 /* spec_add1: bytes 0 to 3, */
#define GEM_MAC_HIGH    0x08c /* 4 and 5 */
#define GEM_DESIGN1     0x280
#define GEM_DESIGN6     0x294
#define GEM_TX_BASE_HI  0x4c8 /* of all queues */
#define GEM_RX_BASE_HI  0x4d4
/* Queues 1 to 7; the eighth to fifteenth are not made by anybody. */
#define GEM_TX_BASE_OF(q)     (0x440 + 4 * ((q) - 1))
#define GEM_RX_BASE_OF(q)     (0x480 + 4 * ((q) - 1))
#define GEM_INT_DISABLE_OF(q) (0x620 + 4 * ((q) - 1))
#define GEM_QUEUES_MAX        8

#define GEM_CONTROL_RX       BIT(2)
#define GEM_CONTROL_TX       BIT(3)
#define GEM_CONTROL_MDIO     BIT(4)
#define GEM_CONTROL_CLEAR    BIT(5) /* statistics */
#define GEM_CONTROL_TX_START BIT(9)
#define GEM_CONTROL_TX_HALT  BIT(10)

#define GEM_CONFIG_100       BIT(0)
#define GEM_CONFIG_FULL      BIT(1)
#define GEM_CONFIG_ALL       BIT(4) /* promiscuous */
#define GEM_CONFIG_MULTICAST BIT(6) /* those whose hash is set */
#define GEM_CONFIG_1536      BIT(8)
#define GEM_CONFIG_1000      BIT(10)
#define GEM_CONFIG_NO_FCS    BIT(17)    /* strips it */
#define GEM_CONFIG_MDC       (5U << 18) /* pclk / 96: under 2.5 MHz up to 240 MHz */
#define GEM_CONFIG_WIDTH     (3U << 21) /* of the bus: firmware's, the hardware knows no other */
#define GEM_CONFIG_RX_CSUM   BIT(24)

#define GEM_STATUS_MDIO_IDLE BIT(2)

#define GEM_DMA_BURST_16  0x10
#define GEM_DMA_RX_MEMORY (3U << 8) /* all of the packet buffers */
#define GEM_DMA_TX_MEMORY BIT(10)
#define GEM_DMA_RX_UNIT   64
#define GEM_DMA_RX_SHIFT  16
#define GEM_DMA_64BIT     BIT(30)

#define GEM_TX_GO BIT(3)

#define GEM_INT_RX          BIT(1)
#define GEM_INT_RX_USED     BIT(2) /* no buffer */
#define GEM_INT_TX_UNDERRUN BIT(4)
#define GEM_INT_TX_BUS      BIT(6)
#define GEM_INT_TX          BIT(7)
#define GEM_INT_RX_OVERRUN  BIT(10)
#define GEM_INT_BUS         BIT(11)
#define GEM_INT_ALL         0x3fffffff

#define GEM_PHY_READ(phy, reg)         (0x60020000U | (uint32_t)(phy) << 23 | (uint32_t)(reg) << 18)
#define GEM_PHY_WRITE(phy, reg, value) (0x50020000U | (uint32_t)(phy) << 23 | (uint32_t)(reg) << 18 | (value))

#define GEM_DESIGN1_CLEAR_ON_READ BIT(23) /* of the interrupt status */
#define GEM_DESIGN6_64BIT         BIT(23)
#define GEM_DESIGN6_QUEUES(d)     ((d) & 0xfe)

/* Descriptors with 64-bit addresses. The other side may change words at any time. */
struct gem_desc {
    volatile uint32_t address;
    volatile uint32_t control;
    volatile uint32_t address_high;
    volatile uint32_t unused;
};
_Static_assert(sizeof(struct gem_desc) == 16, "UG1085, \"Receive Buffer Descriptor Entry\"");

#define GEM_RX_USED    BIT(0) /* in address: ours, the hardware has filled it */
#define GEM_RX_WRAP    BIT(1)
#define GEM_RX_LENGTH  0x1fff
#define GEM_RX_FIRST   BIT(14)
#define GEM_RX_LAST    BIT(15)
#define GEM_RX_CSUM(c) FIELD(c, 23, 22)
#define GEM_RX_CSUM_L4 2 /* and above: IP and what is in it are right */

#define GEM_TX_LENGTH 0x3fff
#define GEM_TX_LAST   BIT(15)
#define GEM_TX_ERRORS (BIT(26) | BIT(27) | BIT(28) | BIT(29))
#define GEM_TX_WRAP   BIT(30)
#define GEM_TX_USED   BIT(31) /* ours */

#endif
