/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

/* The chipset of a q35, as far as guests look at it. */

#define PORT_BASE      0xcf8
#define PORTS          8
#define OFFSET_RESET   1 /* 0xcf9 */
#define OFFSET_DATA    4 /* 0xcfc */
#define ADDRESS_ENABLE 0x80000000U
#define ADDRESS_VALID  0x80fffffcU

/* Intel ICH9 datasheet, 13.7.5 (RST_CNT). */
#define RESET_CPU   0x04
#define RESET_VALID 0x0a /* what can be read back */

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

static uint64_t ports_read(void *context, uint64_t offset, unsigned size)
{
    struct vpci_host *host = context;
    uint32_t address = host->address;

    if (vpci_crosses_word(offset, size))
        return ~0ULL;
    if (offset >= OFFSET_DATA) {
        if (!(address & ADDRESS_ENABLE))
            return ~0ULL;
        return vpci_routed_read(host, address >> 8 & 0xffff, (address & 0xfc) + (offset & 3), size);
    }
    if (offset == 0 && size == 4)
        return address;
    return offset == OFFSET_RESET && size == 1 ? host->reset_control : ~0ULL;
}

static void reset_write(struct vpci_host *host, uint8_t value)
{
    host->reset_control = value & RESET_VALID;
    if (value & RESET_CPU)
        host->config.power.reset(host->config.power.context);
}

static void ports_write(void *context, uint64_t offset, unsigned size, uint64_t value)
{
    struct vpci_host *host = context;
    uint32_t address = host->address;

    if (vpci_crosses_word(offset, size))
        return;
    if (offset >= OFFSET_DATA) {
        if (address & ADDRESS_ENABLE)
            vpci_routed_write(host, address >> 8 & 0xffff, (address & 0xfc) + (offset & 3), size,
                              (uint32_t)value);
    } else if (offset == 0 && size == 4) {
        host->address = (uint32_t)value & ADDRESS_VALID;
    } else if (offset == OFFSET_RESET && size == 1) {
        reset_write(host, (uint8_t)value);
    }
}

static void bridges_init(struct vpci_host *host)
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

int vpci_chipset_add(struct vpci_host *host)
{
    int error;

    host->ports = (struct bus_region){PORT_BASE, PORTS, ports_read, ports_write, host, "pci"};
    bridges_init(host);
    error = vpci_device_add(&host->bridge);
    if (error == 0)
        error = vpci_device_add(&host->lpc);
    return error ? error : bus_add(host->config.pio, &host->ports);
}

void vpci_chipset_reset(struct vpci_host *host)
{
    host->address = 0;
    host->reset_control = 0;
    vpci_device_reset(&host->bridge);
    vpci_device_reset(&host->lpc);
}

void vpci_chipset_save(struct vpci_host *host, struct state_writer *w)
{
    state_put_u32(w, host->address);
    state_put_u8(w, host->reset_control);
    vpci_device_save(&host->bridge, w);
    vpci_device_save(&host->lpc, w);
}

int vpci_chipset_load(struct vpci_host *host, struct state_reader *r)
{
    int error;

    host->address = state_get_u32(r) & ADDRESS_VALID;
    host->reset_control = state_get_u8(r) & RESET_VALID;
    error = vpci_device_load(&host->bridge, r);
    return error ? error : vpci_device_load(&host->lpc, r);
}

void vpci_chipset_fini(struct vpci_host *host)
{
    vpci_device_fini(&host->bridge);
    vpci_device_fini(&host->lpc);
}
