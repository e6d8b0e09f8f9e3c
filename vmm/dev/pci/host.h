/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_PCI_HOST_H
#define VMM_DEV_PCI_HOST_H

#include "../../irqchip/irqchip.h"
#include "../power.h"
#include "pci.h"
#include <core/sync.h>

/*
 * The PCI host of a q35: configuration by ports 0xcf8-0xcff (3.2.2.3.2) and by ECAM, INTx lines, and the two
 * functions that every guest expects: host bridge 00:00.0 and LPC bridge 00:1f.0. Bus 0 is the only one. The
 * reset control register 0xcf9 lies among the ports.
 */
struct vpci_host_config {
    struct bus *pio, *mmio;
    struct irqchip *irqchip;
    struct power_hooks power;
    uint64_t ecam_base;               /* 256 MiB */
    uint64_t window_base, window_end; /* where vpci_host_assign() puts memory BARs */
    uint16_t pm_base;                 /* of the ACPI PM block, for the LPC bridge to show */
};

/* Guest interrupt inputs of INTx pins: 8, swizzled by slot as the ACPI tables say. */
#define PCI_INTX_GSI   16
#define PCI_INTX_LINES 8

static inline unsigned vpci_intx_line(unsigned slot, unsigned pin)
{
    return (slot + pin) % PCI_INTX_LINES;
}

struct vpci_host {
    struct device device;
    struct vpci_host_config config; /* i */
    struct bus_region ports, ecam;
    struct vpci_device *functions[PCI_SLOTS * 8]; /* i while vCPUs run */
    struct vpci_device bridge, lpc;
    struct spinlock lock;                  /* configuration writes; BARs on both buses */
    unsigned conflicts;                    /* lock: BARs that are enabled but found their place taken */
    _Atomic uint32_t address;              /* a: port 0xcf8 */
    atomic_uchar reset_control;            /* a: port 0xcf9 */
    atomic_int intx_count[PCI_INTX_LINES]; /* a: functions that assert the line */
};

/* -ENOMEM, -EEXIST. Context: thread. */
must_check int vpci_host_create(const struct vpci_host_config *config, struct vpci_host **out);

/*
 * What firmware does before it starts a kernel: gives every BAR that has no address one, and turns decoding
 * on. No vCPU runs. Context: thread.
 */
void vpci_host_assign(struct vpci_host *host);

/* --- between the files of this folder ---------------------------------------------------------------- */

/* A configuration access that has been routed to a function; within it, size 1, 2 or 4, not crossing 4 bytes.
 */
uint32_t vpci_config_read(struct vpci_device *device, unsigned offset, unsigned size);
void vpci_config_write(struct vpci_device *device, unsigned offset, unsigned size, uint32_t value);

/* Brings the buses in line with the device's BARs and command register. Lock held. */
void vpci_bars_update(struct vpci_device *device);
/* The address in the BAR's registers, without type bits. */
uint64_t vpci_bar_address(const struct vpci_device *device, unsigned bar);
void vpci_bar_address_set(struct vpci_device *device, unsigned bar, uint64_t address);
void vpci_bars_fini(struct vpci_device *device);

/* After a change of intx_level or of the command register. Context: any. */
void vpci_intx_update(struct vpci_device *device);

/* After a write to the capability's control word. */
void vpci_msix_control_written(struct vpci_device *device);
void vpci_msix_reset(struct vpci_device *device);
void vpci_msix_save(struct vpci_device *device, struct state_writer *writer);
void vpci_msix_load(struct vpci_device *device, struct state_reader *reader);
void vpci_msix_fini(struct vpci_device *device);

/* The bridges. */
void vpci_bridges_init(struct vpci_host *host);

#endif
