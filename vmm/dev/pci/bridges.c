/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

/* The chipset functions of a q35, as far as guests look at them. */

#define INTEL        0x8086
#define Q35_BRIDGE   0x29c0
#define ICH9_LPC     0x2918
#define QUMRANET     0x1af4
#define QEMU         0x1100
#define CLASS_HOST   0x060000
#define CLASS_ISA    0x060100
#define LPC_SLOT     31
#define LPC_REVISION 2

/* Intel 3 Series Express Chipset datasheet, 5.1.17: 64 bits; 256 MiB is size 0. */
#define BRIDGE_PCIEXBAR  0x60
#define PCIEXBAR_ENABLED 1

/* Intel ICH9 datasheet, 13.1. */
#define LPC_PM_BASE     0x40
#define PM_BASE_IO      1
#define LPC_ACPI_CNTL   0x44
#define ACPI_CNTL_EN    0x80 /* and interrupt 9 for SCI */
#define LPC_PIRQ_A      0x60
#define LPC_PIRQ_E      0x68
#define PIRQ_NOT_ROUTED 0x80

void vpci_bridges_init(struct vpci_host *host)
{
    static const struct vpci_ids bridge = {
        .vendor = INTEL,
        .device = Q35_BRIDGE,
        .subsystem_vendor = QUMRANET,
        .subsystem = QEMU,
        .class_code = CLASS_HOST,
    };
    static const struct vpci_ids lpc = {
        .vendor = INTEL,
        .device = ICH9_LPC,
        .subsystem_vendor = QUMRANET,
        .subsystem = QEMU,
        .class_code = CLASS_ISA,
        .revision = LPC_REVISION,
    };

    vpci_device_init(&host->bridge, host, PCI_DEVFN(0), &bridge, NULL);
    vpci_put32(&host->bridge.config[BRIDGE_PCIEXBAR], (uint32_t)host->config.ecam_base | PCIEXBAR_ENABLED);
    vpci_put32(&host->bridge.config[BRIDGE_PCIEXBAR + 4], (uint32_t)(host->config.ecam_base >> 32));

    vpci_device_init(&host->lpc, host, PCI_DEVFN(LPC_SLOT), &lpc, NULL);
    vpci_put32(&host->lpc.config[LPC_PM_BASE], host->config.pm_base | PM_BASE_IO);
    host->lpc.config[LPC_ACPI_CNTL] = ACPI_CNTL_EN;
    /* Lines reach the IOAPIC only: the router to the 8259s can be written to, without effect. */
    for (unsigned i = 0; i < 4; i++) {
        host->lpc.config[LPC_PIRQ_A + i] = host->lpc.config[LPC_PIRQ_E + i] = PIRQ_NOT_ROUTED;
        host->lpc.writable[LPC_PIRQ_A + i] = host->lpc.writable[LPC_PIRQ_E + i] = 0x8f;
    }
}
