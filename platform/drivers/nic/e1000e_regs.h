/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_NIC_E1000E_REGS_H
#define DRIVERS_NIC_E1000E_REGS_H

#include <core/compiler.h>
#include <stdint.h>

/*
 * Registers and descriptors of the 82574 (Intel 82574 GbE Controller Family Datasheet, chapters 7 and 10),
 * which are also the 82540EM's (PCI/PCI-X Family of Gigabit Ethernet Controllers SDM, chapters 3 and 13)
 * where not marked.
 */
#define E1000_CTRL     0x0000
#define E1000_STATUS   0x0008
#define E1000_EECD     0x0010
#define E1000_EERD     0x0014
#define E1000_CTRL_EXT 0x0018
#define E1000_FCAL     0x0028
#define E1000_FCAH     0x002c
#define E1000_FCT      0x0030
#define E1000_ICR      0x00c0 /* clears when read */
#define E1000_ITR      0x00c4
#define E1000_IMS      0x00d0
#define E1000_IMC      0x00d8
#define E1000_EIAC     0x00dc             /* 82574 */
#define E1000_IVAR     0x00e4             /* 82574 */
#define E1000_EITR(n)  (0x00e8 + 4 * (n)) /* 82574 */
#define E1000_RCTL     0x0100
#define E1000_TCTL     0x0400
#define E1000_TIPG     0x0410
#define E1000_RDBAL    0x2800
#define E1000_RDBAH    0x2804
#define E1000_RDLEN    0x2808
#define E1000_RDH      0x2810
#define E1000_RDT      0x2818
#define E1000_RDTR     0x2820
#define E1000_RADV     0x282c
#define E1000_TDBAL    0x3800
#define E1000_TDBAH    0x3804
#define E1000_TDLEN    0x3808
#define E1000_TDH      0x3810
#define E1000_TDT      0x3818
#define E1000_TXDCTL   0x3828
#define E1000_RXCSUM   0x5000
#define E1000_MTA      0x5200 /* 128 dwords */
#define E1000_RAL      0x5400
#define E1000_RAH      0x5404

#define E1000_BYTES 0x20000

#define E1000_CTRL_MASTER_DISABLE BIT(2) /* 82574 */
#define E1000_CTRL_ASDE           BIT(5)
#define E1000_CTRL_SLU            BIT(6)
#define E1000_CTRL_FRCSPD         BIT(11)
#define E1000_CTRL_FRCDPX         BIT(12)
#define E1000_CTRL_RST            BIT(26)

#define E1000_STATUS_LU     BIT(1)
#define E1000_STATUS_MASTER BIT(19) /* 82574: requests are outstanding */

#define E1000_EECD_AUTO_READ BIT(9) /* 82574: NVM has been loaded */

#define E1000_CTRL_EXT_PBA_CLR BIT(31) /* 82574 */

/* Interrupt causes: 10.2.4. */
#define E1000_INT_TXDW     BIT(0)
#define E1000_INT_LSC      BIT(2)
#define E1000_INT_RXDMT0   BIT(4)
#define E1000_INT_RXO      BIT(6)
#define E1000_INT_RXT0     BIT(7)
#define E1000_INT_RXQ0     BIT(20) /* 82574 */
#define E1000_INT_TXQ0     BIT(22) /* 82574 */
#define E1000_INT_OTHER    BIT(24) /* 82574 */
#define E1000_INT_ASSERTED BIT(31) /* 82574 */

/* Vectors: RXQ0 and TXQ0 on 0, everything else on 1; bit 3 of a field makes it valid. 10.2.4.9 */
#define E1000_IVAR_QUEUES_0_OTHER_1 (0x8u | 0x8u << 8 | 0x9u << 16)

#define E1000_RCTL_EN    BIT(1)
#define E1000_RCTL_UPE   BIT(3)
#define E1000_RCTL_MPE   BIT(4)
#define E1000_RCTL_BAM   BIT(15)
#define E1000_RCTL_SECRC BIT(26)

#define E1000_TCTL_EN         BIT(1)
#define E1000_TCTL_PSP        BIT(3)
#define E1000_TCTL_CT(n)      ((n) << 4)
#define E1000_TCTL_COLD(n)    ((n) << 12)
#define E1000_TIPG_COPPER     (8u | 8u << 10 | 6u << 20)
#define E1000_TXDCTL_GRAN     BIT(24)
#define E1000_TXDCTL_COUNT    BIT(22) /* 82574: must be set */
#define E1000_TXDCTL_WTHRESH1 BIT(16)

#define E1000_RXCSUM_TUOFL BIT(9)
#define E1000_RAH_VALID    BIT(31)

/* Legacy receive descriptor: 7.1.4. */
struct e1000_rx_desc {
    uint64_t address;
    uint16_t length;
    uint16_t checksum;
    uint8_t status;
    uint8_t errors;
    uint16_t special;
};

_Static_assert(sizeof(struct e1000_rx_desc) == 16, "82574 datasheet, 7.1.4");

#define E1000_RX_DD    BIT(0)
#define E1000_RX_EOP   BIT(1)
#define E1000_RX_IXSM  BIT(2)
#define E1000_RX_TCPCS BIT(5)
/* CE, SE, SEQ, CXE, RXE: the frame is damaged. TCPE, IPE: only a checksum is wrong, which the stack judges.
 */
#define E1000_RX_ERRORS 0x97u
#define E1000_RX_TCPE   BIT(5)

/* Transmit data and context descriptors, read as one: 7.2.10. */
struct e1000_tx_desc {
    uint64_t first;   /* data: buffer address; context: checksum offsets */
    uint32_t command; /* length, type, command */
    uint32_t status;  /* status, options | header length, MSS */
};

_Static_assert(sizeof(struct e1000_tx_desc) == 16, "82574 datasheet, 7.2.10");

#define E1000_TX_EOP        BIT(24)
#define E1000_TX_IFCS       BIT(25)
#define E1000_TX_RS         BIT(27)
#define E1000_TX_DEXT       BIT(29)
#define E1000_TX_TYPE_DATA  BIT(20)
#define E1000_TX_TUCMD_TCP  BIT(24)
#define E1000_TX_TUCMD_IPV4 BIT(25)
#define E1000_TX_TXSM       BIT(9) /* in status: insert the L4 checksum */
#define E1000_TX_DD         BIT(0)

#endif
