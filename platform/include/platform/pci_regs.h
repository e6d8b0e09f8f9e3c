/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_PCI_REGS_H
#define PLATFORM_PCI_REGS_H

#include <core/compiler.h>

/* Configuration space. PCI Local Bus 3.0, chapter 6; PCI-to-PCI Bridge 1.2, chapter 3; PCIe Base 4.0, 7.5. */
#define PCI_CONFIG_SIZE  0x100  /* what every function has */
#define PCIE_CONFIG_SIZE 0x1000 /* through ECAM */

#define PCI_VENDOR_ID      0x00
#define PCI_DEVICE_ID      0x02
#define PCI_COMMAND        0x04
#define PCI_STATUS         0x06
#define PCI_REVISION       0x08
#define PCI_CLASS_REVISION 0x08
#define PCI_HEADER_TYPE    0x0e
#define PCI_BAR0           0x10
#define PCI_SUBSYSTEM      0x2c
#define PCI_CAP_POINTER    0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN  0x3d

#define PCI_COMMAND_IO         BIT(0)
#define PCI_COMMAND_MEMORY     BIT(1)
#define PCI_COMMAND_MASTER     BIT(2)
#define PCI_COMMAND_NO_INTX    BIT(10)
#define PCI_STATUS_CAPS        BIT(4)
#define PCI_HEADER_MULTI       0x80
#define PCI_HEADER_TYPE_MASK   0x7f
#define PCI_HEADER_TYPE_DEVICE 0
#define PCI_HEADER_TYPE_BRIDGE 1
#define PCI_VENDOR_NONE        0xffff

/* BARs. PCI 3.0, 6.2.5.1. */
#define PCI_BAR_IO          BIT(0)
#define PCI_BAR_TYPE_MASK   0x6u
#define PCI_BAR_TYPE_32     0x0u
#define PCI_BAR_TYPE_1M     0x2u
#define PCI_BAR_TYPE_64     0x4u
#define PCI_BAR_PREFETCH    BIT(3)
#define PCI_BAR_IO_MASK     0xfffffffcu
#define PCI_BAR_MEMORY_MASK 0xfffffff0u

/* Type 1 header. PCI-to-PCI Bridge 1.2, 3.2.5. */
#define PCI_BRIDGE_PRIMARY        0x18
#define PCI_BRIDGE_SECONDARY      0x19
#define PCI_BRIDGE_SUBORDINATE    0x1a
#define PCI_BRIDGE_IO             0x1c
#define PCI_BRIDGE_MEMORY         0x20
#define PCI_BRIDGE_PREFETCH       0x24
#define PCI_BRIDGE_PREFETCH_BASE  0x28
#define PCI_BRIDGE_PREFETCH_LIMIT 0x2c
#define PCI_BRIDGE_IO_HIGH        0x30

/* Capability identifiers. PCI Code and ID Assignment 1.11, 2. */
#define PCI_CAP_PM     0x01
#define PCI_CAP_MSI    0x05
#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_PCIE   0x10
#define PCI_CAP_MSIX   0x11

/* Power management. PCI PM 1.2, 3.2. */
#define PCI_PM_CONTROL       4
#define PCI_PM_STATE_MASK    0x3u
#define PCI_PM_NO_SOFT_RESET BIT(3)

/* MSI. PCI 3.0, 6.8.1. */
#define PCI_MSI_CONTROL       2
#define PCI_MSI_ENABLE        BIT(0)
#define PCI_MSI_MULTIPLE_MASK 0x70u
#define PCI_MSI_64BIT         BIT(7)
#define PCI_MSI_ADDRESS       4
#define PCI_MSI_ADDRESS_HIGH  8
#define PCI_MSI_DATA_32       8
#define PCI_MSI_DATA_64       12

/* MSI-X. PCI 3.0, 6.8.2. */
#define PCI_MSIX_CONTROL          2
#define PCI_MSIX_ENABLE           BIT(15)
#define PCI_MSIX_FUNCTION_MASK    BIT(14)
#define PCI_MSIX_SIZE_MASK        0x7ffu
#define PCI_MSIX_TABLE            4
#define PCI_MSIX_BIR_MASK         0x7u
#define PCI_MSIX_ENTRY_SIZE       16
#define PCI_MSIX_ENTRY_ADDRESS    0
#define PCI_MSIX_ENTRY_ADDRESS_HI 4
#define PCI_MSIX_ENTRY_DATA       8
#define PCI_MSIX_ENTRY_CONTROL    12
#define PCI_MSIX_ENTRY_MASKED     BIT(0)

/* PCI Express. PCIe Base 4.0, 7.5.3. */
#define PCIE_FLAGS            2
#define PCIE_PORT_TYPE(flags) (((flags) >> 4) & 0xf)
#define PCIE_PORT_ROOT        4
#define PCIE_PORT_DOWNSTREAM  6

#define PCI_CLASS_BRIDGE_HOST 0x0600
#define PCI_CLASS_BRIDGE_PCI  0x0604
#define PCI_CLASS_ETHERNET    0x0200

#endif
