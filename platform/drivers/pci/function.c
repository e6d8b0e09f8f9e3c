/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one function says of itself. A device is not to be trusted: a broken one must cost itself at most, so
 * every walk is bounded.
 */
#include "pci.h"

#include <string.h>

void pci_caps_read(struct pci_address at, struct pci_caps *out)
{
    uint64_t seen = 0; /* a bit per dword */
    unsigned offset;

    out->count = 0;
    out->is_broken = false;
    if (!(pci_config_read(at, PCI_STATUS, 2) & PCI_STATUS_CAPS))
        return;
    /* The two low bits of every pointer are reserved (PCI 3.0, 6.7). */
    offset = pci_config_read(at, PCI_CAP_POINTER, 1) & 0xfc;
    while (offset != 0) {
        uint32_t head;

        if (offset < 0x40 || (seen & BIT(offset / 4))) {
            out->is_broken = true;
            return;
        }
        seen |= BIT(offset / 4);
        head = pci_config_read(at, offset, 2);
        if (head == 0xffff) { /* the device went away, or never had this */
            out->is_broken = true;
            return;
        }
        out->list[out->count++] = (struct pci_cap){.id = (uint8_t)head, .offset = (uint8_t)offset};
        offset = (head >> 8) & 0xfc;
    }
}

unsigned pci_cap_find(const struct pci_device *dev, uint8_t id, unsigned nth)
{
    for (unsigned i = 0; i < dev->caps.count; i++)
        if (dev->caps.list[i].id == id && nth-- == 0)
            return dev->caps.list[i].offset;
    return 0;
}

static struct pci_window window_of(uint64_t base, uint64_t limit, unsigned granule_bits)
{
    return (struct pci_window){base, limit | (BIT(granule_bits) - 1)};
}

static uint64_t upper_half(struct pci_address at, unsigned offset)
{
    return (uint64_t)pci_config_read(at, offset, 4) << 32;
}

/* The windows and bus numbers of a type 1 header. */
static void bridge_read(struct pci_address at, struct pci_bridge *out)
{
    uint32_t buses = pci_config_read(at, PCI_BRIDGE_PRIMARY, 4);
    uint32_t ports = pci_config_read(at, PCI_BRIDGE_IO, 2);
    uint32_t memory = pci_config_read(at, PCI_BRIDGE_MEMORY, 4);
    uint32_t prefetch = pci_config_read(at, PCI_BRIDGE_PREFETCH, 4);
    uint32_t ports_high = 0;
    uint64_t prefetch_base_high = 0, prefetch_limit_high = 0;

    out->primary = (uint8_t)buses;
    out->secondary = (uint8_t)(buses >> 8);
    out->subordinate = (uint8_t)(buses >> 16);
    /* The low nibble says how wide the window registers are; 1 is 32-bit ports and 64-bit prefetchable. */
    if ((ports & 0xf) == 1)
        ports_high = pci_config_read(at, PCI_BRIDGE_IO_HIGH, 4);
    if ((prefetch & 0xf) == 1) {
        prefetch_base_high = upper_half(at, PCI_BRIDGE_PREFETCH_BASE);
        prefetch_limit_high = upper_half(at, PCI_BRIDGE_PREFETCH_LIMIT);
    }
    out->ports = window_of((uint64_t)(ports_high & 0xffff) << 16 | (ports & 0xf0) << 8,
                           (uint64_t)(ports_high >> 16) << 16 | (ports & 0xf000), 12);
    out->memory = window_of((uint64_t)(memory & 0xfff0) << 16, memory & 0xfff00000u, 20);
    out->prefetch = window_of(prefetch_base_high | (uint64_t)(prefetch & 0xfff0) << 16,
                              prefetch_limit_high | (prefetch & 0xfff00000u), 20);
}

static unsigned bar_count(uint8_t header_type)
{
    return header_type == PCI_HEADER_TYPE_DEVICE ? 6 : header_type == PCI_HEADER_TYPE_BRIDGE ? 2 : 0;
}

static void identify(struct pci_device *dev)
{
    uint32_t ids = pci_read(dev, PCI_VENDOR_ID, 4);
    uint32_t class_revision = pci_read(dev, PCI_CLASS_REVISION, 4);
    uint32_t header_type = pci_read(dev, PCI_HEADER_TYPE, 1);

    dev->vendor = (uint16_t)ids;
    dev->device = (uint16_t)(ids >> 16);
    dev->class_code = class_revision >> 8;
    dev->revision = (uint8_t)class_revision;
    dev->header_type = header_type & PCI_HEADER_TYPE_MASK;
    dev->is_multifunction = (header_type & PCI_HEADER_MULTI) != 0;
    dev->interrupt_line = (uint8_t)pci_read(dev, PCI_INTERRUPT_LINE, 1);
    dev->interrupt_pin = (uint8_t)pci_read(dev, PCI_INTERRUPT_PIN, 1);
    if (dev->header_type == PCI_HEADER_TYPE_DEVICE) {
        uint32_t subsystem = pci_read(dev, PCI_SUBSYSTEM, 4);

        dev->subsystem_vendor = (uint16_t)subsystem;
        dev->subsystem = (uint16_t)(subsystem >> 16);
    }
}

bool pci_function_read(struct pci_address at, struct pci_device *out)
{
    uint32_t vendor = pci_config_read(at, PCI_VENDOR_ID, 2);
    uint32_t command;

    /* 0 is no vendor either; some bridges answer so for absent functions. */
    if (vendor == PCI_VENDOR_NONE || vendor == 0)
        return false;
    memset(out, 0, sizeof(*out));
    out->address = at;
    identify(out);
    pci_caps_read(at, &out->caps);
    if (out->header_type == PCI_HEADER_TYPE_BRIDGE)
        bridge_read(at, &out->bridge);

    /* Sizing moves the device about the address space: nothing may decode meanwhile. A host bridge keeps its
     * decoders on: memory may lie behind it (and its BARs, if any, are firmware's business). */
    if (out->class_code >> 8 == PCI_CLASS_BRIDGE_HOST)
        return true;
    command = pci_read(out, PCI_COMMAND, 2);
    pci_write(out, PCI_COMMAND, 2, command & ~(uint32_t)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    pci_bars_read(at, bar_count(out->header_type), out->bars);
    pci_write(out, PCI_COMMAND, 2, command);
    return true;
}
