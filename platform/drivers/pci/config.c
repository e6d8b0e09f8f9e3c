/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration accesses: memory-mapped windows (PCIe Base 4.0, 7.2.2) where firmware's MCFG names them, else
 * the ports of PCI 3.0, 3.2.2.3.2, which reach segment 0 and the first 256 bytes.
 */
#include "pci.h"

#include <core/host_info.h>
#include <core/log.h>
#include <core/vmap.h>
#include <platform/mmio.h>
#include <stdlib.h>

struct pci_ecam {
    volatile char *base; /* of first_bus */
    struct pci_root root;
};

static struct pci_ecam *ecams; /* constant after pci_config_init() */
static size_t ecam_count;
static bool has_ports;

#define ECAM_BUS_SIZE MIB(1)

static volatile char *ecam_register(struct pci_address at, unsigned offset)
{
    for (size_t i = 0; i < ecam_count; i++) {
        const struct pci_root *root = &ecams[i].root;

        if (root->segment == at.segment && root->first_bus <= at.bus && at.bus <= root->last_bus)
            return ecams[i].base +
                   ((uint64_t)(at.bus - root->first_bus) << 20 | (uint64_t)at.devfn << 12 | offset);
    }
    return NULL;
}

static bool use_ports(struct pci_address at, unsigned offset)
{
    return has_ports && at.segment == 0 && offset < PCI_CONFIG_SIZE;
}

uint32_t pci_config_read(struct pci_address at, unsigned offset, unsigned size)
{
    volatile char *reg = offset < PCIE_CONFIG_SIZE ? ecam_register(at, offset) : NULL;

    if (!reg && use_ports(at, offset))
        return pci_ports_read(at, offset, size);
    if (!reg)
        return ~0U >> (32 - 8 * size);
    return size == 1 ? mmio_read8(reg, 0) : size == 2 ? mmio_read16(reg, 0) : mmio_read32(reg, 0);
}

void pci_config_write(struct pci_address at, unsigned offset, unsigned size, uint32_t value)
{
    volatile char *reg = offset < PCIE_CONFIG_SIZE ? ecam_register(at, offset) : NULL;

    if (!reg && use_ports(at, offset)) {
        pci_ports_write(at, offset, size, value);
    } else if (reg && size == 1) {
        mmio_write8(reg, 0, (uint8_t)value);
    } else if (reg && size == 2) {
        mmio_write16(reg, 0, (uint16_t)value);
    } else if (reg) {
        mmio_write32(reg, 0, value);
    }
}

/*
 * A window that firmware got wrong would make every function vanish, or worse. Where both methods reach the
 * same bus they must tell the same about it; the ports are always right.
 */
static bool ecam_agrees(const struct pci_ecam *ecam)
{
    if (!has_ports || ecam->root.segment != 0 || ecam->root.first_bus != 0)
        return true;
    for (unsigned slot = 0; slot < 32; slot++) {
        struct pci_address at = {.devfn = PCI_DEVFN(slot, 0)};

        if (mmio_read32(ecam->base, slot << 15) != pci_ports_read(at, PCI_VENDOR_ID, 4))
            return false;
    }
    return true;
}

/* Firmware's tables are data from outside: RAM is not a configuration window. */
static bool ecam_is_plausible(const struct host_info *info, const struct host_ecam *ecam)
{
    uint64_t base = ecam->base.v + ((uint64_t)ecam->first_bus << 20);
    uint64_t end = base + (ecam->last_bus - ecam->first_bus + 1ULL) * ECAM_BUS_SIZE;

    if (ecam->last_bus < ecam->first_bus || !IS_ALIGNED(base, ECAM_BUS_SIZE) || end <= base)
        return false;
    for (size_t i = 0; i < info->memory_count; i++) {
        const struct host_memory_range *range = &info->memory[i];

        if (range->type < HOST_MEM_PERSISTENT && range->base.v < end && base < range->base.v + range->size)
            return false;
    }
    return true;
}

static void ecam_add(const struct host_info *info, const struct host_ecam *from)
{
    struct pci_ecam *ecam = &ecams[ecam_count];
    uint64_t size = (from->last_bus - from->first_bus + 1ULL) * ECAM_BUS_SIZE;
    hpa_t base = hpa_add(from->base, (uint64_t)from->first_bus << 20);

    ecam->root = (struct pci_root){from->segment, from->first_bus, from->last_bus};
    ecam->base = ecam_is_plausible(info, from) ? (volatile char *)mmio_map(base, size, MMIO_UNCACHED) : NULL;
    if (!ecam->base || !ecam_agrees(ecam)) {
        log_warning("pci: configuration window at 0x%llx ignored: %s", (unsigned long long)base.v,
                    ecam->base ? "it does not show the machine's devices" : "it is not device memory");
        return;
    }
    ecam_count++;
}

size_t pci_config_init(struct pci_root *roots, size_t max)
{
    const struct host_info *info = host_info();
    size_t n;

    has_ports = pci_ports_present();
    if (info->ecam_count > 0)
        ecams = calloc(info->ecam_count, sizeof(*ecams));
    for (size_t i = 0; ecams && i < info->ecam_count; i++)
        ecam_add(info, &info->ecams[i]);
    for (n = 0; ecams && n < ecam_count && n < max; n++)
        roots[n] = ecams[n].root;
    if (n == 0 && has_ports && max > 0)
        roots[n++] = (struct pci_root){.segment = 0, .first_bus = 0, .last_bus = 255};
    return n;
}
