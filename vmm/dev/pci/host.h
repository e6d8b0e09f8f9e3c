/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_PCI_HOST_H
#define VMM_DEV_PCI_HOST_H

#include "../../irqchip/irqchip.h"
#include "../power.h"
#include "pci.h"
#include <core/sync.h>

/*
 * The guest's PCI host: configuration by ECAM, INTx lines, and what the machine's chipset has besides. Bus 0
 * is the only one. The chipset is linked: a q35's (q35.c), with ports 0xcf8-0xcff (3.2.2.3.2), host bridge
 * 00:00.0 and LPC bridge 00:1f.0, or the generic one of machines that a device tree describes (generic.c).
 */
struct vpci_host_config {
    struct bus *pio, *mmio;
    struct irqchip *irqchip;
    struct power_hooks power;         /* q35: port 0xcf9 */
    uint64_t ecam_base;               /* 256 MiB */
    uint64_t window_base, window_end; /* where vpci_host_assign() puts memory BARs */
    uint64_t io_base;                 /* generic: where ports 0 to 0xffff are seen in memory */
    unsigned intx_gsi, intx_lines;    /* the first line, and how many INTx pins are dealt out to */
    uint16_t pm_base;                 /* q35: of the ACPI PM block, for the LPC bridge to show */
};

#define PCI_INTX_LINES_MAX 8

struct vpci_host {
    struct device device;
    struct vpci_host_config config; /* i */
    struct bus_region ports, ecam;
    struct vpci_device *functions[PCI_SLOTS * 8]; /* i while vCPUs run */
    struct vpci_device bridge, lpc;
    struct spinlock lock;                      /* configuration writes; BARs on both buses */
    unsigned conflicts;                        /* lock: BARs that are enabled but found their place taken */
    _Atomic uint32_t address;                  /* a: port 0xcf8 */
    atomic_uchar reset_control;                /* a: port 0xcf9 */
    atomic_int intx_count[PCI_INTX_LINES_MAX]; /* a: functions that assert the line */
};

/* The line that an INTx pin (0-3) of a slot is wired to, from the first one on. */
static inline unsigned vpci_intx_line(const struct vpci_host *host, unsigned slot, unsigned pin)
{
    return (slot + pin) % host->config.intx_lines;
}

/* -ENOMEM, -EEXIST. Context: thread. */
must_check int vpci_host_create(const struct vpci_host_config *config, struct vpci_host **out);

/*
 * What firmware does before it starts a kernel: gives every BAR that has no address one, and turns decoding
 * on. No vCPU runs. Context: thread.
 */
void vpci_host_assign(struct vpci_host *host);

/* --- between the files of this folder ---------------------------------------------------------------- */

/*
 * Configuration accesses by any machine's way to make them. `routing` is bus, slot, function; absent
 * functions, and what lies beyond conventional space, read as all ones.
 */
uint32_t vpci_routed_read(struct vpci_host *host, unsigned routing, unsigned offset, unsigned size);
void vpci_routed_write(struct vpci_host *host, unsigned routing, unsigned offset, unsigned size,
                       uint32_t value);

static inline bool vpci_crosses_word(uint64_t offset, unsigned size)
{
    return (offset & 3) + size > 4;
}

/* A configuration access that has been routed to a function; within it, size 1, 2 or 4, not crossing 4 bytes.
 */
uint32_t vpci_config_read(struct vpci_device *device, unsigned offset, unsigned size);
void vpci_config_write(struct vpci_device *device, unsigned offset, unsigned size, uint32_t value);

/* Brings the buses in line with the device's BARs and command register. Lock held. */
void vpci_bars_update(struct vpci_device *device);
/* Of the BAR's registers, without type bits. */
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

/* The chipset that is linked. -EEXIST: its addresses are taken; nothing is left then. */
must_check int vpci_chipset_add(struct vpci_host *host);
void vpci_chipset_reset(struct vpci_host *host);
void vpci_chipset_save(struct vpci_host *host, struct state_writer *writer);
must_check int vpci_chipset_load(struct vpci_host *host, struct state_reader *reader);
void vpci_chipset_fini(struct vpci_host *host);

#endif
