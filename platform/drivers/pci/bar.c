/* SPDX-License-Identifier: BSD-2-Clause */
/* Base address registers: reading, sizing, writing. PCI 3.0, 6.2.5.1. */
#include "pci.h"

#include <string.h>

static bool is_power_of_two(uint64_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

static void ports_decode(uint32_t value, uint32_t sized, struct pci_bar *out)
{
    uint32_t mask = sized & PCI_BAR_IO_MASK;

    /* Devices may leave the upper 16 bits out (PCI 3.0, 6.2.5.1). */
    if ((mask & 0xffff0000u) == 0)
        mask |= 0xffff0000u;
    out->size = (uint64_t)(~mask & 0xffffffffu) + 1;
    out->address = value & PCI_BAR_IO_MASK;
    out->kind = PCI_BAR_PORTS;
}

unsigned pci_bar_decode(const uint32_t value[2], const uint32_t sized[2], bool has_next, struct pci_bar *out)
{
    uint32_t type = sized[0] & PCI_BAR_TYPE_MASK;
    uint64_t mask;

    memset(out, 0, sizeof(*out));
    if (sized[0] == 0 || sized[0] == ~0U)
        return 1;
    if (sized[0] & PCI_BAR_IO) {
        if (sized[0] & PCI_BAR_IO_MASK)
            ports_decode(value[0], sized[0], out);
    } else {
        bool is_64bit = type == PCI_BAR_TYPE_64;

        if (type == PCI_BAR_TYPE_MASK || (is_64bit && !has_next))
            return 1;
        mask = (sized[0] & PCI_BAR_MEMORY_MASK) | (is_64bit ? (uint64_t)sized[1] << 32 : ~0ULL << 32);
        out->size = ~mask + 1;
        out->address = (value[0] & PCI_BAR_MEMORY_MASK) | (is_64bit ? (uint64_t)value[1] << 32 : 0);
        out->kind = PCI_BAR_MEMORY;
        out->is_64bit = is_64bit;
        out->is_prefetchable = (sized[0] & PCI_BAR_PREFETCH) != 0;
    }
    /* Address bits that are not one run at the top: no BAR but noise. */
    if (!is_power_of_two(out->size) || !IS_ALIGNED(out->address, out->size)) {
        bool takes_two = out->is_64bit;

        memset(out, 0, sizeof(*out));
        return takes_two ? 2 : 1;
    }
    return out->is_64bit ? 2 : 1;
}

static uint32_t bar_size_probe(struct pci_address at, unsigned offset, uint32_t value)
{
    uint32_t sized;

    pci_config_write(at, offset, 4, ~0U);
    sized = pci_config_read(at, offset, 4);
    pci_config_write(at, offset, 4, value);
    return sized;
}

void pci_bars_read(struct pci_address at, unsigned count, struct pci_bar *bars)
{
    unsigned i = 0;

    while (i < count) {
        unsigned offset = PCI_BAR0 + 4 * i;
        bool has_next = i + 1 < count;
        uint32_t value[2] = {pci_config_read(at, offset, 4), 0};
        uint32_t sized[2] = {bar_size_probe(at, offset, value[0]), 0};

        if (has_next && !(sized[0] & PCI_BAR_IO) && (sized[0] & PCI_BAR_TYPE_MASK) == PCI_BAR_TYPE_64) {
            value[1] = pci_config_read(at, offset + 4, 4);
            sized[1] = bar_size_probe(at, offset + 4, value[1]);
        }
        i += pci_bar_decode(value, sized, has_next, &bars[i]);
    }
}

void pci_bar_write(struct pci_address at, unsigned index, const struct pci_bar *bar)
{
    unsigned offset = PCI_BAR0 + 4 * index;

    pci_config_write(at, offset, 4, (uint32_t)bar->address);
    if (bar->is_64bit)
        pci_config_write(at, offset + 4, 4, (uint32_t)(bar->address >> 32));
}
