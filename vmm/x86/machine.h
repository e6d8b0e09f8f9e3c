/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_MACHINE_H
#define VMM_X86_MACHINE_H

#include "../irqchip/irqchip.h"
#include "cpuid.h"

/*
 * The machine an x86 guest sees: the subset of QEMU's q35 that guest software knows, at the same addresses.
 *
 *   0x0000_0000  RAM (hole for VGA at 0xa_0000 - 0xb_ffff)
 *   0x8000_0000  end of low RAM at most (more goes above 4 GiB)
 *   0xb000_0000  PCI ECAM, 256 MiB
 *   0xc000_0000  PCI window, to 0xfebf_ffff
 *   0xfec0_0000  IOAPIC; 0xfee0_0000 local APIC
 *   0x1_0000_0000  high RAM
 */
#define MACHINE_LOW_RAM_MAX    0x80000000ULL
#define MACHINE_ECAM           0xb0000000ULL
#define MACHINE_PCI_WINDOW     0xc0000000ULL
#define MACHINE_PCI_WINDOW_END 0xfec00000ULL
#define MACHINE_HIGH_RAM       0x100000000ULL
#define MACHINE_PM_BASE        0x600
#define MACHINE_SCI_GSI        9
#define MACHINE_INTX_GSI       16 /* swizzled by slot as the ACPI tables say */
#define MACHINE_INTX_LINES     8

struct machine {
    struct irqchip *irqchip;
    struct guest_cpuid cpuid;
    struct vpci_host *pci;
    struct device *rtc;
};

#endif
