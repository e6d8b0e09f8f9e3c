/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

/*
 * The chipset of a machine whose device tree has a "pci-host-ecam-generic": a host bridge 00:00.0, which is
 * what QEMU's `virt` has there, and a window in memory that shows I/O ports.
 */
#define RED_HAT    0x1b36
#define GENERIC    0x0008
#define QUMRANET   0x1af4
#define QEMU       0x1100
#define CLASS_HOST 0x060000
#define IO_SIZE    0x10000
#define PORT_MAX   4 /* bytes of an access to ports */

static uint64_t io_read(void *context, uint64_t offset, unsigned size)
{
    struct vpci_host *host = context;
    uint64_t value = ~0ULL;

    if (size <= PORT_MAX)
        bus_read(host->config.pio, offset, size, &value);
    return value;
}

static void io_write(void *context, uint64_t offset, unsigned size, uint64_t value)
{
    struct vpci_host *host = context;

    if (size <= PORT_MAX)
        bus_write(host->config.pio, offset, size, value);
}

int vpci_chipset_add(struct vpci_host *host)
{
    static const struct vpci_ids bridge = {
        .vendor = RED_HAT,
        .device = GENERIC,
        .subsystem_vendor = QUMRANET,
        .subsystem = QEMU,
        .class_code = CLASS_HOST,
    };
    int error;

    host->ports = (struct bus_region){host->config.io_base, IO_SIZE, io_read, io_write, host, "pci-ports"};
    vpci_device_init(&host->bridge, host, PCI_DEVFN(0), &bridge, NULL);
    error = vpci_device_add(&host->bridge);
    return error ? error : bus_add(host->config.mmio, &host->ports);
}

void vpci_chipset_reset(struct vpci_host *host)
{
    vpci_device_reset(&host->bridge);
}

void vpci_chipset_save(struct vpci_host *host, struct state_writer *w)
{
    vpci_device_save(&host->bridge, w);
}

int vpci_chipset_load(struct vpci_host *host, struct state_reader *r)
{
    return vpci_device_load(&host->bridge, r);
}

void vpci_chipset_fini(struct vpci_host *host)
{
    vpci_device_fini(&host->bridge);
}
